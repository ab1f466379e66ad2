package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/golang-jwt/jwt/v5"
)

// A bulkRun is one command over a file of tokens.
type bulkRun struct {
	name   string
	args   []string
	floor  string // the floor to compare with, in floors
	tokens func(dir string) error
}

// bulkPairs is the number of pairs of runs. Each run does the work of thousands of
// starts.
const bulkPairs = 11

// benchBulk prints the cost of --batch relative to the minimum work and to golang-jwt
// with encoding/json, on the same file.
func benchBulk(jwt, dir string) error {
	dir, err := os.MkdirTemp(dir, "bulk")
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	fmt.Printf("process CPU of --batch, median of %d pairs (1st–3rd quartile)\n", bulkPairs)
	for _, run := range []bulkRun{
		{"decode", []string{"decode"}, "json", hs256Tokens},
		{"verify HS256", []string{"verify", "--aud", "api", "-S", "raw:" + filepath.Join(dir, "key")}, "HS256", hs256Tokens},
		{"verify ES256", []string{"verify", "--aud", "api", "-k", filepath.Join(dir, "key")}, "ES256", es256Tokens},
		{"verify RS256", []string{"verify", "--aud", "api", "-k", filepath.Join(dir, "key")}, "RS256", rs256Tokens},
	} {
		if err := run.tokens(dir); err != nil {
			return err
		}
		batch := exec.Command(jwt, append(run.args, "--batch", "@"+filepath.Join(dir, "tokens"))...)
		for _, than := range []struct{ floor, what string }{{run.floor, floors[run.floor].about}, {run.floor + " golang-jwt", "golang-jwt and encoding/json"}} {
			ratios, err := pairs(bulkPairs, batch, exec.Command(self, "-floor", than.floor, "-dir", dir))
			if err != nil {
				return err
			}
			fmt.Printf("  %-18s %.2f × (%.2f–%.2f) of %s\n", run.name, quantile(ratios, 0.5), quantile(ratios, 0.25), quantile(ratios, 0.75), than.what)
		}
	}
	return nil
}

func hs256Tokens(dir string) error {
	secret := make([]byte, 32)
	rand.Read(secret)
	return writeTokens(dir, 20_000, jwt.SigningMethodHS256, secret, secret)
}

func es256Tokens(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	return writeTokens(dir, 2_000, jwt.SigningMethodES256, key, publicPEM(&key.PublicKey))
}

func rs256Tokens(dir string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	return writeTokens(dir, 4_000, jwt.SigningMethodRS256, key, publicPEM(&key.PublicKey))
}

func publicPEM(key any) []byte {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(err) // a key made here
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// writeTokens writes a file of access tokens as many issuers make them, and the file of
// the verification key.
func writeTokens(dir string, n int, method jwt.SigningMethod, signing any, verifying []byte) error {
	if err := os.WriteFile(filepath.Join(dir, "key"), verifying, 0o600); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, "tokens"))
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	for i := range n {
		token := jwt.NewWithClaims(method, jwt.MapClaims{
			"iss": "https://login.example", "sub": fmt.Sprintf("user-%d", i), "aud": "api", "scope": "read write profile",
			"exp": 4102444800 + i, "iat": 1700000000 + i, "nbf": 1700000000 + i, "jti": rand.Text(),
			"email": fmt.Sprintf("user%d@example.com", i), "realm_access": map[string]any{"roles": []string{"admin", "user"}},
		})
		token.Header["kid"] = "2026-01"
		text, err := token.SignedString(signing)
		if err != nil {
			return err
		}
		fmt.Fprintln(w, text)
	}
	return w.Flush()
}
