package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jwks"
	"jwt/internal/jws"
	"jwt/internal/verdict"
)

// signed makes a token of the claims under a kid, with the P-256 key of testdata.
func signed(t *testing.T, kid, claims string) string {
	t.Helper()
	text, err := os.ReadFile("../testdata/keys/p256.pem")
	if err != nil {
		t.Fatal(err)
	}
	set, err := jwk.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	header, err := jsonobject.Parse([]byte(`{"alg":"ES256","kid":"` + kid + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	es256, _ := jwa.Lookup("ES256")
	token, err := jws.Sign(header, []byte(claims), set.Keys[0], es256, true)
	if err != nil {
		t.Fatal(err)
	}
	return token.Text()
}

// Many tokens with unknown kids, on every core, are answered in order, and cause few requests
// to the server.
func TestBatchUnknownKids(t *testing.T) {
	keys, err := os.ReadFile("../testdata/keys/public.jwks")
	if err != nil {
		t.Fatal(err)
	}
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		w.Write(keys)
	}))
	defer server.Close()

	const lines = 900
	known := signed(t, "2026-01", `{"sub":"alice"}`)
	invented := signed(t, "invented", `{"sub":"alice"}`)
	var in strings.Builder
	for i := range lines {
		switch i % 3 {
		case 0:
			in.WriteString(known)
		case 1:
			in.WriteString(invented)
		default:
			in.WriteString("nonsense")
		}
		in.WriteByte('\n')
	}
	var stdout, stderr bytes.Buffer
	cache := t.TempDir()
	env := &cli.Env{
		Stdin: strings.NewReader(in.String()), Stdout: &stdout, Stderr: &stderr,
		LookupEnv: func(name string) (string, bool) { return cache, name == "XDG_CACHE_HOME" },
		Now:       time.Now,
	}
	start := time.Now()
	if status := Run(context.Background(), env, []string{"verify", "--batch", "--key", server.URL}); status != verdict.ExitKey {
		t.Errorf("exit %d, want %d: that of the first line that failed\n%s", status, verdict.ExitKey, stderr.String())
	}
	n := 0
	for line := range strings.Lines(stdout.String()) {
		var answer struct {
			Line  int
			Valid bool
			Error struct{ Class string }
		}
		if err := json.Unmarshal([]byte(line), &answer); err != nil {
			t.Fatalf("line %d: %v", n+1, err)
		}
		got := fmt.Sprintf("%d %t %s", answer.Line, answer.Valid, answer.Error.Class)
		n++
		want := [...]string{"false malformed", "true ", "false key_not_found"}[n%3]
		if want = fmt.Sprintf("%d %s", n, want); got != want {
			t.Fatalf("line %d: %s, want %s", n, got, want)
		}
	}
	if n != lines {
		t.Errorf("%d answers to %d lines", n, lines)
	}
	most := 2 + int32(time.Since(start)/jwks.Cooldown)
	if r := requests.Load(); r > most {
		t.Errorf("%d requests, want at most %d: one for the set and one in each cooldown", r, most)
	}
}
