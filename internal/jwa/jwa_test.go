package jwa

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cloudflare/circl/sign"
	"github.com/cloudflare/circl/sign/ed448"
	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
	"github.com/cloudflare/circl/sign/mldsa/mldsa87"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// keyPair is the private and the public key of one kind; they are one for a
// secret. alg is that of AKP keys, which are for one algorithm each.
type keyPair struct {
	keyType, curve, alg string
	private, public     any
}

func (k keyPair) fits(a Algorithm) bool {
	return a.Takes(k.keyType, k.curve) && (k.alg == "" || k.alg == a.Name)
}

func (k keyPair) String() string { return k.keyType + k.curve + k.alg }

// keys makes one key of each kind, once for all tests.
var keys = sync.OnceValue(func() []keyPair {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	secret := bytes.Repeat([]byte("k"), 64)
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	pairs := []keyPair{{"oct", "", "", secret, secret}, {"RSA", "", "", r, &r.PublicKey}}
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		e, err := ecdsa.GenerateKey(curve, rand.Reader)
		must(err)
		pairs = append(pairs, keyPair{"EC", curve.Params().Name, "", e, &e.PublicKey})
	}
	k, err := secp256k1.GeneratePrivateKey()
	must(err)
	pairs = append(pairs, keyPair{"EC", "secp256k1", "", k, k.PubKey()})
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	must(err)
	pairs = append(pairs, keyPair{"OKP", "Ed25519", "", priv, pub})
	pub448, priv448, err := ed448.GenerateKey(rand.Reader)
	must(err)
	pairs = append(pairs, keyPair{"OKP", "Ed448", "", priv448, pub448})
	for _, s := range []sign.Scheme{mldsa44.Scheme(), mldsa65.Scheme(), mldsa87.Scheme()} {
		pub, priv, err := s.GenerateKey()
		must(err)
		pairs = append(pairs, keyPair{"AKP", "", s.Name(), priv, pub})
	}
	return pairs
})

// keysFor returns the keys that fit: one, but for EdDSA one of each curve.
func keysFor(t testing.TB, a Algorithm) []keyPair {
	t.Helper()
	var fit []keyPair
	for _, k := range keys() {
		if k.fits(a) {
			fit = append(fit, k)
		}
	}
	if len(fit) != max(1, len(a.Curves)) {
		t.Fatalf("%s: %d keys fit", a.Name, len(fit))
	}
	return fit
}

func TestLookup(t *testing.T) {
	for _, a := range All() {
		got, ok := Lookup(a.Name)
		if !ok || got.Name != a.Name {
			t.Errorf("Lookup(%q) = %q, %v", a.Name, got.Name, ok)
		}
	}
	for _, name := range []string{"", "none", "None", "hs256", "HS256 ", " HS256", "HS256\x00", "ＨＳ256", "HS1", "ES521", "ES256k", "ES256K1", "ed25519", "EDDSA", "ed448", "Ed25519ph", "ML-DSA", "ML-DSA-44-ED25519", "ml-dsa-44", "MLDSA44", "ML-DSA-88", "dir", "RSA-OAEP", "A128KW"} {
		if a, ok := Lookup(name); ok {
			t.Errorf("Lookup(%q) = %q, want nothing", name, a.Name)
		}
	}
}

func TestFor(t *testing.T) {
	tests := []struct{ keyType, curve, want string }{
		{"oct", "", "HS256 HS384 HS512"},
		{"RSA", "", "RS256 RS384 RS512 PS256 PS384 PS512"},
		{"EC", "P-256", "ES256"},
		{"EC", "P-384", "ES384"},
		{"EC", "P-521", "ES512"},
		{"EC", "secp256k1", "ES256K"},
		{"OKP", "Ed25519", "EdDSA Ed25519"},
		{"OKP", "Ed448", "EdDSA Ed448"},
		{"AKP", "", "ML-DSA-44 ML-DSA-65 ML-DSA-87"},
		{"AKP", "ML-DSA-44", ""},
		{"EC", "Ed448", ""},
		{"EC", "P-256K", ""},
		{"OKP", "", ""},
		{"OKP", "X25519", ""},
		{"EC", "", ""},
		{"RSA", "P-256", ""},
		{"rsa", "", ""},
	}
	for _, tt := range tests {
		var names []string
		for _, a := range For(tt.keyType, tt.curve) {
			names = append(names, a.Name)
		}
		if got := strings.Join(names, " "); got != tt.want {
			t.Errorf("For(%q, %q) = %s, want %s", tt.keyType, tt.curve, got, tt.want)
		}
	}
}

// Each algorithm verifies what it signed, and nothing else: not another input,
// no changed, cut or lengthened signature, not under another algorithm or kind of key.
func TestSignVerify(t *testing.T) {
	for _, a := range All() {
		for _, key := range keysFor(t, a) {
			t.Run(a.Name+" "+key.String(), func(t *testing.T) { signVerify(t, a, key) })
		}
	}
}

func signVerify(t *testing.T, a Algorithm, key keyPair) {
	const input = "eyJhbGciOiJ4In0.e30"
	size := a.SignatureSize(key.curve)
	if (size == 0) != (a.KeyType == "RSA") || len(a.Curves) < 2 && size != 0 && !slices.Equal(a.SignatureSizes, []int{size}) {
		t.Errorf("a signature has %d bytes, or one of %d", size, a.SignatureSizes)
	}
	used := a.Verifier(key.public)
	verify := func(input string, sig []byte) error {
		err := a.Verify(input, sig, key.public)
		if by := used.Verify([]byte(input), sig); (by == nil) != (err == nil) {
			t.Errorf("a Verifier that was used before says %v, Verify %v", by, err)
		}
		if by := a.method.Verify(input, sig, key.public); (by == nil) != (err == nil) {
			t.Errorf("the method says %v, Verify %v", by, err)
		}
		return err
	}
	for _, deterministic := range []bool{false, true} {
		sig, err := a.Sign(input, key.private, deterministic)
		if err != nil {
			t.Fatal(err)
		}
		if size != 0 && len(sig) != size {
			t.Errorf("signature of %d bytes, the table says %d", len(sig), size)
		}
		if err := verify(input, sig); err != nil {
			t.Errorf("does not verify what it signed: %v", err)
		}
		again, err := a.Sign(input, key.private, deterministic)
		if err != nil || bytes.Equal(sig, again) != a.Repeatable(deterministic) {
			t.Errorf("two signatures are equal: %v (%v), Repeatable(%v) says otherwise", bytes.Equal(sig, again), err, deterministic)
		}

		if verify(input+"x", sig) == nil || verify("", sig) == nil {
			t.Error("verifies another input")
		}
		for at := 0; at < len(sig); at += 1 + len(sig)/12 {
			flipped := bytes.Clone(sig)
			flipped[at] ^= 1 << (at % 8)
			if verify(input, flipped) == nil {
				t.Errorf("verifies a signature changed at %d", at)
			}
		}
		for name, bad := range map[string][]byte{
			"nothing": nil, "a cut signature": sig[:len(sig)-1], "a zero after": append(bytes.Clone(sig), 0),
			"a zero before": append([]byte{0}, sig...), "twice the signature": append(bytes.Clone(sig), sig...),
			"zeros": make([]byte, len(sig)), "ones": bytes.Repeat([]byte{0xff}, len(sig)),
		} {
			if verify(input, bad) == nil {
				t.Errorf("verifies %s", name)
			}
		}
		for _, other := range All() {
			same := other.Name == a.Name || a.KeyType == "OKP" && key.fits(other)
			if got := other.Verify(input, sig, key.public) == nil; got != same {
				t.Errorf("%s verifies what %s signed: %v", other.Name, a.Name, got)
			}
		}
	}
}

// A key of the wrong kind is an error, never a panic.
func TestWrongKey(t *testing.T) {
	for _, a := range All() {
		for _, key := range keys() {
			if key.fits(a) {
				continue
			}
			for _, deterministic := range []bool{false, true} {
				if sig, err := a.Sign("x", key.private, deterministic); err == nil {
					t.Errorf("%s signs with %s: %x", a.Name, key, sig)
				}
			}
			for _, size := range append([]int{0, 256}, a.SignatureSizes...) {
				if a.Verify("x", make([]byte, size), key.public) == nil {
					t.Errorf("%s verifies with %s", a.Name, key)
				}
			}
		}
		if a.Verify("x", nil, nil) == nil {
			t.Errorf("%s verifies without a key", a.Name)
		}
		if a.KeyType != "oct" && a.Verify("x", nil, keysFor(t, a)[0].private) == nil {
			t.Errorf("%s verifies with a private key", a.Name)
		}
	}
	for alg, broken := range map[string]keyPair{
		"Ed448":  {private: ed448.PrivateKey{1}, public: ed448.PublicKey{1}},
		"EdDSA":  {private: ed448.PrivateKey{}, public: ed448.PublicKey{}},
		"ES256K": {private: new(secp256k1.PrivateKey), public: new(secp256k1.PublicKey)},
	} {
		a := lookup(t, alg)
		if sig, err := a.Sign("x", broken.private, false); err == nil {
			t.Errorf("%s signs with a broken key: %x", alg, sig)
		}
		if a.Verify("x", bytes.Repeat([]byte{1}, a.SignatureSizes[len(a.SignatureSizes)-1]), broken.public) == nil {
			t.Errorf("%s verifies with a broken key", alg)
		}
	}
}

// RFC 7518 §3.5 fixes the salt of RSASSA-PSS to the length of the hash.
func TestPSSSalt(t *testing.T) {
	key := keysFor(t, lookup(t, "PS256"))[0]
	for _, a := range []Algorithm{lookup(t, "PS256"), lookup(t, "PS384"), lookup(t, "PS512")} {
		for salt, want := range map[int]bool{0: false, 20: false, a.Hash.Size() - 1: false, a.Hash.Size(): true, a.Hash.Size() + 1: false} {
			h := a.Hash.New()
			h.Write([]byte("input"))
			opts := &rsa.PSSOptions{SaltLength: salt, Hash: a.Hash}
			sig, err := key.private.(crypto.Signer).Sign(rand.Reader, h.Sum(nil), opts)
			if err != nil {
				t.Fatal(err)
			}
			if got := a.Verify("input", sig, key.public) == nil; got != want {
				t.Errorf("%s verifies with a salt of %d bytes: %v, want %v", a.Name, salt, got, want)
			}
		}
	}
}

// The examples of RFC 6979 App. A.2.5 to A.2.7.
func TestRFC6979(t *testing.T) {
	tests := []struct{ alg, private, input, signature string }{
		{
			"ES256", "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721", "sample",
			"EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716" +
				"F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
		},
		{
			"ES256", "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721", "test",
			"F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367" +
				"019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083",
		},
		{
			"ES384", "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5", "sample",
			"94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46" +
				"99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8",
		},
		{
			"ES512",
			"00FAD06DAA62BA3B25D2FB40133DA757205DE67F5BB0018FEE8C86E1B68C7E75CAA896EB32F1F47C70855836A6D16FCC1466F6D8FBEC67DB89EC0C08B0E996B83538", "sample",
			"00C328FAFCBD79DD77850370C46325D987CB525569FB63C5D3BC53950E6D4C5F174E25A1EE9017B5D450606ADD152B534931D7D4E8455CC91F9B15BF05EC36E377FA" +
				"00617CCE7CF5064806C467F678D3B4080D6F1CC50AF26CA209417308281B68AF282623EAA63E5B5C0723D8B8C37FF0777B1A20F8CCB1DCCC43997F1EE0E44DA4A67A",
		},
	}
	curves := map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()}
	for _, tt := range tests {
		key, err := ecdsa.ParseRawPrivateKey(curves[tt.alg], unhex(t, tt.private))
		if err != nil {
			t.Fatal(err)
		}
		sig, err := lookup(t, tt.alg).Sign(tt.input, key, true)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(sig, unhex(t, tt.signature)) {
			t.Errorf("%s of %q is %X, want %s", tt.alg, tt.input, sig, tt.signature)
		}
	}
}

func lookup(t testing.TB, name string) Algorithm {
	t.Helper()
	a, ok := Lookup(name)
	if !ok {
		t.Fatalf("no algorithm %q", name)
	}
	return a
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func BenchmarkVerify(b *testing.B) {
	input := strings.Repeat("x", 200)
	for _, a := range All() {
		b.Run(a.Name, func(b *testing.B) {
			key := keysFor(b, a)[0]
			sig, err := a.Sign(input, key.private, false)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := a.Verify(input, sig, key.public); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
