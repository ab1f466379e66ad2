package redact

import (
	"strings"
	"testing"
)

func TestSecretsAreHidden(t *testing.T) {
	const token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"
	tests := []struct{ secret, text, want string }{
		{"correct horse", "the password correct horse is wrong", "the password *** is wrong"},
		{"correct horse", "password=correct+horse&a=b", "password=***&a=b"},
		{"correct horse", "/login/correct%20horse/x", "/login/***/x"},
		{`it's <"a&b">`, "<p>it&#39;s &lt;&#34;a&amp;b&#34;&gt; and it&#x27;s &lt;&quot;a&amp;b&quot;&gt; and it's &lt;\"a&amp;b\"&gt;</p>", "<p>*** and *** and ***</p>"},
		{"a\"b\\c\n<d>", `{"password":"a\"b\\c\n\u003cd\u003e"}`, `{"password":"***"}`},
		{"correct horse", "correct horsecorrect horse", "******"},
		{token, "Bearer " + token + " is revoked", "Bearer *** is revoked"},
		{token, "the signature c2lnbmF0dXJl is wrong", "the signature *** is wrong"},
		{"abc", "abc is wrong, abcd is not: abc", "*** is wrong, abcd is not: ***"},
		{"a", "invalid a", "invalid ***"},
		{"ä", "bär: ä", "bär: ***"},
		{"", "nothing", "nothing"},
		{"v1.0", "401 v1.0, 1.0, 0", "401 ***, 1.0, 0"},
	}
	for _, tt := range tests {
		var s Secrets
		s.Add(tt.secret)
		if got := s.Hide(tt.text); got != tt.want {
			t.Errorf("%q in %q: %q, want %q", tt.secret, tt.text, got, tt.want)
		}
	}
	var s Secrets
	s.Add("horse", "correct horse") // one contains the other
	if got := s.Hide("correct horse, horse"); got != "***, ***" {
		t.Errorf("%q", got)
	}
	if got := Secrets(nil).Hide("a"); got != "a" {
		t.Errorf("%q", got)
	}
}

func FuzzHide(f *testing.F) {
	f.Add("correct horse", "the password correct horse is wrong")
	f.Add("a", "a*a")
	f.Add("*", "***")
	f.Add("ab.c.d", "d")
	f.Fuzz(func(t *testing.T, secret, text string) {
		var s Secrets
		s.Add(secret)
		hidden := s.Hide(text)
		if strings.Contains(secret, "*") || len(secret) < 4 {
			return // the stars may be part of it, or it is replaced only as a word
		}
		if strings.Contains(hidden, secret) {
			t.Fatalf("%q shows %q", hidden, secret)
		}
		if !strings.Contains(text, secret) && len(s) == 1 && hidden != text {
			t.Fatalf("%q became %q, without %q in it", text, hidden, secret)
		}
	})
}
