package diagnose

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"
	"time"

	"jwt/internal/base64url"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jwk/jwktest"
	"jwt/internal/jws"
	"jwt/internal/verdict"
)

// diagnose verifies, which must fail with a class that Signature explains, and returns the causes.
func diagnose(t *testing.T, token jws.Token, keys []jwk.Key, texts ...[]byte) []Cause {
	t.Helper()
	_, _, err := token.Verify(keys, nil)
	switch c := verdict.ClassOf(err); c {
	case verdict.SignatureInvalid, verdict.KeyMismatch, verdict.KeyRefused, verdict.KeyNotFound:
	default:
		t.Fatalf("Verify: %v (%s)", err, c)
	}
	causes := Signature(token, keys, texts...)
	for _, c := range causes {
		if c.ID == "" || c.Detail == "" {
			t.Errorf("a cause without words: %+v", c)
		}
		for _, k := range keys {
			if secret, ok := k.Material().([]byte); ok {
				mustNotQuote(t, secret, c.Detail+" "+c.Hint)
			}
		}
	}
	return causes
}

func wantProven(t *testing.T, id string, causes []Cause) {
	t.Helper()
	if len(causes) != 1 || causes[0].ID != id || !causes[0].Proven {
		t.Errorf("causes are %+v, want %s proven", causes, id)
	}
}

func wantSeen(t *testing.T, id string, causes []Cause) {
	t.Helper()
	for _, c := range causes {
		if c.Proven {
			t.Errorf("%+v is called proven", c)
		}
		if c.ID == id {
			return
		}
	}
	t.Errorf("causes are %+v, want %s among them", causes, id)
}

func TestDiagnoseSecret(t *testing.T) {
	raw := bytes.Repeat([]byte{0xfb, 0xef, 0x01, 0xff}, 9) // its Base64 needs + and /
	std := base64.StdEncoding.EncodeToString(raw)
	digest := sha256.Sum256([]byte(correct))
	tests := []struct {
		name         string
		given, truth string
		id           string
	}{
		{"newline missing", correct, correct + "\n", "secret_newline"},
		{"CR LF missing", correct, correct + "\r\n", "secret_newline"},
		{"newline kept", correct + "\n", correct, "secret_newline"},
		{"CR LF kept", correct + "\r\n", correct, "secret_newline"},
		{"white space", " " + correct + "\t", correct, "secret_space"},
		{"double quotes kept", `"` + correct + `"`, correct, "secret_quotes"},
		{"single quotes kept", "'" + correct + "'\n", correct, "secret_quotes"},
		{"double quotes missing", correct, `"` + correct + `"`, "secret_quotes"},
		{"single quotes missing", correct, "'" + correct + "'", "secret_quotes"},
		{"byte order mark", "\xef\xbb\xbf" + correct + "\r\n", correct, "secret_encoding"},
		{"UTF-16 little-endian", "\xff\xfe" + strings.Join(strings.Split(correct, ""), "\x00") + "\x00\r\x00\n\x00", correct, "secret_encoding"},
		{"UTF-16 big-endian", "\xfe\xff\x00" + strings.Join(strings.Split(correct, ""), "\x00"), correct, "secret_encoding"},
		{"escapes", `line one\nline two`, "line one\nline two", "secret_escapes"},

		{"Base64 to decode", std, string(raw), "secret_base64"},
		{"Base64 without padding to decode", base64.RawStdEncoding.EncodeToString(raw[:35]), string(raw[:35]), "secret_base64"},
		{"Base64 with a newline to decode", std + "\n", string(raw), "secret_base64"},
		{"Base64URL to decode", base64url.Encode(raw), string(raw), "secret_base64url"},
		{"base64: before it", "base64:" + std, string(raw), "secret_base64"},
		{"text decoded sloppily", "my-secret! of.8", string(decodeAnyBase64("my-secretof8", true)), "secret_base64"},
		{"text decoded without its dashes", "my-secret! of.8", string(decodeAnyBase64("mysecretof8", true)), "secret_base64"},
		{"a .env file", "PORT=3000\nJWT_SECRET='" + correct + "'\n", correct, "secret_setting"},
		{"a .env file with export and a comment", "# keys\nexport JWT_SECRET=" + strings.ReplaceAll(correct, " ", "-") + " # for tests\n", strings.ReplaceAll(correct, " ", "-"), "secret_setting"},
		{"a .env file with double quotes", `A="b"` + "\r\n" + `JWT_SECRET="` + correct + `"` + "\r\n", correct, "secret_setting"},
		{"a JSON configuration", `{"port":1,"jwt":{"secret":"` + correct + `","exp":"1h"}}`, correct, "secret_setting"},
		{"a JSON configuration with Base64", `{"Jwt":{"Key":"` + std + `"}}`, string(raw), "secret_setting"},
		{"properties", "a.b=c\njwt.secret = " + std + "\n", string(raw), "secret_setting"},
		{"properties with hex", "jwt.secret: " + hex.EncodeToString(raw), string(raw), "secret_setting"},
		{"TOML", "[auth]\n# old\nsecret = \"" + correct + "\" # new\n", correct, "secret_setting"},
		{"YAML", "port: 80\nauth:\n  jwt:\n    - name: x\n      secretKey: '" + correct + "'\n", correct, "secret_setting"},
		{"Laravel", "APP_NAME=x\nAPP_KEY=base64:" + std + "\n", string(raw), "secret_setting"},
		{"source code", "export const port = 80;\nconst JWT_SECRET = '" + correct + "';\n", correct, "secret_setting"},
		{"docker compose", "environment:\n  - \"JWT_SECRET=" + correct + "\"\n", correct, "secret_setting"},
		{"an array of PHP", "<?php\nreturn [\n  'ttl' => 60,\n  'secret' => '" + correct + "',\n];\n", correct, "secret_setting"},
		{"a constant of PHP", "define('JWT_AUTH_SECRET_KEY', '" + correct + "');", correct, "secret_setting"},
		{"XML", "<add key=\"Jwt:Key\" value=\"" + correct + "\" />", correct, "secret_setting"},
		{"a name and hex", "64b1f0e5c1:" + hex.EncodeToString(raw), string(raw), "secret_name"},
		{"a name and text", "xVLyHw.abc123:" + correct, correct, "secret_name"},
		{"a name and Base64", "name:" + std, string(raw), "secret_name"},
		{"a digest", correct, string(digest[:]), "secret_hash"},
		{"the text of a digest", correct, hex.EncodeToString(digest[:]), "secret_hash"},
		{"ISO-8859-1", "schlüssel", "schl\xfcssel", "secret_encoding"},
		{"Encoding.ASCII", "schlüssel", "schl?ssel", "secret_encoding"},
		{"a slash of JSON", `before\/after`, "before/after", "secret_escapes"},
		{"Base64 of a line", base64.StdEncoding.EncodeToString([]byte(correct + "\n")), correct, "secret_base64"},
		{"Base64 of Base64", base64.StdEncoding.EncodeToString([]byte(std + "\n")), string(raw), "secret_base64"},
		{"a comment that was none", "before#after", "before", "secret_comment"},
		{"an unset variable", "before$NAME-after$", "before-after$", "secret_variable"},
		{"an unset variable in braces", "before${NAME}after${", "beforeafter${", "secret_variable"},
		{"a placeholder", correct, "${JWT_SECRET}", "secret_placeholder"},
		{"a placeholder of a template", correct, "{{ SECRET_KEY }}", "secret_placeholder"},
		{"the name of a variable", correct, "JWT_SECRET", "secret_placeholder"},
		{"hex to decode", hex.EncodeToString(raw), string(raw), "secret_hex"},
		{"upper-case hex to decode", "0x" + strings.ToUpper(hex.EncodeToString(raw)), string(raw), "secret_hex"},
		{"hex with colons to decode", "fb:ef:01:ff:fb:ef:01:ff", "\xfb\xef\x01\xff\xfb\xef\x01\xff", "secret_hex"},

		{"Base64 text", string(raw), std, "secret_base64"},
		{"Base64 text with a newline", string(raw), std + "\n", "secret_base64"},
		{"Base64 text without padding", string(raw[:35]), base64.RawStdEncoding.EncodeToString(raw[:35]), "secret_base64"},
		{"Base64URL text", string(raw), base64url.Encode(raw), "secret_base64url"},
		{"hex text", string(raw), hex.EncodeToString(raw), "secret_hex"},
		{"upper-case hex text", string(raw), strings.ToUpper(hex.EncodeToString(raw)), "secret_hex"},

		{"nothing but a newline", correct, "\n", "secret_example"},
		{"example of jwt.io", correct, "your-256-bit-secret", "secret_example"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token := sign(t, hs256, claims, jwktest.Secret(t, tt.truth), "HS256")
			wantProven(t, tt.id, diagnose(t, token, []jwk.Key{jwktest.Secret(t, tt.given)}))
		})
	}
	t.Run("empty secret", func(t *testing.T) {
		a, _ := jwa.Lookup("HS256")
		input := encode(hs256) + "." + encode(claims)
		sig, err := a.Sign(input, []byte{}, false)
		if err != nil {
			t.Fatal(err)
		}
		token := parse(t, input+"."+base64url.Encode(sig))
		wantProven(t, "secret_example", diagnose(t, token, []jwk.Key{jwktest.Secret(t, correct)}))
	})
}

func TestDiagnoseKeys(t *testing.T) {
	const header = `{"alg":"ES256","kid":"a"}`
	right := jwktest.KeyFor("ES256")
	wrong, err := jwk.Generate("P-256", 0)
	if err != nil {
		t.Fatal(err)
	}
	token := sign(t, header, claims, right, "ES256")
	wrong, right = jwktest.Public(wrong), jwktest.Public(right)

	t.Run("another key of the set", func(t *testing.T) {
		right.Source = "https://issuer.example/jwks"
		causes := diagnose(t, token, []jwk.Key{jwktest.InSet(wrong, "a"), jwktest.InSet(right, "b")})
		wantProven(t, "other_key", causes)
		if want := `kid "b" of https://issuer.example/jwks`; !strings.Contains(causes[0].Detail, want) {
			t.Errorf("%q does not name %s", causes[0].Detail, want)
		}
	})
	t.Run("a kid that names no key", func(t *testing.T) {
		wantProven(t, "other_key", diagnose(t, token, []jwk.Key{jwktest.InSet(wrong, "c"), jwktest.InSet(right, "b")}))
	})
	t.Run("use", func(t *testing.T) {
		k := right
		k.Use = "enc"
		wantProven(t, "key_use", diagnose(t, token, []jwk.Key{k}))
	})
	t.Run("key_ops", func(t *testing.T) {
		k := right
		k.Ops = []string{"sign"}
		wantProven(t, "key_ops", diagnose(t, token, []jwk.Key{k}))
	})
	t.Run("two newlines, of which one was left out", func(t *testing.T) {
		k := jwktest.Secret(t, correct+"\n")
		k.Trimmed = "\n"
		causes := diagnose(t, sign(t, hs256, claims, jwktest.Secret(t, correct), "HS256"), []jwk.Key{k})
		wantProven(t, "secret_newline", causes)
		if !strings.Contains(causes[0].Hint, "two newlines") {
			t.Errorf("the hint is %q", causes[0].Hint)
		}
	})
	t.Run("alg", func(t *testing.T) {
		k := jwktest.Public(jwktest.KeyFor("PS256"))
		k.Alg = "PS256"
		wantProven(t, "key_alg", diagnose(t, sign(t, `{"alg":"RS256"}`, claims, jwktest.KeyFor("RS256"), "RS256"), []jwk.Key{k}))
	})
	t.Run("another kid", func(t *testing.T) {
		k := wrong
		k.HasID, k.ID = true, "z"
		causes := diagnose(t, token, []jwk.Key{k})
		wantSeen(t, "kid_differs", causes)
		if len(causes) != 1 {
			t.Errorf("causes are %+v", causes)
		}
	})
	t.Run("nothing to find", func(t *testing.T) {
		if causes := diagnose(t, token, []jwk.Key{wrong}); len(causes) > 0 {
			t.Errorf("causes are %+v, want none", causes)
		}
	})
	t.Run("another certificate of the chain", func(t *testing.T) {
		leaf, issuer := certificate(t, jwktest.KeyFor("ES384")), certificate(t, jwktest.KeyFor("ES256"))
		k, err := jwk.New(leaf.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		k.Certificates = []*x509.Certificate{leaf, issuer}
		wantProven(t, "chain_key", diagnose(t, token, []jwk.Key{k}))
	})
}

func certificate(t *testing.T, k jwk.Key) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Unix(1<<32, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.VerificationMaterial(), k.Material())
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDiagnoseMismatch(t *testing.T) {
	hmac := sign(t, hs256, claims, jwktest.Secret(t, correct), "HS256")
	causes := diagnose(t, hmac, []jwk.Key{jwktest.Public(jwktest.KeyFor("ES384"))})
	wantSeen(t, "alg_key_mismatch", causes)
	if !strings.Contains(causes[0].Detail, "verifies ES384") {
		t.Errorf("%q does not say what the key verifies", causes[0].Detail)
	}
	rs := sign(t, `{"alg":"RS256"}`, claims, jwktest.KeyFor("RS256"), "RS256")
	wantSeen(t, "alg_key_mismatch", diagnose(t, rs, []jwk.Key{jwktest.Secret(t, correct)}))
	wantSeen(t, "alg_key_mismatch", diagnose(t, rs, []jwk.Key{jwktest.Secret(t, correct), jwktest.Public(jwktest.KeyFor("ES256"))}))

	enc, err := jwk.Generate("X25519", 0)
	if err != nil {
		t.Fatal(err)
	}
	wantSeen(t, "alg_key_mismatch", diagnose(t, rs, []jwk.Key{jwktest.Public(enc)}))
	wantSeen(t, "alg_key_mismatch", diagnose(t, hmac, []jwk.Key{enc}))
}

// Each text of a key that may have been used as an HMAC secret is recognised, whatever the
// format of the key.
func TestDiagnoseKeyTextAsSecret(t *testing.T) {
	for _, alg := range []string{"RS256", "ES256", "ES512", "ES256K", "EdDSA", "Ed448", "ML-DSA-44"} {
		k := jwktest.KeyFor(alg)
		texts := keyTexts(k)
		if len(texts) < 20 {
			t.Fatalf("only %d texts of the %s key", len(texts), alg)
		}
		for _, text := range texts {
			token := sign(t, hs256, claims, jwktest.Secret(t, string(text.text)), "HS256")
			if text.private {
				wantProven(t, "private_key_as_secret", diagnose(t, token, []jwk.Key{k}))
			} else {
				wantProven(t, "public_key_as_secret", diagnose(t, token, []jwk.Key{jwktest.Public(k)}))
			}
		}
		token := sign(t, hs256, claims, jwktest.Secret(t, "ssh-ed25519 AAAA me@host\n"), "HS256")
		wantProven(t, "key_text_as_secret", diagnose(t, token, []jwk.Key{jwktest.Public(k)}, []byte("ssh-ed25519 AAAA me@host\r\n")))
	}
	cert := certificate(t, jwktest.KeyFor("ES256"))
	k := jwktest.Public(jwktest.KeyFor("ES256"))
	k.Certificates = []*x509.Certificate{cert}
	token := sign(t, hs256, claims, jwktest.Secret(t, string(cert.Raw)), "HS256")
	wantProven(t, "public_key_as_secret", diagnose(t, token, []jwk.Key{k}))
}

func TestDiagnoseSignatureEncoding(t *testing.T) {
	for _, alg := range []string{"ES256", "ES384", "ES512", "ES256K"} {
		k := jwktest.KeyFor(alg)
		token := sign(t, `{"alg":"`+alg+`"}`, claims, k, alg)
		n := len(token.Signature) / 2
		r, s := token.Signature[:n], token.Signature[n:]
		der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(r), new(big.Int).SetBytes(s)})
		if err != nil {
			t.Fatal(err)
		}
		zeros := []byte{0, 0}
		for _, tt := range []struct {
			id  string
			sig []byte
		}{
			{"signature_der", der},
			{"signature_swapped", concat(s, r)},
			{"signature_padded", concat(zeros, r, zeros, s)},
			{"signature_little_endian", concat(reversed(r), reversed(s))},
			{"signature_hex", []byte(hex.EncodeToString(token.Signature))},
			{"signature_base64", []byte(base64.StdEncoding.EncodeToString(token.Signature))},
			{"signature_long", concat(token.Signature, []byte("\n"))},
			{"signature_long", concat([]byte{7}, token.Signature)},
		} {
			t.Run(alg+" "+tt.id, func(t *testing.T) {
				wantProven(t, tt.id, diagnose(t, withSignature(t, token, tt.sig), []jwk.Key{jwktest.Public(k)}))
			})
		}
	}
}

// r or s of a signature begins with a zero byte once in 128 times: sign until
// one does, and drop it.
func TestDiagnoseDroppedZeros(t *testing.T) {
	for _, half := range []int{0, 1} {
		for i := 0; ; i++ {
			token := sign(t, `{"alg":"ES256"}`, claims, jwktest.KeyFor("ES256"), "ES256")
			if sig := token.Signature; sig[32*half] == 0 {
				short := concat(sig[:32*half], sig[32*half+1:])
				wantProven(t, "signature_unpadded", diagnose(t, withSignature(t, token, short), []jwk.Key{jwktest.Public(jwktest.KeyFor("ES256"))}))
				break
			}
			if i > 10_000 {
				t.Fatal("no signature with a leading zero")
			}
		}
	}
}

func TestDiagnoseRSASignature(t *testing.T) {
	k := jwktest.KeyFor("RS256")
	token := sign(t, `{"alg":"RS256"}`, claims, k, "RS256")
	wantProven(t, "signature_little_endian", diagnose(t, withSignature(t, token, reversed(token.Signature)), []jwk.Key{jwktest.Public(k)}))
	wantProven(t, "signature_long", diagnose(t, withSignature(t, token, concat([]byte{0}, token.Signature)), []jwk.Key{jwktest.Public(k)}))
	for i := 0; token.Signature[0] != 0; i++ {
		if i > 10_000 {
			t.Fatal("no signature with a leading zero")
		}
		token = sign(t, `{"alg":"PS256"}`, claims, k, "PS256") // a new salt each time
	}
	wantProven(t, "signature_unpadded", diagnose(t, withSignature(t, token, token.Signature[1:]), []jwk.Key{jwktest.Public(k)}))

	wantSeen(t, "signature_length", diagnose(t, withSignature(t, token, make4096()), []jwk.Key{jwktest.Public(k)}))
	wantSeen(t, "signature_length", diagnose(t, withSignature(t, token, token.Signature[:200]), []jwk.Key{jwktest.Public(k)}))
}

func make4096() []byte { return bytes.Repeat([]byte{0xa5}, 512) }

func TestDiagnoseAlgorithm(t *testing.T) {
	tests := []struct{ says, is string }{
		{"HS256", "HS512"},
		{"HS512", "HS384"},
		{"RS256", "PS256"},
		{"PS384", "RS384"},
		{"RS256", "RS512"},
		{"RS256", "ES256"}, // of another family: the key tells
		{"ES384", "ES256"},
		{"ES256", "Ed25519"},
		{"ES256", "ES256K"},
		{"ES256K", "ES256"},
		{"ML-DSA-65", "ML-DSA-44"},
		{"Ed448", "Ed25519"},
		{"ES256", "Ed448"},
	}
	for _, tt := range tests {
		token := sign(t, `{"alg":"`+tt.says+`"}`, claims, jwktest.KeyFor(tt.is), tt.is)
		causes := diagnose(t, token, []jwk.Key{jwktest.Public(jwktest.KeyFor(tt.is))})
		wantProven(t, "other_algorithm", causes)
		if got := causes[0].Detail; jwktest.KeyFor(tt.is).Type != "OKP" && !strings.Contains(got, "verifies as "+tt.is+",") {
			t.Errorf("%s signed as %s: %s", tt.says, tt.is, got)
		}
	}

	input := encode(`{"alg":"PS256"}`) + "." + encode(claims)
	hash := sha256.Sum256([]byte(input))
	salted, err := rsa.SignPSS(rand.Reader, jwktest.KeyFor("PS256").Material().(*rsa.PrivateKey), crypto.SHA256, hash[:], &rsa.PSSOptions{SaltLength: 20})
	if err != nil {
		t.Fatal(err)
	}
	wantProven(t, "pss_salt", diagnose(t, parse(t, input+"."+base64url.Encode(salted)), []jwk.Key{jwktest.Public(jwktest.KeyFor("PS256"))}))

	input = encode(`{"alg":"ES256"}`) + "." + encode(claims)
	long := sha512.Sum512([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, jwktest.KeyFor("ES256").Material().(*ecdsa.PrivateKey), long[:])
	if err != nil {
		t.Fatal(err)
	}
	sig := concat(padded(r.Bytes(), 32), padded(s.Bytes(), 32))
	wantProven(t, "other_hash", diagnose(t, parse(t, input+"."+base64url.Encode(sig)), []jwk.Key{jwktest.Public(jwktest.KeyFor("ES256"))}))

	input = encode(`{"alg":"RS256"}`) + "." + encode(claims)
	private, sum := jwktest.KeyFor("RS256"), sha1.Sum([]byte(input))
	sig, err = rsa.SignPKCS1v15(nil, private.Material().(*rsa.PrivateKey), crypto.SHA1, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	wantProven(t, "other_hash", diagnose(t, parse(t, input+"."+base64url.Encode(sig)), []jwk.Key{jwktest.Public(private)}))
}

func TestDiagnoseCut(t *testing.T) {
	key := jwktest.Secret(t, correct)
	token := sign(t, hs256, claims, key, "HS256")
	wantProven(t, "signature_cut", diagnose(t, withSignature(t, token, token.Signature[:16]), []jwk.Key{key}))
	wantSeen(t, "signature_length", diagnose(t, withSignature(t, token, token.Signature[:7]), []jwk.Key{key})) // too little to be proof
	wantSeen(t, "signature_empty", diagnose(t, withSignature(t, token, nil), []jwk.Key{key}))
	wantSeen(t, "signature_blank", diagnose(t, withSignature(t, token, make([]byte, 32)), []jwk.Key{key}))
	wantSeen(t, "signature_length", diagnose(t, withSignature(t, token, make4096()), []jwk.Key{key}))

	es := sign(t, `{"alg":"ES256"}`, claims, jwktest.KeyFor("ES256"), "ES256")
	causes := diagnose(t, withSignature(t, es, es.Signature[:60]), []jwk.Key{jwktest.Public(jwktest.KeyFor("ES256"))})
	wantSeen(t, "signature_length", causes)
	if want := "60 bytes, ES256 makes 64"; !strings.Contains(causes[0].Detail, want) {
		t.Errorf("%q does not say %s", causes[0].Detail, want)
	}
}

// Signatures of a wrong length are explained, also for EdDSA, which has two lengths.
func TestDiagnoseLength(t *testing.T) {
	tests := []struct {
		alg, key string
		size     int
		says     string
	}{
		{"EdDSA", "Ed25519", 114, "the signature is 114 bytes, EdDSA makes 64 under this key: it is as long as one by an Ed448 key"},
		{"EdDSA", "Ed448", 64, "the signature is 64 bytes, EdDSA makes 114 under this key: it is as long as one by an Ed25519 key"},
		{"EdDSA", "Ed448", 113, "the signature is 113 bytes, EdDSA makes 114: it looks truncated"},
		{"Ed25519", "Ed25519", 114, "the signature is 114 bytes, Ed25519 makes 64: something may have been appended"},
		{"ES256K", "ES256K", 63, "the signature is 63 bytes, ES256K makes 64: it looks truncated"},
		{"ML-DSA-44", "ML-DSA-44", 2421, "the signature is 2421 bytes, ML-DSA-44 makes 2420: something may have been appended"},
		{"ML-DSA-87", "ML-DSA-87", 3309, "the signature is 3309 bytes, ML-DSA-87 makes 4627: it looks truncated"},
	}
	for _, tt := range tests {
		token := parse(t, encode(`{"alg":"`+tt.alg+`"}`)+"."+encode(claims)+"."+base64url.Encode(bytes.Repeat([]byte{0xa5}, tt.size)))
		causes := diagnose(t, token, []jwk.Key{jwktest.Public(jwktest.KeyFor(tt.key))})
		wantSeen(t, "signature_length", causes)
		if causes[0].Detail != tt.says {
			t.Errorf("%s with %s: %s", tt.alg, tt.key, causes[0].Detail)
		}
	}
}

func TestDiagnoseInput(t *testing.T) {
	const (
		head = `{"typ":"JWT","alg":"ES256"}`
		body = `{"name":"José <j@x/y>","sub":"\u00e9","n":1.0,"exp":1700003600,"aud":["a","b"]}`
	)
	k := jwktest.KeyFor("ES256")
	sentHeader, sentPayload := encode(head), encode(body)
	double := sha256.Sum256([]byte(sentHeader + "." + sentPayload))
	pad := func(s string) string { return base64.URLEncoding.EncodeToString([]byte(s)) }
	tests := []struct{ id, signed string }{
		{"input_padded", pad(head) + "." + pad(body)},
		{"input_standard_base64", base64.StdEncoding.EncodeToString([]byte(head)) + "." + base64.StdEncoding.EncodeToString([]byte(body+"??>"))},
		{"input_unencoded", sentHeader + "." + body},
		{"input_decoded", head + "." + body},
		{"input_payload_only", sentPayload},
		{"input_payload_only", body},
		{"input_no_dot", sentHeader + sentPayload},
		{"input_last_dot", sentHeader + "." + sentPayload + "."},
		{"input_newline", sentHeader + "." + sentPayload + "\n"},
		{"input_hashed", string(double[:])},
		{"payload_rewritten", sentHeader + "." + encode(body+"\n")},
		{"payload_rewritten", sentHeader + "." + encode(`{"name": "Jos\u00e9 <j@x/y>", "sub": "\u00e9", "n": 1.0, "exp": 1700003600, "aud": ["a", "b"]}`)},
		{"payload_rewritten", sentHeader + "." + encode(`{"name":"José <j@x/y>","sub":"é","n":1,"exp":1700003600,"aud":["a","b"]}`)},
		{"payload_rewritten", sentHeader + "." + encode(`{"name":"Jos\u00e9 <j@x\/y>","sub":"\u00e9","n":1.0,"exp":1700003600,"aud":["a","b"]}`)},
		{"payload_rewritten", sentHeader + "." + encode(`{"aud":["a","b"],"exp":1700003600,"n":1.0,"name":"José \u003cj@x/y\u003e","sub":"é"}`)},
		{"payload_rewritten", sentHeader + "." + encode("{\n  \"name\": \"José <j@x/y>\",\n  \"sub\": \"é\",\n  \"n\": 1.0,\n  \"exp\": 1700003600,\n  \"aud\": [\n    \"a\",\n    \"b\"\n  ]\n}")},
		{"header_rewritten", encode(`{"typ": "JWT", "alg": "ES256"}`) + "." + sentPayload},
		{"header_rewritten", encode(`{"alg":"ES256","typ":"JWT"}`) + "." + sentPayload},
		{"header_changed", encode(`{"alg":"ES256"}`) + "." + sentPayload},
		{"token_rewritten", encode(`{"alg":"ES256","typ":"JWT"}`) + "." + encode(`{"aud":["a","b"],"exp":1700003600,"n":1.0,"name":"José <j@x/y>","sub":"é"}`)},
	}
	a, _ := jwa.Lookup("ES256")
	for _, tt := range tests {
		sig, err := a.Sign(tt.signed, k.Material(), false)
		if err != nil {
			t.Fatal(err)
		}
		payload := sentPayload
		if strings.HasSuffix(tt.signed, base64.StdEncoding.EncodeToString([]byte(body+"??>"))) {
			payload = encode(body + "??>") // has a / in standard Base64
		}
		causes := diagnose(t, parse(t, sentHeader+"."+payload+"."+base64url.Encode(sig)), []jwk.Key{jwktest.Public(k)})
		if len(causes) != 1 || causes[0].ID != tt.id || !causes[0].Proven {
			t.Errorf("signed over %q: %+v, want %s", tt.signed, causes, tt.id)
		}
	}
}

// A hostile token with many slow keys must not take long.
func TestDiagnoseIsBounded(t *testing.T) {
	k := jwktest.Public(jwktest.KeyFor("ES512"))
	keys := make([]jwk.Key, 1000)
	for i := range keys {
		keys[i] = k
	}
	deep := strings.Repeat(`{"a":[`, 40) + `1` + strings.Repeat(`]}`, 40)
	payload := `{"a":"` + strings.Repeat("x", 60<<10) + `","b":` + deep + `}`
	for _, tt := range []struct{ header, payload string }{
		{`{"alg":"ES512"}`, payload},
		{`{"alg":"HS256"}`, payload},
		{`{"alg":"ES512"}`, strings.Repeat("x", 1<<20)},
	} {
		token := parse(t, encode(tt.header)+"."+encode(tt.payload)+"."+encode(strings.Repeat("s", 132)))
		start := time.Now()
		causes := Signature(token, keys)
		if took := time.Since(start); took > time.Minute {
			t.Errorf("%s: %v", tt.header, took)
		}
		for _, c := range causes {
			if c.Proven {
				t.Errorf("proven: %+v", c)
			}
		}
	}
}

// Tokens that Signature is not for give no cause and no panic.
func TestDiagnoseNothing(t *testing.T) {
	for _, header := range []string{`{}`, `{"alg":"none"}`, `{"alg":1}`, `{"alg":"HS999"}`} {
		if causes := Signature(parse(t, encode(header)+"."+encode(claims)+".AAAA"), []jwk.Key{jwktest.Secret(t, correct)}); causes != nil {
			t.Errorf("%s: %+v", header, causes)
		}
	}
	if causes := Signature(parse(t, encode(hs256)+"."+encode(claims)+"."+encode(strings.Repeat("s", 32))), nil); len(causes) > 0 {
		t.Errorf("without keys: %+v", causes)
	}
}

func concat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// mustNotQuote fails if a message contains the secret in any encoding.
func mustNotQuote(t *testing.T, secret []byte, message string) {
	t.Helper()
	for _, s := range append(encoded(secret), spelling{secret: secret}) {
		if text := bytes.TrimSpace(s.secret); len(text) >= 8 && strings.Contains(message, string(text)) {
			t.Errorf("a message quotes the secret: %s", message)
		}
	}
}

// FuzzDiagnose checks that no text makes Signature panic, prove a cause for a token that was
// not signed, or quote the secret.
func FuzzDiagnose(f *testing.F) {
	for _, s := range []string{"", "e30.e30.", "e30.e30.AA", "e30=.e30.AA==", encode(hs256) + "." + encode(claims) + ".AAAA"} {
		f.Add(s)
	}
	k := jwktest.Secret(f, correct)
	f.Fuzz(func(t *testing.T, text string) {
		token, _, err := jws.ParseLax(text)
		if err != nil {
			return
		}
		for _, c := range Signature(token, []jwk.Key{k}) {
			mustNotQuote(t, []byte(correct), c.Detail+" "+c.Hint)
			if c.Proven && c.ID != "secret_example" {
				t.Errorf("%q: %+v", text, c)
			}
		}
	})
}
