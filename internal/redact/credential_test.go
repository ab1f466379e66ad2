package redact

import (
	"strings"
	"testing"
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
