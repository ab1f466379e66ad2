package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"jwt/internal/cli"
)

func TestMain(m *testing.M) {
	// These tests mostly wait for programs that they started.
	if err := flag.Set("test.parallel", strconv.Itoa(3*runtime.GOMAXPROCS(0))); err != nil {
		panic(err)
	}
	testscript.Main(m, programs)
}

// programs are the programs that the test binary runs as, by name.
var programs = map[string]func(){
	"jwt": func() {
		if screen := os.Getenv(screenVariable); screen != "" {
			os.Exit(runOnScreen(screen))
		}
		if dir := os.Getenv(outputsVariable); dir != "" {
			os.Exit(runKept(dir, os.Args[1:]))
		}
		os.Exit(Main(os.Args[1:]))
	},
	"await": func() { awaitServer(os.Args[1]) },
}

// TestScripts runs testdata/script/*.txtar, which call the program as users do.
// JWT_UPDATE=1 rewrites the expected outputs.
func TestScripts(t *testing.T) {
	t.Parallel()
	runScripts(t, "../testdata/script")
}

func runScripts(t *testing.T, dir string) {
	t.Helper()
	if found, _ := filepath.Glob(filepath.Join(dir, "*.txtar")); len(found) == 0 {
		t.Fatalf("no script in %s", dir)
	}
	outputs := t.TempDir()
	t.Cleanup(func() {
		printed := checkOutputs(t, outputs)
		if all := flag.Lookup("test.run").Value.String() == ""; all && os.Getenv("CI") != "" && !t.Failed() {
			checkPrinted(t, printed)
		}
	})
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("JWT_UPDATE") != "",
		Setup: func(e *testscript.Env) error {
			// Under the race detector every program sleeps a second at its end, unless told.
			e.Setenv("GORACE", "atexit_sleep_ms=0")
			kept := filepath.Join(outputs, strings.TrimPrefix(filepath.Base(e.WorkDir), "script-"))
			e.Setenv(outputsVariable, kept)
			e.Setenv("XDG_CACHE_HOME", filepath.Join(e.WorkDir, ".cache"))
			e.Setenv("XDG_STATE_HOME", filepath.Join(e.WorkDir, ".state"))
			e.Values[serversKey{}] = servers{}
			e.Setenv("XDG_CONFIG_HOME", filepath.Join(e.WorkDir, ".config"))
			e.Setenv("DBUS_SESSION_BUS_ADDRESS", "") // nobody's keyring is touched
			e.Setenv("PASSWORD", testPassword)
			for _, variable := range peers {
				e.Setenv(variable, os.Getenv(variable))
			}
			return errors.Join(os.Mkdir(kept, 0o700), copyKeys(filepath.Join(e.WorkDir, "keys")))
		},
		Condition: condition,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"authserver": cmdAuthserver,
			"exits":      cmdExits,
			"json":       cmdJSON,
			"keep":       cmdKeep,
			"terminal":   cmdTerminal,
			"serve":      cmdServe,
			"start":      cmdStart,
			"halt":       cmdHalt,
			"http":       cmdHTTP,
		},
	})
}

// peers has the variables that name other programs: directories with packages of npm, and a
// program.
var peers = map[string]string{
	"npm-jose": "NPM_JOSE", "npm-oidc-provider": "NPM_OIDC_PROVIDER", "npm-oauth2-mock-server": "NPM_OAUTH2_MOCK_SERVER",
	"npm-json-server-auth": "NPM_JSON_SERVER_AUTH", "npm-better-auth": "NPM_BETTER_AUTH", "npm-openid-client": "NPM_OPENID_CLIENT", "npm-oauth4webapi": "NPM_OAUTH4WEBAPI", "zitadel-op": "ZITADEL_OP", "mcp-client": "MCP_CLIENT",
}

// condition evaluates the names of peers, [django-simplejwt] and [flask-jwt-extended], Debian's, and [root], that
// the permissions of files do not apply. [exec:jose], Debian's, is built in.
func condition(name string) (bool, error) {
	switch name {
	case "django-simplejwt", "flask-jwt-extended":
		_, err := os.Stat("/usr/lib/python3/dist-packages/" + map[string]string{"django-simplejwt": "rest_framework_simplejwt", "flask-jwt-extended": "flask_jwt_extended"}[name])
		return err == nil, nil
	case "root":
		return os.Geteuid() == 0, nil
	default:
		if variable, ok := peers[name]; ok {
			return os.Getenv(variable) != "", nil
		}
		return false, fmt.Errorf("no such condition: %s", name)
	}
}

// copyKeys copies testdata/keys for a script, private keys with mode 0600.
func copyKeys(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	files, err := filepath.Glob("../testdata/keys/*")
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no keys: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// keep NAME sets $NAME to the stdout of the last command, without its line end.
func cmdKeep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: keep NAME")
	}
	ts.Setenv(args[0], strings.TrimSuffix(ts.ReadFile("stdout"), "\n"))
}

// exits STATUS COMMAND… requires that the command ends with exactly that status.
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// json PATH [WANT] requires that value at .a.b[0] of the JSON on stdout; a string is compared
// as text, any other value as JSON. Without WANT the member must exist; with ! it must not.
func cmdJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: json PATH [WANT]")
	}
	var v any
	d := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		ts.Fatalf("stdout is not JSON: %v", err)
	}
	v, found := descend(v, args[0])
	got := fmt.Sprint(v)
	if _, isText := v.(string); !isText {
		b, err := json.Marshal(v)
		ts.Check(err)
		got = string(b)
	}
	holds := found && (len(args) == 1 || got == args[1])
	if holds == neg {
		ts.Fatalf("%s is %s (found: %v)", args[0], got, found)
	}
}

// descend follows .name and [index]; a name with dots is in quotes.
func descend(v any, path string) (any, bool) {
	for path != "" {
		switch {
		case strings.HasPrefix(path, "["):
			digits, rest, _ := strings.Cut(path[1:], "]")
			i, err := strconv.Atoi(digits)
			list, ok := v.([]any)
			if err != nil || !ok || i >= len(list) {
				return nil, false
			}
			v, path = list[i], rest
		default:
			path = strings.TrimPrefix(path, ".")
			name, rest := path, ""
			if quoted, ok := strings.CutPrefix(path, `"`); ok {
				name, rest, _ = strings.Cut(quoted, `"`)
			} else if i := strings.IndexAny(path, ".["); i >= 0 {
				name, rest = path[:i], path[i:]
			}
			object, ok := v.(map[string]any)
			if !ok {
				return nil, false
			}
			if v, ok = object[name]; !ok {
				return nil, false
			}
			path = rest
		}
	}
	return v, true
}

// terminal COMMAND… runs the command with a terminal of 80 columns on stdout and stderr, at
// the instant $NOW (Unix seconds) if it is set, and without colour unless $COLOR is set. A
// pageDriver is its browser.
func cmdTerminal(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 1 || args[0] != "jwt" {
		ts.Fatalf("usage: terminal jwt …")
	}
	now := time.Now
	if s := ts.Getenv("NOW"); s != "" {
		seconds, err := strconv.ParseInt(s, 10, 64)
		ts.Check(err)
		now = func() time.Time { return time.Unix(seconds, 0) }
	}
	var stdout, stderr bytes.Buffer
	env := &cli.Env{
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		StdinTTY: true, StdoutTTY: true, StderrTTY: true, Width: 80,
		LookupEnv: func(name string) (string, bool) {
			if name == "NO_COLOR" && ts.Getenv("COLOR") == "" {
				return "1", true
			}
			v := ts.Getenv(name)
			return v, v != ""
		},
		Now:    now,
		Secret: func(string) ([]byte, error) { return []byte(ts.Getenv("TYPED")), nil },
		Browse: newPageDriver(ts).open,
	}
	paths := args[1:]
	for i, a := range paths { // the process is in another directory
		if _, err := os.Stat(ts.MkAbs(a)); err == nil {
			paths[i] = ts.MkAbs(a)
		} else if file, ok := strings.CutPrefix(a, "@"); ok {
			paths[i] = "@" + ts.MkAbs(file)
		}
	}
	status := Run(context.Background(), env, paths)
	keepOutput(ts.Getenv(outputsVariable), paths, stdout.Bytes())
	fmt.Fprint(ts.Stdout(), stdout.String())
	fmt.Fprint(ts.Stderr(), stderr.String())
	if (status == 0) == neg {
		ts.Fatalf("exit status %d", status)
	}
}

// serve DIR [NAME] starts a loopback server of the directory, at $NAME (default $URL). $NAME
// in a file becomes its address. A file that begins with HTTP/ is the whole response; for an
// empty one the connection is reset.
func cmdServe(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: serve DIR [NAME]")
	}
	name := "URL"
	if len(args) == 2 {
		name = args[1]
	}
	dir := http.Dir(ts.MkAbs(args[0]))
	var server *httptest.Server // set before it starts
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := dir.Open(r.URL.Path)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		defer f.Close()
		b, err := io.ReadAll(f)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		b = bytes.ReplaceAll(b, []byte("$"+name), []byte(server.URL))
		if len(b) > 0 && !bytes.HasPrefix(b, []byte("HTTP/")) {
			w.Write(b)
			return
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err) // httptest's own HTTP/1.1
		}
		defer conn.Close()
		if len(b) == 0 {
			conn.(*net.TCPConn).SetLinger(0) // RST
		}
		conn.Write(bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")))
	}))
	server.Start()
	ts.Defer(server.Close)
	ts.Setenv(name, server.URL)
}
