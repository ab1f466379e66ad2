package sdjwt

import (
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/verdict"
)

// A Verified is an SD-JWT whose Issuer-signed JWT verified and contains the digests of
// all disclosures. Only Verify creates it; the zero Verified is empty. Its key binding is
// not verified.
type Verified struct {
	token     Token
	issued    jws.Verified
	processed Processed
}

// Verify processes the disclosures of a token whose Issuer-signed JWT verified
// (RFC 9901 §7.1 steps 3 to 5). The errors are those of Process.
func (t Token) Verify(issued jws.Verified) (Verified, error) {
	if text := t.Issued.Text(); text == "" || issued.Token().Text() != text {
		return Verified{}, verdict.Errorf(verdict.Internal, "the verified token is not the Issuer-signed JWT of this SD-JWT")
	}
	p, err := t.Process()
	if err != nil {
		return Verified{}, err
	}
	return Verified{token: t, issued: issued, processed: p}, nil
}

// Issued returns the verified Issuer-signed JWT.
func (v Verified) Issued() jws.Verified { return v.issued }

// Processed returns the payload with the disclosed values.
func (v Verified) Processed() Processed { return v.processed }

// Digest returns the required "sd_hash" of a Key Binding JWT: the digest of the text
// before it, including the last tilde (RFC 9901 §4.3.1).
func (v Verified) Digest() string {
	if v.processed.hash == 0 {
		return ""
	}
	return digest(v.processed.hash, v.token.bound)
}

// VerifyKeyBinding verifies the signature of the Key Binding JWT with the key that the
// issuer put into "cnf" (RFC 9901 §7.3 steps 5.a to 5.c, RFC 7800 §3.2). It does not
// check its claims.
func (v Verified) VerifyKeyBinding() (jws.Verified, error) {
	if v.token.KeyBinding == nil {
		return jws.Verified{}, verdict.Errorf(verdict.Malformed, "the SD-JWT has no Key Binding JWT")
	}
	key, err := v.holderKey()
	if err != nil {
		return jws.Verified{}, err
	}
	kb, _, err := v.token.KeyBinding.Verify([]jwk.Key{key}, nil)
	return kb, err
}

func (v Verified) holderKey() (jwk.Key, error) {
	cnf, ok := v.processed.Payload.Get("cnf")
	if !ok {
		return jwk.Key{}, verdict.Errorf(verdict.KeyNotFound, "cnf: missing: the issuer did not bind the SD-JWT to a key (RFC 9901 §4.1.2)")
	}
	o, ok := cnf.Object()
	if !ok {
		return jwk.Key{}, verdict.Errorf(verdict.ClaimsMalformed, "cnf: is %s, must be an object (RFC 7800 §3.1)", cnf.Noun())
	}
	text, ok := o.Get("jwk")
	if !ok {
		return jwk.Key{}, verdict.Errorf(verdict.KeyNotFound, "cnf: has no jwk, the only supported way to name a key (RFC 7800 §3.2)")
	}
	if text.Kind() != '{' {
		return jwk.Key{}, verdict.Errorf(verdict.JWKInvalid, "cnf: jwk is %s, must be a JWK (RFC 7800 §3.2)", text.Noun())
	}
	set, err := jwk.Parse(text)
	switch {
	case err != nil:
		return jwk.Key{}, verdict.Errorf(verdict.ClassOf(err), "cnf: the jwk: %w", err)
	case len(set.Keys) != 1 || set.Keys[0].InSet:
		return jwk.Key{}, verdict.Errorf(verdict.JWKInvalid, "cnf: jwk is a JWK Set, must be one JWK (RFC 7800 §3.2)")
	case set.Keys[0].IsPrivate():
		return jwk.Key{}, verdict.Errorf(verdict.KeyRefused, "cnf: the jwk is not public: everybody who saw this token has the key now")
	}
	key := set.Keys[0]
	key.Source = "cnf"
	return key, nil
}
