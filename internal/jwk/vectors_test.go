package jwk

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jwt/internal/verdict"
)

type vector struct {
	ID  string
	Op  string
	Key struct{ Format, Value string }

	Expect  string
	Class   []string
	Payload string
	Tags    []string
	Out     struct {
		ForbidText []string `json:"forbid_text"`
	}
}

func vectors(t *testing.T) []vector {
	t.Helper()
	var all []vector
	for _, name := range []string{"rfc.jsonl", "attacks.jsonl"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "vectors", name))
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(text))
		lines.Buffer(nil, 4<<20)
		before := len(all)
		for lines.Scan() {
			var v vector
			if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			all = append(all, v)
		}
		if len(all) == before {
			t.Fatalf("%s has no vectors", name)
		}
	}
	return all
}

func TestKeyVectors(t *testing.T) {
	ran := 0
	for _, v := range vectors(t) {
		if v.Op != "jwk" {
			continue
		}
		ran++
		t.Run(v.ID, func(t *testing.T) {
			set, err := Parse([]byte(v.Key.Value))
			if v.Expect == "reject" {
				if class := string(verdict.ClassOf(err)); !slices.Contains(v.Class, class) {
					t.Errorf("error %v of class %q, want one of %q", err, class, v.Class)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if slices.Contains(v.Tags, "thumbprint") && set.Keys[0].Thumbprint() != v.Payload {
				t.Errorf("thumbprint %s, want %s", set.Keys[0].Thumbprint(), v.Payload)
			}
			for _, k := range set.Keys {
				shown := string(k.JWK(false).Bytes())
				for _, secret := range v.Out.ForbidText {
					if strings.Contains(shown, secret) {
						t.Errorf("JWK(false) shows the secret: %s", shown)
					}
				}
			}
		})
	}
	if ran == 0 {
		t.Fatal("no vectors for keys")
	}
}

// TestKeysOfTokenVectors checks that the keys of accepted tokens are valid, and that
// those of refused tokens are valid or refused with a class that the vector names.
func TestKeysOfTokenVectors(t *testing.T) {
	ran := 0
	for _, v := range vectors(t) {
		if v.Op == "jwk" || v.Key.Format == "raw-hex" || v.Key.Format == "" {
			continue
		}
		ran++
		_, err := Parse([]byte(v.Key.Value))
		if err != nil && (v.Expect == "accept" || !slices.Contains(v.Class, string(verdict.ClassOf(err)))) {
			t.Errorf("%s: %v (%s), want %s %q", v.ID, err, verdict.ClassOf(err), v.Expect, v.Class)
		}
	}
	if ran == 0 {
		t.Fatal("no vectors with keys")
	}
}
