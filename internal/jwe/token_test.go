package jwe

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/base64url"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/verdict"
)

func TestParse(t *testing.T) {
	token, err := Parse("eyJlbmMiOjF9.AQ.Ag.Aw.BA")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([5][]byte{[]byte(`{"enc":1}`), {1}, {2}, {3}, {4}}, token.parts()); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([5]string{"eyJlbmMiOjF9", "AQ", "Ag", "Aw", "BA"}, token.Segments()); diff != "" {
		t.Errorf("segments (-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		name, text string
		want       verdict.Class
		message    string // a part of it
	}{
		{"no enc", "e30.AA.AA.AA.AA", verdict.Malformed, "its header is not that of an encrypted token (no alg, no enc)"},
		{"empty", "", verdict.Malformed, "empty"},
		{"one part", "abc", verdict.Malformed, "this has 1"},
		{"signed", "e30.e30.AA", verdict.NotEncrypted, "three parts"},
		{"four parts", "e30.AA.AA.AA", verdict.Malformed, "this has 4"},
		{"six parts", "e30.AA.AA.AA.AA.AA", verdict.Malformed, "this has 6"},
		{"JSON", `{"protected":"e30"}`, verdict.UnsupportedSerialization, "JSON"},
		{"header empty", "....", verdict.Malformed, "header"},
		{"header an array", "W10.AA.AA.AA.AA", verdict.Malformed, "not a JSON object"},
		{"header no UTF-8", base64url.Encode([]byte("{\"\xff\":1}")) + ".AA.AA.AA.AA", verdict.Malformed, "header"},
		{"header too deep", base64url.Encode([]byte(`{"a":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+`}`)) + ".AA.AA.AA.AA", verdict.LimitExceeded, "deeper"},
		{"header too large", base64url.Encode([]byte(`{"a":"`+strings.Repeat("x", jws.MaxHeaderBytes)+`"}`)) + ".AA.AA.AA.AA", verdict.TooLarge, "header"},
		{"padding", "e30.AA==.AA.AA.AA", verdict.Malformed, "encrypted key is not base64url: 0x3d (padding) at byte 6 of the token"},
		{"standard alphabet", "e30.AA.+A.AA.AA", verdict.Malformed, "initialization vector"},
		{"line break", "e30.AA.AA.A\nA.AA", verdict.Malformed, "0x0a (white space) at byte 11"},
		{"spare bits", "e30.AA.AA.AA.AB", verdict.Malformed, "authentication tag"},
		{"impossible length", "e30.AA.AA.AAAAA.AA", verdict.Malformed, "ciphertext"},
		{"space around", " e30.AA.AA.AA.AA", verdict.Malformed, "byte 0"},
	}
	for _, test := range tests {
		token, err := Parse(test.text)
		if got := verdict.ClassOf(err); got != test.want || err == nil || !strings.Contains(err.Error(), test.message) {
			t.Errorf("%s: %v (%s), want %s with %q", test.name, err, got, test.want, test.message)
		}
		if token.Text != "" {
			t.Errorf("%s: a token came out", test.name)
		}
	}
}

func TestMaxToken(t *testing.T) {
	key := newKey(t, make([]byte, 32))
	token := made(t, "{}", strings.Repeat("x", jws.MaxTokenBytes), key, "dir", "A256GCM")
	_, err := token.Decrypt([]jwk.Key{key}, Options{})
	if verdict.ClassOf(err) != verdict.TooLarge {
		t.Errorf("a token of %d bytes: %v", len(token.Text), err)
	}
	if _, err := token.Decrypt([]jwk.Key{key}, Options{MaxToken: len(token.Text)}); err != nil {
		t.Errorf("the same, raised: %v", err)
	}
}

// TestMessagesAreBounded checks that a message is one line of limited length for any
// header.
func TestMessagesAreBounded(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for _, header := range []string{
		`{"alg":"` + long + `","enc":"A256GCM"}`,
		`{"alg":"dir","enc":"` + long + `"}`,
		`{"alg":"dir","enc":"A256GCM","zip":"` + long + `"}`,
		`{"alg":"dir","enc":"A256GCM","crit":["` + long + `"]}`,
		`{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","p2s":"AAAAAAAAAAAAAAAAAAAAAA","p2c":1` + strings.Repeat("0", 1000) + `}`,
		`{"alg":"ECDH-ES","enc":"A256GCM","epk":{"kty":"` + long + `"}}`,
		`{"alg":"dir","enc":"A256GCM","kid":"` + long + `"}`,
	} {
		token := parse(t, joined([5][]byte{[]byte(header), nil, make([]byte, 12), nil, make([]byte, 16)}))
		key := newKey(t, make([]byte, 32))
		key.InSet = true
		_, err := token.Decrypt([]jwk.Key{key}, Options{})
		if err == nil || len(err.Error()) > 200 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.60s: %v", header, err)
		}
	}
}
