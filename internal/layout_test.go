// Package internal_test keeps the house in order: which package may import which.
package internal_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// rooms in the order of internal/README.md: a package imports only what stands
// before it.
var rooms = []string{
	"verdict",
	"base64url",
	"jsonobject",
	"reltime",
	"loopback",
	"jwa",
	"jwk/openssh",
	"jwk",
	"jws",
	"sdjwt",
	"jwe",
	"jwt",
	"profile",
	"iana",
	"vendors",
	"bcp",
	"anatomy",
	"scan",
	"batch",
	"oauth",
	"authserver/store",
	"authserver/store/redistest",
	"authserver",
	"authserver/faulty",
	"privatefile",
	"httpclient",
	"jwks",
	"authclient",
	"session",
	"flow",
	"input",
	"render",
	"cli",
	"keysource",
}

// pure rooms turn bytes into values: no files, no network, no environment, no clock.
var pure = rooms[:slices.Index(rooms, "batch")+1]

func TestImportsPointLeft(t *testing.T) {
	seen := 0
	for pkg, imports := range imports(t, "./...") {
		room, ok := strings.CutPrefix(pkg, "jwt/internal/")
		if !ok || room == "bench" {
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

// The groups of commands know nothing of each other, nor of the tree they hang in.
func TestCommandsStandAlone(t *testing.T) {
	groups := 0
	for pkg, imports := range imports(t, "jwt/cmd/...") {
		if pkg == "jwt/cmd" {
			continue
		}
		groups++
		for _, i := range imports {
			if i == "jwt/cmd" || strings.HasPrefix(i, "jwt/cmd/") {
				t.Errorf("%s imports %s", pkg, i)
			}
		}
	}
	if groups == 0 {
		t.Fatal("go list showed no group of commands")
	}
}

func TestPureRoomsTouchNothing(t *testing.T) {
	for pkg, imports := range imports(t, "./...") {
		room, ok := strings.CutPrefix(pkg, "jwt/internal/")
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
