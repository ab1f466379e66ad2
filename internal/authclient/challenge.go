package authclient

import (
	"net/http"
	"strings"
)

// A Challenge is the part of a WWW-Authenticate header that a program decides by (RFC 6750
// §3, RFC 9470 §3). It has parameters in lower case.
type Challenge map[string]string

// NeedsOtherToken reports whether a server refuses a call for a reason that a new access
// token of the same session does not remove: it wants another login or scope.
func NeedsOtherToken(h http.Header) bool {
	switch ChallengeOf(h)["error"] {
	case "insufficient_user_authentication", "insufficient_scope", "invalid_request", "invalid_dpop_proof":
		return true
	}
	return false
}

// ChallengeOf returns the parameters of the first challenge that has an error, or nil.
func ChallengeOf(h http.Header) Challenge {
	for _, value := range h.Values("WWW-Authenticate") {
		if c := parseChallenge(value); c["error"] != "" {
			return c
		}
	}
	return nil
}

// parseChallenge reads the parameters of all challenges of a header (RFC 9110 §11.6.1).
func parseChallenge(text string) Challenge {
	c := Challenge{}
	for text != "" {
		name, rest, ok := strings.Cut(text, "=")
		if !ok {
			break
		}
		words := strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' })
		var value string
		value, text = parameterValue(strings.TrimLeft(rest, " \t"))
		if len(words) == 0 {
			continue
		}
		key := strings.ToLower(words[len(words)-1])
		if _, twice := c[key]; !twice {
			c[key] = value
		}
	}
	return c
}

// parameterValue returns a token or the content of a quoted string at the start, and the
// rest.
func parameterValue(text string) (value, rest string) {
	if !strings.HasPrefix(text, `"`) {
		at := strings.IndexAny(text, ", \t")
		if at < 0 {
			return text, ""
		}
		return text[:at], text[at:]
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '"':
			return b.String(), text[i+1:]
		case text[i] == '\\' && i+1 < len(text):
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String(), ""
}

// Wants returns what the challenge asks for, or "": the level of authentication, its age,
// or the scope.
func (c Challenge) Wants() string {
	var wants []string
	for _, name := range []string{"acr_values", "max_age", "scope"} {
		if c[name] != "" {
			wants = append(wants, name+" "+c[name])
		}
	}
	return strings.Join(wants, ", ")
}
