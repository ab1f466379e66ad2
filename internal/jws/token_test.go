package jws

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/base64url"
	"jwt/internal/jwk/jwktest"
	"jwt/internal/verdict"
)

func TestParse(t *testing.T) {
	tests := []struct{ header, payload, signature string }{
		{`{"typ":"JWT",` + "\r\n" + ` "alg":"HS256"}`, claims, "sig"},
		{`{"alg":"none"}`, claims, ""},
		{`{}`, "", ""},
		{` {"alg":["x"],"alg":1} `, "\x00\xff", "\x00"},
	}
	for _, tt := range tests {
		text := encode(tt.header) + "." + encode(tt.payload) + "." + encode(tt.signature)
		token := parse(t, text)
		got := [3]string{string(token.Header.Bytes()), string(token.Payload), string(token.Signature)}
		if d := cmp.Diff([3]string{tt.header, tt.payload, tt.signature}, got); d != "" {
			t.Errorf("%s:\n%s", text, d)
		}
		if token.Text() != text || strings.Join(segments(token), ".") != text || token.SigningInput()+"."+encode(tt.signature) != text {
			t.Errorf("%s: not kept as sent", text)
		}
	}
}

func segments(t Token) []string { s := t.Segments(); return s[:] }

func TestParseRefuses(t *testing.T) {
	h, p := encode(hs256), encode(claims)
	deep := `{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`
	tests := []struct {
		text  string
		class verdict.Class
		word  string // of the message
	}{
		{"", verdict.Malformed, "empty"},
		{"x", verdict.Malformed, "this has 1"},
		{h + "." + p, verdict.Malformed, "this has 2"},
		{h + "." + p + ".A.A", verdict.Malformed, "this has 4"},
		{h + "." + p + ".A.A.A", verdict.Malformed, `not that of an encrypted token (alg "HS256", no enc)`},
		{encode(`{"alg":"dir","enc":"A128GCM"}`) + "..A.A.A", verdict.EncryptedToken, "encrypted"},
		{"x.A.A.A.A", verdict.EncryptedToken, "encrypted"},
		{h + "." + p + ".A.A.A.A", verdict.Malformed, "this has 6"},
		{"..", verdict.Malformed, "header is not a JSON object"},
		{"." + p + ".AAAA", verdict.Malformed, "header is not a JSON object"},
		{encode("null") + "." + p + ".AAAA", verdict.Malformed, "null"},
		{encode(`{"alg":}`) + "." + p + ".AAAA", verdict.Malformed, "at byte 7"},
		{encode("\xef\xbb\xbf"+hs256) + "." + p + ".AAAA", verdict.Malformed, "header is not a JSON object"},
		{encode(deep) + "." + p + ".AAAA", verdict.LimitExceeded, "deeper than 100"},
		{strings.Repeat("A", 1<<17) + "." + p + ".AAAA", verdict.TooLarge, "larger than 65536"},

		{" " + h + "." + p + ".AAAA", verdict.Malformed, "white space, 0x20 at byte 0"},
		{h + "." + p + ".AA\nAA", verdict.Malformed, "0x0a at byte"},
		{h + "." + p + ".AAAA\r\n", verdict.Malformed, "0x0d at byte"},
		{h + "." + p + ".AAA=", verdict.Malformed, "'=' (padding)"},
		{h + "." + p + ".AA+A", verdict.Malformed, "'+' (standard alphabet)"},
		{h + "." + p + ".AAA\x00", verdict.Malformed, "0x00"},
		{h + "." + p + ".AAAAA", verdict.Malformed, "length"},
		{h + "." + p + ".AB", verdict.Malformed, "spare bits"},
		{h + "." + p + "B.AAAA", verdict.Malformed, "payload"},

		{`{"payload":"e30","signatures":[]}`, verdict.UnsupportedSerialization, "JSON serialization"},
		{`{"protected":"e30.","payload":"e30.","signature":"AA"}`, verdict.UnsupportedSerialization, "JSON serialization"},
		{`{"ciphertext":"AA"}`, verdict.UnsupportedSerialization, "JSON serialization"},
		{claims, verdict.Malformed, "this is JSON"},
		{`{"a.b.c`, verdict.Malformed, "this is JSON"},
	}
	for _, tt := range tests {
		token, err := Parse(tt.text)
		if verdict.ClassOf(err) != tt.class || !strings.Contains(err.Error(), tt.word) {
			t.Errorf("Parse(%.80q): %v (%s), want %s with %q", tt.text, err, verdict.ClassOf(err), tt.class, tt.word)
		}
		if token.Text() != "" || token.Payload != nil {
			t.Errorf("Parse(%.80q) fails and returns a token", tt.text)
		}
	}
	atLimit := `{"a":"` + strings.Repeat("x", MaxHeaderBytes-8) + `"}`
	parse(t, encode(atLimit)+".AAAA.")
	if _, err := Parse(encode(atLimit+" ") + ".AAAA."); verdict.ClassOf(err) != verdict.TooLarge {
		t.Errorf("a header one byte too large: %v", err)
	}
}

func TestParseLax(t *testing.T) {
	k := jwktest.Secret(t, correct)
	good := sign(t, hs256, claims, k, "HS256")
	s := good.Segments()
	tests := []struct {
		text  string
		flaws []Flaw
	}{
		{good.Text(), nil},
		{s[0] + "==." + s[1] + "." + s[2], []Flaw{{"header", []base64url.Fault{base64url.Padding}}}},
		{s[0] + ".\n" + s[1] + ". " + s[2], []Flaw{{"payload", []base64url.Fault{base64url.Space}}, {"signature", []base64url.Fault{base64url.Space}}}},
	}
	for _, tt := range tests {
		token, flaws, err := ParseLax(tt.text)
		if err != nil {
			t.Errorf("ParseLax(%q): %v", tt.text, err)
			continue
		}
		if d := cmp.Diff(tt.flaws, flaws); d != "" {
			t.Errorf("flaws of %q:\n%s", tt.text, d)
		}
		if string(token.Payload) != claims {
			t.Errorf("payload of %q is %q", tt.text, token.Payload)
		}
		_, _, err = token.Verify(keyList(k), nil)
		if (err == nil) != (tt.flaws == nil) {
			t.Errorf("Verify of %q: %v", tt.text, err)
		}
	}
	for _, text := range []string{"", "a.b", "!.e30.", "AAAAA.e30.", "e30.e30.A"} {
		if _, _, err := ParseLax(text); verdict.ClassOf(err) != verdict.Malformed {
			t.Errorf("ParseLax(%q): %v, want malformed", text, err)
		}
	}
}

// A token whose signature is over the misspelled text must not verify.
func TestMisspelledNeverVerifies(t *testing.T) {
	k := jwktest.Secret(t, correct)
	strict := sign(t, hs256+" ", claims, k, "HS256")
	padded := strict.Segments()[0] + "==." + strict.Segments()[1]
	signed := sign(t, hs256, claims, k, "HS256")
	mac := signWith(t, padded, k)
	token, flaws, err := ParseLax(padded + "." + encode(string(mac)))
	if err != nil || len(flaws) != 1 {
		t.Fatalf("ParseLax: %v, %v", flaws, err)
	}
	if _, _, err := token.Verify(keyList(k), nil); verdict.ClassOf(err) != verdict.Malformed {
		t.Errorf("Verify: %v, want malformed", err)
	}
	if _, _, err := signed.Verify(keyList(k), nil); err != nil {
		t.Errorf("the control does not verify: %v", err)
	}
}

func BenchmarkParse(b *testing.B) {
	text := encode(hs256) + "." + encode(claims) + "." + encode(strings.Repeat("s", 32))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}
