package verify

import (
	"errors"
	"strings"

	"jwt/internal/jwe"
	"jwt/internal/token"
	"jwt/internal/verdict"
)

// unread adds to the error of a text that is not a signed token what made it so.
func unread(text string, keys Keys, err error) error {
	var e *verdict.Error
	switch {
	case !errors.As(err, &e):
		return err
	case e.Class == verdict.EncryptedToken:
		own := *e
		sealed(text, keys, &own)
		return &own
	case e.Class == verdict.Malformed && strings.HasPrefix(text, "eyj") && text == strings.ToLower(text):
		own := *e
		return own.Hintf("all its letters are lower case, which a token needs in both: copy it again from where it was made")
	}
	return err
}

// sealed adds to the error of an encrypted token who encrypted it, as far as a trial shows it.
func sealed(text string, keys Keys, e *verdict.Error) {
	t, err := token.OpenEncrypted(text)
	if err != nil {
		return
	}
	if who := t.Opener(); who != "" {
		e.Hint = who
		return
	}
	if !t.IsOfNextAuth() {
		return
	}
	e.Hint += ", or --secret nextauth:SOURCE for a session of NextAuth or Auth.js"
	given, err := keys.Keys()
	if err != nil {
		return
	}
	for _, key := range given {
		secret, ok := key.Material().([]byte)
		if !ok {
			continue
		}
		derived, err := jwe.NextAuthKeys(secret)
		if err != nil {
			continue
		}
		if _, err := t.Encrypted.Decrypt(derived, jwe.Options{}); err == nil {
			e.Message += "; NextAuth encrypted it with a key that it derives from the secret given"
			e.Hint = "jwt decrypt TOKEN --secret nextauth:SOURCE derives it"
			return
		}
	}
}
