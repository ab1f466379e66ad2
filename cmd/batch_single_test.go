package cmd

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jwt/internal/cli"
	"jwt/internal/compact"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// runPiped runs a command line in a pipe.
func runPiped(t testing.TB, stdin string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := &cli.Env{
		Stdin: strings.NewReader(stdin), Stdout: &stdout, Stderr: &stderr, Width: 80,
		LookupEnv: func(string) (string, bool) { return "", false },
		Now:       func() time.Time { return time.Unix(1700000000, 0) },
		HTTP:      &http.Client{Transport: noNetwork{nil}},
		Secret:    func(string) ([]byte, error) { return nil, errors.New("nobody to ask") },
	}
	status := Run(context.Background(), env, args)
	return result{status, stdout.String(), stderr.String()}
}

// An answer is what a program reads of the answer to one token: all of it, without the white
// space between values, and the class of its error.
type answer struct{ text, class string }

func answerOf(t testing.TB, text []byte) answer {
	t.Helper()
	var flat bytes.Buffer
	if err := json.Compact(&flat, text); err != nil {
		t.Fatalf("not JSON: %v: %.300q", err, text)
	}
	var read struct{ Error struct{ Class string } }
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	return answer{flat.String(), read.Error.Class}
}

// checkBatch checks that a batch answers each line as a run on that token alone does: with the
// same class, status, checks and claims, byte for byte.
func checkBatch(t testing.TB, lines []string, args ...string) {
	t.Helper()
	batch := runPiped(t, strings.Join(lines, "\n")+"\n", append(slices.Clone(args), "--batch")...)
	if strings.HasPrefix(batch.stdout, `{"valid":false,"checks":[],`) { // the keys cannot be used, so no token was read
		for _, line := range lines {
			if alone := runPiped(t, line, args...); alone.status == verdict.ExitOK || batch.status == verdict.ExitOK {
				t.Fatalf("%q: status %d in a batch, alone %d", args, batch.status, alone.status)
			}
		}
		return
	}
	got := map[int]answer{}
	for text := range strings.Lines(batch.stdout) {
		var n int
		if _, err := fmt.Sscanf(text, `{"line":%d,`, &n); err != nil {
			t.Fatalf("%v: %.300q", err, text)
		}
		_, rest, _ := strings.Cut(text, ",")
		got[n] = answerOf(t, []byte("{"+rest))
	}
	gravest := verdict.Class("")
	for i, line := range lines {
		alone := runPiped(t, line, args...)
		want := answerOf(t, []byte(alone.stdout))
		a := got[i+1]
		if a.class != want.class || alone.status != verdict.Class(want.class).ExitStatus() {
			t.Fatalf("line %d of %q: class %q in a batch; alone %q with status %d\n%.500s", i+1, args, a.class, want.class, alone.status, line)
		}
		if compact.Is([]byte(line)) && a.text != want.text { // hints on other text may name --batch
			t.Fatalf("line %d of %q: %.500s\n in a batch %s\n alone      %s", i+1, args, line, a.text, want.text)
		}
		if c := verdict.Class(want.class); c != "" && (gravest == "" || c.Graver(gravest)) {
			gravest = c
		}
	}
	if len(got) != len(lines) || batch.status != gravest.ExitStatus() {
		t.Fatalf("%q: %d answers to %d lines, status %d, want %d\n%s", args, len(got), len(lines), batch.status, gravest.ExitStatus(), batch.stderr)
	}
}

// isLine reports whether a token can be a line of a batch.
func isLine(token string) bool {
	return strings.TrimSpace(token) == token && token != "" && !strings.ContainsAny(token, "\r\n")
}

// TestBatchVectors gives each vector to a batch twice, so that what the batch remembers of the
// first line is used for the second.
func TestBatchVectors(t *testing.T) {
	checked := 0
	for _, v := range loadVectors(t, "decode", "verify") {
		token := string(v.token(t))
		if v.Opts.DetachedPayload != nil || !isLine(token) || len(token) > 64<<10 {
			continue
		}
		checked++
		t.Run(strings.ReplaceAll(v.ID, "/", "_"), func(t *testing.T) {
			args := v.args(t)
			checkBatch(t, []string{token, token}, args...)
			if compact.Is([]byte(token)) { // other text is joined and cleaned only for a token alone
				checkBatch(t, []string{token, token}, "inspect", "--at", "1700000000")
			}
		})
	}
	if checked < 200 {
		t.Errorf("%d vectors", checked)
	}
}

// A batchIssuer is a key that signs the tokens of a test, and the flags that give it to verify.
type batchIssuer struct {
	alg  string
	key  jwk.Key
	args []string
}

func batchIssuers(t testing.TB) []batchIssuer {
	t.Helper()
	dir := t.TempDir()
	secret := []byte("a secret of 32 bytes, or of more")
	issuers := []batchIssuer{
		{alg: "HS256", args: []string{"--secret", "raw:" + filepath.Join(dir, "secret")}},
		{alg: "RS256", args: []string{"--key", "../testdata/keys/private.jwks"}},
		{alg: "ES256", args: []string{"--key", "../testdata/keys/p256.pub.pem"}},
		{alg: "ES256", args: []string{"--key", "../testdata/keys/public.jwks", "--key", "../testdata/keys/p256.pem"}},
		{alg: "EdDSA", args: []string{"--key", "../testdata/keys/ed25519.pub.pem"}},
	}
	if err := os.WriteFile(filepath.Join(dir, "secret"), secret, 0o600); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"RS256": "rsa.pem", "ES256": "p256.pem", "EdDSA": "ed25519.pem"}
	for i := range issuers {
		var err error
		if name, ok := files[issuers[i].alg]; ok {
			var text []byte
			if text, err = os.ReadFile("../testdata/keys/" + name); err != nil {
				t.Fatal(err)
			}
			var set jwk.Set
			if set, err = jwk.Parse(text); err == nil {
				issuers[i].key = set.Keys[0]
			}
		} else {
			issuers[i].key, err = jwk.New(secret)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return issuers
}

// sign signs a header and a payload, which need not be JSON.
func (i batchIssuer) sign(t testing.TB, header, payload string) string {
	t.Helper()
	alg, ok := jwa.Lookup(i.alg)
	if !ok {
		t.Fatal(i.alg)
	}
	input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	sig, err := alg.Sign(input, i.key.Material(), true)
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// batchHeaders and batchPayloads are what a test signs; ALG is replaced.
var (
	batchHeaders = []string{
		`{"alg":"ALG","typ":"JWT"}`, `{"alg":"ALG"}`, `{ "typ":"at+jwt", "alg":"ALG", "kid":"2026-01" }`, `{"alg":"ALG","kid":"other"}`,
		`{"alg":"ALG","alg":"ALG"}`, `{"alg":"ALG","jku":"https://evil.example"}`, `{"alg":"ALG","crit":["x"],"x":1}`, `{"alg":"none"}`,
		`{"alg":"ALG","kid":7}`, `{"alg":"ALG","cty":"JWT"}`, `{"\u0061lg":"ALG","typ":"J\u0057T"}`, `{"alg":"ALG","b64":false}`, `["ALG"]`,
	}
	batchPayloads = []string{
		`{"iss":"https://a.example","sub":"alice","aud":"api","exp":1700000600,"nbf":1699999000,"iat":1699999000,"jti":"1"}`,
		`{"sub":"alice","aud":["api","web"],"exp":1700000600.5,"iat":1.699999e9,"scope":"read"}`,
		`{ "sub" : "al\"ice\u00e9 é 😀", "aud" : "api" , "x" : [ 1 , { "y" : [ ] } ] }`,
		`{"sub":"alice","exp":1699999999,"aud":"web"}`, `{"sub":"a","nbf":1800000000,"iat":1800000000}`, `{"sub":1,"aud":[1],"exp":"soon","iat":null}`,
		`{"sub":"alice","sub":"bob"}`, `{"a":{"b":1,"b":2},"aud":"api"}`, `{"s\u0075b":"alice","sub":"bob"}`, `{"exp":1700000600000}`, `{"exp":99999999999999999999}`,
		`{"exp":1e400}`, `{"exp":-5}`, `{}`, `[]`, `"text"`, `7`, `"abc"`, `12345`, ``, `not json`, `{"a":1}x`, "\xef\xbb\xbf{}", `{"a":"` + "\xff" + `"}`, `{"a":"\ud800"}`, `{"a":01}`,
		`{"a":` + strings.Repeat("[", 120) + strings.Repeat("]", 120) + `}`, `{"zoneinfo":"\u0000\u001b[31m` + "\u202e\u200b" + `"}`,
		`{"exp":3600,"aud":"API"}`, `{"iss":"https://a.example/","sub":"alice","aud":"api/","exp":1700000001}`, "{\"a\":1,\n\t\"aud\":\"api\"}\n",
	}
	batchPolicies = [][]string{
		nil,
		{"--aud", "api", "--require", "sub"},
		{"--iss", "https://a.example", "--sub", "alice", "--leeway", "60s", "--typ", "JWT"},
		{"--strict"},
		{"--jws"},
		{"--max-age", "1h", "--valid-for", "1m", "--nonce", "n"},
		{"--claim", "scope=read", "--claim", "exp:=1700000600", "--ignore-exp"},
		{"--profile", "at+jwt", "--aud", "api", "--iss", "https://a.example"},
	}
)

// mutated returns the token with one change that keeps its characters those of a token.
func mutated(r *rand.Rand, token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
	b := []byte(token)
	at := r.IntN(len(b))
	switch r.IntN(5) {
	case 0:
		b = slices.Delete(b, at, at+1)
	case 1:
		b = slices.Insert(b, at, alphabet[r.IntN(len(alphabet))])
	case 2:
		b = b[:at]
	default:
		b[at] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

// TestBatchMutations verifies, decodes and inspects some thousand tokens, valid ones and
// ones with changes, in batches and alone.
func TestBatchMutations(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i, issuer := range batchIssuers(t) {
		var tokens []string
		for _, header := range batchHeaders {
			header = strings.ReplaceAll(header, "ALG", issuer.alg)
			for _, payload := range batchPayloads {
				tokens = append(tokens, issuer.sign(t, header, payload))
			}
		}
		good, signed := tokens[0], len(tokens)
		for range 200 {
			tokens = append(tokens, mutated(r, good), mutated(r, tokens[r.IntN(signed)]))
		}
		r.Shuffle(len(tokens), func(i, j int) { tokens[i], tokens[j] = tokens[j], tokens[i] })
		tokens = slices.DeleteFunc(tokens, func(s string) bool { return !isLine(s) || strings.Trim(s, ".") == "" })
		n := 0
		// Fewer lines than have their causes looked for, whatever their headers.
		for few := range slices.Chunk(tokens, 15) {
			lines := append([]string{good}, few...)
			verify := slices.Concat([]string{"verify", "--at", "1700000000"}, issuer.args, batchPolicies[n%len(batchPolicies)])
			n++
			checkBatch(t, lines, verify...)
			if i > 0 && !testing.Short() {
				continue // the rest does not depend on the key
			}
			lines = slices.DeleteFunc(lines, func(s string) bool { return !compact.Is([]byte(s)) })
			checkBatch(t, lines, "decode")
			checkBatch(t, lines, "inspect", "--at", "1700000000")
		}
	}
}

// FuzzBatch checks that a batch answers a line as a run on it alone does, after a line with the
// same header was answered.
func FuzzBatch(f *testing.F) {
	issuer := batchIssuers(f)[0]
	for _, header := range batchHeaders {
		f.Add(strings.ReplaceAll(header, "ALG", issuer.alg), batchPayloads[0], true, uint8(0))
	}
	for i, payload := range batchPayloads {
		f.Add(`{"alg":"HS256"}`, payload, i%3 > 0, uint8(i))
	}
	f.Fuzz(func(t *testing.T, header, payload string, valid bool, policy uint8) {
		if len(header)+len(payload) > 4096 {
			return
		}
		before := issuer.sign(t, header, batchPayloads[0])
		token := issuer.sign(t, header, payload)
		if !valid {
			token = token[:len(token)-4] + "AAAA"
		}
		verify := slices.Concat([]string{"verify", "--at", "1700000000"}, issuer.args, batchPolicies[int(policy)%len(batchPolicies)])
		checkBatch(t, []string{before, token, token}, verify...)
		if compact.Is([]byte(token)) {
			checkBatch(t, []string{before, token}, "decode")
			checkBatch(t, []string{before, token}, "inspect", "--at", "1700000000")
		}
	})
}
