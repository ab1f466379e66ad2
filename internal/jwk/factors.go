package jwk

import (
	"crypto/rsa"
	_ "embed"
	"math/big"

	"jwt/internal/verdict"
)

// primorial is the product of the odd primes below 2^16.
//
//go:embed primorial.bin
var primorial []byte

// checkRSAFactors refuses a modulus that an attacker can factor at once: one with a small
// factor, a power, 2^k - 1, the product of two close primes (Fermat's method), or one of a
// generator whose primes can be found from the modulus. It takes about 0.2 ms at 2048 bits.
// A primality test would take 6 ms, longer than the rest of a start; see IsPrimeModulus.
func checkRSAFactors(n *big.Int) error {
	if p := smallFactor(n); p != 0 {
		return verdict.Errorf(verdict.KeyRefused, "the RSA modulus is divisible by %d: it is not a product of two large primes", p)
	}
	if new(big.Int).And(n, new(big.Int).Add(n, big.NewInt(1))).Sign() == 0 {
		return verdict.Errorf(verdict.KeyRefused, "the RSA modulus is 2^%d - 1: it is not a product of two random primes", n.BitLen())
	}
	switch steps := fermat(n); {
	case steps == 0:
		return verdict.Errorf(verdict.KeyRefused, "the RSA modulus is a square: the private key follows from the public one")
	case steps > 0:
		return verdict.Errorf(verdict.KeyRefused, "the two primes of the RSA modulus are too close: the private key follows from the public one")
	}
	if k := oddPower(n); k != 0 {
		return verdict.Errorf(verdict.KeyRefused, "the RSA modulus is a power (exponent %d): the private key follows from the public one", k)
	}
	if isROCA(n) {
		return verdict.Errorf(verdict.KeyRefused, "the RSA modulus is of a faulty generator (ROCA, CVE-2017-15361): the private key can be computed from the public one").
			Hintf("make a new key with another device or library")
	}
	return nil
}

// smallFactor returns the smallest odd divisor of n below 2^16, or 0.
func smallFactor(n *big.Int) uint64 {
	product := new(big.Int).SetBytes(primorial)
	common := product.GCD(nil, nil, product.Mod(product, n), n)
	if common.Cmp(big.NewInt(1)) == 0 {
		return 0
	}
	d, rest := uint64(3), new(big.Int)
	for rest.Mod(common, new(big.Int).SetUint64(d)).Sign() != 0 {
		d += 2
	}
	return d
}

// oddPower returns an odd prime k for which n is a k-th power, or 0. n has no factor below
// 2^16, which bounds k.
func oddPower(n *big.Int) int {
	for k := 3; k <= n.BitLen()/16; k += 2 {
		if !isSmallPrime(k) || !maybePower(n, k) {
			continue
		}
		root := nthRoot(n, k)
		if root.Exp(root, big.NewInt(int64(k)), nil).Cmp(n) == 0 {
			return k
		}
	}
	return 0
}

// maybePower excludes nearly all numbers that are not k-th powers: modulo a prime q = 2jk+1
// only one residue in k is one.
func maybePower(n *big.Int, k int) bool {
	const trials = 2
	for q, found := 2*k+1, 0; found < trials; q += 2 * k {
		if !isSmallPrime(q) {
			continue
		}
		found++
		modulus := big.NewInt(int64(q))
		residue := new(big.Int).Mod(n, modulus)
		if residue.Exp(residue, big.NewInt(int64((q-1)/k)), modulus).Cmp(big.NewInt(1)) > 0 {
			return false
		}
	}
	return true
}

func isSmallPrime(n int) bool {
	for d := 2; d*d <= n; d++ {
		if n%d == 0 {
			return false
		}
	}
	return true
}

// nthRoot returns the k-th root of n, rounded down, by Newton's method from above.
func nthRoot(n *big.Int, k int) *big.Int {
	x := new(big.Int).Lsh(big.NewInt(1), uint(n.BitLen()/k+1))
	less, degree := big.NewInt(int64(k-1)), big.NewInt(int64(k))
	for {
		y := new(big.Int).Exp(x, less, nil)
		y.Quo(n, y)
		y.Add(y, new(big.Int).Mul(x, less)).Quo(y, degree)
		if y.Cmp(x) >= 0 {
			return x
		}
		x = y
	}
}

// rocaPrimes is the number of odd primes, 3 to 353, whose product divides the M of every ROCA
// key of at least 992 bits.
const rocaPrimes = 70

// isROCA reports whether n has the fingerprint of ROCA (CVE-2017-15361): its primes are
// k·M + (65537^a mod M) for a product M of small primes, so that n is a power of 65537 modulo
// each of these. A sound modulus is with a probability below 2^-50.
func isROCA(n *big.Int) bool {
	r := new(big.Int)
	for p, seen := 3, 0; seen < rocaPrimes; p += 2 {
		if !isSmallPrime(p) {
			continue
		}
		seen++
		residue := int(r.Mod(n, big.NewInt(int64(p))).Int64())
		power := 1
		for range p {
			if power == residue {
				break
			}
			power = power * 65537 % p
		}
		if power != residue {
			return false
		}
	}
	return true
}

// IsPrimeModulus reports whether the key is an RSA key whose modulus is itself a prime, or
// passes for one: then the private key follows from the public one. It takes 6 ms at 2048
// bits the first time.
func (k Key) IsPrimeModulus() bool {
	public, ok := k.VerificationMaterial().(*rsa.PublicKey)
	if !ok || k.private { // New has seen the primes of a private key
		return false
	}
	if known := k.cache.prime.Load(); known != nil {
		return *known
	}
	two := big.NewInt(2)
	exponent := new(big.Int).Sub(public.N, big.NewInt(1))
	prime := two.Exp(two, exponent, public.N).Cmp(big.NewInt(1)) == 0
	k.cache.prime.Store(&prime)
	return prime
}

// ModulusWarnings returns the warning about an RSA key whose modulus is a prime. It is apart
// from Warnings because it takes longer.
func (k Key) ModulusWarnings() []verdict.Check {
	if !k.IsPrimeModulus() {
		return nil
	}
	return []verdict.Check{{
		Name: "key_strength", Status: verdict.Warn, Class: verdict.WeakKey, Actual: k.bits,
		Detail: "the RSA modulus is a prime, not a product of two: the private key follows from the public one",
	}}
}

// fermat searches for a² - n = b², so that n = (a+b)(a-b). It returns the distance of a
// from the root of n: 0 for a square, -1 if there is no such a nearby.
func fermat(n *big.Int) int {
	const steps = 32
	one := big.NewInt(1)
	a := new(big.Int).Sqrt(n)
	bb := new(big.Int).Mul(a, a)
	if bb.Sub(bb, n).Sign() == 0 {
		return 0
	}
	root := new(big.Int)
	for i := 1; i <= steps; i++ {
		bb.Add(bb, a).Add(bb, a).Add(bb, one) // (a+1)² = a² + 2a + 1
		a.Add(a, one)
		if maybeSquare(bb) && root.Mul(root.Sqrt(bb), root).Cmp(bb) == 0 {
			return i
		}
	}
	return -1
}

// maybeSquare excludes nearly all non-squares by their remainders.
func maybeSquare(n *big.Int) bool {
	const together = 64 * 63 * 61 * 59 * 53
	r := new(big.Int).Mod(n, big.NewInt(together)).Uint64()
	for _, m := range [...]uint64{64, 63, 61, 59, 53} {
		found := false
		for x := uint64(0); x <= m/2 && !found; x++ {
			found = x*x%m == r%m
		}
		if !found {
			return false
		}
	}
	return true
}
