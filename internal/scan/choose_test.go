package scan

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"jwt/internal/verdict"
)

// TestOpaque: where an access token is not a JWT, another token of the text is refused, and only
// shown with Join. --field chooses it.
func TestOpaque(t *testing.T) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("client:secret"))
	for _, c := range []struct{ text, where, field string }{
		{`{"access_token":"ya29.opaque","id_token":"TOKEN"}`, "access_token of the JSON response", "id_token"},
		{`{"accessToken":"8f14e45fceea167a","user":{"jwt":"TOKEN"}}`, "accessToken of the JSON response", "jwt"},
		{"Authorization: Bearer 8f14e45fceea167a\nCookie: session=TOKEN; a=b\n", "Authorization header", "session"},
		{"Authorization: Bearer 8f14e45fceea167a\r\nX-Session: TOKEN\r\n", "Authorization header", "X-Session"},
		{"Authorization: " + basic + "\nCookie: session=TOKEN; a=b\n", "Authorization header", "session"},
		{"> GET / HTTP/1.1\n> authorization: Bearer opaque\n< HTTP/1.1 200 OK\n<\n{\"id_token\":\"TOKEN\"}", "authorization header", "id_token"},
		{"GET /?id_token=TOKEN HTTP/1.1\r\nAuthorization: Bearer opaque\r\n\r\n", "Authorization header", "id_token"},
		{"Authorization: DPoP opaque\nDPoP: TOKEN\n", "Authorization header", "DPoP"},
		{"https://app.example/cb#access_token=ya29.opaque&id_token=TOKEN", "URL parameter access_token", "id_token"},
		{"access_token: opaque\nid_token: TOKEN\n", "access_token", "id_token"},
		{"curl -H 'Authorization: Bearer opaque' -b 'session=TOKEN' https://x.example", "Authorization header", "session"},
		{"Authorization: Bearer 8f14e45fceea167a\nTOKEN\n", "Authorization header", ""},
		{`{"headers":{"Authorization":"Bearer opaque","x":"TOKEN"}}`, "headers.Authorization of the JSON response", "x"},
	} {
		text := []byte(expand(c.text))
		found, err := One(text, Options{})
		var e *verdict.Error
		if !errors.As(err, &e) || e.Class != verdict.Malformed || !strings.HasPrefix(e.Message, c.where) || !strings.HasSuffix(e.Hint, c.field) && c.field != "" {
			t.Errorf("%s: got %+v, %v", c.text, found, err)
			continue
		}
		if strings.Contains(err.Error(), "8f14") || strings.Contains(err.Error(), "ya29") {
			t.Errorf("%s: the value is quoted: %v", c.text, err)
		}
		if found, err := One(text, Options{Join: true}); err != nil || found.Token != token || found.Opaque != c.where {
			t.Errorf("%s: shown: %+v, %v", c.text, found, err)
		}
		if c.field == "" {
			continue
		}
		if found, err := One(text, Options{Field: c.field}); err != nil || found.Token != token {
			t.Errorf("%s: --field %s: %+v, %v", c.text, c.field, found, err)
		}
	}
	for _, text := range []string{
		"> POST /token HTTP/1.1\n> Authorization: " + basic + "\n< HTTP/1.1 200 OK\n<\n{\"access_token\":\"TOKEN\"}", // what the client asked for
		"Authorization: Bearer TOKEN\nX: opaque\n",
		`{"access_token":"TOKEN","refresh_token":"opaque"}`,
		"Authorization:\nCookie: a=TOKEN; b=c\n",
		"WWW-Authenticate: Bearer error=\"x\"\nCookie: a=TOKEN; b=c\n",
	} {
		if found, err := One([]byte(expand(text)), Options{}); err != nil || found.Token != token || found.Opaque != "" {
			t.Errorf("%s: got %+v, %v", text, found, err)
		}
	}
}

// TestBasic: of two tokens in Basic, neither is taken, and one says which it is.
func TestBasic(t *testing.T) {
	for _, c := range []struct{ pair, where string }{
		{token + ":", "Authorization header, the user name"},
		{token + ":x-oauth-basic", "Authorization header, the user name"},
		{"oauth2:" + token, "Authorization header, the password"},
		{token + ":" + second, ""},
	} {
		text := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(c.pair))
		for _, join := range []bool{false, true} {
			found, err := One([]byte(text), Options{Join: join})
			if c.where == "" && verdict.ClassOf(err) != verdict.Malformed || c.where != "" && (err != nil || found.Token != token || found.Where != c.where) {
				t.Errorf("%s: got %+v, %v", c.pair, found, err)
			}
		}
	}
}

// TestBlock: a block of YAML is the value of its name.
func TestBlock(t *testing.T) {
	for _, mark := range []string{"|", ">", "|-", ">-", ">2-"} {
		text := []byte(expand("a:\n  token: " + mark + "\n    TOKEN\n  other: OTHER\n"))
		for field, want := range map[string]string{"token": token, "other": second} {
			if found, err := One(text, Options{Field: field}); err != nil || found.Token != want {
				t.Errorf("%s: --field %s: %+v, %v", mark, field, found, err)
			}
		}
	}
}

// TestGlued: two tokens without anything between them are not an encrypted one.
func TestGlued(t *testing.T) {
	for _, text := range []string{token + second, "Bearer " + token + second, "a=" + token + second} {
		for _, join := range []bool{false, true} {
			if found, err := One([]byte(text), Options{Join: join}); verdict.ClassOf(err) != verdict.Malformed || !strings.Contains(err.Error(), "run together") {
				t.Errorf("%s: %+v, %v", text, found, err)
			}
		}
	}
}
