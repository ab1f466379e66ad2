package jwk

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"jwt/internal/verdict"
)

// TestKeyTextIsNoSecret encodes key text in every way in which it ends up in a variable.
func TestKeyTextIsNoSecret(t *testing.T) {
	std, url := base64.StdEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString
	wrapped := func(b []byte) string {
		text := std(b)
		return text[:len(text)/2] + "\r\n" + text[len(text)/2:] + "\n"
	}
	encodings := []func([]byte) string{
		std, url, wrapped, hex.EncodeToString,
		func(b []byte) string { return std([]byte(std(b))) },
		func(b []byte) string { return `"` + std(b) + `"` },
		func(b []byte) string { return strings.ReplaceAll(wrapped(b), "\r\n", `\n`) },
	}
	texts := map[string]string{
		"PEM":         "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n",
		"JWK":         `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
		"JWK Set":     `{"keys":[]}`,
		"OpenSSH":     "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea a@b",
		"four dashes": "----BEGIN PUBLIC KEY----\nMCow\n----END PUBLIC KEY----",
		"long dashes": "—–BEGIN RSA PRIVATE KEY—–\nMCow\n—–END RSA PRIVATE KEY—–",
		"keystore":    "\xfe\xed\xfe\xed\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x01\x00\x04test",
	}
	for name, text := range texts {
		for i, encode := range encodings {
			if _, err := Secret([]byte(encode([]byte(text)))); verdict.ClassOf(err) != verdict.KeyRefused {
				t.Errorf("%s in encoding %d: is a secret, %v", name, i, err)
			}
			_, err := Parse([]byte(encode([]byte(text))))
			if err == nil { // read, because one layer of Base64 is usual
				continue
			}
			if e := new(verdict.Error); !errors.As(err, &e) || strings.Contains(e.Hint, "--secret") || strings.Contains(e.Message, "this is not a key") {
				t.Errorf("%s in encoding %d: %v", name, i, err)
			}
		}
	}
	for _, secret := range []string{"hunter2", std([]byte("a good secret of 32 random bytes")), "4f2a" + strings.Repeat("0c", 30), "-- BEGIN --", "did:"} {
		if _, err := Secret([]byte(secret)); err != nil {
			t.Errorf("%q: %v", secret, err)
		}
	}
}
