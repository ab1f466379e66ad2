package jwe

import (
	"slices"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/jws"
	"jwt/internal/verdict"
)

// Parts are the parts of a token in a JSON serialization, for one recipient (RFC 7516 §7.2): all
// but the headers in base64url, as sent.
type Parts struct {
	Protected                        string
	Unprotected                      []jsonobject.Object // of all recipients, and of this one
	EncryptedKey, IV, CT, Tag, Extra string              // Extra is "aad"
}

// Join makes a token of its parts. A header member may be in one place only, and what decides how
// the plaintext is read must be protected (RFC 7516 §4.1.3, §4.1.13).
func Join(p Parts) (Token, error) {
	t := Token{Text: p.Protected + "." + p.EncryptedKey + "." + p.IV + "." + p.CT + "." + p.Tag}
	if len(p.Protected) > (jws.MaxHeaderBytes*8+5)/6 {
		return Token{}, verdict.Errorf(verdict.TooLarge, "the header is larger than %d bytes", jws.MaxHeaderBytes)
	}
	var parts [5][]byte
	for i, s := range []string{p.Protected, p.EncryptedKey, p.IV, p.CT, p.Tag} {
		b, err := base64url.Decode(s)
		if err != nil {
			return Token{}, verdict.Errorf(verdict.Malformed, "the %s is not base64url: %w", partNames[i], err)
		}
		parts[i] = b
	}
	t.EncryptedKey, t.IV, t.Ciphertext, t.Tag = parts[1], parts[2], parts[3], parts[4]
	if p.Protected != "" {
		header, err := jsonobject.Parse(parts[0])
		if err != nil {
			return Token{}, verdict.Errorf(verdict.Malformed, "the protected header is not a JSON object: %w", err)
		}
		t.Header = header
	}
	for _, o := range p.Unprotected {
		if err := t.addHeader(o); err != nil {
			return Token{}, err
		}
	}
	t.extra = p.Extra
	return t, nil
}

// addHeader adds header members that are not protected.
func (t *Token) addHeader(o jsonobject.Object) error {
	for _, m := range o.Members() {
		if _, twice := t.Header.Get(m.Name); twice {
			return verdict.Errorf(verdict.DuplicateMember, "the header member %q is in two places (RFC 7516 §7.2.1)", m.Name)
		}
		if slices.Contains([]string{"zip", "crit"}, m.Name) {
			return verdict.Errorf(verdict.Malformed, "%s: must be in the protected header (RFC 7516 §4.1.3, §4.1.13)", m.Name)
		}
		t.Header.Set(m.Name, m.Value)
	}
	return nil
}
