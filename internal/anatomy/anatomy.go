// Package anatomy takes a token, or a key, apart for a person to look at: parts,
// members with their meaning, lifetime, the certificates and tokens inside,
// and what a review finds. It verifies nothing.
package anatomy

import (
	"strings"
	"time"

	"jwt/internal/bcp"
	"jwt/internal/jsonobject"
	"jwt/internal/jwe"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/sdjwt"
	"jwt/internal/vendors"
	"jwt/internal/verdict"
)

// A Token is a token taken apart. Nothing vouches for any of it.
type Token struct {
	Text      string
	Encrypted bool // a JWE, whose payload needs the key
	Decrypted bool // a JWE whose plaintext is the Payload
	Alg       string
	Enc       string // of a JWE
	Parts     []Part

	Header    jsonobject.Object
	Payload   []byte            // of a JWS, or decrypted
	Claims    jsonobject.Object // the payload, where it is a JSON object
	HasClaims bool

	Disclosed       *Disclosures // of an SD-JWT
	Vendor          string       // whose token it is, by its looks; "" where nothing gives that away
	Lifetime        Lifetime     // where HasClaims
	Certificates    []Certificate
	CertificatesErr error // x5c holds something else
	Nested          []Nested
	LeftClosed      int // tokens inside that were not opened: too many, or too deep
	Findings        []bcp.Finding

	notes map[int]note // on some of the Members, by their number
}

// A Part is one of the Base64URL parts, as it was sent.
type Part struct {
	Name  string // header, payload, signature, and disclosure for each; header, encrypted_key, iv, ciphertext, tag
	Text  string
	Bytes []byte
}

// A Nested is a token inside another one.
type Nested struct {
	Part  string // as in Member, or key_binding
	Path  string // of the member, as in Member; "" if it is the whole part
	Token Token
}

// Limits on tokens inside tokens.
const (
	MaxDepth  = 3  // how deep they are opened
	MaxNested = 16 // how many are opened in all
)

// Open takes a token apart, seen at now. A spelling that RFC 7515 forbids is
// read past and found fault with, where sense can be made of it; the errors are
// those of jws.ParseLax and jwe.Parse, and limit_exceeded for claims that nest
// too deep.
func Open(text string, now time.Time) (Token, error) {
	o := opener{now: now, left: MaxNested}
	return o.open(text, 0)
}

// OpenDecrypted takes apart an encrypted token of which plaintext is the content.
func OpenDecrypted(text string, plaintext []byte, now time.Time) (Token, error) {
	o := opener{now: now, left: MaxNested, plaintext: plaintext, decrypted: true}
	return o.open(text, 0)
}

// An opener opens one token and those inside it.
type opener struct {
	now  time.Time
	left int // how many more tokens inside may be opened

	plaintext []byte // of the outermost token, where decrypted
	decrypted bool
}

func (o *opener) open(text string, depth int) (Token, error) {
	take := o.signed
	switch {
	case sdjwt.Is(text):
		take = o.disclosing
	case strings.Count(text, ".") == 4:
		take = o.encrypted
	}
	t, err := take(text)
	if err != nil {
		return Token{}, err
	}
	if t.Encrypted && o.decrypted && depth == 0 {
		t.reveal(o.plaintext, o.now)
	}
	o.openInside(&t, t.look(), depth)
	return t, nil
}

// openInside opens the likely tokens in t within the limits. Those that are not tokens
// stay text.
func (o *opener) openInside(t *Token, tokens []inside, depth int) {
	for _, n := range tokens {
		if depth == MaxDepth || o.left == 0 {
			t.LeftClosed++
			continue
		}
		o.left--
		inner, err := o.open(n.text, depth+1)
		if err != nil {
			o.left++
			continue
		}
		t.Nested = append(t.Nested, Nested{Part: n.part, Path: n.path, Token: inner})
		if n.member >= 0 {
			about := t.notes[n.member]
			about.holds++
			t.notes[n.member] = about
		}
	}
}

func (o *opener) signed(text string) (Token, error) {
	s, flaws, err := jws.ParseLax(text)
	if err != nil {
		return Token{}, err
	}
	subject := bcp.NewSubject(s, flaws, o.now)
	if verdict.ClassOf(subject.ClaimsErr) == verdict.LimitExceeded {
		return Token{}, subject.ClaimsErr
	}
	t := Token{
		Text: text, Header: s.Header, Payload: s.Payload,
		Claims: subject.Claims, HasClaims: subject.ClaimsErr == nil,
		Certificates: certificates(subject.Certificates, o.now), CertificatesErr: subject.CertificatesErr,
		Findings: bcp.Review(subject),
	}
	t.Alg, _ = s.Alg()
	for i, part := range []Part{{Name: bcp.Header, Bytes: s.Header.Bytes()}, {Name: bcp.Payload, Bytes: s.Payload}, {Name: bcp.Signature, Bytes: s.Signature}} {
		part.Text = s.Segments()[i]
		t.Parts = append(t.Parts, part)
	}
	if t.HasClaims {
		t.Vendor = vendors.Of(t.Claims)
		t.Lifetime = lifetimeOf(t.Claims, o.now)
	}
	return t, nil
}

func (o *opener) encrypted(text string) (Token, error) {
	e, err := jwe.Parse(text)
	if err != nil {
		return Token{}, err
	}
	t := Token{Text: text, Encrypted: true, Header: e.Header, Alg: textOf(e.Header, "alg"), Enc: textOf(e.Header, "enc")}
	certs, err := bcp.Certificates(e.Header)
	t.Certificates, t.CertificatesErr = certificates(certs, o.now), err
	for i, part := range []Part{
		{Name: bcp.Header, Bytes: e.Header.Bytes()},
		{Name: "encrypted_key", Bytes: e.EncryptedKey},
		{Name: "iv", Bytes: e.IV},
		{Name: "ciphertext", Bytes: e.Ciphertext},
		{Name: "tag", Bytes: e.Tag},
	} {
		part.Text = e.Segments()[i]
		t.Parts = append(t.Parts, part)
	}
	_, hidden := jwt.ParseClaims(nil)
	t.Findings = bcp.Review(bcp.Subject{
		Token: jws.Token{Text: text, Header: e.Header}, ClaimsErr: hidden,
		Certificates: certs, CertificatesErr: err, Encrypted: true, Now: o.now,
	})
	return t, nil
}

// reveal adds to an encrypted token what was in it.
func (t *Token) reveal(plaintext []byte, now time.Time) {
	t.Decrypted, t.Payload = true, plaintext
	claims, err := jwt.ParseClaims(plaintext)
	if err != nil {
		return
	}
	t.Claims, t.HasClaims = claims, true
	t.Vendor, t.Lifetime = vendors.Of(claims), lifetimeOf(claims, now)
	subject := bcp.NewSubject(jws.Token{Text: t.Text, Header: t.Header, Payload: plaintext}, nil, now)
	subject.Encrypted = true
	t.Findings = bcp.Review(subject)
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

func textOf(o jsonobject.Object, name string) string {
	v, _ := o.Get(name)
	s, _ := v.Text()
	return s
}
