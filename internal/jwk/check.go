package jwk

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rsa"
	"math/big"
	"slices"

	"github.com/cloudflare/circl/ecc/goldilocks"
	"github.com/cloudflare/circl/sign/ed448"

	"jwt/internal/jwa"
	"jwt/internal/verdict"
)

// checkRSA refuses a public key that is too weak, too large for a bounded time, or not
// an RSA key at all.
func checkRSA(k *rsa.PublicKey) error {
	if err := checkRSANumbers(k); err != nil {
		return err
	}
	return checkRSAFactors(k.N)
}

// checkRSANumbers makes the checks of checkRSA that take no time.
func checkRSANumbers(k *rsa.PublicKey) error {
	if k == nil || k.N == nil || k.N.Sign() <= 0 {
		return verdict.Errorf(verdict.KeyRefused, "the RSA modulus is not positive")
	}
	if err := checkRSABits(k.N.BitLen()); err != nil {
		return err
	}
	switch {
	case k.N.Bit(0) == 0:
		return verdict.Errorf(verdict.KeyRefused, "the RSA modulus is even, so it is not a product of two large primes")
	case k.E < 3 || k.E%2 == 0 || k.E > maxRSAExponent:
		return verdict.Errorf(verdict.KeyRefused, "RSA public exponent %d: it must be odd, at least 3 and below 2^31", k.E)
	}
	return nil
}

// maxRSAExponent is the largest public exponent that crypto/rsa works with.
const maxRSAExponent = 1<<31 - 1

// longer returns the hint for an RSA key that is too short. A key is made in multiples of 128
// bits, so that another size is more likely a modulus that was cut off.
func longer(bits int) string {
	if bits%128 != 0 {
		return "is the modulus cut off? get the key again, whole"
	}
	return "its owner must make a longer one: jwt key generate rsa"
}

func checkRSABits(bits int) error {
	switch {
	case bits < jwa.MinRSABits:
		return verdict.Errorf(verdict.KeyRefused, "RSA key of %d bits: at least %d are required (RFC 7518 §3.3)", bits, jwa.MinRSABits).Hintf("%s", longer(bits))
	case bits > jwa.MaxRSABits:
		return verdict.Errorf(verdict.KeyRefused, "RSA key of %d bits: at most %d are accepted", bits, jwa.MaxRSABits)
	}
	return nil
}

// checkRSAPrivate refuses private members that do not belong to the public ones.
func checkRSAPrivate(k *rsa.PrivateKey) error {
	if k == nil {
		return verdict.Errorf(verdict.KeyRefused, "the RSA modulus is not positive")
	}
	if err := checkRSA(&k.PublicKey); err != nil {
		return err
	}
	switch {
	case len(k.Primes) > 2:
		return verdict.Errorf(verdict.KeyRefused, "RSA key of %d primes: only two are accepted", len(k.Primes))
	case len(k.Primes) < 2 || slices.Contains(k.Primes, nil) || k.D == nil:
		return verdict.Errorf(verdict.KeyRefused, "the RSA private key is incomplete")
	}
	for _, n := range []*big.Int{k.D, k.Primes[0], k.Primes[1]} {
		if n.Sign() <= 0 || n.Cmp(k.N) >= 0 {
			return verdict.Errorf(verdict.KeyRefused, "the RSA private key does not belong to its modulus")
		}
	}
	if err := k.Validate(); err != nil { // crypto/rsa names the failed relation, never a number
		return verdict.Errorf(verdict.KeyRefused, "the RSA private key is inconsistent: %s", withoutPackage(err))
	}
	k.Precompute()
	return nil
}

// checkEd25519 refuses points that are not canonical, not on the curve (RFC 8032 §5.1.3)
// or of small order. An attacker can sign under a key of small order.
func checkEd25519(k ed25519.PublicKey) error {
	if len(k) != ed25519.PublicKeySize {
		return verdict.Errorf(verdict.KeyRefused, "Ed25519 public key of %d bytes, must be %d", len(k), ed25519.PublicKeySize)
	}
	encoded := slices.Clone(k)
	slices.Reverse(encoded) // little-endian, the sign of x in the top bit
	encoded[0] &= 0x7f
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	y := new(big.Int).SetBytes(encoded)
	mod := func(n *big.Int) *big.Int { return n.Mod(n, p) }
	one := big.NewInt(1)
	d := new(big.Int).ModInverse(big.NewInt(121666), p)
	mod(d.Mul(d, big.NewInt(-121665)))

	// The curve is -x² + y² = 1 + d·x²·y²: u/v with u = y²-1, v = d·y²+1 must be
	// a square, and it is one exactly when u·v is.
	yy := mod(new(big.Int).Mul(y, y))
	u := new(big.Int).Sub(yy, one)
	dyy := mod(new(big.Int).Mul(d, yy))
	v := new(big.Int).Add(dyy, one)
	if y.Cmp(p) >= 0 || big.Jacobi(mod(new(big.Int).Mul(u, v)), p) < 0 {
		return verdict.Errorf(verdict.KeyRefused, "the point is not on the curve Ed25519")
	}
	// Orders 1 and 2 have y² = 1, order 4 has y = 0, and order 8 doubles to
	// y = 0, which is d·y⁴ + 2·y² - 1 = 0.
	eight := mod(new(big.Int).Mul(dyy, yy))
	eight.Add(eight, yy).Add(eight, yy).Sub(eight, one)
	if y.Sign() == 0 || u.Sign() == 0 || mod(eight).Sign() == 0 {
		return verdict.Errorf(verdict.KeyRefused, "the Ed25519 point is of small order: an attacker could sign under it")
	}
	return nil
}

// checkEd448 refuses points that are not canonical, not on the curve (RFC 8032 §5.2.3)
// or of small order; the cofactor is 4.
func checkEd448(k ed448.PublicKey) error {
	if len(k) != ed448.PublicKeySize {
		return verdict.Errorf(verdict.KeyRefused, "Ed448 public key of %d bytes, must be %d", len(k), ed448.PublicKeySize)
	}
	p, err := goldilocks.FromBytes(k)
	if err != nil {
		return verdict.Errorf(verdict.KeyRefused, "the point is not on the curve Ed448")
	}
	curve := goldilocks.Curve{}
	if curve.Double(curve.Double(p)).IsEqual(curve.Identity()) {
		return verdict.Errorf(verdict.KeyRefused, "the Ed448 point is of small order: an attacker could sign under it")
	}
	return nil
}

func checkEd448Private(k ed448.PrivateKey) error {
	if len(k) != ed448.PrivateKeySize {
		return verdict.Errorf(verdict.KeyRefused, "Ed448 private key of %d bytes, must be %d", len(k), ed448.PrivateKeySize)
	}
	if !ed448.NewKeyFromSeed(k.Seed()).Equal(k) {
		return verdict.Errorf(verdict.KeyRefused, "the private and the public half of the Ed448 key do not belong together")
	}
	return nil
}

func checkEd25519Private(k ed25519.PrivateKey) error {
	if len(k) != ed25519.PrivateKeySize {
		return verdict.Errorf(verdict.KeyRefused, "Ed25519 private key of %d bytes, must be %d", len(k), ed25519.PrivateKeySize)
	}
	if !ed25519.NewKeyFromSeed(k.Seed()).Equal(k) {
		return verdict.Errorf(verdict.KeyRefused, "the private and the public half of the Ed25519 key do not belong together")
	}
	return nil
}

// checkX25519 refuses points of small order, whose shared secret is always zero
// (RFC 7748 §6.1).
func checkX25519(k *ecdh.PublicKey) error {
	probe, err := ecdh.X25519().NewPrivateKey(slices.Repeat([]byte{1}, 32))
	if err == nil {
		_, err = probe.ECDH(k)
	}
	if err != nil {
		return verdict.Errorf(verdict.KeyRefused, "the X25519 point is of small order: every shared secret would be zero")
	}
	return nil
}
