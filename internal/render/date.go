package render

import (
	"time"

	"jwt/internal/iana"
	"jwt/internal/inspect"
	"jwt/internal/jsonobject"
	"jwt/internal/jwt"
	"jwt/internal/reltime"
)

// DateRemark returns the time in the value of a claim, and its distance from now. show
// formats a time as RFC 3339.
func DateRemark(name string, v jsonobject.Value, now time.Time, show func(time.Time) string) Remark {
	date, ok := jwt.ParseNumericDate(v)
	if !ok {
		return Remark{Text: "not a NumericDate", Style: Bad}
	}
	at, ok := date.Time()
	if !ok {
		return Remark{Text: "outside every calendar", Style: Bad}
	}
	text := show(at) + ", " + reltime.Ago(at, now)
	switch {
	case name == "exp" && !now.Before(at):
		return Remark{Text: "expired: " + text, Style: Bad}
	case name == "nbf" && now.Before(at):
		return Remark{Text: "not yet valid: " + text, Style: Bad}
	}
	return Remark{Text: text, Style: Dim}
}

// timeOf returns the value of a member whose name is that of a time.
func timeOf(m inspect.Member) (time.Time, bool) {
	if m.Meaning.Kind != iana.Time {
		return time.Time{}, false
	}
	date, ok := jwt.ParseNumericDate(m.Value)
	if !ok {
		return time.Time{}, false
	}
	return date.Time()
}
