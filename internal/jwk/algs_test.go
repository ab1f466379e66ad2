package jwk

import (
	"slices"
	"testing"

	"jwt/internal/jwa"
	"jwt/internal/verdict"
)

// TestAlgs checks that for every algorithm a key can be made that fits it and is
// restricted to it.
func TestAlgs(t *testing.T) {
	all := Algs()
	for _, a := range jwa.All() {
		if !slices.Contains(all, a.Name) {
			t.Errorf("cannot make a key for %s", a.Name)
		}
	}
	if len(all) < 30 {
		t.Errorf("only %d algorithms", len(all))
	}
	for _, alg := range all {
		kind, ok := KindFor(alg)
		size := 0
		if kind == "oct" {
			size, _ = SecretBytes(alg)
		}
		k, err := Generate(kind, size)
		if !ok || err != nil {
			t.Errorf("%s: a key of kind %q: %v", alg, kind, err)
			continue
		}
		k, err = k.For(alg)
		if err != nil || k.Alg != alg {
			t.Errorf("%s: %v", alg, err)
			continue
		}
		_, signs := jwa.Lookup(alg)
		if signs != (UseFor(alg) == "sig") || signs == (UseFor(alg) == "enc") {
			t.Errorf("%s is for %q", alg, UseFor(alg))
		}
		if signs && len(k.Algorithms()) != 1 {
			t.Errorf("%s: the key signs with %v", alg, k.Algorithms())
		}
		set, err := Parse(k.JWK(true).Bytes())
		if err != nil || set.Keys[0].Alg != alg {
			t.Errorf("%s: %v", alg, err)
		}
	}
	for _, alg := range []string{"", "none", "es256", "ES1", "dir ", "HS256\n"} {
		if kind, ok := KindFor(alg); ok {
			t.Errorf("KindFor(%q) = %q", alg, kind)
		}
		if use := UseFor(alg); use != "" {
			t.Errorf("UseFor(%q) = %q", alg, use)
		}
	}
}

func TestForRefuses(t *testing.T) {
	for _, tt := range []struct {
		kind, alg string
		size      int
		want      verdict.Class
	}{
		{"RSA", "ES256", 0, verdict.KeyMismatch},
		{"P-256", "ES384", 0, verdict.KeyMismatch},
		{"P-256", "EdDSA", 0, verdict.KeyMismatch},
		{"Ed25519", "ECDH-ES", 0, verdict.KeyMismatch},
		{"X25519", "EdDSA", 0, verdict.KeyMismatch},
		{"oct", "RS256", 0, verdict.KeyMismatch},
		{"oct", "A128KW", 32, verdict.KeyMismatch},
		{"oct", "A256CBC-HS512", 32, verdict.KeyMismatch},
		{"oct", "none", 0, verdict.Usage},
		{"oct", "", 0, verdict.Usage},
	} {
		k, err := Generate(tt.kind, tt.size)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := k.For(tt.alg); verdict.ClassOf(err) != tt.want {
			t.Errorf("%s for %q: %q, %v", tt.kind, tt.alg, got.Alg, err)
		}
	}
	long, err := Generate("oct", 64)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := long.For("HS256"); err != nil {
		t.Errorf("HMAC takes a longer secret: %v", err)
	}
}
