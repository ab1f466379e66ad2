package cmd

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"jwt/internal/cli"
	"jwt/internal/verdict"
)

// FuzzTerminal gives the commands hostile bytes, as their input and as the header and payload
// of a token. No control character reaches the terminal, an error is one line and at most one
// hint, JSON output parses, and no token is valid.
func FuzzTerminal(f *testing.F) {
	for _, v := range loadVectors(f, "decode", "verify") {
		if v.TokenRecipe == nil && strings.Contains(v.ID, "/term/") {
			f.Add(v.token(f))
		}
	}
	f.Add([]byte(`{"sub":"\u001b[2J\u202e","alg":"HS256"}`))
	f.Add([]byte("\x1b]0;x\x07\xc2\x9b\xe2\x80\xae\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		part := base64.RawURLEncoding.EncodeToString(b)
		for _, in := range []string{
			string(b),
			part + ".e30.AAAA",
			"eyJhbGciOiJIUzI1NiJ9." + part + ".AAAA",
		} {
			for _, args := range [][]string{{"decode"}, {"decode", "--payload"}, {"verify", "-S", "hex:6e6f626f6479"}, {"inspect"}} {
				fuzzRun(t, in, true, args...)
				r := fuzzRun(t, in, false, append(args, "-o", "json")...)
				if r.stdout != "" && !json.Valid([]byte(r.stdout)) && !(r.status == verdict.ExitOK && args[len(args)-1] == "--payload") {
					t.Fatalf("%q: stdout is not JSON: %q", args, r.stdout)
				}
			}
		}
	})
}

func fuzzRun(t *testing.T, in string, tty bool, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := &cli.Env{
		Stdin: strings.NewReader(in), Stdout: &stdout, Stderr: &stderr,
		StdoutTTY: tty, StderrTTY: tty, Width: 80,
		LookupEnv: func(name string) (string, bool) { return "1", name == "NO_COLOR" },
		Now:       func() time.Time { return time.Unix(1700000000, 0) },
		HTTP:      &http.Client{Transport: noNetwork{t}},
	}
	r := result{status: Run(context.Background(), env, args)}
	r.stdout, r.stderr = stdout.String(), stderr.String()
	if args[0] == "verify" && r.status == verdict.ExitOK {
		t.Fatalf("valid: %q", in)
	}
	if tty {
		noControl(t, r.stdout+r.stderr)
	}
	errors, hints := 0, 0
	for line := range strings.Lines(r.stderr) {
		switch word, _, _ := strings.Cut(line, " "); word {
		case "jwt:":
			errors++
		case "hint:":
			hints++
		case "note:":
		default:
			t.Fatalf("%q: stderr has a line %q", args, line)
		}
	}
	if failed := r.status != verdict.ExitOK; errors > 1 || hints > 1 || (errors == 1) != failed {
		t.Fatalf("%q: exit %d with %d errors and %d hints: %s", args, r.status, errors, hints, r.stderr)
	}
	return r
}
