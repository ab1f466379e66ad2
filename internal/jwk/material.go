package jwk

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"math/big"
	"slices"
	"strings"

	"github.com/cloudflare/circl/sign/ed448"

	"jwt/internal/verdict"
)

// material reads the key material, by "kty".
func (m members) material() (any, error) {
	kty, err := m.required("kty", "7517 §4.1")
	if err != nil {
		return nil, err
	}
	if kty != "oct" && m.has("x5c") && !slices.ContainsFunc([]string{"n", "x", "pub", "d"}, m.has) {
		return m.certified(kty)
	}
	if bare, ok := strings.CutSuffix(kty, "-HSM"); ok {
		m.flaw("kty: is %q, as Azure Key Vault writes %s", kty, bare)
		kty = bare
	}
	switch kty {
	case "oct":
		k, err := m.octets("k", "7518 §6.4.1")
		if err == nil {
			err = refuseKeyText(k)
		}
		return k, err
	case "RSA":
		return m.rsa()
	case "EC":
		return m.ec()
	case "OKP":
		return m.okp()
	case "AKP":
		return m.akp()
	default:
		return nil, invalid("kty: is %q, must be oct, RSA, EC, OKP or AKP", kty)
	}
}

// certified returns the key of the first certificate of a JWK that has no members for it.
func (m members) certified(kty string) (any, error) {
	chain, err := m.chain()
	switch {
	case err != nil:
		return nil, err
	case len(chain) == 0:
		return nil, invalid("x5c: is empty, and the key has no other members")
	}
	k, err := certificateKey(chain)
	switch {
	case err != nil:
		return nil, err
	case k.Type != kty:
		return nil, invalid("kty: is %q, but the certificate in x5c is for %s", kty, k.Kind())
	}
	m.flaw("members are only in x5c: they are taken from its first certificate")
	if k.pss {
		return pssKey{k.material, k.Alg}, nil
	}
	return k.material, nil
}

func (m members) ec() (any, error) {
	crv, err := m.required("crv", "7518 §6.2.1.1")
	if err != nil {
		return nil, err
	}
	var curve elliptic.Curve
	size := secp256k1Size
	switch crv {
	case "P-256":
		curve, size = elliptic.P256(), 32
	case "P-384":
		curve, size = elliptic.P384(), 48
	case "P-521":
		curve, size = elliptic.P521(), 66
	case "secp256k1":
	default:
		return nil, invalid("crv: is %q, must be P-256, P-384, P-521 or secp256k1 for EC", crv)
	}
	point := []byte{4} // SEC 1 §2.3.3, uncompressed
	for _, name := range []string{"x", "y"} {
		b, err := m.coordinate(size, name, "7518 §6.2.1")
		if err != nil {
			return nil, err
		}
		point = append(point, b...)
	}
	var d []byte
	if m.has("d") {
		if d, err = m.coordinate(size, "d", "7518 §6.2.2.1"); err != nil {
			return nil, err
		}
	}
	if curve == nil {
		return ecSecp256k1(point, d)
	}
	return ecNIST(curve, point, d)
}

func ecNIST(curve elliptic.Curve, point, d []byte) (any, error) {
	public, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		return nil, invalid("the point x, y is not on the curve %s", curve.Params().Name)
	}
	if d == nil {
		return public, nil
	}
	private, err := ecdsa.ParseRawPrivateKey(curve, d)
	switch {
	case err != nil:
		return nil, invalid("d: is out of range for %s", curve.Params().Name)
	case !private.PublicKey.Equal(public):
		return nil, invalid("d: does not belong to x and y")
	}
	return private, nil
}

func (m members) okp() (any, error) {
	crv, err := m.required("crv", "8037 §2")
	if err != nil {
		return nil, err
	}
	size, read := 32, okpEd25519
	switch crv {
	case "Ed25519":
	case "Ed448":
		size, read = ed448.PublicKeySize, okpEd448
	case "X25519":
		read = okpX25519
	default:
		return nil, invalid("crv: is %q, must be Ed25519, Ed448 or X25519 for OKP", crv)
	}
	x, err := m.exactly(size, "x", "8037 §2")
	if err != nil {
		return nil, err
	}
	var d []byte
	if m.has("d") {
		if d, err = m.exactly(size, "d", "8037 §2"); err != nil { // as long as the public key
			return nil, err
		}
	}
	return read(x, d)
}

func okpEd25519(x, d []byte) (any, error) {
	public := ed25519.PublicKey(x)
	if d == nil {
		return public, nil
	}
	private := ed25519.NewKeyFromSeed(d)
	if !public.Equal(private.Public()) {
		return nil, invalid("d: does not belong to x")
	}
	return private, nil
}

func okpEd448(x, d []byte) (any, error) {
	public := ed448.PublicKey(x)
	if d == nil {
		return public, nil
	}
	private := ed448.NewKeyFromSeed(d)
	if !public.Equal(private.Public()) {
		return nil, invalid("d: does not belong to x")
	}
	return private, nil
}

func okpX25519(x, d []byte) (any, error) {
	public, err := ecdh.X25519().NewPublicKey(x)
	if err != nil {
		return nil, invalid("x: is not an X25519 key")
	}
	if d == nil {
		return public, nil
	}
	private, err := ecdh.X25519().NewPrivateKey(d)
	if err != nil || !private.PublicKey().Equal(public) {
		return nil, invalid("d: does not belong to x")
	}
	return private, nil
}

func (m members) exactly(size int, name, section string) ([]byte, error) {
	b, err := m.octets(name, section)
	if err == nil && len(b) != size {
		err = invalid("%s: is %d bytes long, must be %d (RFC %s)", name, len(b), size, section)
	}
	return b, err
}

// coordinate returns a number of exactly size bytes. Writers that drop or add leading zeros
// make it shorter or longer, which changes nothing of its value.
func (m members) coordinate(size int, name, section string) ([]byte, error) {
	b, err := m.octets(name, section)
	const most = 2 // so many zeros are lost by chance in one key of 65,536
	short, long := size-len(b), len(bytes.TrimLeft(b, "\x00"))
	switch {
	case err != nil || short == 0:
		return b, err
	case short > 0 && short <= most:
		m.flaw("%s is %d bytes long, must be %d (RFC %s): read with leading zeros", name, len(b), size, section)
		return append(make([]byte, short), b...), nil
	case short == -1 && long <= size:
		m.flaw("%s is %d bytes long, must be %d (RFC %s): read without its leading zero", name, len(b), size, section)
		return b[1:], nil
	default:
		return nil, invalid("%s: is %d bytes long, must be %d (RFC %s)", name, len(b), size, section)
	}
}

// rsaCRT lists the private members of an RSA key other than "d". Either all are present
// or none (RFC 7518 §6.3.2).
var rsaCRT = [...]string{"p", "q", "dp", "dq", "qi"}

func (m members) rsa() (any, error) {
	if err := m.refuseText("n"); err != nil {
		return nil, err
	}
	n, err := m.unsigned("n", "7518 §6.3.1.1")
	if err != nil {
		return nil, err
	}
	e, err := m.unsigned("e", "7518 §6.3.1.2")
	if err != nil {
		return nil, err
	}
	if e.BitLen() > 31 {
		return nil, verdict.Errorf(verdict.KeyRefused, "RSA public exponent of %d bits: it must be below 2^31", e.BitLen())
	}
	public := &rsa.PublicKey{N: n, E: int(e.Int64())}
	if err := checkRSANumbers(public); err != nil { // before work that grows with n
		return nil, err
	}
	if m.has("d") && !m.isEmpty("d") {
		return m.rsaPrivate(public)
	}
	for _, name := range append(rsaCRT[:], "oth") {
		if m.has(name) && !m.isEmpty(name) {
			return nil, invalid(`%s: is a private member, but there is no "d" (RFC 7518 §6.3.2)`, name)
		}
	}
	return public, nil
}

func (m members) rsaPrivate(public *rsa.PublicKey) (any, error) {
	if m.has("oth") && !m.isEmpty("oth") {
		return nil, verdict.Errorf(verdict.KeyRefused, "oth: RSA keys of more than two primes are not accepted")
	}
	d, err := m.bounded(public.N, "d")
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(rsaCRT[:], m.has) {
		return rsaFromExponent(public, d)
	}
	if m.has("p") && m.has("q") && !slices.ContainsFunc(rsaCRT[2:], m.has) {
		return m.rsaFromPrimes(public, d)
	}
	var crt [len(rsaCRT)]*big.Int
	for i, name := range rsaCRT {
		if !m.has(name) {
			return nil, invalid("%s: is missing: %s must all be present or none (RFC 7518 §6.3.2)", name, strings.Join(rsaCRT[:], ", "))
		}
		if crt[i], err = m.bounded(public.N, name); err != nil {
			return nil, err
		}
	}
	k := &rsa.PrivateKey{PublicKey: *public, D: d, Primes: []*big.Int{crt[0], crt[1]}}
	k.Precomputed.Dp, k.Precomputed.Dq, k.Precomputed.Qinv = crt[2], crt[3], crt[4]
	return k, nil // New checks that they belong together
}

// rsaFromPrimes returns a key without the members that follow from its primes.
func (m members) rsaFromPrimes(public *rsa.PublicKey, d *big.Int) (any, error) {
	var primes [2]*big.Int
	for i := range primes {
		var err error
		if primes[i], err = m.bounded(public.N, rsaCRT[i]); err != nil {
			return nil, err
		}
	}
	m.flaw("dp, dq and qi are missing: they are computed from p and q (RFC 7518 §6.3.2)")
	return &rsa.PrivateKey{PublicKey: *public, D: d, Primes: primes[:]}, nil // New checks that they belong together
}

// isEmpty reports whether a member is null, "" or [], which some writers mean as absent, and
// notes it.
func (m members) isEmpty(name string) bool {
	v, _ := m.o.Get(name)
	switch strings.ReplaceAll(string(v), " ", "") {
	case "null", `""`, "[]":
		m.flaw("%s is empty: it is read as absent", name)
		return true
	}
	return false
}

// refuseText refuses a member that holds the text of a whole key instead of a number.
func (m members) refuseText(name string) error {
	text, _ := m.o.Text(name)
	what := looksLikeKey([]byte(text))
	if what == "" {
		return nil
	}
	return invalid("%s: holds the text of %s, not a number", name, what).
		Hintf("the key itself is inside: decode %s from Base64, then jwt key convert --to jwk makes the JWK", name)
}

// unsigned reads a Base64urlUInt. Leading zero octets are a flaw (RFC 7518 §2); the
// thumbprint is made without them.
func (m members) unsigned(name, section string) (*big.Int, error) {
	b, err := m.octets(name, section)
	switch {
	case err != nil:
		return nil, err
	case b[0] == 0:
		m.flaw("%s begins with a zero octet (RFC 7518 §2 forbids it)", name)
	}
	return new(big.Int).SetBytes(b), nil
}

// bounded reads a private member between 0 and the modulus. It accepts leading zeros,
// because some writers pad and no thumbprint depends on these members.
func (m members) bounded(n *big.Int, name string) (*big.Int, error) {
	b, err := m.octets(name, "7518 §6.3.2")
	if err != nil {
		return nil, err
	}
	i := new(big.Int).SetBytes(b)
	if i.Sign() == 0 || i.Cmp(n) >= 0 {
		return nil, invalid("%s: must lie between 0 and the modulus", name)
	}
	return i, nil
}

// maxFactorBits limits the work of rsaFromExponent, which takes a second at four times
// this size.
const maxFactorBits = 4096

// maxFactored limits how often rsaFromExponent runs for one set.
const maxFactored = 16

// lacksPrimes reports whether the key is an RSA private key without its primes.
func (m members) lacksPrimes() bool {
	kty, _ := m.o.Text("kty")
	return kty == "RSA" && m.has("d") && !slices.ContainsFunc(rsaCRT[:], m.has)
}

// rsaFromExponent finds the primes of a key without them, which RFC 7518 §6.3.2 allows.
// The method is that of NIST SP 800-56B, Appendix C.
func rsaFromExponent(public *rsa.PublicKey, d *big.Int) (any, error) {
	one := big.NewInt(1)
	n := public.N
	if n.BitLen() > maxFactorBits {
		return nil, verdict.Errorf(verdict.KeyRefused, "p: is missing: an RSA private key of more than %d bits needs its primes", maxFactorBits)
	}
	minusOne := new(big.Int).Sub(n, one)
	k := new(big.Int).Mul(d, big.NewInt(int64(public.E)))
	k.Sub(k, one) // a multiple of λ(n) if the key is valid, thus even
	twos := k.TrailingZeroBits()
	odd := new(big.Int).Rsh(k, twos)
	const bases = 50 // each fails for at most half of the keys
	for g := int64(2); g < 2+bases && twos > 0; g++ {
		x := new(big.Int).Exp(big.NewInt(g), odd, n)
		for range twos {
			y := new(big.Int).Exp(x, big.NewInt(2), n)
			if y.Cmp(one) == 0 {
				break
			}
			x = y
		}
		square := new(big.Int).Exp(x, big.NewInt(2), n)
		if square.Cmp(one) != 0 {
			break // not a multiple of the order of g: d does not belong to n and e
		}
		if x.Cmp(one) == 0 || x.Cmp(minusOne) == 0 {
			continue
		}
		p := new(big.Int).GCD(nil, nil, x.Sub(x, one), n)
		q := new(big.Int).Quo(n, p)
		if p.Cmp(q) < 0 {
			p, q = q, p
		}
		return &rsa.PrivateKey{PublicKey: *public, D: d, Primes: []*big.Int{p, q}}, nil
	}
	return nil, invalid("d: does not belong to n and e")
}
