package cookie

import (
	"net/http"
	"testing"
	"time"
)

func TestCookieDates(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, tt := range []struct {
		text string
		want time.Time // zero: not a date
	}{
		{"Thu, 01 Jan 1970 00:00:01 GMT", at("1970-01-01T00:00:01Z")},
		{"Thu, 01-Jan-70 00:00:01 GMT", at("1970-01-01T00:00:01Z")},
		{"Thursday, 01-Jan-70 00:00:01 GMT", at("1970-01-01T00:00:01Z")},
		{"Thu, 1 Jan 1970 00:00:00 GMT", at("1970-01-01T00:00:00Z")},
		{"Thu, 1-Jan-1970 0:0:0 GMT", at("1970-01-01T00:00:00Z")},
		{"Thu Jan  1 00:00:00 1970", at("1970-01-01T00:00:00Z")},
		{"Fri, 31 Dec 99 23:59:59 GMT", at("1999-12-31T23:59:59Z")},
		{"Wed, 01 Jan 69 00:00:00 GMT", at("2069-01-01T00:00:00Z")},
		{"Sat, 28 Nov 2026 12:00:00 UTC", at("2026-11-28T12:00:00Z")},
		{"28 NOVEMBER 2026 12:00:00", at("2026-11-28T12:00:00Z")},
		{"12:00:00 28 nov 2026", at("2026-11-28T12:00:00Z")},
		{"Sat, 28 Nov 2026 12:00:00 GMT+0100", at("2026-11-28T12:00:00Z")}, // browsers ignore the zone
		{"0", time.Time{}},
		{"", time.Time{}},
		{"-1", time.Time{}},
		{"Session", time.Time{}},
		{"Thu, 01 Jan 1600 00:00:00 GMT", time.Time{}},
		{"Thu, 31 Feb 2026 00:00:00 GMT", time.Time{}},
		{"Thu, 00 Jan 2026 00:00:00 GMT", time.Time{}},
		{"Thu, 01 Jan 2026 24:00:00 GMT", time.Time{}},
		{"Thu, 01 Jan 2026 00:60:00 GMT", time.Time{}},
		{"Thu, 01 Jan 2026", time.Time{}},
		{"Thu, 01 Xyz 2026 00:00:00 GMT", time.Time{}},
		{"2026-11-28T12:00:00Z", time.Time{}},
	} {
		got, ok := parseDate(tt.text)
		if ok == tt.want.IsZero() || ok && !got.Equal(tt.want) {
			t.Errorf("%q: %v %v, want %v", tt.text, got, ok, tt.want)
		}
		if tt.want.IsZero() {
			continue
		}
		set := ReadSet(http.Header{"Set-Cookie": {"a=b; Expires=" + tt.text}})
		if got := Expiry(set[0], time.Now()); !got.Equal(tt.want) {
			t.Errorf("a cookie with Expires=%s expires %v", tt.text, got)
		}
	}
}

func FuzzCookieDate(f *testing.F) {
	f.Add("Thu, 01-Jan-70 00:00:01 GMT")
	f.Fuzz(func(t *testing.T, text string) {
		if d, ok := parseDate(text); ok && (d.Year() < 1601 || d.Year() > 9999) {
			t.Errorf("%q is %v", text, d)
		}
	})
}
