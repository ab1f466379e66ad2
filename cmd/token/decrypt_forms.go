package token

import (
	"jwt/internal/compact"
	"jwt/internal/jsonobject"
	"jwt/internal/jwe"
	"jwt/internal/serialization"
	"jwt/internal/token"
	"jwt/internal/verdict"
)

// decryptForm decrypts a token in a JSON serialization for the first recipient whose key is given.
func (o decryptOptions) decryptForm(u *unlocker, form *serialization.Form) (*token.Token, error) {
	if form.Kind != compact.JWE {
		return nil, verdict.Errorf(verdict.NotEncrypted, "the token is signed (JWS), not encrypted").Hintf("check its signature: jwt verify")
	}
	var first error
	for _, r := range form.Recipients {
		sealed, err := jwe.Join(jwe.Parts{
			Protected: form.Protected, Unprotected: []jsonobject.Object{form.Unprotected, r.Header},
			EncryptedKey: r.EncryptedKey, IV: form.IV, CT: form.Ciphertext, Tag: form.Tag, Extra: form.AAD,
		})
		t := token.OfEncrypted(sealed)
		if err == nil {
			err = u.open(t, o.token.MaxSize)
		}
		switch {
		case err == nil:
			return t, nil
		case first == nil || verdict.ClassOf(err) == verdict.DecryptFailed && verdict.ClassOf(first) != verdict.DecryptFailed:
			first = err // that a key fits and does not decrypt says more than that none fits
		}
	}
	return nil, first
}
