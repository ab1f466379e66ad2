// Package bcp reviews a token against the best current practices for JSON Web Tokens (RFC
// 8725 and its revision, draft-ietf-oauth-rfc8725bis), the profile of access tokens (RFC
// 9068) and common practice. It verifies nothing: a token without findings may still be
// forged.
package bcp

import (
	"cmp"
	"crypto/x509"
	"slices"
	"time"

	"jwt/internal/compact"
	"jwt/internal/jsonobject"
	"jwt/internal/jwt"
	"jwt/internal/token"
)

// The parts of a token that a finding is in.
const (
	Header    = "header"
	Payload   = "payload"
	Signature = "signature"
	Token     = "token" // the whole token
	Key       = "key"   // a key or certificate in the token
)

// A Rule describes one check. Its ID and Severity are stable.
type Rule struct {
	ID       string
	Severity Severity
	Title    string
	Advice   string // how to fix it
	Section  string // the specification
}

// A Finding is a place where a token breaks a rule. Detail may quote the token, shortened
// and not escaped for a terminal. No finding quotes a secret.
type Finding struct {
	Rule     string // the rule's ID
	Severity Severity
	Part     string // Header, Payload, Signature, Token or Key
	Member   string // name of the member, or JSON Pointer of a nested one; "" for the whole part
	Title    string
	Detail   string
	Advice   string
	Section  string
}

// A Subject is the token to review. NewSubject makes one.
type Subject struct {
	*token.Token
	Certificates    []*x509.Certificate // x5c, the signer's first
	CertificatesErr error               // x5c is malformed (RFC 7515 §4.1.6)
	Now             time.Time
}

// NewSubject reads the certificates of a token from token.OpenLax.
func NewSubject(t *token.Token, now time.Time) Subject {
	s := Subject{Token: t, Now: now}
	s.Certificates, s.CertificatesErr = Certificates(t.Header)
	return s
}

// Review returns the findings, the most severe first. Findings of equal severity are in
// the order of the table.
func Review(s Subject) []Finding {
	r := examine(s)
	var findings []Finding
	for _, rule := range table {
		if !rule.holdsOf(s) {
			continue
		}
		for _, h := range rule.find(r) {
			findings = append(findings, rule.finding(h))
		}
	}
	slices.SortStableFunc(findings, func(a, b Finding) int { return cmp.Compare(b.Severity, a.Severity) })
	return findings
}

// A hit is the place and detail of a finding.
type hit struct{ part, member, detail string }

type rule struct {
	Rule
	find  func(*inspection) []hit
	scope scope
}

func (r rule) holdsOf(s Subject) bool {
	return s.Kind != compact.JWE || r.scope == jweToo || r.scope == claims && s.ClaimsErr == nil
}

func (r rule) finding(h hit) Finding {
	return Finding{
		Rule: r.ID, Severity: r.Severity, Part: h.part, Member: h.member,
		Title: r.Title, Detail: h.detail, Advice: r.Advice, Section: r.Section,
	}
}

// An inspection is a subject with values that several rules use.
type inspection struct {
	Subject
	alg             string // "" if it is missing or not a string
	typ             string // lower case, without "application/"
	purpose         purpose
	header, payload facts
	exp, nbf, iat   instant
}

func examine(s Subject) *inspection {
	r := &inspection{Subject: s}
	r.alg, _ = s.Header.Text("alg")
	r.typ = jwt.MediaType(textOf(s.Header, "typ"))
	r.purpose = purposeOf(r.typ, s.Header)
	r.header = factsOf(s.Header.Bytes())
	if s.ClaimsErr == nil {
		r.payload = factsOf(s.Claims.Bytes())
		r.exp, r.nbf, r.iat = instantOf(s.Claims, "exp"), instantOf(s.Claims, "nbf"), instantOf(s.Claims, "iat")
	}
	return r
}

// hasClaims reports whether the payload is a JSON object.
func (r *inspection) hasClaims() bool { return r.ClaimsErr == nil }

// textOf returns the string member with this name, or "".
func textOf(o jsonobject.Object, name string) string {
	s, _ := o.Text(name)
	return s
}

// A purpose lists the exceptions that the specification of a kind of token makes.
type purpose struct {
	noExp, noAud, noIss, noSub bool
	embedsKey                  bool // the header must contain the key
}

// purposes lists the kinds of token with exceptions, by typ.
var purposes = [...]struct {
	typ string
	purpose
}{
	{"dpop+jwt", purpose{noExp: true, noAud: true, noIss: true, noSub: true, embedsKey: true}}, // RFC 9449 §4.2
	{"openid4vci-proof+jwt", purpose{noExp: true, noIss: true, noSub: true, embedsKey: true}},
	{"kb+jwt", purpose{noExp: true, noIss: true, noSub: true}}, // RFC 9901 §4.3
	{"secevent+jwt", purpose{noExp: true, noSub: true}},        // RFC 8417 §2.2: exp is not recommended
	{"logout+jwt", purpose{noSub: true}},
	{"passport", purpose{noExp: true, noAud: true, noIss: true, noSub: true, embedsKey: true}}, // RFC 8225
	{"token-introspection+jwt", purpose{noExp: true, noSub: true}},                             // RFC 9701 §5
	{"statuslist+jwt", purpose{noExp: true, noAud: true, noIss: true}},
	{"dc+sd-jwt", purpose{noExp: true, noAud: true, noSub: true}},
	{"vc+sd-jwt", purpose{noExp: true, noAud: true, noSub: true}},
	{"entity-statement+jwt", purpose{noAud: true}},
}

func purposeOf(typ string, header jsonobject.Object) purpose {
	for _, p := range purposes {
		if p.typ == typ {
			return p.purpose
		}
	}
	_, nonce := header.Get("nonce")
	_, url := header.Get("url")
	if nonce && url { // an ACME request (RFC 8555 §6.2), whose payload is not claims
		return purpose{noExp: true, noAud: true, noIss: true, noSub: true, embedsKey: true}
	}
	return purpose{}
}
