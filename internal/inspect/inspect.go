// Package inspect says what a person wants to know of a token or a key: its parts, the
// meaning of its members, lifetime, certificates, nested tokens and findings. It verifies
// nothing.
package inspect

import (
	"time"

	"jwt/internal/base64url"
	"jwt/internal/bcp"
	"jwt/internal/compact"
	"jwt/internal/token"
	"jwt/internal/vendors"
)

// A Token is a decoded token and what is known of it. Nothing in it is verified.
type Token struct {
	*token.Token
	Alg   string
	Parts []Part

	Vendor          string   // of the issuer, recognized by the claims; "" if unknown
	Lifetime        Lifetime // if HasClaims
	Certificates    []Certificate
	CertificatesErr error // x5c is malformed
	Nested          []Nested
	LeftClosed      int // nested tokens that were not opened, because of the limits
	Findings        []bcp.Finding

	notes map[int]note // by the number of the member
}

// A Part is one of the Base64URL parts, as it was sent.
type Part struct {
	Name  string // header, payload, signature, and disclosure for each; header, encrypted_key, iv, ciphertext, tag
	Text  string
	Bytes []byte
}

// A Nested is a token in a member or a part of another.
type Nested struct {
	Part  string // as in Member, or key_binding
	Path  string // of the member, as in Member; "" for the part itself
	Token Token
}

// Limits on nested tokens.
const (
	MaxDepth  = 3  // how deep they are opened
	MaxNested = 16 // how many are opened in all
)

// Of returns the findings about a token and the tokens nested in it, at an instant.
func Of(t *token.Token, now time.Time) Token {
	o := opener{now: now, left: MaxNested}
	return o.inspect(t, 0)
}

// An opener inspects one token and those nested in it.
type opener struct {
	now  time.Time
	left int // how many more nested tokens may be opened
}

func (o *opener) inspect(decoded *token.Token, depth int) Token {
	t := Token{Token: decoded, Parts: partsOf(decoded)}
	t.Alg, _ = decoded.Header.Text("alg")
	o.review(&t)
	if t.HasClaims() {
		t.Vendor = vendors.Of(t.Claims)
		t.Lifetime = LifetimeOf(t.Content(), o.now)
	}
	o.openNested(&t, t.look(), depth)
	return t
}

// openNested opens texts that look like tokens, within the limits. Those that are not tokens
// stay text.
func (o *opener) openNested(t *Token, texts []inside, depth int) {
	for _, n := range texts {
		if depth == MaxDepth || o.left == 0 {
			t.LeftClosed++
			continue
		}
		decoded, err := token.OpenLax(n.text)
		if err != nil {
			continue
		}
		o.left--
		t.Nested = append(t.Nested, Nested{Part: n.part, Path: n.path, Token: o.inspect(decoded, depth+1)})
		if n.member >= 0 {
			about := t.notes[n.member]
			about.holds++
			t.notes[n.member] = about
		}
	}
}

// review sets the certificates and the findings.
func (o *opener) review(t *Token) {
	subject := bcp.NewSubject(t.Token, o.now)
	t.Certificates, t.CertificatesErr = certificates(subject.Certificates, o.now), subject.CertificatesErr
	t.Findings = bcp.Review(subject)
}

// partsOf returns the parts of a token, and the disclosures of an SD-JWT.
func partsOf(t *token.Token) []Part {
	if t.Kind == compact.JWE {
		e, segments := t.Encrypted, t.Encrypted.Segments()
		return []Part{
			{bcp.Header, segments[0], e.Header.Bytes()},
			{"encrypted_key", segments[1], e.EncryptedKey},
			{"iv", segments[2], e.IV},
			{"ciphertext", segments[3], e.Ciphertext},
			{"tag", segments[4], e.Tag},
		}
	}
	segments := t.Signed.Segments()
	parts := []Part{
		{bcp.Header, segments[0], t.Header.Bytes()},
		{bcp.Payload, segments[1], t.Payload},
		{bcp.Signature, segments[2], t.Signed.Signature},
	}
	if t.Disclosures != nil {
		for _, d := range t.Disclosures.Disclosures {
			b, _ := base64url.Decode(d.Text) // it was decoded before
			parts = append(parts, Part{"disclosure", d.Text, b})
		}
	}
	return parts
}

// Gravest returns the gravest finding on the token and those inside it, and how
// many there are of at least the severity.
func (t Token) Gravest(least bcp.Severity) (worst bcp.Finding, n int) {
	for _, f := range t.Findings {
		if f.Severity >= least {
			n++
		}
		if f.Severity > worst.Severity {
			worst = f
		}
	}
	for _, inner := range t.Nested {
		w, more := inner.Token.Gravest(least)
		n += more
		if w.Severity > worst.Severity {
			worst = w
		}
	}
	return worst, n
}
