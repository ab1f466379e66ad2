package redact

import (
	"regexp"
	"strings"
	"testing"

	"jwt/internal/jsonobject"
)

func TestCredential(t *testing.T) {
	const header, payload = "eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJhbGljZSJ9"
	tests := []struct{ credential, want string }{
		{header + "." + payload + ".c2lnbmF0dXJl", header + "." + payload + ".sha256:"},
		{header + ".a2V5.aXY.dGV4dA.dGFn", header + ".sha256:"},
		{"opaque", "sha256:"},
		{"a.b.c", "sha256:"},
		{header + "." + payload + ".", "sha256:"}, // unsecured: anybody can make all of it
		{"", "sha256:"},
	}
	for _, tt := range tests {
		got := Credential(tt.credential)
		if rest, ok := strings.CutPrefix(got, tt.want); !ok || len(rest) != 12 {
			t.Errorf("Credential(%q) = %q, want %q and a fingerprint", tt.credential, got, tt.want)
		}
		if got != Credential(tt.credential) || tt.credential != "" && strings.HasSuffix(got, lastPart(tt.credential)) && lastPart(tt.credential) != "" {
			t.Errorf("Credential(%q) = %q", tt.credential, got)
		}
	}
	if Credential("a") == Credential("b") {
		t.Error("two credentials look the same")
	}
}

func lastPart(s string) string { return s[strings.LastIndexByte(s, '.')+1:] }

func TestTokens(t *testing.T) {
	t.Parallel()
	const payload, signature = "eyJzdWIiOiJhbGljZSJ9", "c2lnbmF0dXJl"
	for _, tt := range []struct{ name, text, want string }{
		{"no token", "see a.b.c and key.web.they", "see a.b.c and key.web.they"},
		{"usual", "Bearer eyJhbGciOiJIUzI1NiJ9." + payload + "." + signature + ", ok", "Bearer eyJhbGciOiJIUzI1NiJ9." + payload + ".sha256:, ok"},
		{"a space in the header", "t=eyAiYWxnIjoiSFMyNTYifQ." + payload + "." + signature, "t=eyAiYWxnIjoiSFMyNTYifQ." + payload + ".sha256:"},
		{"a line end in the header", "ewoiYWxnIjoiSFMyNTYifQ." + payload + "." + signature, "ewoiYWxnIjoiSFMyNTYifQ." + payload + ".sha256:"},
		{"a space before the header", "IHsiYWxnIjoiSFMyNTYifQ." + payload + "." + signature, "IHsiYWxnIjoiSFMyNTYifQ." + payload + ".sha256:"},
		{"padding", "eyJhbGciOiJIUzI1NiJ9==." + payload + "==." + signature + "==", "sha256:"},
		{"many candidates", strings.Repeat("ey", 40) + ".a." + signature, strings.Repeat("ey", 16) + "sha256:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Tokens(tt.text)
			if shown := fingerprints.ReplaceAllString(got, "sha256:"); shown != tt.want {
				t.Errorf("Tokens(%q) = %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

var fingerprints = regexp.MustCompile("sha256:[0-9a-f]{12}")

// FuzzValue requires that the result is JSON, and has no token more.
func FuzzValue(f *testing.F) {
	f.Add([]byte(`{"a":"\u000eyJx.b.c"}`))
	f.Add([]byte(`["eyJhbGciOiJIUzI1NiJ9\u002eeyJzdWIiOiJhbGljZSJ9\u002ec2ln",{"eyJx.b.c":1e400}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := jsonobject.ParseValue(text)
		if err != nil {
			return
		}
		safe, err := jsonobject.ParseValue(Value(v))
		if err != nil {
			t.Fatalf("Value(%q): %v", text, err)
		}
		if text, isText := safe.Text(); isText && Tokens(text) != text {
			t.Errorf("a token is left: %q", text)
		}
	})
}
