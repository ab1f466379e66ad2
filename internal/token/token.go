// Package token decodes tokens of every kind: signed (JWS), encrypted (JWE) and with
// selective disclosure (SD-JWT). It verifies nothing.
package token

import (
	"jwt/internal/compact"
	"jwt/internal/jsonobject"
	"jwt/internal/jwe"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/sdjwt"
	"jwt/internal/verdict"
)

// A Token is a decoded token. Nothing in it is verified.
type Token struct {
	Kind      compact.Kind
	Header    jsonobject.Object
	Payload   []byte            // of a JWE: the plaintext, once Decrypt returned it
	Claims    jsonobject.Object // the payload, if it is a JSON object
	ClaimsErr error             // why the payload is not one, or cannot be read

	Signed      jws.Token      // a JWS, or the Issuer-signed JWT of an SD-JWT
	Flaws       []jws.Flaw     // parts that are not encoded as RFC 7515 requires; only OpenLax accepts them
	Disclosures *Disclosures   // of an SD-JWT
	Encrypted   *jwe.Token     // a JWE
	Decrypted   *jwe.Decrypted // what Decrypt returned
	Inside      *Token         // the token in the plaintext, if it is one

	text      string // of a JWE or an SD-JWT, as sent
	inflated  bool   // the payload was compressed
	isRead    bool   // the payload is read into Claims
	insideErr error  // why Inside is nil although the header declares a token
}

// Disclosures are what an SD-JWT has besides its Issuer-signed JWT.
type Disclosures struct {
	sdjwt.Token
	Processed sdjwt.Processed
	Err       error // why the disclosures do not match the token; Processed is then empty
}

// Open decodes a token of any kind. The errors are those of jws.Parse, jwe.Parse and
// sdjwt.Parse, and limit_exceeded for claims that are nested too deeply.
func Open(text string) (*Token, error) {
	switch compact.KindOf(text) {
	case compact.JWE:
		return OpenEncrypted(text)
	case compact.SDJWT:
		return limited(openSelective(text))
	default:
		return limited(openJWS(text))
	}
}

// OpenLax is Open for a token that is only shown. It ignores and reports flaws in the
// encoding of a JWS.
func OpenLax(text string) (*Token, error) {
	if compact.KindOf(text) != compact.JWS {
		return Open(text)
	}
	s, flaws, err := jws.ParseLax(text)
	if err != nil {
		return nil, err
	}
	t := OfSigned(s)
	t.Flaws = flaws
	return shown(t)
}

// shown reads the claims of a token that is only shown.
func shown(t *Token) (*Token, error) {
	t, err := limited(t, nil)
	if err == nil {
		t.repair()
	}
	return t, err
}

// limited reads the claims and refuses those that are nested too deeply.
func limited(t *Token, err error) (*Token, error) {
	if err != nil {
		return nil, err
	}
	if t.ReadClaims(); verdict.ClassOf(t.ClaimsErr) == verdict.LimitExceeded {
		return nil, t.ClaimsErr
	}
	return t, nil
}

// OpenSigned decodes a JWS or an SD-JWT. Its claims are left to ReadClaims or TakeClaims.
func OpenSigned(text string) (*Token, error) {
	if compact.KindOf(text) == compact.SDJWT {
		return openSelective(text)
	}
	return openJWS(text)
}

func openJWS(text string) (*Token, error) {
	s, err := jws.Parse(text)
	if err != nil {
		return nil, err
	}
	return OfSigned(s), nil
}

func openSelective(text string) (*Token, error) {
	s, err := sdjwt.Parse(text)
	if err != nil {
		return nil, err
	}
	t := OfSigned(s.Issued)
	t.Kind, t.text = compact.SDJWT, text
	t.Disclosures = &Disclosures{Token: s}
	t.Disclosures.Processed, t.Disclosures.Err = s.Process()
	return t, nil
}

// OfSigned returns the token of a JWS that was parsed. Its claims are left to ReadClaims or
// TakeClaims.
func OfSigned(s jws.Token) *Token {
	t := new(Token)
	t.Reset(&s)
	return t
}

// Reset makes t the token of a JWS, as OfSigned does.
func (t *Token) Reset(s *jws.Token) {
	*t = Token{}
	t.Kind, t.Header, t.Payload, t.Signed = compact.JWS, s.Header, s.Payload, *s
}

// ReadClaims reads the payload into Claims, unless that is done.
func (t *Token) ReadClaims() {
	if !t.isRead {
		t.Claims, t.ClaimsErr = jwt.ParseClaims(t.Payload)
		t.isRead = true
	}
}

// TakeClaims is ReadClaims for claims that were read when the token was verified.
func (t *Token) TakeClaims(c jwt.Claims) { t.Claims, t.isRead = c.Object(), true }

// OpenEncrypted decodes a JWE.
func OpenEncrypted(text string) (*Token, error) {
	e, err := jwe.Parse(text)
	if err != nil {
		return nil, err
	}
	return OfEncrypted(e), nil
}

// OfEncrypted returns the token of a JWE that was parsed.
func OfEncrypted(e jwe.Token) *Token {
	return &Token{
		Kind: compact.JWE, text: e.Text, Header: e.Header, Encrypted: &e, isRead: true,
		ClaimsErr: verdict.Errorf(verdict.EncryptedToken, "the payload is encrypted (JWE): only the recipient's key decrypts it"),
	}
}

// Decrypt sets the plaintext of an encrypted token, and the token inside if there is one. The
// errors are those of jwe.Token.Decrypt.
func (t *Token) Decrypt(keys []jwk.Key, o jwe.Options) error {
	d, err := t.Encrypted.Decrypt(keys, o)
	if err != nil {
		return t.explain(err, keys, o)
	}
	t.Decrypted, t.Payload = &d, d.Plaintext()
	t.Claims, t.ClaimsErr = jwt.ParseClaims(t.Payload)
	if t.Inside, err = Open(string(t.Payload)); err != nil && d.Nested() {
		t.insideErr = err
	}
	return nil
}

// Text returns the token as sent.
func (t *Token) Text() string {
	if t.text != "" {
		return t.text
	}
	return t.Signed.Text()
}

// HasClaims reports whether the payload can be read and is a JSON object.
func (t *Token) HasClaims() bool { return t.ClaimsErr == nil }

// IsSealed reports whether the token is encrypted and not decrypted.
func (t *Token) IsSealed() bool { return t.Kind == compact.JWE && t.Decrypted == nil }

// Innermost returns the token inside, or the token itself if it has no token inside.
func (t *Token) Innermost() *Token {
	if t.Inside != nil {
		return t.Inside
	}
	return t
}

// Fit reports whether the disclosures match the token. They do not without an SD-JWT.
func (d *Disclosures) Fit() bool { return d != nil && d.Err == nil }

// Content returns the claims: those of an SD-JWT with what is disclosed.
func (t *Token) Content() jsonobject.Object {
	if t.Disclosures.Fit() {
		return t.Disclosures.Processed.Payload
	}
	return t.Claims
}

// Binding returns the Key Binding JWT of an SD-JWT, unless its claims are nested too deeply.
func (d *Disclosures) Binding() (*Token, bool) {
	if d.KeyBinding == nil {
		return nil, false
	}
	t, err := limited(OfSigned(*d.KeyBinding), nil)
	return t, err == nil
}
