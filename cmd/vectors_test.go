package cmd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"jwt/internal/cli"
	"jwt/internal/verdict"
)

// A vector is one line of testdata/vectors; the README there explains the fields.
type vector struct {
	ID      string
	Op      string
	Profile string
	Key     *struct{ Format, Value string }
	Alg     string
	Opts    struct {
		Leeway          *int64
		Aud, Iss        *string
		Sub, Typ        *string
		Require         []string
		MaxAge          *int64   `json:"max_age"`
		AllowAlgs       []string `json:"allow_algs"`
		Strict          bool
		DetachedPayload *string `json:"detached_payload_b64u"`
		Serialization   string
	}
	Token       *string
	TokenB64    *string `json:"token_b64"`
	TokenRecipe *struct {
		Prefix, Unit, Suffix string
		Count                int
	} `json:"token_recipe"`
	Now        *int64
	Expect     string
	Class      []string
	Payload    *string
	PayloadB64 *string `json:"payload_b64u"`
	Out        struct {
		Contains   []string
		ForbidHex  []string `json:"forbid_hex"`
		ForbidText []string `json:"forbid_text"`
	}
	Tier string
	Tags []string
}

func loadVectors(t testing.TB, ops ...string) []vector {
	t.Helper()
	files, err := filepath.Glob("../testdata/vectors/*.jsonl")
	if err != nil || len(files) < 2 {
		t.Fatalf("testdata/vectors: %d files, %v", len(files), err)
	}
	var all []vector
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(b))
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			var v vector
			if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if slices.Contains(ops, v.Op) {
				all = append(all, v)
			}
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
	if len(all) == 0 {
		t.Fatalf("no vector with op %q", ops)
	}
	return all
}

func (v vector) token(t testing.TB) []byte {
	switch {
	case v.TokenB64 != nil:
		b, err := base64.StdEncoding.DecodeString(*v.TokenB64)
		if err != nil {
			t.Fatal(err)
		}
		return b
	case v.TokenRecipe != nil:
		r := v.TokenRecipe
		return []byte(r.Prefix + strings.Repeat(r.Unit, r.Count) + r.Suffix)
	case v.Token != nil:
		return []byte(*v.Token)
	case v.Op == "jwk":
		return nil
	}
	t.Fatal("a vector without token")
	return nil
}

func (v vector) args(t *testing.T) []string {
	args := []string{v.Op}
	if v.Op == "jwk" {
		args = []string{"key", "inspect"}
	}
	if v.Key != nil {
		if v.Key.Format == "raw-hex" {
			args = append(args, "-S", "hex:"+v.Key.Value)
		} else {
			file := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(file, []byte(v.Key.Value), 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, "-k", file)
		}
	}
	text := func(flag string, value *string) {
		if value != nil {
			args = append(args, "--"+flag+"="+*value)
		}
	}
	seconds := func(flag string, value *int64) {
		if value != nil {
			args = append(args, "--"+flag+"="+strconv.FormatInt(*value, 10)+"s")
		}
	}
	if v.Alg != "" {
		args = append(args, "-A", v.Alg)
	}
	for _, a := range v.Opts.AllowAlgs {
		args = append(args, "-A", a)
	}
	text("aud", v.Opts.Aud)
	text("iss", v.Opts.Iss)
	text("sub", v.Opts.Sub)
	text("typ", v.Opts.Typ)
	seconds("leeway", v.Opts.Leeway)
	seconds("max-age", v.Opts.MaxAge)
	for _, name := range v.Opts.Require {
		args = append(args, "--require", name)
	}
	if v.Opts.Strict {
		args = append(args, "--strict")
	}
	if v.Profile == "jws" {
		args = append(args, "--jws")
	}
	if v.Op == "verify" && v.Opts.Serialization == "json" {
		args = append(args, "--require-signatures", "any") // the vectors give one key
	}
	if v.Opts.DetachedPayload != nil {
		body, err := base64.RawURLEncoding.DecodeString(*v.Opts.DetachedPayload)
		file := filepath.Join(t.TempDir(), "body")
		if err == nil {
			err = os.WriteFile(file, body, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, "--payload-file", file)
	}
	if v.Now != nil && v.Op == "verify" {
		args = append(args, "--at", strconv.FormatInt(*v.Now, 10))
	}
	return args
}

// noNetwork fails every request: no vector may cause one.
type noNetwork struct{ t *testing.T }

func (n noNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	n.t.Errorf("a request to %s", r.URL)
	return nil, errors.New("no network here")
}

type result struct {
	status         int
	stdout, stderr string
}

// runVector runs the command line on a terminal or in a pipe.
func runVector(t *testing.T, v vector, tty bool, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := &cli.Env{
		Stdin: bytes.NewReader(v.token(t)), Stdout: &stdout, Stderr: &stderr,
		StdoutTTY: tty, StderrTTY: tty, Width: 80,
		LookupEnv: func(string) (string, bool) { return "", false },
		Now:       func() time.Time { return time.Unix(1700000000, 0) },
		HTTP:      &http.Client{Transport: noNetwork{t}},
		Secret:    func(string) ([]byte, error) { return nil, errors.New("nobody to ask") },
	}
	status := Run(context.Background(), env, args)
	return result{status, stdout.String(), stderr.String()}
}

// classStatuses are the exit statuses that the classes of the vector allow.
func (v vector) classStatuses() []int {
	var statuses []int
	for _, c := range v.Class {
		if s := verdict.Class(c).ExitStatus(); s != verdict.ExitFailure {
			statuses = append(statuses, s)
		}
	}
	return statuses
}

// mostTime is the longest time to refuse a token that asks for too much work.
const mostTime = 2 * time.Second

func TestVectors(t *testing.T) {
	for _, v := range loadVectors(t, "decode", "verify", "decrypt", "jwk") {
		t.Run(strings.ReplaceAll(v.ID, "/", "_"), func(t *testing.T) {
			t.Parallel()
			args := v.args(t)
			start := time.Now()
			piped := runVector(t, v, false, args...)
			if slices.Contains(v.Tags, "resource") && time.Since(start) > mostTime && !testing.Short() {
				v.checkTime(t, args)
			}
			v.checkStatus(t, piped)
			v.checkOutput(t, piped)
			if v.Expect == "accept" {
				v.checkPayload(t, args)
			}
			shown := runVector(t, v, true, append(args, "--color=never")...)
			if shown.status != piped.status {
				t.Errorf("exit %d on a terminal, %d in a pipe", shown.status, piped.status)
			}
			v.checkOutput(t, shown)
			noControl(t, shown.stdout+shown.stderr)
		})
	}
}

// checkTime repeats a run that took too long, because the machine may have been busy.
func (v vector) checkTime(t *testing.T, args []string) {
	t.Helper()
	const tries = 5
	took := time.Duration(math.MaxInt64)
	for range tries {
		start := time.Now()
		runVector(t, v, false, args...)
		if took = min(took, time.Since(start)); took <= mostTime {
			return
		}
	}
	t.Errorf("took %s at least, at most %s", took, mostTime)
}

func (v vector) checkStatus(t *testing.T, r result) {
	t.Helper()
	if accepted := r.status == verdict.ExitOK; accepted != (v.Expect == "accept") {
		t.Fatalf("exit %d, want %s (%q)\nstdout: %.2000s\nstderr: %.1000s", r.status, v.Expect, v.Class, r.stdout, r.stderr)
	}
	if v.Expect == "accept" {
		return
	}
	if len(v.Class) > 0 && !slices.Contains(v.classStatuses(), r.status) {
		t.Errorf("exit %d, want the status of one of %q", r.status, v.Class)
	}
	var answer struct{ Error struct{ Class string } }
	if err := json.Unmarshal([]byte(r.stdout), &answer); err != nil {
		t.Fatalf("stdout is not JSON: %v\n%.2000s\nstderr: %.1000s", err, r.stdout, r.stderr)
	}
	if len(v.Class) > 0 && !slices.Contains(v.Class, answer.Error.Class) {
		t.Errorf("class %q, want one of %q\nstderr: %.1000s", answer.Error.Class, v.Class, r.stderr)
	}
}

func (v vector) checkOutput(t *testing.T, r result) {
	t.Helper()
	all := r.stdout + r.stderr
	for _, s := range v.Out.Contains {
		if !strings.Contains(all, s) {
			t.Errorf("the output lacks %q: %.2000s", s, all)
		}
	}
	for _, h := range v.Out.ForbidHex {
		b, err := hex.DecodeString(h)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains([]byte(all), b) {
			t.Errorf("the output holds %s: %.2000q", h, all)
		}
	}
	for _, s := range v.Out.ForbidText {
		if strings.Contains(all, s) {
			t.Errorf("the output holds a secret: %.2000q", all)
		}
	}
}

func (v vector) checkPayload(t *testing.T, args []string) {
	t.Helper()
	var want []byte
	switch {
	case v.Payload != nil:
		want = []byte(*v.Payload)
	case v.PayloadB64 != nil:
		var err error
		if want, err = base64.RawURLEncoding.DecodeString(*v.PayloadB64); err != nil {
			t.Fatal(err)
		}
	default:
		return
	}
	if v.Op == "jwk" {
		for _, tty := range []bool{false, true} {
			if r := runVector(t, v, tty, args...); !strings.Contains(r.stdout, string(want)) {
				t.Errorf("no thumbprint %s in what is shown: %s", want, r.stdout)
			}
		}
		return
	}
	args = append(args, "--payload")
	if v.Op == "decode" {
		args = append(args, "--raw")
	}
	r := runVector(t, v, false, args...)
	if r.status != verdict.ExitOK || r.stdout != string(want) {
		t.Errorf("payload, exit %d:\n got %q\nwant %q\nstderr %s", r.status, r.stdout, want, r.stderr)
	}
}

// noControl fails on any control character.
func noControl(t *testing.T, shown string) {
	t.Helper()
	for i, r := range shown {
		if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			t.Fatalf("U+%04X at byte %d of what a terminal gets: %.200q", r, i, shown[i:])
		}
	}
}
