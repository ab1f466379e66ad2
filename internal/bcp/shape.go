package bcp

import (
	"strconv"
	"strings"

	"jwt/internal/iana"
	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
)

func duplicateMember(r *inspection) []hit {
	hits := duplicates(Header, r.Header)
	if r.hasClaims() {
		hits = append(hits, duplicates(Payload, r.Claims)...)
	}
	return hits
}

func duplicates(part string, o jsonobject.Object) []hit {
	pointers := o.Duplicates()
	if len(pointers) == 0 {
		return nil
	}
	names := make([]string, len(pointers))
	for i, p := range pointers {
		names[i] = memberOf(p)
	}
	return oneHit(part, names[0], phrase.List(names))
}

func caseVariant(r *inspection) []hit {
	hits := variants(Header, r.Header, guardedHeader)
	if r.hasClaims() {
		hits = append(hits, variants(Payload, r.Claims, guardedClaim)...)
	}
	return hits
}

func variants(part string, o jsonobject.Object, guarded func(string) bool) []hit {
	var hits []hit
	for _, m := range o.Members() {
		name := skeleton(m.Name)
		if name == m.Name || !guarded(name) {
			continue
		}
		detail := phrase.Quote(m.Name) + " is not " + phrase.Quote(name)
		if _, ok := o.Get(name); ok {
			detail += ", which is present too"
		}
		hits = append(hits, hit{part, m.Name, detail})
		if len(hits) == rememberedPlaces {
			break
		}
	}
	return hits
}

// guardedHeader and guardedClaim report whether verifiers decide by the value under this
// name.
func guardedHeader(name string) bool {
	_, ok := iana.Header(name)
	return ok
}

func guardedClaim(name string) bool {
	switch name {
	case "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "scope", "azp", "client_id", "nonce", "cnf", "act",
		"may_act", "acr", "amr", "auth_time", "roles", "groups", "entitlements", "authorization_details":
		return true
	}
	return false
}

// skeleton returns a name as a lax parser or a person may read it: without invisible
// characters, and with lower-case ASCII letters for letters that fold to them or look
// like them.
func skeleton(name string) string {
	folded := strings.Map(func(r rune) rune {
		if isControl(r) || r == ' ' || r == 0xA0 || r == 0x200C || r == 0x200D {
			return -1
		}
		return Lookalike(r)
	}, name)
	if folded == "x5t#s256" {
		return "x5t#S256" // the one name with a capital
	}
	return folded
}

// lookalikes lists letters that fold to an ASCII letter (the long s, the Kelvin sign) or look
// like one (Cyrillic and Greek).
var lookalikes = [...]struct {
	ascii   rune
	letters string
}{
	{'a', "\u0430\u0410\u03B1\u0391"},
	{'b', "\u0412\u0392"},
	{'c', "\u0441\u0421"},
	{'d', "\u0501"},
	{'e', "\u0435\u0415\u0395"},
	{'g', "\u0261"},
	{'h', "\u041D\u04BB\u0397"},
	{'i', "\u0456\u0406\u0131\u0130\u03B9\u0399"},
	{'j', "\u0458\u0408"},
	{'k', "\u212A\u043A\u041A\u03BA\u039A"},
	{'l', "\u217C"},
	{'m', "\u041C\u039C"},
	{'n', "\u039D"},
	{'o', "\u043E\u041E\u03BF\u039F"},
	{'p', "\u0440\u0420\u03C1\u03A1"},
	{'q', "\u051B"},
	{'s', "\u017F\u0455\u0405"},
	{'t', "\u0422\u03A4"},
	{'v', "\u0475\u03BD"},
	{'w', "\u051D"},
	{'x', "\u0445\u0425\u03C7\u03A7"},
	{'y', "\u0443\u0423\u03A5"},
	{'z', "\u0396"},
}

// Lookalike returns the lower-case ASCII letter that r is, folds to or looks like, or r itself.
func Lookalike(r rune) rune {
	switch {
	case 'A' <= r && r <= 'Z':
		return r + 'a' - 'A'
	case r < 0x80:
		return r
	case r >= 0xFF21 && r <= 0xFF3A: // fullwidth
		return r - 0xFF21 + 'a'
	case r >= 0xFF41 && r <= 0xFF5A:
		return r - 0xFF41 + 'a'
	}
	for _, l := range lookalikes {
		if strings.ContainsRune(l.letters, r) {
			return l.ascii
		}
	}
	return r
}

func noncanonicalBase64(r *inspection) []hit {
	var hits []hit
	for _, f := range r.Flaws {
		faults := make([]string, len(f.Faults))
		for i, fault := range f.Faults {
			faults[i] = string(fault)
		}
		hits = append(hits, hit{f.Part, "", "the " + f.Part + " has " + strings.Join(faults, ", ")})
	}
	return hits
}

func payloadNotObject(r *inspection) []hit {
	if r.ClaimsErr == nil || r.IsDetached() || isToken(string(r.Payload)) {
		return nil // nested-token reports a token
	}
	return oneHit(Payload, "", r.ClaimsErr.Error())
}

// maxDepth is deeper than the claims of known issuers.
const maxDepth = 20

func deepNesting(r *inspection) []hit {
	var hits []hit
	for _, p := range [...]struct {
		part  string
		depth int
	}{{Header, r.header.depth}, {Payload, r.payload.depth}} {
		if p.depth > maxDepth {
			hits = append(hits, hit{p.part, "", "it is " + strconv.Itoa(p.depth) + " levels deep"})
		}
	}
	return hits
}

// Sizes of a whole token, in bytes.
const (
	MaxCookieBytes = 4096 // minimum that browsers must accept, with name and attributes
	MaxHeaderBytes = 8192 // limit of common servers for one header line
)

func headerSize(r *inspection) []hit {
	if n := len(r.Text()); n > MaxHeaderBytes {
		return oneHit(Token, "", "it has "+strconv.Itoa(n)+" bytes")
	}
	return nil
}

func cookieSize(r *inspection) []hit {
	if n := len(r.Text()); n > MaxCookieBytes && n <= MaxHeaderBytes {
		return oneHit(Token, "", "it has "+strconv.Itoa(n)+" bytes")
	}
	return nil
}
