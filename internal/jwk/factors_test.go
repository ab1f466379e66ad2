package jwk

import (
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"strings"
	"testing"

	"jwt/internal/verdict"
)

// TestRSAModuli checks that a modulus that is easy to factor is refused, in public and
// private keys of every format.
func TestRSAModuli(t *testing.T) {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p, n := k.Primes[0], k.N
	bit := func(i int) *big.Int { return new(big.Int).Lsh(big.NewInt(1), uint(i)) }
	times := func(a, b *big.Int) *big.Int { return new(big.Int).Mul(a, b) }
	next := new(big.Int).Add(p, big.NewInt(2))
	for !next.ProbablyPrime(1) {
		next.Add(next, big.NewInt(2))
	}
	tests := []struct {
		name string
		n    *big.Int
		want string // "" if it is accepted
	}{
		{"a key", n, ""},
		{"times 3", times(n, big.NewInt(3)), "divisible by 3:"},
		{"times 17", times(n, big.NewInt(17)), "divisible by 17:"},
		{"times 997", times(n, big.NewInt(997)), "divisible by 997:"},
		{"a Mersenne prime", new(big.Int).Sub(bit(2203), big.NewInt(1)), "2^2203 - 1"},
		{"a square", times(p, p), "is a square"},
		{"twins", times(p, next), "are too close"},
	}
	for _, tt := range tests {
		public := &rsa.PublicKey{N: tt.n, E: 65537}
		_, err := New(public)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.want != "" && (verdict.ClassOf(err) != verdict.KeyRefused || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		jwk := jwkText(public)
		if _, parsed := Parse([]byte(jwk)); (parsed == nil) != (tt.want == "") {
			t.Errorf("%s: as a JWK: %v", tt.name, parsed)
		}
	}
}

func jwkText(k *rsa.PublicKey) string {
	return string(Key{Type: "RSA", material: k}.JWK(false).Bytes())
}

func BenchmarkCheckRSA(b *testing.B) {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := checkRSA(&k.PublicKey); err != nil {
			b.Fatal(err)
		}
	}
}
