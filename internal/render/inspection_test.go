package render

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"jwt/internal/base64url"
	"jwt/internal/inspect"
	"jwt/internal/token"
)

func TestManyMembersAreCutShort(t *testing.T) {
	var claims strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&claims, `"c%d":%d,`, i, i)
	}
	a := inspectionOf(t, "{"+claims.String()+`"last":1}`, noon, 80)
	var text Text
	a.Text(&text)
	shown := string(text.Bytes())
	if want := fmt.Sprintf("… and %d more", 4001-memberRows); !strings.Contains(shown, want) {
		t.Errorf("%q is not there", want)
	}
	if n := strings.Count(shown, "\n"); n > 2*memberRows+100 {
		t.Errorf("%d lines", n)
	}
	if n := strings.Count(string(a.JSON().JSON(false)), `{"part":`); n != 1+4001 {
		t.Errorf("JSON has %d members", n)
	}
	a.Full = true
	var full Text
	a.Text(&full)
	if !strings.Contains(string(full.Bytes()), "  last  ") || strings.Contains(string(full.Bytes()), " more") {
		t.Error("--full does not show all")
	}
}

func TestOneHugeValueIsCutShort(t *testing.T) {
	a := inspectionOf(t, `{"a":"`+strings.Repeat("x", 1<<20)+`"}`, noon, 80)
	var text Text
	a.Text(&text)
	if n := len(text.Bytes()); n > 10_000 {
		t.Errorf("%d bytes", n)
	}
	if payload := a.JSON().JSON(false); len(payload) < 2<<20 {
		t.Errorf("JSON has %d bytes: it is shortened", len(payload))
	}
}

// The header and the payload are in the JSON exactly as in the token.
func TestInspectionJSONIsExact(t *testing.T) {
	const claims = `{"z":1e0,"a":12345678901234567890,"exp":1769860800,"z":"\u0041"}`
	got := string(inspectionOf(t, claims, noon, 80).JSON().JSON(false))
	for _, want := range []string{`"header":{"alg":"HS256"},`, `"payload":` + claims + `,`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
}

// For any token, the text does not act on the terminal and keeps its columns, and the JSON is
// valid.
func FuzzInspection(f *testing.F) {
	f.Add(`{"alg":"HS256"}`, `{"iat":1769859000,"exp":1769862600,"sub":"alice"}`, 80)
	f.Add(`{"alg":"\u001b[2J","x5c":["AAAA"],"\u202ekid":"\u200b"}`, "\x1b[31m", 120)
	f.Add(`{"typ":"JWT","jwk":{"kty":"oct"}}`, `{"":{"a":[{"b":"c"}]},"`+strings.Repeat("n", 200)+`":1}`, 80)
	f.Add(`{"alg":"none","crit":["`+strings.Repeat("x", 100)+`"]}`, `{"exp":"x","aud":"*","exp":1e99}`, 100)
	f.Fuzz(func(t *testing.T, header, payload string, width int) {
		if width < 60 || width > 300 {
			return
		}
		text := base64url.Encode([]byte(header)) + "." + base64url.Encode([]byte(payload)) + "."
		k, err := token.OpenLax(text)
		if err != nil {
			return
		}
		a := Inspection{Token: inspect.Of(k, noon), Now: noon, Show: func(t time.Time) string { return t.Format(time.RFC3339) }, Width: width}
		out := NewText(false)
		a.Text(out)
		for line := range strings.Lines(string(out.Bytes())) {
			line = strings.TrimSuffix(line, "\n")
			if strings.ContainsFunc(line, acts) || !utf8.ValidString(line) {
				t.Fatalf("the line acts on the terminal: %q", line)
			}
			if Columns(line) > width {
				t.Fatalf("%d columns of %d: %q", Columns(line), width, line)
			}
		}
		if b := a.JSON().JSON(false); !json.Valid(b) {
			t.Fatalf("not JSON: %s", b)
		}
	})
}

// A wide terminal has the meaning beside the value, a narrow one below it.
func TestMeaningStandsBesideTheValue(t *testing.T) {
	for width, want := range map[int]string{
		wideTerminal:     "  sub  \"alice\"" + strings.Repeat(" ", 46) + "Subject: whom the token is about · RFC 7519 §4.1.2\n",
		wideTerminal - 1: "  sub  \"alice\"\n       Subject: whom the token is about · RFC 7519 §4.1.2\n",
	} {
		out := NewText(false)
		inspectionOf(t, `{"sub":"alice"}`, noon, width).Text(out)
		if shown := string(out.Bytes()); !strings.Contains(shown, want) {
			t.Errorf("%d columns: %q is not in\n%s", width, want, shown)
		}
	}
}
