package jwa

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"filippo.io/mldsa"
	"github.com/cloudflare/circl/sign"
)

// The examples of RFC 9964 App. A.1, whose key is made from a seed of zeros and
// whose signatures are deterministic. A signature begins with the hash that
// commits to the rest of it, so its two ends are as good as the whole.
func TestRFC9964(t *testing.T) {
	const payload = "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4"
	tests := []struct{ alg, header, begins, middle, ends string }{
		{
			"ML-DSA-44", "eyJhbGciOiJNTC1EU0EtNDQiLCJraWQiOiJUNHhsNzBTN01UNlplcTZyOVY5ZlBKR1ZuNzZ3Zm5YSjIxLWd5bzBHdTZvIn0",
			"knI1Q_9CIzLH5Xy94Kkc7WVKqZcAgtJ3mNf0GUj1uLA6YXAWFJfXkh-zQxUtEl3UIC7zPCiUwKTDR6ZsuUmFj8Ctb_6aH64hElN7weS_1m",
			"iusrzi5uwKDhc4SmRwm6KssNrmCAkiNDZCREVKd3yMnrjA4PAGDzdKWVplcHJ6jKmrsbrEztHd9Q", "BIfMEQ",
		},
		{
			"ML-DSA-65", "eyJhbGciOiJNTC1EU0EtNjUiLCJraWQiOiJTdWl1MjlxYmZ1YUJhUjRBdHMtYzZYUUJlUEJfT3BBeEF3Y1RSXzBLWFZNIn0",
			"zmO9_0bLgJAegoVNymfRo4nGPK5lVtSFGnDbzfzYAD5mUEXpaBUg4itvZ8rAUZi4HLb59QqDQSBSpMXC0axajXOMV_YttfmwGgC6FMyaMR",
			"V17C_1hmfRI-darbZcX7PD3N4Rw4lBACyk_wnOHBcAS-5cLZEzNmFmhc4iO4msz_seQ1N0drbB0NoUVWBmcY3pGC9TiY6f6Pn-FBUnQkuBhIyPtg", "BgwVHCUv",
		},
		{
			"ML-DSA-87", "eyJhbGciOiJNTC1EU0EtODciLCJraWQiOiJ0Um4xSk5Ja2dNc0FCVlFCbFhlREh4QUljY2xoLTJJWDBVZERFelB0NVhVIn0",
			"hmMrKkUgZwGPQV_WUoXUVq_Z9WOenDZbfMmHpKritl0btWi29TC8eIyQyT1FAuW2kg3h6ALsvCrjX5tn3QKFQZYC0sBdRt0VNiDm0BjyJ4",
			"wsReutf6pHmsvRmz9gx5vd6NMIkI05IeLNDElvlOGD04m1vR4ZISdmdHaAgaW9_AUPGx0vP1Rqe36cvebwUYSnzdbZ7y1s7PH7GXF5r7zNEzY9bHmXvsjb3N_u9BkenwkQfZGS6ez0", "LGSAlKzg7Qw",
		},
	}
	for _, tt := range tests {
		a := lookup(t, tt.alg)
		scheme, _ := MLDSA(tt.alg)
		public, key := scheme.DeriveKey(make([]byte, 32))
		sig, err := a.Sign(tt.header+"."+payload, key, true)
		if err != nil {
			t.Fatal(err)
		}
		text := base64.RawURLEncoding.EncodeToString(sig)
		_, end, found := strings.Cut(text, tt.middle) // zeros between it and the end
		if !strings.HasPrefix(text, tt.begins) || !found || strings.TrimLeft(end, "A") != tt.ends {
			t.Errorf("%s signs %s", tt.alg, text)
		}
		if err := a.Verify(tt.header+"."+payload, sig, public); err != nil {
			t.Errorf("%s: %v", tt.alg, err)
		}
	}
}

// oracle is the same key in filippo.io/mldsa, the implementation of Go 1.27.
func oracle(t testing.TB, key sign.PrivateKey) *mldsa.PrivateKey {
	t.Helper()
	parameters := map[string]mldsa.Parameters{"ML-DSA-44": mldsa.MLDSA44(), "ML-DSA-65": mldsa.MLDSA65(), "ML-DSA-87": mldsa.MLDSA87()}
	k, err := mldsa.NewPrivateKey(parameters[key.Scheme().Name()], key.(sign.Seeded).Seed())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// RFC 9964 §5: the context is empty, and the message is not hashed before.
func TestMLDSAContext(t *testing.T) {
	a := lookup(t, "ML-DSA-44")
	key := keysFor(t, a)[0]
	for context, want := range map[string]bool{"": true, "JWT": false, "\x00": false} {
		sig, err := oracle(t, key.private.(sign.PrivateKey)).Sign(nil, []byte("input"), &mldsa.Options{Context: context})
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Verify("input", sig, key.public) == nil; got != want {
			t.Errorf("verifies with the context %q: %v", context, got)
		}
	}
}

// Two implementations derive the same keys from a seed, make the same deterministic
// signatures, and accept each other's.
func TestMLDSAOracle(t *testing.T) {
	for _, alg := range []string{"ML-DSA-44", "ML-DSA-65", "ML-DSA-87"} {
		a := lookup(t, alg)
		scheme, _ := MLDSA(alg)
		for i := range 8 {
			seed := bytes.Repeat([]byte{byte(i)}, scheme.SeedSize())
			public, private := scheme.DeriveKey(seed)
			other := oracle(t, private)
			if encoded, _ := public.MarshalBinary(); !bytes.Equal(encoded, other.PublicKey().Bytes()) {
				t.Fatalf("%s: another public key", alg)
			}
			input := alg + strings.Repeat(" input", i)
			sig, err := a.Sign(input, private, true)
			want, err2 := other.SignDeterministic([]byte(input), nil)
			if err != nil || err2 != nil || !bytes.Equal(sig, want) {
				t.Errorf("%s: another deterministic signature, %v, %v", alg, err, err2)
			}
			sig, err = a.Sign(input, private, false)
			if err != nil || bytes.Equal(sig, want) || mldsa.Verify(other.PublicKey(), []byte(input), sig, nil) != nil {
				t.Errorf("%s: the oracle refuses a hedged signature, or it is not hedged: %v", alg, err)
			}
			for at := 0; at < len(want); at += 37 {
				broken := bytes.Clone(want)
				broken[at] ^= 1 << (at % 8)
				if mldsa.Verify(other.PublicKey(), []byte(input), broken, nil) == nil || a.Verify(input, broken, public) == nil {
					t.Errorf("%s: byte %d is changed and it verifies", alg, at)
				}
			}
		}
	}
}
