package jwk

import (
	"bytes"
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
		{"times 1009", times(n, big.NewInt(1009)), "divisible by 1009:"},
		{"times 65521", times(n, big.NewInt(65521)), "divisible by 65521:"},
		{"times 5 and 65521", times(n, big.NewInt(5*65521)), "divisible by 5:"},
		{"a cube", times(times(p, p), p), "a power (exponent 3)"},
		{"the fifth power", times(times(times(p, p), times(p, p)), p), "a power (exponent 5)"},
		{"many times a 17-bit prime", new(big.Int).Exp(big.NewInt(131101), big.NewInt(127), nil), "a power (exponent 127)"},
		{"ROCA", times(rocaPrime(t), rocaPrime(t)), "ROCA, CVE-2017-15361"},
		{"one prime of ROCA", times(rocaPrime(t), p), ""},
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

// rocaPrime returns k·M + (65537^a mod M), as the faulty generator made it.
func rocaPrime(t *testing.T) *big.Int {
	m := big.NewInt(2)
	for i := 3; i <= 701; i += 2 {
		if isSmallPrime(i) {
			m.Mul(m, big.NewInt(int64(i)))
		}
	}
	for {
		a, err := rand.Int(rand.Reader, m)
		if err != nil {
			t.Fatal(err)
		}
		k := new(big.Int).Rsh(a, 900)
		p := k.Mul(k.SetBit(k, 60, 1), m)
		p.Add(p, new(big.Int).Exp(big.NewInt(65537), a, m))
		if p.BitLen() > 1020 && p.ProbablyPrime(1) {
			return p
		}
	}
}

func TestPrimorial(t *testing.T) {
	want := big.NewInt(1)
	for i := 3; i < 1<<16; i += 2 {
		if isSmallPrime(i) {
			want.Mul(want, big.NewInt(int64(i)))
		}
	}
	if !bytes.Equal(want.Bytes(), primorial) {
		t.Error("primorial.bin is not the product of the odd primes below 2^16")
	}
}

func TestPrimeModulus(t *testing.T) {
	p, err := rand.Prime(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		n    *big.Int
		want int
	}{{p, 1}, {new(big.Int).Mul(p, new(big.Int).Add(p, big.NewInt(1<<40))), 0}} {
		k := Key{Type: "RSA", material: &rsa.PublicKey{N: tt.n, E: 65537}, cache: new(cache)}
		for range 2 {
			if got := len(k.ModulusWarnings()); got != tt.want {
				t.Errorf("%d warnings, want %d", got, tt.want)
			}
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
