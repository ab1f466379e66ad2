package token

import (
	"bytes"
	"compress/flate"
	"strings"
	"testing"

	"jwt/internal/base64url"
	"jwt/internal/jwe"
	"jwt/internal/jwk"
	"jwt/internal/jwk/jwktest"
	"jwt/internal/verdict"
)

// TestLaxWarnings: what OpenLax shows and Open refuses is said.
func TestLaxWarnings(t *testing.T) {
	signature := "." + strings.Repeat("A", 43)
	for _, c := range []struct {
		name, text string
		says       []string
		open       bool // Open accepts it, too
	}{
		{"good", unsigned(`{"alg":"HS256"}`, `{}`) + strings.Repeat("A", 39), nil, true},
		{"no alg", unsigned(`{}`, `{}`), []string{"no alg"}, true},
		{"padding", base64url.Encode([]byte(`{"alg":"HS256"}`)) + "==.e30" + signature, []string{"header is not encoded", "padding"}, false},
		{"padding of AWS", base64url.Encode([]byte(`{"alg":"ES256","signer":"arn:aws:elasticloadbalancing:eu:1:x"}`)) + "==.e30" + signature, []string{"padding", "AWS load balancers"}, false},
		{"spare bits", base64url.Encode([]byte(`{"alg":"HS256"}`)) + ".e30." + strings.Repeat("A", 42) + "B", []string{"signature", "spare bits"}, false},
		{"a lone surrogate in the payload", unsigned(`{"alg":"HS256"}`, `{"a":"\ud800"}`), []string{"payload", "surrogate"}, true},
		{"a lone surrogate in the header", unsigned(`{"alg":"HS256","kid":"\udc00"}`, `{}`), []string{"header", "surrogate"}, false},
		{"a surrogate pair", unsigned(`{"alg":"HS256"}`, `{"a":"\ud83d\ude00"}`), nil, true},
		{"cty over claims", unsigned(`{"alg":"HS256","cty":"JWT"}`, `{}`), []string{"cty: is"}, true},
		{"detached", base64url.Encode([]byte(`{"alg":"HS256"}`)) + "." + signature, []string{"detached"}, true},
		{"cut off", base64url.Encode([]byte(`{"alg":"HS256"}`)) + ".e30." + strings.Repeat("A", 30), []string{"was the token cut off?"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Open(c.text); (err == nil) != c.open {
				t.Errorf("Open: %v", err)
			}
			token, err := OpenLax(c.text)
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, w := range token.Warnings() {
				all = append(all, w.Detail)
			}
			text := strings.Join(all, "\n")
			if (len(all) == 0) != (len(c.says) == 0) {
				t.Errorf("warnings: %s", text)
			}
			for _, s := range c.says {
				if !strings.Contains(text, s) {
					t.Errorf("%q is not in %s", s, text)
				}
			}
			if len(token.Flaws) > 0 && !token.Signed.Misspelled() && !strings.Contains(c.name, "payload") {
				t.Error("it could verify")
			}
		})
	}
}

func TestInflate(t *testing.T) {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	_, _ = w.Write([]byte(`{"iss":"` + strings.Repeat("x", 1000) + `"}`))
	_ = w.Close()
	token, err := OpenLax(unsigned(`{"alg":"ES256","zip":"DEF"}`, b.String()))
	if err != nil || !token.Deflated() {
		t.Fatal(err)
	}
	if err := token.Inflate(100); verdict.ClassOf(err) != verdict.LimitExceeded || token.HasClaims() {
		t.Errorf("over the limit: %v", err)
	}
	if err := token.Inflate(2000); err != nil || !token.HasClaims() {
		t.Error(err)
	}
	broken, _ := OpenLax(unsigned(`{"alg":"ES256","zip":"DEF"}`, "xyz"))
	if err := broken.Inflate(2000); err == nil || broken.HasClaims() {
		t.Errorf("not DEFLATE: %v", err)
	}
}

// The hint about derived keys is for the headers that NextAuth writes only.
func TestNextAuth(t *testing.T) {
	for header, want := range map[string]bool{
		`{"alg":"dir","enc":"A256GCM"}`:             true,
		`{"alg":"dir","enc":"A256GCM","kid":"x"}`:   false,
		`{"alg":"dir","enc":"A256GCM","typ":"JWT"}`: false,
		`{"alg":"dir","enc":"A128GCM"}`:             false,
	} {
		token, err := Open(base64url.Encode([]byte(header)) + "..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA")
		if err != nil {
			t.Fatal(err)
		}
		err = token.Decrypt([]jwk.Key{jwktest.Secret(t, "a secret of some other length")}, jwe.Options{})
		var hint string
		if e, ok := err.(*verdict.Error); ok {
			hint = e.Hint
		}
		if strings.Contains(hint, "NextAuth") != want {
			t.Errorf("%s: %v (%s)", header, err, hint)
		}
	}
}

// Auth0 alone opens what it encrypted for itself.
func TestOpener(t *testing.T) {
	for header, want := range map[string]bool{
		`{"alg":"dir","enc":"A256GCM","iss":"https://a.eu.auth0.com/"}`:          true,
		`{"alg":"dir","enc":"A256GCM","iss":"https://a.auth0.com.evil.example"}`: false,
		`{"alg":"RSA-OAEP","enc":"A256GCM","iss":"https://a.auth0.com/"}`:        false,
		`{"alg":"dir","enc":"A256GCM"}`:                                          false,
	} {
		token, err := Open(base64url.Encode([]byte(header)) + "..AAAA.AAAA.AAAA")
		if err != nil || (token.Opener() != "") != want {
			t.Errorf("%s: %v", header, err)
		}
	}
}
