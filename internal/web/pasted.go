package web

import (
	"encoding/hex"
	"errors"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/diagnose"
	"jwt/internal/jwe"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/verdict"
)

// pastedName names what was pasted in messages.
const pastedName = "the pasted key"

// Pasted are the keys in a text that was pasted into the page. It implements verify.Keys.
type Pasted struct {
	keys []jwk.Key
	text []byte
}

// pasted reads a key or a key set in any format, or a secret.
func pasted(kind, text string) (Pasted, error) {
	if len(text) > jwk.MaxBytes {
		return Pasted{}, verdict.Errorf(verdict.TooLarge, "%s has %d bytes, the limit is %d", pastedName, len(text), jwk.MaxBytes)
	}
	if kind == "key" {
		set, err := jwe.ParseKeys([]byte(text), nil)
		for i := range set.Keys {
			set.Keys[i].Source = pastedName
		}
		return Pasted{set.Keys, []byte(text)}, hint(named(pastedName, err))
	}
	secret, err := secretOf(kind, text)
	if err != nil {
		return Pasted{}, err
	}
	key, err := jwk.Secret(secret)
	key.Source = "the pasted secret"
	return Pasted{[]jwk.Key{key}, nil}, named(key.Source, err)
}

// hint says in the words of the page what else the text may be.
func hint(err error) error {
	var e *verdict.Error
	if !errors.As(err, &e) {
		return err
	}
	own := *e
	switch own.Hint = ""; {
	case errors.Is(err, jwk.ErrNoKey):
		own.Hint = "if it is a secret, choose that it is one"
	case errors.Is(err, jwk.ErrEncrypted):
		own.Hint = "start the program with this key: it asks for the passphrase there"
	}
	return &own
}

// secretOf returns the bytes of a secret. A text loses the line end that pasting may add.
func secretOf(kind, text string) (secret []byte, err error) {
	switch kind {
	case "secret":
		return []byte(strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")), nil
	case "b64url":
		secret, err = base64url.Decode(strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimSpace(text)), "="))
	case "hex":
		secret, err = hex.DecodeString(strings.TrimSpace(text))
	default:
		return nil, verdict.Errorf(verdict.Usage, "unknown choice of keys")
	}
	if err != nil { // which may quote the secret
		return nil, verdict.Errorf(verdict.KeyUnreadable, "the pasted secret is not %s", map[string]string{"b64url": "Base64", "hex": "hexadecimal"}[kind])
	}
	return secret, nil
}

// IsSecret reports whether a secret was pasted.
func (p Pasted) IsSecret() bool { return len(p.keys) == 1 && p.keys[0].IsSecret() }

// Keys returns the keys.
func (p Pasted) Keys() ([]jwk.Key, error) { return p.keys, nil }

// Texts returns the text, which an issuer may have used as a secret.
func (p Pasted) Texts() [][]byte { return [][]byte{p.text} }

// Refetch returns nothing: there are no other keys.
func (Pasted) Refetch([]jwk.Key) ([]jwk.Key, error) { return nil, nil }

// IssuersOf returns nothing: the keys are for any issuer.
func (Pasted) IssuersOf(jwk.Key) []string { return nil }

// Explain returns the error.
func (Pasted) Explain(err error, _ string) error { return err }

// LeftOut returns nothing.
func (Pasted) LeftOut(jws.Token) []diagnose.Cause { return nil }

// Warnings returns nothing.
func (Pasted) Warnings(...jwk.Key) []verdict.Check { return nil }
