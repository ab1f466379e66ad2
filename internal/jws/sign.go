package jws

import (
	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// Sign makes a token of a header, whose "alg" must be alg.Name, and a payload. It changes
// neither. deterministic selects the ECDSA nonce of RFC 6979.
//
// The token is parsed and verified before it is returned, so that neither a bug nor a fault of
// the hardware produces a wrong token.
func Sign(header jsonobject.Object, payload []byte, key jwk.Key, alg jwa.Algorithm, deterministic bool) (Token, error) {
	if err := key.Fits(alg, jwk.OpSign); err != nil {
		return Token{}, err
	}
	input, err := SigningInput(header, payload)
	if err != nil {
		return Token{}, err
	}
	sig, err := alg.Sign(input, key.Material(), deterministic)
	if err != nil {
		return Token{}, verdict.Errorf(verdict.Internal, "signing with %s: %w", alg.Name, err)
	}
	t, err := parsed(input, sig, alg)
	if err != nil {
		return Token{}, err
	}
	if err := alg.Verify(t.SigningInput(), t.Signature, key.VerificationMaterial()); err != nil {
		return Token{}, verdict.Errorf(verdict.Internal, "the token just made does not verify: %w", err)
	}
	return t, nil
}

// SigningInput returns the text that a signature covers (RFC 7515 §5.1).
func SigningInput(header jsonobject.Object, payload []byte) (string, error) {
	if d := header.Duplicates(); len(d) > 0 {
		return "", verdict.Errorf(verdict.DuplicateMember, "the header has %s more than once, which verifiers refuse", phrase.QuotedList(d))
	}
	text := base64url.AppendEncode(nil, header.Bytes())
	text = append(text, '.')
	return string(base64url.AppendEncode(text, payload)), nil
}

// Attach makes a token of a signing input and the signature that another program made of it,
// as the algorithm writes it or, for ECDSA, in DER. key is the public key. The token is verified
// before it is returned.
func Attach(input string, sig []byte, key jwk.Key, alg jwa.Algorithm) (Token, error) {
	if err := key.Fits(alg, jwk.OpVerify); err != nil {
		return Token{}, err
	}
	t, err := parsed(input, alg.RawSignature(sig, key.Curve), alg)
	if err != nil {
		return Token{}, err
	}
	if err := alg.Verify(t.SigningInput(), t.Signature, key.VerificationMaterial()); err != nil {
		return Token{}, verdict.Errorf(verdict.SignatureInvalid, "the signature of %s does not verify under %s with %s", phrase.Count(len(sig), "byte"), key.Source, alg.Name)
	}
	return t, nil
}

// parsed parses the token just made.
func parsed(input string, sig []byte, alg jwa.Algorithm) (Token, error) {
	t, err := Parse(input + "." + base64url.Encode(sig))
	switch {
	case verdict.ClassOf(err) == verdict.TooLarge:
		return Token{}, err
	case err != nil:
		return Token{}, verdict.Errorf(verdict.Internal, "the token just made does not parse: %w", err)
	}
	if name, _ := t.Alg(); name != alg.Name {
		return Token{}, verdict.Errorf(verdict.Internal, "the header says alg %q, the key signs %s", name, alg.Name)
	}
	return t, nil
}

// Unsecured makes a token without a signature (RFC 7515 App. A.5). The "alg" of its header
// must be "none".
func Unsecured(header jsonobject.Object, payload []byte) (Token, error) {
	text := base64url.Encode(header.Bytes()) + "." + base64url.Encode(payload) + "."
	t, err := Parse(text)
	if err != nil {
		return Token{}, verdict.Errorf(verdict.Internal, "the token just made does not parse: %w", err)
	}
	if name, _ := t.Alg(); name != jwa.None {
		return Token{}, verdict.Errorf(verdict.Internal, "an unsecured token's alg is %q, not %q", name, jwa.None)
	}
	return t, nil
}
