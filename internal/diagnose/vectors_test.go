package diagnose

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"jwt/internal/base64url"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/verdict"
)

type vector struct {
	ID    string
	Op    string
	Key   struct{ Format, Value string }
	Alg   string
	Token string
	B64   string `json:"token_b64"`
	Opts  struct {
		AllowAlgs []string `json:"allow_algs"`
	}
	Expect  string
	Class   []verdict.Class
	Payload string `json:"payload_b64u"`
	Tier    string
}

// later lists the classes that are decided by the claims, or when keys and tokens are read.
var later = []verdict.Class{
	verdict.ClaimsMalformed, verdict.DuplicateMember, verdict.Expired, verdict.NotYetValid, verdict.MissingClaim, verdict.TooOld,
	verdict.AudMismatch, verdict.IssMismatch, verdict.SubMismatch, verdict.TypMismatch, verdict.KeyRefused, verdict.Malformed,
}

// TestVectors runs the acceptance vectors up to the signature: tokens to be refused for it are
// refused with the class of the vector, tokens to be accepted verify.
func TestVectors(t *testing.T) {
	files, err := filepath.Glob("../../testdata/vectors/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	ran := 0
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 4<<20)
		for lines.Scan() {
			var v vector
			if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
				t.Fatal(err)
			}
			if v.Op == "verify" && v.Tier != "optional" && v.Tier != "ux" && v.Token+v.B64 != "" {
				ran++
				t.Run(v.ID, v.run)
			}
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	if ran < 100 {
		t.Fatalf("only %d vectors ran", ran)
	}
}

func (v vector) run(t *testing.T) {
	keys, err := v.keys()
	if err != nil {
		v.refused(t, err)
		return
	}
	text := v.Token
	if v.B64 != "" {
		b, err := base64.StdEncoding.DecodeString(v.B64)
		if err != nil {
			t.Fatal(err)
		}
		text = string(b)
	}
	token, err := jws.Parse(text)
	if err != nil {
		v.refused(t, err)
		return
	}
	var algs []string
	if v.Alg != "" {
		algs = []string{v.Alg}
	}
	verified, checks, err := token.Verify(keys, append(algs, v.Opts.AllowAlgs...))
	if err != nil {
		if last := checks[len(checks)-1]; last.Status != verdict.Fail {
			t.Errorf("an error, and the last check is %+v", last)
		}
		for _, c := range Signature(token, keys) {
			for _, k := range keys {
				if secret, ok := k.Material().([]byte); ok {
					mustNotQuote(t, secret, c.Detail+c.Hint)
				}
			}
		}
		v.refused(t, err)
		return
	}
	if v.Expect == "reject" && !slices.ContainsFunc(v.Class, func(c verdict.Class) bool { return slices.Contains(later, c) }) {
		t.Errorf("verifies, want %v", v.Class)
	}
	if want, err := base64url.Decode(v.Payload); v.Payload != "" && (err != nil || !bytes.Equal(want, verified.Payload())) {
		t.Errorf("payload %q, want %q (%v)", verified.Payload(), want, err)
	}
}

func (v vector) refused(t *testing.T, err error) {
	t.Helper()
	if v.Expect == "accept" || !slices.Contains(v.Class, verdict.ClassOf(err)) {
		t.Errorf("refused as %s (%v), want %s %v", verdict.ClassOf(err), err, v.Expect, v.Class)
	}
}

func (v vector) keys() ([]jwk.Key, error) {
	if v.Key.Format == "raw-hex" {
		b, err := hex.DecodeString(v.Key.Value)
		if err != nil {
			return nil, err
		}
		k, err := jwk.Secret(b)
		return []jwk.Key{k}, err
	}
	set, err := jwk.Parse([]byte(v.Key.Value))
	return set.Keys, err
}
