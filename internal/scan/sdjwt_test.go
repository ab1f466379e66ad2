package scan

import (
	"fmt"
	"strings"
	"testing"
)

// An SD-JWT and an SD-JWT+KB (RFC 9901 §4).
var (
	disclosing = token + "~" + encode(`["2GLC42sKQveCfGfryNRN9w","given_name","John"]`) + "~" + encode(`["eluV5Og3gSNII8EYnsxA_A","DE"]`) + "~"
	presented  = disclosing + second
)

// TestDisclosures: the SD-JWT in a carrier is found with all its disclosures.
func TestDisclosures(t *testing.T) {
	carriers := []string{
		"%s", "%s\r\n", `"%s"`, "'%s'", "Bearer %s", "Authorization: DPoP %s\r\n", "-H 'Authorization: Bearer %s'",
		"curl -H 'Authorization: Bearer %s' https://x.example/", "session=%s", "Cookie: a=b; session=%s; c=d", "export VC=%s", `VC="%s"`,
		`{"credential":"%s"}`, `{"access_token":"%s","x":1}`, `["%s"]`, "https://x.example/#vp_token=%s", "https://x.example/?token=%s&a=b",
		"a=b&vp_token=%s", "token: %s", "HTTP/1.1 200 OK\r\ncontent-type: application/dc+sd-jwt\r\n\r\n%s", "verifier --token %s --verbose",
	}
	for _, want := range []string{token + "~", disclosing, presented} {
		for _, carrier := range carriers {
			text := fmt.Appendf(nil, carrier, want)
			for _, o := range []Options{{}, {Join: true}} {
				found, err := One(text, o)
				if err != nil || found.Token != want || found.Wrapped {
					t.Errorf("%s: %v, %q", carrier, err, found.Token)
				} else if got := string(text[found.Offset:][:len(want)]); got != want {
					t.Errorf("%s: %q is at byte %d", carrier, got, found.Offset)
				}
			}
		}
	}
}

// TestDisclosuresRefused: no text gives a token without the part after its tilde.
func TestDisclosuresRefused(t *testing.T) {
	cut := disclosing[:len(disclosing)-1]
	for text, says := range map[string]string{
		cut:                                        "an SD-JWT ends with a ~ or a Key Binding JWT",
		"Bearer " + cut:                            "an SD-JWT ends with a ~ or a Key Binding JWT",
		"Authorization: Bearer " + cut:             "an SD-JWT ends with a ~ or a Key Binding JWT",
		`{"access_token":"` + cut + `"}`:           "",
		token + "~a.b":                             "an SD-JWT ends with a ~ or a Key Binding JWT",
		token + "~a.b.c.d.e":                       "an SD-JWT ends with a ~ or a Key Binding JWT",
		sealed + "~":                               "this has 5",
		"~" + disclosing:                           "",
		"x~" + token:                               "",
		token + "~ " + encode(`["s",1]`) + "~":     "",
		token + " ~" + encode(`["s",1]`) + "~":     "",
		"--token " + token + " ~WyJzIiwxXQ~":       "",
		token + "\n~" + encode(`["s",1]`) + "~":    "wrapped over 2 lines",
		token + "~\n" + encode(`["s",1]`) + "~":    "wrapped over 2 lines",
		"VC=" + token + "\n~WyJzIiwxXQ~":           "",
		"VC=" + token + "~\nWyJzIiwxXQ~":           "",
		token + "~+~":                              "(0x2b '+')",
		token + "~" + encode(`["s",1]`) + "=~":     "(0x3d '=')",
		"Cookie: a=" + token + "; ~WyJzIiwxXQ~":    "",
		"https://x.example/?t=" + token + "&~WyI~": "",
		disclosing + " " + presented:               "",
	} {
		found, err := One([]byte(text), Options{})
		if err == nil {
			t.Errorf("%s: got %q from %q", text, found.Token, found.Where)
		} else if !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %q does not say %q", text, err, says)
		}
	}
}

// TestDisclosuresWrapped: SD-JWTs as RFCs print them are joined.
func TestDisclosuresWrapped(t *testing.T) {
	for _, complete := range []string{disclosing, presented} {
		for _, wrapped := range []string{
			strings.ReplaceAll(complete, "~", "\n~"),
			strings.TrimSpace(strings.ReplaceAll(complete, "~", "~\n")),
			complete[:60] + "\r\n  " + complete[60:],
		} {
			found, err := One([]byte(wrapped), Options{Join: true})
			switch {
			case wrapped == strings.ReplaceAll(presented, "~", "~\n"): // its last line is a token by itself
				if err == nil {
					t.Errorf("%q: got %q", wrapped, found.Token)
				}
			case err != nil || found.Token != complete || !found.Wrapped:
				t.Errorf("%q: %v, %q", wrapped, err, found.Token)
			}
			if _, err := One([]byte(wrapped), Options{}); err == nil {
				t.Errorf("%q: joined without Join", wrapped)
			}
		}
	}
}
