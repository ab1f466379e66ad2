package anatomy

import (
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/sdjwt"
)

// Parts of an SD-JWT (RFC 9901) besides those of its Issuer-signed JWT.
const (
	Disclosed  = "disclosed"   // the claims that were disclosed
	KeyBinding = "key_binding" // the Key Binding JWT
)

// Disclosures are what an SD-JWT has behind its Issuer-signed JWT.
type Disclosures struct {
	Token     sdjwt.Token
	Processed sdjwt.Processed
	Err       error // the disclosures are not those of the token; nothing is processed
}

// disclosing takes an SD-JWT apart: the Issuer-signed JWT, whose lifetime is what
// the claims say with what is disclosed of them, and the disclosures.
func (o *opener) disclosing(text string) (Token, error) {
	s, err := sdjwt.Parse(text)
	if err != nil {
		return Token{}, err
	}
	t, err := o.signed(s.Issued.Text)
	if err != nil {
		return Token{}, err
	}
	t.Text = text
	d := Disclosures{Token: s}
	d.Processed, d.Err = s.Process()
	if d.Err == nil {
		t.Lifetime = lifetimeOf(d.Processed.Payload, o.now)
	}
	t.Disclosed = &d
	for _, one := range s.Disclosures {
		b, _ := base64url.Decode(one.Text) // which it is: it was parsed
		t.Parts = append(t.Parts, Part{Name: "disclosure", Text: one.Text, Bytes: b})
	}
	return t, nil
}

// disclosures lists what was disclosed, where its place is known under its path.
func (w *walker) disclosures(d *Disclosures) bool {
	if d == nil {
		return true
	}
	for i, one := range d.Token.Disclosures {
		m := Member{Part: Disclosed, Path: one.Name, Name: one.Name, Value: one.Value}
		if d.Err == nil {
			m.Path = d.Processed.Disclosed[i].Path
			m.Name = m.Path
		}
		if !w.visit(m, steps(m.Path)) {
			return false
		}
	}
	return true
}

// steps are the names of a path, its array indexes left out.
func steps(path string) []string {
	var names []string
	for name := range strings.SplitSeq(path, ".") {
		name, _, _ = strings.Cut(name, "[")
		names = append(names, name)
	}
	return names
}
