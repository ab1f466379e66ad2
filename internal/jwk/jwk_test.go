package jwk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/google/go-cmp/cmp"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/verdict"
)

// made keeps one key of each kind for all tests, because RSA keys take long to generate.
var made = map[string]Key{}

func makeKey(t testing.TB, kind string) Key {
	t.Helper()
	k, ok := made[kind]
	if !ok {
		var err error
		if k, err = Generate(kind, 0); err != nil {
			t.Fatal(err)
		}
		made[kind] = k
	}
	return k
}

// An edit sets a member to a JSON text, or deletes it if that is empty.
type edit struct{ name, value string }

func edited(k Key, private bool, edits ...edit) string {
	o := k.JWK(private)
	for _, e := range edits {
		if e.value == "" {
			o.Delete(e.name)
		} else {
			o.Set(e.name, jsonobject.Value(e.value))
		}
	}
	return string(o.Bytes())
}

func octetsOf(t *testing.T, k Key, name string) []byte {
	t.Helper()
	o := k.JWK(true)
	text, _ := o.Text(name)
	b, err := base64url.Decode(text)
	if err != nil || len(b) == 0 {
		t.Fatalf("%s: %v", name, err)
	}
	return b
}

func TestJWKAccepted(t *testing.T) {
	for _, kind := range Kinds() {
		for _, private := range []bool{true, false} {
			k := makeKey(t, kind)
			if !private && k.IsSecret() {
				continue
			}
			text := edited(k, private, edit{"kid", `"ключ\n"`}, edit{"use", `"sig"`}, edit{"x-unknown", `{"a":[1]}`}, edit{"exp", `1e400`})
			set, err := Parse([]byte(text))
			if err != nil {
				t.Errorf("%s: %v", kind, err)
				continue
			}
			got := set.Keys[0]
			if diff := cmp.Diff(summary{k.Kind(), "JWK", k.Thumbprint(), private, k.Bits()}, summaryOf(got)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", kind, diff)
			}
			if got.ID != "ключ\n" || !got.HasID || got.Use != "sig" || got.Ops != nil || got.InSet {
				t.Errorf("%s: %+v", kind, got)
			}
		}
	}
}

func TestJWKAlg(t *testing.T) {
	tests := []struct {
		kind    string
		fit     string
		refused string
	}{
		{"RSA", "RS256 PS512 RSA-OAEP RSA-OAEP-512 RSA1_5 unknown", "ES256 HS256 EdDSA ECDH-ES dir A128KW ES256K"},
		{"P-256", "ES256 ECDH-ES ECDH-ES+A256KW unknown", "ES384 ES512 ES256K RS256 HS256 EdDSA dir"},
		{"P-521", "ES512 ECDH-ES", "ES256 ES384"},
		{"secp256k1", "ES256K unknown", "ES256 ECDH-ES EdDSA"},
		{"Ed25519", "EdDSA Ed25519 unknown", "ECDH-ES ES256 Ed448 HS256"},
		{"Ed448", "EdDSA Ed448 unknown", "ECDH-ES ES256K Ed25519 HS256"},
		{"X25519", "ECDH-ES ECDH-ES+A128KW", "EdDSA Ed25519 ES256"},
		{"oct", "HS256 HS512 dir A256KW A256GCM A128CBC-HS256 PBES2-HS256+A128KW", "A128KW A256CBC-HS512 RS256 ES256 EdDSA ECDH-ES RSA-OAEP"},
	}
	for _, tt := range tests {
		k := makeKey(t, tt.kind)
		for alg := range strings.FieldsSeq(tt.fit) {
			set, err := Parse([]byte(edited(k, true, edit{"alg", `"` + alg + `"`})))
			if err != nil || set.Keys[0].Alg != alg {
				t.Errorf("%s for %s: %v", tt.kind, alg, err)
			}
		}
		for alg := range strings.FieldsSeq(tt.refused) {
			set, err := Parse([]byte(edited(k, true, edit{"alg", `"` + alg + `"`})))
			expectError(t, set, err, verdict.JWKInvalid, "alg: is "+alg)
		}
		for _, none := range []string{"none", "None", "NONE"} {
			set, err := Parse([]byte(edited(k, true, edit{"alg", `"` + none + `"`})))
			expectError(t, set, err, verdict.KeyRefused, "alg: ")
		}
	}
}

func TestJWKRefused(t *testing.T) {
	k1, ed448, ml := makeKey(t, "secp256k1"), makeKey(t, "Ed448"), makeKey(t, "ML-DSA-44")
	rsa, ec, ed, x, oct := makeKey(t, "RSA"), makeKey(t, "P-256"), makeKey(t, "Ed25519"), makeKey(t, "X25519"), makeKey(t, "oct")
	other, err := Generate("P-256", 0)
	if err != nil {
		t.Fatal(err)
	}
	text := func(b []byte) string { return `"` + base64url.Encode(b) + `"` }
	plus := func(b []byte, n int64) string {
		i := new(big.Int).SetBytes(b)
		return text(i.Add(i, big.NewInt(n)).FillBytes(make([]byte, len(b)))) // with its leading zeros
	}
	tests := []struct {
		name  string
		key   Key
		edits []edit
		class verdict.Class
		says  string
	}{
		{"kty missing", ec, []edit{{"kty", ""}}, verdict.JWKInvalid, `"kty"`},
		{"kty not a string", ec, []edit{{"kty", "1"}}, verdict.JWKInvalid, "kty: is a number"},
		{"kty null", ec, []edit{{"kty", "null"}}, verdict.JWKInvalid, "kty: is null"},
		{"kty in another case", ec, []edit{{"kty", `"ec"`}}, verdict.JWKInvalid, `kty: is "ec"`},
		{"kty empty", ec, []edit{{"kty", `""`}}, verdict.JWKInvalid, "kty: is an empty string"},
		{"kty of another key", ec, []edit{{"kty", `"RSA"`}}, verdict.JWKInvalid, "n: is missing"},
		{"kid not a string", ec, []edit{{"kid", "7"}}, verdict.JWKInvalid, "kid: is a number"},
		{"use not a string", ec, []edit{{"use", `["sig"]`}}, verdict.JWKInvalid, "use: is an array"},
		{"use and key_ops apart", ec, []edit{{"use", `"sig"`}, {"key_ops", `["deriveKey"]`}}, verdict.JWKInvalid, `use: is "sig"`},
		{"use and alg apart", rsa, []edit{{"use", `"enc"`}, {"alg", `"RS256"`}}, verdict.JWKInvalid, `use: is "enc", but "alg" is RS256`},
		{"alg and use apart", rsa, []edit{{"use", `"sig"`}, {"alg", `"RSA-OAEP"`}}, verdict.JWKInvalid, `use: is "sig", but "alg" is RSA-OAEP`},
		{"key_ops and alg apart", rsa, []edit{{"key_ops", `["verify"]`}, {"alg", `"RSA-OAEP"`}}, verdict.JWKInvalid, `key_ops: has "verify", but "alg" is RSA-OAEP`},
		{"alg and key_ops apart", ec, []edit{{"key_ops", `["deriveKey"]`}, {"alg", `"ES256"`}}, verdict.JWKInvalid, `key_ops: has "deriveKey", but "alg" is ES256`},
		{"a secret of another size than its alg's", oct, []edit{{"k", text(make([]byte, 64))}, {"alg", `"A128KW"`}}, verdict.JWKInvalid, "alg: is A128KW, which needs a secret of 16 bytes, but the key has 64"},

		{"crv missing", ec, []edit{{"crv", ""}}, verdict.JWKInvalid, "crv: is missing"},
		{"crv unknown", ec, []edit{{"crv", `"P-256K"`}}, verdict.JWKInvalid, `crv: is "P-256K"`},
		{"crv of another curve", ec, []edit{{"crv", `"secp256k1"`}}, verdict.JWKInvalid, "not on the curve secp256k1"},
		{"secp256k1 as P-256", k1, []edit{{"crv", `"P-256"`}}, verdict.JWKInvalid, "not on the curve P-256"},
		{"secp256k1 as OKP", k1, []edit{{"kty", `"OKP"`}}, verdict.JWKInvalid, `crv: is "secp256k1"`},
		{"secp256k1 off the curve", k1, []edit{{"x", plus(octetsOf(t, k1, "x"), 1)}}, verdict.JWKInvalid, "not on the curve"},
		{"secp256k1 with y zero", k1, []edit{{"y", text(make([]byte, 32))}}, verdict.JWKInvalid, "not on the curve"},
		{"secp256k1 at infinity", k1, []edit{{"x", text(make([]byte, 32))}, {"y", text(make([]byte, 32))}}, verdict.JWKInvalid, "not on the curve"},
		{"secp256k1 x beyond the field", k1, []edit{{"x", text(bytes.Repeat([]byte{0xff}, 32))}}, verdict.JWKInvalid, "not on the curve"},
		{"secp256k1 x short", k1, []edit{{"x", text(octetsOf(t, k1, "x")[3:])}}, verdict.JWKInvalid, "x: is 29 bytes long, must be 32"},
		{"secp256k1 d zero", k1, []edit{{"d", text(make([]byte, 32))}}, verdict.JWKInvalid, "d: is out of range"},
		{"secp256k1 d the order", k1, []edit{{"d", text(secp256k1.Params().N.Bytes())}}, verdict.JWKInvalid, "d: is out of range"},
		{"secp256k1 d of another key", k1, []edit{{"d", text(octetsOf(t, ec, "d"))}}, verdict.JWKInvalid, "d: does not belong"},
		{"crv of another size", ec, []edit{{"crv", `"P-384"`}}, verdict.JWKInvalid, "x: is 32 bytes long, must be 48"},
		{"y missing", ec, []edit{{"y", ""}}, verdict.JWKInvalid, "y: is missing"},
		{"x empty", ec, []edit{{"x", `""`}}, verdict.JWKInvalid, "x: is an empty string"},
		{"x padded", ec, []edit{{"x", `"` + base64url.Encode(octetsOf(t, ec, "x")) + `="`}}, verdict.JWKInvalid, "x: is not base64url: padding"},
		{"x with a space", ec, []edit{{"x", `" ` + base64url.Encode(octetsOf(t, ec, "x")) + `"`}}, verdict.JWKInvalid, "white space"},
		{"x of another key", ec, []edit{{"x", text(octetsOf(t, other, "x"))}}, verdict.JWKInvalid, "not on the curve"},
		{"d of another key", ec, []edit{{"d", text(octetsOf(t, other, "d"))}}, verdict.JWKInvalid, "d: does not belong"},
		{"d zero", ec, []edit{{"d", text(make([]byte, 32))}}, verdict.JWKInvalid, "d: is out of range"},
		{"d beyond the order", ec, []edit{{"d", text(bytes.Repeat([]byte{0xff}, 32))}}, verdict.JWKInvalid, "d: is out of range"},
		{"d short", ec, []edit{{"d", text(octetsOf(t, ec, "d")[3:])}}, verdict.JWKInvalid, "d: is 29 bytes"},
		{"d null", ec, []edit{{"d", "null"}}, verdict.JWKInvalid, "d: is null"},

		{"X448", ed, []edit{{"crv", `"X448"`}}, verdict.JWKInvalid, "must be Ed25519, Ed448 or X25519"},
		{"Ed25519 as Ed448", ed, []edit{{"crv", `"Ed448"`}}, verdict.JWKInvalid, "x: is 32 bytes long, must be 57"},
		{"Ed448 as Ed25519", ed448, []edit{{"crv", `"Ed25519"`}}, verdict.JWKInvalid, "x: is 57 bytes long, must be 32"},
		{"Ed448 with another d", ed448, []edit{{"d", text(bytes.Repeat([]byte{7}, 57))}}, verdict.JWKInvalid, "d: does not belong"},
		{"Ed448 with a short d", ed448, []edit{{"d", text(octetsOf(t, ed448, "d")[:56])}}, verdict.JWKInvalid, "d: is 56 bytes"},
		{"Ed448 off the curve", ed448, []edit{{"d", ""}, {"x", text(append([]byte{2}, make([]byte, 56)...))}}, verdict.KeyRefused, "not on the curve"},
		{"Ed448 of small order", ed448, []edit{{"d", ""}, {"x", text(append([]byte{1}, make([]byte, 56)...))}}, verdict.KeyRefused, "small order"},

		{"AKP without alg", ml, []edit{{"alg", ""}}, verdict.JWKInvalid, "alg: is missing (RFC 9964 §3)"},
		{"AKP for another alg", ml, []edit{{"alg", `"ML-DSA-65"`}}, verdict.JWKInvalid, "pub: is 1312 bytes long, must be 1952"},
		{"AKP of a kind unknown", ml, []edit{{"alg", `"SLH-DSA"`}}, verdict.JWKInvalid, "want ML-DSA-44, ML-DSA-65 or ML-DSA-87"},
		{"AKP for a known alg", ml, []edit{{"alg", `"ES256"`}}, verdict.JWKInvalid, "want ML-DSA-44"},
		{"AKP without pub", ml, []edit{{"pub", ""}}, verdict.JWKInvalid, "pub: is missing"},
		{"AKP with a short pub", ml, []edit{{"pub", text(octetsOf(t, ml, "pub")[1:])}}, verdict.JWKInvalid, "pub: is 1311 bytes"},
		{"AKP with another priv", ml, []edit{{"priv", text(make([]byte, 32))}}, verdict.JWKInvalid, "priv: does not belong"},
		{"AKP with the expanded priv", ml, []edit{{"priv", text(make([]byte, 2560))}}, verdict.JWKInvalid, "priv: is 2560 bytes long, must be 32"},
		{"AKP with another pub", ml, []edit{{"pub", plus(octetsOf(t, ml, "pub"), 1)}}, verdict.JWKInvalid, "priv: does not belong"},
		{"Ed25519 without x", ed, []edit{{"x", ""}}, verdict.JWKInvalid, "x: is missing"},
		{"Ed25519 with another d", ed, []edit{{"d", text(octetsOf(t, x, "d"))}}, verdict.JWKInvalid, "d: does not belong"},
		{"Ed25519 with the long d", ed, []edit{{"d", text(append(octetsOf(t, ed, "d"), octetsOf(t, ed, "x")...))}}, verdict.JWKInvalid, "d: is 64 bytes"},
		{"Ed25519 off the curve", ed, []edit{{"d", ""}, {"x", text(append([]byte{2}, make([]byte, 31)...))}}, verdict.KeyRefused, "not on the curve"},
		{"Ed25519 of small order", ed, []edit{{"d", ""}, {"x", text(append([]byte{1}, make([]byte, 31)...))}}, verdict.KeyRefused, "small order"},
		{"X25519 with another d", x, []edit{{"d", text(octetsOf(t, ed, "d"))}}, verdict.JWKInvalid, "d: does not belong"},
		{"X25519 zero", x, []edit{{"d", ""}, {"x", text(make([]byte, 32))}}, verdict.KeyRefused, "small order"},

		{"n even", rsa, []edit{{"n", plus(octetsOf(t, rsa, "n"), 1)}}, verdict.KeyRefused, "even"},
		{"n weak", rsa, []edit{{"n", text(octetsOf(t, rsa, "n")[:128])}}, verdict.KeyRefused, "RSA key of 1024 bits"},
		{"n large", rsa, []edit{{"n", text(bytes.Repeat([]byte{0xff}, 16384/8+1))}}, verdict.KeyRefused, "RSA key of 16392 bits"},
		{"n a number", rsa, []edit{{"n", "12345"}}, verdict.JWKInvalid, "n: is a number"},
		{"e one", rsa, []edit{{"e", `"AQ"`}}, verdict.KeyRefused, "exponent 1"},
		{"e even", rsa, []edit{{"e", `"AQAC"`}}, verdict.KeyRefused, "exponent 65538"},
		{"e large", rsa, []edit{{"e", `"gAAAAQ"`}}, verdict.KeyRefused, "exponent of 32 bits"},
		{"d of no RSA key", rsa, []edit{{"d", plus(octetsOf(t, rsa, "d"), 2)}}, verdict.KeyRefused, "inconsistent"},
		{"only d, wrong", rsa, []edit{{"d", plus(octetsOf(t, rsa, "d"), 2)}, {"p", ""}, {"q", ""}, {"dp", ""}, {"dq", ""}, {"qi", ""}}, verdict.JWKInvalid, "d: does not belong"},
		{"only d, n too large", rsa, []edit{{"n", text(append(bytes.Repeat([]byte{0xff}, 513), 1))}, {"p", ""}, {"q", ""}, {"dp", ""}, {"dq", ""}, {"qi", ""}}, verdict.KeyRefused, "needs its primes"},
		{"d beyond n", rsa, []edit{{"d", text(bytes.Repeat([]byte{0xff}, 256))}}, verdict.JWKInvalid, "d: must lie between"},
		{"d missing", rsa, []edit{{"d", ""}}, verdict.JWKInvalid, "p: is a private member"},
		{"only p", rsa, []edit{{"q", ""}, {"dp", ""}, {"dq", ""}, {"qi", ""}}, verdict.JWKInvalid, "q: is missing"},
		{"qi missing", rsa, []edit{{"qi", ""}}, verdict.JWKInvalid, "qi: is missing"},
		{"p wrong", rsa, []edit{{"p", plus(octetsOf(t, rsa, "p"), 2)}}, verdict.KeyRefused, "inconsistent"},
		{"p one, q n", rsa, []edit{{"p", `"AQ"`}, {"q", text(octetsOf(t, rsa, "n"))}}, verdict.JWKInvalid, "q: must lie between"},
		{"dp wrong", rsa, []edit{{"dp", plus(octetsOf(t, rsa, "dp"), 2)}}, verdict.KeyRefused, "inconsistent"},
		{"dq wrong", rsa, []edit{{"dq", plus(octetsOf(t, rsa, "dq"), 2)}}, verdict.KeyRefused, "inconsistent"},
		{"qi wrong", rsa, []edit{{"qi", plus(octetsOf(t, rsa, "qi"), 2)}}, verdict.KeyRefused, "inconsistent"},
		{"dp zero", rsa, []edit{{"dp", `"AA"`}}, verdict.JWKInvalid, "dp: must lie between"},

		{"k missing", oct, []edit{{"k", ""}}, verdict.JWKInvalid, "k: is missing"},
		{"k empty", oct, []edit{{"k", `""`}}, verdict.JWKInvalid, "k: is an empty string"},
		{"k in the standard alphabet", oct, []edit{{"k", `"+/+/"`}}, verdict.JWKInvalid, "standard alphabet"},
		{"k with spare bits", oct, []edit{{"k", `"AB"`}}, verdict.JWKInvalid, "spare bits"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := edited(tt.key, true, tt.edits...)
			set, err := Parse([]byte(text))
			expectError(t, set, err, tt.class, tt.says)
			quotesNone(t, err, text)
		})
	}
}

// quotesNone fails if the error quotes a long string of the JWK.
func quotesNone(t *testing.T, err error, jwk string) {
	t.Helper()
	var members map[string]any
	if json.Unmarshal([]byte(jwk), &members) != nil {
		t.Fatalf("not JSON: %s", jwk)
	}
	for name, v := range members {
		if s, ok := v.(string); ok && len(s) > 12 && strings.Contains(err.Error(), s[:12]) {
			t.Errorf("the error quotes %s: %v", name, err)
		}
	}
}

// TestRSASpellings checks that a key with "d" alone, which RFC 7518 §6.3.2 allows, gets
// its primes, and that padding of private members changes nothing.
func TestRSASpellings(t *testing.T) {
	k := makeKey(t, "RSA")
	padded := func(name string) edit {
		return edit{name, `"` + base64url.Encode(append([]byte{0}, octetsOf(t, k, name)...)) + `"`}
	}
	for name, edits := range map[string][]edit{
		"only d": {{"p", ""}, {"q", ""}, {"dp", ""}, {"dq", ""}, {"qi", ""}},
		"padded": {padded("d"), padded("p"), padded("q"), padded("dp"), padded("dq"), padded("qi")},
	} {
		set, err := Parse([]byte(edited(k, true, edits...)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := set.Keys[0]
		p, q := octetsOf(t, got, "p"), octetsOf(t, got, "q")
		n := new(big.Int).Mul(new(big.Int).SetBytes(p), new(big.Int).SetBytes(q))
		if !bytes.Equal(n.Bytes(), octetsOf(t, k, "n")) {
			t.Errorf("%s: p·q is not n", name)
		}
		if _, err := got.Encode(FormatPEM, true, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestJWKSet(t *testing.T) {
	ec, rsa := edited(makeKey(t, "P-256"), false, edit{"kid", `"a"`}), edited(makeKey(t, "RSA"), false, edit{"kid", `"b"`})
	weak := edited(makeKey(t, "RSA"), false, edit{"kid", `"weak"`}, edit{"n", `"` + base64url.Encode(octetsOf(t, makeKey(t, "RSA"), "n")[:64]) + `"`})
	double := strings.Replace(ec, `"kty"`, `"kty":"EC","kty"`, 1)
	future := `{"kty":"AKP","kid":"f","alg":"SLH-DSA-SHA2-128s","pub":"AAAA"}`

	type skipped struct {
		Index int
		ID    string
		Class verdict.Class
	}
	tests := []struct {
		name, text string
		keys       []string
		skipped    []skipped
	}{
		{"empty", `{"keys":[]}`, nil, nil},
		{"two", `{"keys":[` + ec + `,` + rsa + `],"x":1}`, []string{"a", "b"}, nil},
		{"the same kid twice", `{"keys":[` + ec + `,` + ec + `]}`, []string{"a", "a"}, nil},
		{
			"bad ones between", ` {"keys": [` + future + `,` + ec + `,` + weak + `,` + double + `,{}, ` + rsa + "] }\n",
			[]string{"a", "b"},
			[]skipped{{0, "f", verdict.JWKInvalid}, {2, "weak", verdict.KeyRefused}, {3, "a", verdict.DuplicateMember}, {4, "", verdict.JWKInvalid}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, err := Parse([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, k := range set.Keys {
				ids = append(ids, k.ID)
				if !k.InSet || !k.HasID || k.IsPrivate() {
					t.Errorf("%+v", k)
				}
			}
			var left []skipped
			for _, s := range set.Skipped {
				left = append(left, skipped{s.Index, s.ID, verdict.ClassOf(s.Err)})
			}
			if diff := cmp.Diff(tt.keys, ids) + cmp.Diff(tt.skipped, left); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestJWKSetRefused(t *testing.T) {
	ec := edited(makeKey(t, "P-256"), false)
	many := func(n int) string { return `{"keys":[` + strings.Repeat(ec+",", n-1) + ec + `]}` }
	tests := []struct {
		name, text string
		class      verdict.Class
		says       string
	}{
		{"keys an object", `{"keys":{}}`, verdict.JWKInvalid, "keys: is an object"},
		{"keys a string", `{"keys":"x"}`, verdict.JWKInvalid, "keys: is a string"},
		{"a key that is null", `{"keys":[` + ec + `,null]}`, verdict.JWKInvalid, "keys[1]: is null"},
		{"a set in the set", `{"keys":[[` + ec + `]]}`, verdict.JWKInvalid, "keys[0]: is an array"},
		{"keys twice", `{"keys":[],"keys":[` + ec + `]}`, verdict.DuplicateMember, "keys"},
		{"in another case", `{"Keys":[` + ec + `]}`, verdict.JWKInvalid, `neither "kty"`},
		{"key and set", `{"kty":"oct","k":"AAAA","keys":[]}`, verdict.JWKInvalid, "either a JWK or a JWK Set"},
		{"one key, not usable", `{"keys":[{"kty":"AKP"}]}`, verdict.JWKInvalid, `the one key of the JWK Set cannot be used: alg: is missing`},
		{"one key of a kind unknown", `{"keys":[{"kty":"XYZ"}]}`, verdict.JWKInvalid, `the one key of the JWK Set cannot be used: kty: is "XYZ"`},
		{"two keys, not usable", `{"keys":[{"kty":"oct","k":"AA","alg":"none"},{}]}`, verdict.KeyRefused, "none of the 2 keys"},
		{"too many", many(MaxKeys + 1), verdict.LimitExceeded, "1001 keys"},
		{"cut short", many(2)[:200], verdict.JWKInvalid, "not a JSON object"},
		{"more text after it", many(1) + many(1), verdict.JWKInvalid, "more text"},
		{"deep", `{"kty":"oct","k":"AAAA","x":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`, verdict.JWKInvalid, "deeper than 100"},
		{"twice within", `{"kty":"oct","k":"AAAA","x":{"a":1,"a":2}}`, verdict.DuplicateMember, "x/a"},
		{"not UTF-8", "{\"kty\":\"oct\",\"k\":\"AAAA\",\"kid\":\"\xff\"}", verdict.JWKInvalid, "not a JSON object"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, err := Parse([]byte(tt.text))
			expectError(t, set, err, tt.class, tt.says)
		})
	}
	if set, err := Parse([]byte(many(MaxKeys))); err != nil || len(set.Keys) != MaxKeys {
		t.Errorf("%d keys: %v", MaxKeys, err)
	}
}

func TestNotAKey(t *testing.T) {
	tests := []struct {
		name, text string
		class      verdict.Class
		says       string
	}{
		{"nothing", "", verdict.JWKInvalid, "empty"},
		{"white space", " \r\n\t", verdict.JWKInvalid, "empty"},
		{"too large", strings.Repeat(" ", MaxBytes+1), verdict.TooLarge, "larger than 1048576 bytes"},
		{"a bare array", `[{"kty":"oct","k":"AAAA"}]`, verdict.JWKInvalid, `{"keys":[…]}`},
		{"HTML", "<!DOCTYPE html><title>404</title>", verdict.JWKInvalid, "HTML"},
		{"a token", "eyJhbGciOiJub25lIn0.e30.", verdict.JWKInvalid, "a token, not a key"},
		{"an encrypted JWK", "eyJhbGciOiJkaXIifQ..a.b.c", verdict.KeyUnreadable, "encrypted (JWE)"},
		{"an encrypted JWK in JSON", `{"protected":"e30","ciphertext":"AA"}`, verdict.KeyUnreadable, "encrypted (JWE)"},
		{"a secret", "hunter2hunter2", verdict.JWKInvalid, "not a key"},
		{"a number", "12345678", verdict.JWKInvalid, "not a key"},
		{"bytes", "\x00\x01\x02\xff", verdict.JWKInvalid, "these bytes are not a key"},
		{"DER cut short", "\x30\x82\x04\xff\x02\x01", verdict.KeyRefused, "cut short"},
		{"DER of something else", "\x30\x03\x02\x01\x05", verdict.KeyRefused, "not a key or certificate"},
		{"an XML key", "<RSAKeyValue><Modulus>AA</Modulus></RSAKeyValue>", verdict.KeyUnreadable, "XML key"},
		{"a PuTTY key", "PuTTY-User-Key-File-3: ssh-ed25519\n", verdict.KeyUnreadable, "PuTTY"},
		{"SSH2", "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----\n", verdict.KeyUnreadable, "SSH2"},
		{"OpenPGP", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ==\n=AAAA\n-----END PGP PUBLIC KEY BLOCK-----\n", verdict.KeyUnreadable, "OpenPGP"},
		{"a type without a key", "ssh-ed25519", verdict.KeyRefused, "without its base64 part"},
		{"PEM without BEGIN", "-----END PUBLIC KEY-----", verdict.KeyRefused, "without its BEGIN line"},
		{"a URL", "https://issuer.example/jwks", verdict.JWKInvalid, "a URL"},
		{"a discovery document", `{"issuer":"https://a.example","jwks_uri":"https://a.example/jwks"}`, verdict.JWKInvalid, `neither "kty"`},
		{"a service account cut short", `{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\nAAAA"}`, verdict.KeyRefused, `private_key: the PEM block PRIVATE KEY has no END line`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, err := Parse([]byte(tt.text))
			expectError(t, set, err, tt.class, tt.says)
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error quotes what may be a secret: %v", err)
			}
			if isJWE := strings.Contains(tt.name, "encrypted JWK"); isJWE != errors.Is(err, ErrJWE) {
				t.Errorf("is a JWE: %t", !isJWE)
			}
		})
	}
}

// TestEd25519Points checks that the published points of small order and their negatives
// are refused, whatever the sign of x, and encodings that are not canonical, too.
func TestEd25519Points(t *testing.T) {
	refused := []string{
		"0100000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p + 1
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p
	}
	for _, h := range refused {
		var point []byte
		if _, err := fmt.Sscanf(h, "%x", &point); err != nil {
			t.Fatal(err)
		}
		if err := checkEd25519(point); verdict.ClassOf(err) != verdict.KeyRefused {
			t.Errorf("%s: %v", h, err)
		}
	}
	for range 50 {
		if k, err := Generate("Ed25519", 0); err != nil {
			t.Fatalf("%s: %v", k.Thumbprint(), err)
		} else if p, _ := k.Public(); checkEd25519(octetsOf(t, p, "x")) != nil {
			t.Fatalf("a good key is refused: %s", p.JWK(false).Bytes())
		}
	}
}

// TestEd448Points checks that the points of order 1, 2 and 4 are refused, and encodings
// that are not canonical: y not below p, a sign where x is zero, bits that must be zero.
func TestEd448Points(t *testing.T) {
	half := strings.Repeat("ff", 27)
	zero := strings.Repeat("00", 55)
	for name, h := range map[string]string{
		"the identity":          "01" + zero + "00",
		"the identity, signed":  "01" + zero + "80",
		"order 2":               "fe" + half + "fe" + half + "00",
		"order 2, signed":       "fe" + half + "fe" + half + "80",
		"order 4":               "00" + zero + "00",
		"order 4, the other":    "00" + zero + "80",
		"p":                     "ff" + half + "fe" + half + "00",
		"p + 1":                 "00" + strings.Repeat("00", 27) + "ff" + half + "00",
		"an unused bit":         "01" + zero + "01",
		"off the curve":         "02" + zero + "00",
		"the largest that fits": "ff" + half + "ff" + half + "7f",
	} {
		var point []byte
		if _, err := fmt.Sscanf(h, "%x", &point); err != nil || len(point) != 57 {
			t.Fatalf("%s: %d bytes, %v", name, len(point), err)
		}
		if err := checkEd448(point); verdict.ClassOf(err) != verdict.KeyRefused {
			t.Errorf("%s: %v", name, err)
		}
	}
	for range 20 {
		k, err := Generate("Ed448", 0)
		if err != nil {
			t.Fatal(err)
		}
		if p, _ := k.Public(); checkEd448(octetsOf(t, p, "x")) != nil {
			t.Fatalf("a good key is refused: %s", p.JWK(false).Bytes())
		}
	}
}

// TestSetOfKeysWithoutPrimes checks that a set full of keys without primes is refused
// quickly, because finding the primes takes long.
func TestSetOfKeysWithoutPrimes(t *testing.T) {
	private := makeKey(t, "RSA").JWK(true)
	bare := make([]string, 3)
	for i, name := range []string{"n", "e", "d"} {
		v, _ := private.Get(name)
		bare[i] = `"` + name + `":` + string(v)
	}
	one := `{"kty":"RSA",` + strings.Join(bare, ",") + `}`
	set, err := Parse([]byte(`{"keys":[` + strings.Repeat(one+",", maxFactored+1) + `{"kty":"oct","k":"AAAA"}]}`))
	if err != nil || len(set.Keys) != maxFactored+1 || len(set.Skipped) != 1 || set.Skipped[0].Index != maxFactored {
		t.Fatalf("%d keys, skipped %v, %v", len(set.Keys), set.Skipped, err)
	}
	if verdict.ClassOf(set.Skipped[0].Err) != verdict.KeyRefused {
		t.Errorf("got %v", set.Skipped[0].Err)
	}
}
