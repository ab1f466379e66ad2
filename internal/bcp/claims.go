package bcp

import (
	"net/url"
	"slices"
	"strings"

	"jwt/internal/jsonobject"
	"jwt/internal/loopback"
	"jwt/internal/phrase"
)

func (r *inspection) has(name string) bool {
	_, ok := r.Claims.Get(name)
	return ok
}

// lacks reports whether the payload lacks a claim of RFC 7519 that this kind of token
// should have. Access tokens are left to the rule access-token-claims.
func (r *inspection) lacks(name string, exempt bool) bool {
	return r.hasClaims() && !exempt && r.typ != "at+jwt" && !r.has(name)
}

func accessTokenClaims(r *inspection) []hit {
	if !r.hasClaims() || r.typ != "at+jwt" {
		return nil
	}
	var missing []string
	for _, name := range [...]string{"iss", "exp", "aud", "sub", "client_id", "iat", "jti"} {
		if !r.has(name) {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return oneHit(Payload, missing[0], "typ is at+jwt, but the payload has no "+strings.Join(missing, ", "))
}

func audMissing(r *inspection) []hit {
	if !r.lacks("aud", r.purpose.noAud) {
		return nil
	}
	return oneHit(Payload, "aud", "the payload has no aud")
}

func issMissing(r *inspection) []hit {
	if !r.lacks("iss", r.purpose.noIss) {
		return nil
	}
	return oneHit(Payload, "iss", "the payload has no iss")
}

func subMissing(r *inspection) []hit {
	if !r.lacks("sub", r.purpose.noSub) {
		return nil
	}
	return oneHit(Payload, "sub", "the payload has no sub")
}

func jtiMissing(r *inspection) []hit {
	d, _, ok := r.lifetime()
	if !ok || d <= LongLifetime || !r.lacks("jti", false) {
		return nil
	}
	return oneHit(Payload, "jti", "the payload has no jti")
}

// audiences returns the strings in aud.
func audiences(claims jsonobject.Object) []string {
	v, text, ok := get(claims, "aud")
	switch {
	case !ok:
		return nil
	case v.Kind() == '"':
		return []string{text}
	}
	elements, _ := v.Elements()
	var texts []string
	for _, e := range elements {
		if s, ok := e.Text(); ok {
			texts = append(texts, s)
		}
	}
	return texts
}

func audWildcard(r *inspection) []hit {
	for _, aud := range audiences(r.Claims) {
		if strings.Contains(aud, "*") {
			return oneHit(Payload, "aud", "aud has "+phrase.Quote(aud))
		}
	}
	return nil
}

func issHTTP(r *inspection) []hit {
	iss := textOf(r.Claims, "iss")
	u, err := url.Parse(iss)
	if err != nil || u.Scheme != "http" || loopback.Host(u.Hostname()) {
		return nil
	}
	return oneHit(Payload, "iss", "iss is "+phrase.Quote(iss))
}

// claimTypes lists the types of claims: s string, a string or array of strings, n number,
// b boolean, o object. exp-not-a-number checks exp.
var claimTypes = [...]struct {
	name string
	want byte
}{
	{"iss", 's'},
	{"sub", 's'},
	{"aud", 'a'},
	{"nbf", 'n'},
	{"iat", 'n'},
	{"jti", 's'},
	{"auth_time", 'n'},
	{"updated_at", 'n'},
	{"azp", 's'},
	{"client_id", 's'},
	{"scope", 's'},
	{"nonce", 's'},
	{"email_verified", 'b'},
	{"phone_number_verified", 'b'},
	{"cnf", 'o'},
	{"act", 'o'},
	{"may_act", 'o'},
	{"events", 'o'},
}

func claimType(r *inspection) []hit {
	var hits []hit
	for _, t := range claimTypes {
		v, ok := r.Claims.Get(t.name)
		if !ok || hasType(v, t.want) {
			continue
		}
		detail := t.name + " is " + v.Noun() + ", must be " + typeName(t.want)
		if t.want == 'a' && v.Kind() == '[' {
			detail = t.name + " has an element that is not a string"
		}
		hits = append(hits, hit{Payload, t.name, detail})
	}
	return hits
}

func hasType(v jsonobject.Value, want byte) bool {
	switch kind := v.Kind(); want {
	case 's':
		return kind == '"'
	case 'n':
		return kind == '0'
	case 'b':
		return kind == 't' || kind == 'f'
	case 'o':
		return kind == '{'
	default:
		_, texts := v.Texts()
		return kind == '"' || texts
	}
}

func typeName(want byte) string {
	switch want {
	case 's':
		return "a string"
	case 'n':
		return "a number"
	case 'b':
		return "a boolean"
	case 'o':
		return "an object"
	default:
		return "a string or an array of strings"
	}
}

func claimEmpty(r *inspection) []hit {
	var hits []hit
	for _, name := range [...]string{"iss", "sub", "aud", "jti"} {
		v, text, ok := get(r.Claims, name)
		elements, isArray := v.Elements()
		if ok && (v.Kind() == '"' && strings.TrimSpace(text) == "" || isArray && len(elements) == 0) {
			hits = append(hits, hit{Payload, name, name + " is " + string(v)})
		}
	}
	if v, kid, ok := get(r.Header, "kid"); ok && v.Kind() == '"' && kid == "" {
		hits = append(hits, hit{Header, "kid", `kid is ""`})
	}
	return hits
}

// selectiveValidity finds disclosures of claims that limit where and when a token is valid.
func selectiveValidity(r *inspection) []hit {
	if r.Disclosures == nil {
		return nil
	}
	var hits []hit
	for _, d := range r.Disclosures.Disclosures {
		if !d.Element && slices.Contains([]string{"exp", "nbf", "iat", "iss", "aud", "cnf"}, d.Name) {
			hits = append(hits, hit{Payload, d.Name, d.Name + " is in a disclosure"})
		}
	}
	return hits
}
