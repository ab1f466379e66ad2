package main

import (
	"bufio"
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"

	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
	"github.com/golang-jwt/jwt/v5"
)

// A streamKind is how the tokens of a stream are made. Where signing is slow, a few distinct
// tokens are repeated.
type streamKind struct {
	name     string
	alg      string
	distinct int
	repeated int
	method   jwt.SigningMethod
	key      func() (signing any, verifying []byte, err error)
}

var streamKinds = []streamKind{
	{"HS256", "HS256", 20_000, 5, jwt.SigningMethodHS256, newSecret},
	{"few", "HS256", 5_000, 1, jwt.SigningMethodHS256, newSecret},
	{"RS256", "RS256", 1_000, 20, jwt.SigningMethodRS256, newRSA},
	{"PS256", "PS256", 1_000, 20, &jwt.SigningMethodRSAPSS{SigningMethodRSA: &jwt.SigningMethodRSA{Name: "PS256", Hash: crypto.SHA256}, Options: &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}}, newRSA},
	{"ES256", "ES256", 1_000, 10, jwt.SigningMethodES256, newP256},
	{"EdDSA", "EdDSA", 1_000, 10, jwt.SigningMethodEdDSA, newEd25519},
	{"ML-DSA-65", "ML-DSA-65", 500, 10, mlDSA{}, newMLDSA},
}

// make writes the tokens of a kind and their key into dir, and another key beside it.
func (k streamKind) make(dir string) (stream, error) {
	s := stream{alg: k.alg, secret: k.method == jwt.SigningMethodHS256, dir: dir, tokens: k.distinct * k.repeated}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return s, err
	}
	signing, verifying, err := k.key()
	if err != nil {
		return s, err
	}
	if err := os.WriteFile(s.path("key"), verifying, 0o600); err != nil {
		return s, err
	}
	if err := k.write(s, signing); err != nil {
		return s, err
	}
	_, other, err := k.key()
	if err != nil {
		return s, err
	}
	return s, s.link(other)
}

// write writes access tokens as many issuers make them, and their payloads.
func (k streamKind) write(s stream, signing any) error {
	texts, payloads := make([]string, k.distinct), make([][]byte, k.distinct)
	for i := range k.distinct {
		claims := jwt.MapClaims{
			"iss": "https://login.example", "sub": fmt.Sprintf("user-%d", i), "aud": "api", "scope": "read write profile",
			"exp": 4102444800 + i, "iat": 1700000000 + i, "nbf": 1700000000 + i, "jti": rand.Text(),
			"email": fmt.Sprintf("user%d@example.com", i), "realm_access": map[string]any{"roles": []string{"admin", "user"}},
		}
		token := jwt.NewWithClaims(k.method, claims)
		token.Header["kid"] = "2026-01"
		var err error
		if texts[i], err = token.SignedString(signing); err != nil {
			return err
		}
		if payloads[i], err = json.Marshal(claims); err != nil {
			return err
		}
	}
	return cmp.Or(
		writeLines(s.path("tokens"), texts, k.repeated),
		writeLines(s.path("payloads"), payloads, k.repeated),
	)
}

func writeLines[T string | []byte](path string, lines []T, times int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	for range times {
		for _, line := range lines {
			fmt.Fprintf(w, "%s\n", line)
		}
	}
	return w.Flush()
}

func newSecret() (any, []byte, error) {
	secret := make([]byte, 32)
	rand.Read(secret)
	return secret, secret, nil
}

func newRSA() (any, []byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, nil, err
	}
	public, err := publicPEM(&key.PublicKey)
	return key, public, err
}

func newP256() (any, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	public, err := publicPEM(&key.PublicKey)
	return key, public, err
}

func newEd25519() (any, []byte, error) {
	key, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	public, err := publicPEM(key)
	return private, public, err
}

func publicPEM(key any) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), err
}

// mlDSA signs with ML-DSA-65, which golang-jwt does not know.
type mlDSA struct{}

func (mlDSA) Alg() string                      { return "ML-DSA-65" }
func (mlDSA) Verify(string, []byte, any) error { return jwt.ErrInvalidKeyType } // only signs

func (mlDSA) Sign(input string, key any) ([]byte, error) {
	sig := make([]byte, mldsa65.SignatureSize)
	return sig, mldsa65.SignTo(key.(*mldsa65.PrivateKey), []byte(input), nil, true, sig)
}

// newMLDSA returns the public key as a JWK (RFC 9964 §3).
func newMLDSA() (any, []byte, error) {
	public, private, err := mldsa65.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	b := base64.RawURLEncoding.EncodeToString(public.Bytes())
	return private, fmt.Appendf(nil, `{"kty":"AKP","alg":"ML-DSA-65","pub":%q}`, b), nil
}
