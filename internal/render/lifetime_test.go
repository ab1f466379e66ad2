package render

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/base64url"
	"jwt/internal/inspect"
	"jwt/internal/token"
)

var noon = time.Unix(1769860800, 0).UTC() // 2026-01-31T12:00:00Z

// inspectionOf inspects a token with those claims for a terminal.
func inspectionOf(t *testing.T, claims string, now time.Time, width int) Inspection {
	t.Helper()
	text := base64url.Encode([]byte(`{"alg":"HS256"}`)) + "." + base64url.Encode([]byte(claims)) + ".AAAA"
	k, err := token.OpenLax(text)
	if err != nil {
		t.Fatal(err)
	}
	return Inspection{Token: inspect.Of(k, now), Now: now, Show: func(t time.Time) string { return t.UTC().Format(time.RFC3339) }, Width: width}
}

func TestLifetime(t *testing.T) {
	for _, c := range []struct {
		name, claims string
		want         []string
	}{
		{"current", `{"iat":1769859000,"exp":1769862600}`, []string{
			"  issued ├━━━━━━━━━━━━━━━━━●────────────────┤ expires",
			"  2026-01-31T11:30:00Z           2026-01-31T12:30:00Z",
			"  issued 30 min ago, expires in 30 min; it lives 1 h",
		}},
		{"just issued", `{"iat":1769860800,"exp":1769864400}`, []string{
			"  issued ├●─────────────────────────────────┤ expires",
			"  2026-01-31T12:00:00Z           2026-01-31T13:00:00Z",
			"  issued now, expires in 1 h; it lives 1 h",
		}},
		{"expired", `{"iat":1769850000,"exp":1769853600}`, []string{
			"  issued ├━━━━━━━━━━━━━━━━━━━━━━━━━┤ expired ┄┄┄● now",
			"  2026-01-31T09:00:00Z           2026-01-31T10:00:00Z",
			"  expired 2 h ago, after a life of 1 h",
		}},
		{"expired this very second", `{"iat":1769857200,"exp":1769860800}`, []string{
			"  issued ├━━━━━━━━━━━━━━━━━━━━━━━━━┤ expired ┄┄┄● now",
			"  2026-01-31T11:00:00Z           2026-01-31T12:00:00Z",
			"  expired now, after a life of 1 h",
		}},
		{"valid later", `{"iat":1769860800,"nbf":1769862600,"exp":1769864400}`, []string{
			"  issued ├●─────────────────┼───────────────┤ expires",
			"  2026-01-31T12:00:00Z           2026-01-31T13:00:00Z",
			"  not valid before 2026-01-31T12:30:00Z, in 30 min",
		}},
		{"no iat, valid later", `{"nbf":1769862600,"exp":1769864400}`, []string{
			"  now ●┄┄┄ not before ├─────────────────────┤ expires",
			"  2026-01-31T12:30:00Z           2026-01-31T13:00:00Z",
			"  not valid before 2026-01-31T12:30:00Z, in 30 min",
		}},
		{"issued in the future", `{"iat":1769862600,"exp":1769864400}`, []string{
			"  now ●┄┄┄ issued ├─────────────────────────┤ expires",
			"  2026-01-31T12:30:00Z           2026-01-31T13:00:00Z",
			"  expires in 1 h, after a life of 30 min that has not begun",
		}},
		{"only exp", `{"exp":1769864400}`, []string{
			"  now ●─────────────────────────────────────┤ expires",
			"                                 2026-01-31T13:00:00Z",
			"  expires in 1 h; it does not say when it was issued",
		}},
		{"only exp, expired", `{"exp":1769853600}`, []string{
			"  ┄┄┄━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┤ expired ┄┄┄● now",
			"                                 2026-01-31T10:00:00Z",
			"  expired 2 h ago",
		}},
		{"no end", `{"iat":1769853600}`, []string{
			"  issued ├━━━━━━━━━━━━━━━━━━━━━━━━━━━━● now┄┄┄ no end",
			"  2026-01-31T10:00:00Z",
			"  issued 2 h ago; it never expires: there is no exp",
		}},
		{"no readable end", `{"iat":1769853600,"exp":"1769864400"}`, []string{
			"  issued ├━━━━━━━━━━━━━━━━━━━━━━━━━━━━● now┄┄┄ no end",
			"  2026-01-31T10:00:00Z",
			"  issued 2 h ago; no end that can be read: exp is not a number",
		}},
		{"an end beyond all calendars", `{"iat":1769853600,"exp":1769864400000}`, []string{
			"  issued ├━━━━━━━━━━━━━━━━━━━━━━━━━━━━● now┄┄┄ no end",
			"  2026-01-31T10:00:00Z",
			"  it never expires in effect: exp is beyond every calendar",
		}},
		{"an end before all calendars", `{"exp":-1e99}`, []string{
			"  expired before any calendar begins",
		}},
		{"expires before it is issued", `{"iat":1769864400,"exp":1769862600}`, []string{
			"  expires in 30 min, before it is issued",
		}},
		{"in milliseconds all over", `{"iat":1769853600000,"nbf":1769853600000,"exp":1769864400000}`, []string{
			"  not valid before a time that no calendar has",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var text Text
			inspectionOf(t, c.claims, noon, 54).lifetime(&text)
			if diff := cmp.Diff(c.want, strings.Split(strings.TrimSuffix(string(text.Bytes()), "\n"), "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCountdown(t *testing.T) {
	for _, c := range []struct{ claims, want string }{
		{`{"exp":1769860801}`, "  expires in 00:01; signature not verified"},
		{`{"exp":1769860800.5}`, "  expires in 00:01; signature not verified"},
		{`{"exp":1769864399}`, "  expires in 59:59; signature not verified"},
		{`{"exp":1769864400}`, "  expires in 01:00:00; signature not verified"},
		{`{"exp":1770217506}`, "  expires in 4 d 03:05:06; signature not verified"},
		{`{"nbf":1769860860,"exp":1769864400}`, "  valid in 01:00, expires in 01:00:00; signature not verified"},
		{`{"exp":1769860800}`, "  expired"},
	} {
		var text Text
		inspectionOf(t, c.claims, noon, 54).Countdown(&text)
		lines := strings.Split(strings.TrimSuffix(string(text.Bytes()), "\n"), "\n")
		if got := lines[len(lines)-1]; got != c.want {
			t.Errorf("%s: %q, want %q", c.claims, got, c.want)
		}
	}
}
