package bcp

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"jwt/internal/iana"
	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
)

func critMalformed(r *inspection) []hit {
	v, ok := r.Header.Get("crit")
	if !ok {
		return nil
	}
	names, ok := v.Texts()
	if !ok || len(names) == 0 {
		return oneHit(Header, "crit", "it must be an array of names and not empty")
	}
	for i, name := range names {
		switch {
		case slices.Contains(names[:i], name):
			return oneHit(Header, "crit", "it lists "+phrase.Quote(name)+" twice")
		case isBaseHeader(name):
			return oneHit(Header, "crit", "it lists "+phrase.Quote(name)+", which every verifier must understand")
		}
		if _, ok := r.Header.Get(name); !ok {
			return oneHit(Header, "crit", "it lists "+phrase.Quote(name)+", which is not in the header")
		}
	}
	return nil
}

// isBaseHeader reports whether JWS, JWE or JWA define the parameter. crit must not list
// it then (RFC 7515 §4.1.11).
func isBaseHeader(name string) bool {
	n, ok := iana.Header(name)
	return ok && (strings.HasPrefix(n.Spec, "RFC 7515") || strings.HasPrefix(n.Spec, "RFC 7516") || strings.HasPrefix(n.Spec, "RFC 7518"))
}

func critUnknown(r *inspection) []hit {
	v, _ := r.Header.Get("crit")
	names, _ := v.Texts()
	var unknown []string
	for _, name := range names {
		if name != "b64" && !isBaseHeader(name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	return oneHit(Header, "crit", "it requires "+phrase.List(unknown))
}

func b64False(r *inspection) []hit {
	if v, ok := r.Header.Get("b64"); !ok || v.Kind() == 't' {
		return nil
	}
	return oneHit(Header, "b64", "verifiers that know it check other bytes than those that do not")
}

// headerTexts lists the parameters that must be strings (RFC 7515 §4.1). The rule
// alg-missing checks alg.
var headerTexts = [...]string{"typ", "cty", "kid", "jku", "x5u", "x5t", "x5t#S256"}

func headerType(r *inspection) []hit {
	var hits []hit
	for _, name := range headerTexts {
		if v, ok := r.Header.Get(name); ok && v.Kind() != '"' {
			hits = append(hits, hit{Header, name, name + " is " + v.Noun() + ", must be a string"})
		}
	}
	if v, ok := r.Header.Get("jwk"); ok && v.Kind() != '{' {
		hits = append(hits, hit{Header, "jwk", "jwk is " + v.Noun() + ", must be an object"})
	}
	return hits
}

func headerJWK(r *inspection) []hit {
	v, ok := r.Header.Get("jwk")
	if !ok || r.purpose.embedsKey {
		return nil
	}
	key, _ := v.Object()
	kty := textOf(key, "kty")
	if kty == "" {
		return oneHit(Header, "jwk", "a verifier that uses it accepts an attacker's signature")
	}
	return oneHit(Header, "jwk", "a verifier that uses this "+phrase.Quote(kty)+" key accepts an attacker's signature")
}

func headerJKU(r *inspection) []hit { return r.keyURL("jku") }

func headerX5U(r *inspection) []hit { return r.keyURL("x5u") }

func (r *inspection) keyURL(name string) []hit {
	v, text, ok := get(r.Header, name)
	if !ok || v.Kind() != '"' || r.purpose.embedsKey {
		return nil
	}
	return oneHit(Header, name, "a verifier that fetches "+phrase.Quote(text)+" lets the token choose its own key")
}

func headerX5C(r *inspection) []hit {
	if _, ok := r.Header.Get("x5c"); !ok || r.purpose.embedsKey {
		return nil
	}
	return oneHit(Header, "x5c", phrase.Count(len(r.Certificates), "certificate")+": the chain is not verified")
}

func headerURLInsecure(r *inspection) []hit {
	var hits []hit
	for _, name := range [...]string{"jku", "x5u"} {
		v, text, ok := get(r.Header, name)
		if !ok || v.Kind() != '"' {
			continue
		}
		if why := insecureURL(text); why != "" {
			hits = append(hits, hit{Header, name, name + " " + phrase.Quote(text) + " " + why})
		}
	}
	return hits
}

// maxKidRunes is longer than key IDs in use: thumbprints, UUIDs, ARNs, DID URLs.
const maxKidRunes = 256

func kidSuspicious(r *inspection) []hit {
	_, kid, ok := get(r.Header, "kid")
	if !ok {
		return nil
	}
	if why := suspicion(kid); why != "" {
		return oneHit(Header, "kid", "kid "+phrase.Quote(kid)+" "+why)
	}
	return nil
}

// suspicion names the attack that a kid looks like, or returns "". Base64 text, URNs, ARNs
// and DIDs are not suspicious.
func suspicion(kid string) string {
	lower := strings.ToLower(kid)
	switch {
	case len(kid) > maxKidRunes*4, len([]rune(kid)) > maxKidRunes:
		return "is " + strconv.Itoa(len(kid)) + " bytes long"
	case strings.Contains(kid, "../"), strings.Contains(kid, `..\`), kid == "..", strings.HasSuffix(kid, "/.."),
		strings.Contains(lower, "%2e%2e"), strings.Contains(lower, "%2f"):
		return "leaves its directory"
	case isSystemPath(lower):
		return "is the path of a system file"
	case strings.ContainsAny(kid, "\x00\r\n"):
		return "contains a line break or NUL"
	case strings.ContainsAny(kid, `'";`), strings.Contains(kid, "/*"), strings.Contains(lower, "union select"):
		return "looks like SQL injection"
	case strings.ContainsAny(kid, "`|<>"), strings.Contains(kid, "$("), strings.Contains(kid, "${"), strings.Contains(kid, "&&"):
		return "looks like command injection"
	case strings.Contains(kid, ")("), strings.Contains(kid, "*)"):
		return "looks like LDAP injection"
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "file:"), strings.HasPrefix(lower, "ftp://"), strings.HasPrefix(lower, "gopher:"), strings.HasPrefix(lower, "data:"),
		strings.HasPrefix(lower, "https://") && insecureURL(kid) != "": // key vaults use https URLs as key IDs
		return "is a URL that software may fetch"
	}
	return ""
}

func isSystemPath(kid string) bool {
	for _, start := range [...]string{"/etc/", "/dev/", "/proc/", "/sys/", "/tmp/", "/var/", "/usr/", "/home/", "/root/", "/opt/", `c:\`, "c:/", `\\`} {
		if strings.HasPrefix(kid, start) {
			return true
		}
	}
	return false
}

func typMissing(r *inspection) []hit {
	if _, ok := r.Header.Get("typ"); ok {
		return nil
	}
	return oneHit(Header, "typ", "the header has no typ")
}

func typGeneric(r *inspection) []hit {
	if r.typ != "jwt" && r.typ != "jose" {
		return nil
	}
	return oneHit(Header, "typ", "typ is "+phrase.Quote(textOf(r.Header, "typ")))
}

func headerClaimMismatch(r *inspection) []hit {
	if !r.hasClaims() {
		return nil
	}
	var hits []hit
	for _, name := range [...]string{"iss", "sub", "aud"} {
		inHeader, ok := r.Header.Get(name)
		if !ok {
			continue
		}
		if inPayload, ok := r.Claims.Get(name); ok && !sameValue(inHeader, inPayload) {
			hits = append(hits, hit{Header, name, name + " is " + phrase.Quote(string(inHeader)) + " in the header, " + phrase.Quote(string(inPayload)) + " in the payload"})
		}
	}
	return hits
}

func sameValue(a, b jsonobject.Value) bool {
	s, isText := a.Text()
	t, isToo := b.Text()
	return bytes.Equal(a, b) || isText && isToo && s == t
}
