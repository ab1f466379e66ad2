package jws

import (
	"slices"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// unencoded is the header parameter of a payload that is signed as it is (RFC 7797).
const unencoded = "b64"

// SecondPayload returns the error for a payload beside a token that has one.
func SecondPayload() error {
	return verdict.Errorf(verdict.Malformed, "the token has a payload, and another one is given beside it")
}

// ParseDetached parses a compact token without its payload (RFC 7515 App. F), and puts in the
// payload that came beside it. With "b64":false in the header, and in its crit, the payload is
// signed as it is (RFC 7797).
func ParseDetached(text string, payload []byte) (Token, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return Token{}, verdict.Errorf(verdict.Malformed, "a detached token has 3 parts joined by dots, this has %d", len(parts))
	}
	if parts[1] != "" {
		return Token{}, SecondPayload()
	}
	return Join(parts[0], jsonobject.Object{}, payload, parts[2])
}

// Join makes a token of its parts: the protected header and the signature in base64url, the header
// that is not protected, and the payload. It is how a token of the JSON serialization (RFC 7515
// §7.2) becomes one.
func Join(protected string, unprotected jsonobject.Object, payload []byte, signature string) (Token, error) {
	text := protected + "." + base64url.Encode(payload) + "." + signature
	t := Token{text: []byte(text), firstDot: len(protected), lastDot: len(text) - len(signature) - 1, joined: new(joint)}
	if t.firstDot > base64Len(MaxHeaderBytes) {
		return Token{}, verdict.Errorf(verdict.TooLarge, "the header is larger than %d bytes", MaxHeaderBytes)
	}
	header := []byte("{}")
	var err error
	if protected != "" {
		if header, err = base64url.Decode(protected); err != nil {
			return Token{}, verdict.Errorf(verdict.Malformed, "the protected header is not base64url: %w", err)
		}
	}
	sig, err := base64url.Decode(signature)
	if err != nil {
		return Token{}, verdict.Errorf(verdict.Malformed, "the signature is not base64url: %w", err)
	}
	if t, err = t.fill([3][]byte{header, payload, sig}); err != nil {
		return Token{}, err
	}
	t.joined.protected = t.Header
	if err := t.addHeader(unprotected); err != nil {
		return Token{}, err
	}
	if isUnencoded(t.Header) {
		t.joined.input = append([]byte(protected+"."), payload...)
	}
	return t, nil
}

// addHeader adds the members that are not protected. None of them may be in the protected header
// too, and what must be understood must be protected (RFC 7515 §4.1.11, RFC 7797 §6).
func (t *Token) addHeader(unprotected jsonobject.Object) error {
	for _, m := range unprotected.Members() {
		if _, twice := t.Header.Get(m.Name); twice {
			return verdict.Errorf(verdict.DuplicateMember, "the header member %q is both protected and not (RFC 7515 §7.2.1)", m.Name)
		}
		if m.Name == "crit" || m.Name == unencoded {
			return verdict.Errorf(verdict.Malformed, "%s: must be in the protected header (RFC 7515 §4.1.11)", m.Name)
		}
	}
	for _, m := range unprotected.Members() {
		t.Header.Set(m.Name, m.Value)
	}
	return nil
}

// isUnencoded reports whether the payload came beside the token, and is signed as it is.
func (t Token) isUnencoded() bool { return t.joined != nil && t.joined.input != nil }

// isUnencoded reports whether the payload is signed as it is. The header must say so in crit, so
// that no verifier overlooks it (RFC 7797 §6).
func isUnencoded(header jsonobject.Object) bool {
	b64, ok := header.Get(unencoded)
	crit, _ := header.Get("crit")
	names, _ := crit.Texts()
	return ok && b64.Kind() == 'f' && slices.Contains(names, unencoded)
}

// SignBeside signs a payload of any bytes. With raw the payload is signed as it is (RFC 7797), and
// the token is for ParseDetached alone. The token is verified before it is returned.
func SignBeside(header jsonobject.Object, payload []byte, key jwk.Key, alg jwa.Algorithm, deterministic, raw bool) (Token, error) {
	if err := key.Fits(alg, jwk.OpSign); err != nil {
		return Token{}, err
	}
	if raw {
		header.Set(unencoded, jsonobject.Value("false"))
		header.Set("crit", jsonobject.Value(`["b64"]`))
	}
	protected := base64url.Encode(header.Bytes())
	t, err := Join(protected, jsonobject.Object{}, payload, "")
	if err != nil {
		return Token{}, err
	}
	sig, err := alg.Sign(t.SigningInput(), key.Material(), deterministic)
	if err != nil {
		return Token{}, verdict.Errorf(verdict.Internal, "signing with %s: %w", alg.Name, err)
	}
	if t, err = Join(protected, jsonobject.Object{}, payload, base64url.Encode(sig)); err != nil {
		return Token{}, err
	}
	if err := alg.Verify(t.SigningInput(), t.Signature, key.VerificationMaterial()); err != nil {
		return Token{}, verdict.Errorf(verdict.Internal, "the token just made does not verify: %w", err)
	}
	return t, nil
}
