// Package internal_test checks which package may import which, and which may touch
// files, clocks, randomness and the process.
package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rooms in the order of internal/README.md: a package imports only what stands
// before it.
var rooms = []string{
	"verdict",
	"base64url",
	"compact",
	"jsonobject",
	"phrase",
	"markup",
	"redact",
	"reltime",
	"uuid",
	"serialization",
	"loopback",
	"asn1der",
	"jwa",
	"sshwire",
	"jwk/openssh",
	"jwk/sealed",
	"jwk/foreign",
	"jwk",
	"jwk/jwktest",
	"jws",
	"diagnose",
	"sdjwt",
	"jwe",
	"jwt",
	"profile",
	"iana",
	"vendors",
	"config",
	"recipe",
	"token",
	"batch",
	"blocks",
	"audit",
	"bcp",
	"inspect",
	"chain",
	"verify",
	"trust",
	"scan",
	"oauth",
	"dpop",
	"privatefile",
	"tooltest",
	"clocktest",
	"authserver/store",
	"authserver/store/redistest",
	"authserver/signing",
	"authserver/users",
	"authserver/users/userstest",
	"authserver/refreshtoken",
	"authserver/requestlog",
	"authserver/limit",
	"authserver/clients",
	"authserver/page",
	"authserver",
	"authserver/faulty",
	"httpclient",
	"jwks",
	"cookie",
	"presets",
	"authclient",
	"session",
	"flow",
	"worktree",
	"input",
	"mcp",
	"sshagent",
	"qr",
	"render",
	"flow/report",
	"cli",
	"keysource",
	"tokensource",
	"schema",
	"web",
}

// pure rooms turn bytes into values: no files, no network, no environment, no clock.
var pure = rooms[:slices.Index(rooms, "scan")+1]

// kinds are the ways to touch the world outside the arguments of a function. Of os,
// names that are not listed here are files.
var kinds = map[string]string{
	"time.Now": "clock", "time.Since": "clock", "time.Until": "clock",
	"time.After": "timer", "time.AfterFunc": "timer", "time.Sleep": "timer", "time.Tick": "timer",
	"time.NewTimer": "timer", "time.NewTicker": "timer",
	"os.Args": "process", "os.Stdin": "process", "os.Stdout": "process", "os.Stderr": "process", "os.Exit": "process",
	"os.Getenv": "process", "os.LookupEnv": "process", "os.Environ": "process", "os.Setenv": "process", "os.Unsetenv": "process",
	"net/http.DefaultClient": "default client", "net/http.DefaultTransport": "default client", "net/http.DefaultServeMux": "default client",
	"net/http.Get": "default client", "net/http.Head": "default client", "net/http.Post": "default client", "net/http.PostForm": "default client",
}

// allowed lists what rooms below cmd and cli touch themselves, and why it is not
// passed in.
var allowed = []struct{ room, kind, why string }{
	{"jwk", "random", "generates keys, salts and nonces"},
	{"jwk/sealed", "random", "salts of encrypted keys"},
	{"jwk/openssh", "random", "salts and check numbers of encrypted keys"},
	{"jwe", "random", "content keys, nonces and ephemeral keys"},
	{"dpop", "random", "the ID of a proof"},
	{"authserver/users", "random", "passwords and salts"},
	{"authserver", "random", "codes and ids"},
	{"authserver", "timer", "expired state is deleted in the background"},
	{"authserver/refreshtoken", "random", "tokens"},
	{"authserver/requestlog", "timer", "the log waits for its reader"},
	{"authserver/store", "files", "the bbolt file"},
	{"authserver/faulty", "timer", "latency is the fault"},
	{"tooltest", "files", "the pipes and the pictures of a browser"},
	{"tooltest", "timer", "ends a browser that does not end"},
	{"tooltest", "clock", "the deadline of a pipe is on the system's clock"},
	{"tooltest", "process", "finds programs, and in CI a missing one is a failure"},
	{"privatefile", "files", "it is there for files"},
	{"privatefile", "random", "names of temporary files"},
	{"privatefile", "timer", "a rename on Windows waits for another program"},
	{"httpclient", "default client", "clones its transport; never uses it"},
	{"authclient", "random", "states, nonces and code verifiers of logins, and the ids of assertions"},
	{"session", "files", "the store of sessions, its locks and the socket of the keyring"},
	{"session", "random", "ids, sealing keys and names of temporary files"},
	{"session", "timer", "the keyring of the system may never answer"},
	{"session", "clock", "the deadline of a context is on the system's clock"},
	{"flow", "random", "user names and passwords that must not exist"},
	{"worktree", "files", "it lists them"},
	{"input", "files", "@FILE and fd:N"},
}

// room returns the name of a package below internal/, and whether the rules apply to
// it: bench and schema/generate are programs, and cmd and cli are where the world enters.
func room(pkg string) (string, bool) {
	name, ok := strings.CutPrefix(pkg, "jwt/internal/")
	return name, ok && name != "bench" && name != "schema/generate"
}

func TestImportsPointLeft(t *testing.T) {
	seen := 0
	for pkg, imports := range imports(t, "./...") {
		room, ok := room(pkg)
		if !ok {
			continue
		}
		seen++
		at := slices.Index(rooms, room)
		if at < 0 {
			t.Errorf("%s is not in the list of rooms: add it here and to internal/README.md", room)
			continue
		}
		for _, i := range imports {
			if other, ok := strings.CutPrefix(i, "jwt/internal/"); ok && slices.Index(rooms, other) >= at {
				t.Errorf("%s imports %s, which stands to its right", room, other)
			}
			if i == "jwt/cmd" || strings.HasPrefix(i, "jwt/cmd/") {
				t.Errorf("%s imports %s", room, i)
			}
		}
	}
	if seen < len(rooms)/2 {
		t.Fatalf("go list showed %d rooms of %d", seen, len(rooms))
	}
}

func TestCommandFoldersAreApart(t *testing.T) {
	seen := 0
	for pkg, imports := range imports(t, "../cmd/...") {
		if pkg == "jwt/cmd" {
			continue
		}
		seen++
		for _, i := range imports {
			inside := strings.HasPrefix(i, pkg+"/")
			if i == "jwt/cmd" || strings.HasPrefix(i, "jwt/cmd/") && !inside {
				t.Errorf("%s imports %s: what two folders use belongs in internal/cli or internal/keysource", pkg, i)
			}
		}
	}
	if seen < 3 {
		t.Fatalf("go list showed %d folders below cmd", seen)
	}
}

func TestPureRoomsTouchNothing(t *testing.T) {
	for pkg, imports := range imports(t, "./...") {
		room, ok := room(pkg)
		if !ok || !slices.Contains(pure, room) {
			continue
		}
		for _, i := range imports {
			switch i {
			case "os", "net", "net/http", "os/exec", "log", "syscall", "path/filepath":
				t.Errorf("%s imports %s", room, i)
			}
		}
	}
}

// TestTheWorldEntersAtTheTop finds each use of a clock, a timer, randomness, files, the
// process and http's default client that allowed does not list.
func TestTheWorldEntersAtTheTop(t *testing.T) {
	for pkg := range imports(t, "./...") {
		room, ok := room(pkg)
		if !ok || room == "cli" || room == "authserver/store/redistest" { // the latter is for tests
			continue
		}
		for kind, places := range touches(t, room) {
			if !slices.ContainsFunc(allowed, func(a struct{ room, kind, why string }) bool { return a.room == room && a.kind == kind }) {
				t.Errorf("%s touches %s: pass it in, or add a line to allowed with the reason:\n\t%s", room, kind, strings.Join(places, "\n\t"))
			}
		}
	}
	for _, a := range allowed {
		if a.kind != "random" && slices.Contains(pure, a.room) {
			t.Errorf("%s is pure and may not touch %s", a.room, a.kind)
		}
	}
}

// TestOnlyVerifyAccepts checks that a jws.Verified with a token in it is made in one place,
// and that diagnose cannot pass one on. Outside jws the fields of the type are out of reach.
func TestOnlyVerifyAccepts(t *testing.T) {
	var made []string
	for _, file := range parsed(t, "jws") {
		for _, d := range file.Decls {
			function, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(function, func(n ast.Node) bool {
				if l, ok := n.(*ast.CompositeLit); ok && len(l.Elts) > 0 {
					if name, ok := l.Type.(*ast.Ident); ok && name.Name == "Verified" {
						made = append(made, function.Name.Name)
					}
				}
				return true
			})
		}
	}
	if !slices.Equal(made, []string{"tryKeys"}) {
		t.Errorf("jws.Verified is made in %q, want tryKeys alone", made)
	}
	for _, file := range parsed(t, "diagnose") {
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Verified" {
				t.Error("diagnose names jws.Verified: it must accept nothing")
			}
			return true
		})
	}
	for pkg, imports := range imports(t, "../...") {
		if slices.Contains(imports, "unsafe") && !strings.HasPrefix(pkg, "jwt/internal/bench") {
			t.Errorf("%s imports unsafe", pkg)
		}
	}
}

// TestMessagesNameNoFlag looks for flags in what a room says is wrong. Which flag to type is
// for hints to say, and for the rooms that know flags.
func TestMessagesNameNoFlag(t *testing.T) {
	flag := regexp.MustCompile(`--(%s|[a-z])`)
	messages := 0
	for _, room := range rooms[:slices.Index(rooms, "render")] {
		for _, file := range parsed(t, room) {
			for _, text := range messageTexts(file) {
				messages++
				if flag.MatchString(text) {
					t.Errorf("%s: the message %s names a flag", room, text)
				}
			}
		}
	}
	if messages < 500 {
		t.Errorf("%d messages were found", messages)
	}
}

// messageTexts returns the string literals in calls of the functions that report, and those
// that become the Message or Detail of a value.
func messageTexts(file *ast.File) []string {
	var texts []string
	add := func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				texts = append(texts, l.Value)
			}
			return true
		})
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			name := ""
			switch f := n.Fun.(type) {
			case *ast.SelectorExpr:
				name = f.Sel.Name
			case *ast.Ident:
				name = f.Name
			}
			if slices.Contains([]string{"Errorf", "Notice", "invalid", "missing", "failed", "passed", "skipped"}, name) {
				for _, argument := range n.Args {
					add(argument)
				}
			}
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && slices.Contains([]string{"Message", "Detail", "detail"}, key.Name) {
				add(n.Value)
			}
		}
		return true
	})
	return texts
}

// parsed returns the files of a room, tests left out.
func parsed(t *testing.T, room string) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(filepath.FromSlash(room), "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %d files, %v", room, len(names), err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// touches returns, by kind, where the files of a room name part of the world. Tests are
// left out.
func touches(t *testing.T, room string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(filepath.FromSlash(room), "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", room, len(files), err)
	}
	found := map[string][]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]string{}
		for _, i := range parsed.Imports {
			imported, _ := strconv.Unquote(i.Path.Value)
			name := path.Base(imported)
			if i.Name != nil {
				name = i.Name.Name
			}
			names[name] = imported
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := s.X.(*ast.Ident); ok {
				if kind := kindOf(names[x.Name], s.Sel.Name); kind != "" {
					found[kind] = append(found[kind], set.Position(s.Pos()).String()+" "+x.Name+"."+s.Sel.Name)
				}
			}
			return true
		})
	}
	return found
}

func kindOf(imported, name string) string {
	switch kind, listed := kinds[imported+"."+name]; {
	case listed:
		return kind
	case imported == "os":
		return "files"
	case imported == "crypto/rand" || strings.HasPrefix(imported, "math/rand"):
		return "random"
	default:
		return ""
	}
}

// imports lists what each package imports itself, tests left out.
func imports(t *testing.T, pattern string) map[string][]string {
	t.Helper()
	c := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, pattern)
	out, err := c.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		all[fields[0]] = fields[1:]
	}
	return all
}
