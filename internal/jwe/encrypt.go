package jwe

import (
	"bytes"
	"cmp"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// DefaultP2C is the number of PBKDF2 iterations of a new token.
const DefaultP2C = 600000

// EncryptOptions hold the choices for a new token other than alg and enc.
type EncryptOptions struct {
	// Zip compresses the plaintext. Its size then reveals something about its content: an
	// attacker who chooses part of it can guess the rest.
	Zip bool

	P2C int // PBES2 iterations, MinP2C to MaxP2C; 0 means DefaultP2C
}

// Encrypt makes a token of a header and a plaintext for the key, or the public half of a
// private key. The header keeps its members and their order; alg, enc and the parameters of
// the algorithm are appended unless it has them. It may have "zip", "apu" and "apv".
//
// The token is parsed, and decrypted if the key can, before it is returned, so that neither a
// bug nor a fault of the hardware produces a wrong token.
func Encrypt(protected jsonobject.Object, plaintext []byte, key jwk.Key, alg, enc string, o EncryptOptions) (Token, error) {
	h, err := newHeader(&protected, key, alg, enc, o)
	if err != nil {
		return Token{}, err
	}
	recipient, ok := key.Public()
	if !ok {
		recipient = key // a secret
	}
	if err := h.alg.takes(recipient, h.enc); err != nil {
		return Token{}, err
	}
	if err := h.alg.allows(recipient, toEncrypt); err != nil {
		return Token{}, err
	}
	contentKey, encryptedKey, err := h.wrap(&protected, recipient.Material())
	if err != nil {
		return Token{}, verdict.Errorf(verdict.Internal, "encrypting with %s: %w", alg, err)
	}
	if len(protected.Bytes()) > jws.MaxHeaderBytes {
		return Token{}, verdict.Errorf(verdict.TooLarge, "the header is larger than %d bytes", jws.MaxHeaderBytes)
	}
	content := plaintext
	if h.zip {
		if content, err = deflate(plaintext); err != nil {
			return Token{}, verdict.Errorf(verdict.Internal, "compressing: %w", err)
		}
	}
	text := base64url.AppendEncode(nil, protected.Bytes())
	iv, ciphertext, tag, err := h.enc.seal(contentKey, content, text)
	if err != nil {
		return Token{}, verdict.Errorf(verdict.Internal, "encrypting with %s: %w", enc, err)
	}
	for _, part := range [][]byte{encryptedKey, iv, ciphertext, tag} {
		text = base64url.AppendEncode(append(text, '.'), part)
	}
	return checked(string(text), plaintext, key, h.alg)
}

// newHeader returns the header of a new token. It appends alg, enc and zip to protected unless
// it has them.
func newHeader(protected *jsonobject.Object, key jwk.Key, alg, enc string, o EncryptOptions) (header, error) {
	h := header{p2c: cmp.Or(o.P2C, DefaultP2C)}
	if err := checkNames(*protected); err != nil {
		return h, err
	}
	members := []struct{ name, value string }{{"alg", alg}, {"enc", enc}, {"zip", "DEF"}}
	if !o.Zip {
		members = members[:2]
	}
	for _, m := range members {
		if err := setOnce(protected, m.name, m.value); err != nil {
			return h, err
		}
	}
	var err error
	if h.alg, err = readAlg(*protected, []string{alg}); err != nil {
		return h, err
	}
	if h.alg.optIn {
		return h, verdict.Errorf(verdict.AlgRefused, "alg: %s is open to padding oracles, no token is made with it (RFC 8725 §3.2)", alg).
			Hintf("for an RSA key: --alg %s", algorithms[0].name)
	}
	if h.enc, err = readEnc(*protected); err != nil {
		return h, err
	}
	if h.zip, err = readZip(*protected); err != nil {
		return h, err
	}
	switch h.alg.family {
	case ecdhES:
		h.curve, _ = lookupCurve(key.Type, key.Curve) // takes checks that there is one
		err = h.readParties(*protected)
	case pbes2:
		err = checkIterations(h.p2c)
	}
	return h, err
}

func checkIterations(n int) error {
	if n < MinP2C || n > MaxP2C {
		return verdict.Errorf(verdict.Usage, "p2c: is %d iterations, must be %d to %d", n, MinP2C, MaxP2C)
	}
	return nil
}

// checkNames refuses a header with duplicates, with critical extensions, or with a member that
// must be made for each token.
func checkNames(protected jsonobject.Object) error {
	if d := protected.Duplicates(); len(d) > 0 {
		return verdict.Errorf(verdict.DuplicateMember, "the header has %s more than once", phrase.QuotedList(d))
	}
	for _, name := range computed {
		if _, ok := protected.Get(name); ok {
			return verdict.Errorf(verdict.Usage, "%s: is made for each token, the header must not have it", name)
		}
	}
	return checkCrit(protected)
}

// setOnce appends a member to the header unless it has it. Another value is an error.
func setOnce(protected *jsonobject.Object, name, value string) error {
	v, ok := protected.Get(name)
	if !ok {
		protected.Set(name, jsonobject.Quote(value))
		return nil
	}
	if s, isText := v.Text(); !isText || s != value {
		return verdict.Errorf(verdict.Usage, "%s: is %s in the header, %s was requested", name, phrase.JSON(v), phrase.Quote(value))
	}
	return nil
}

// checked reads the token just made as its receiver will. With PBES2 this runs the iterations
// a second time.
func checked(made string, plaintext []byte, key jwk.Key, alg algorithm) (Token, error) {
	t, err := Parse(made)
	if err != nil {
		return Token{}, verdict.Errorf(verdict.Internal, "the token just made does not parse: %w", err)
	}
	h, err := t.readHeader([]string{alg.name})
	if err != nil {
		return Token{}, verdict.Errorf(verdict.Internal, "the token just made is refused: %w", err)
	}
	if !key.IsPrivate() {
		return t, nil
	}
	content, err := t.open(h, key)
	if err == nil && h.zip {
		content, err = Inflate(content, len(plaintext))
	}
	if err != nil {
		return Token{}, verdict.Errorf(verdict.Internal, "the token just made does not decrypt: %w", err)
	}
	if !bytes.Equal(content, plaintext) {
		return Token{}, verdict.Errorf(verdict.Internal, "the token just made decrypts to something else")
	}
	return t, nil
}
