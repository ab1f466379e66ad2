package key

import (
	"bytes"

	"jwt/internal/keysource"
	"jwt/internal/verdict"
)

// newPassphrase returns the passphrase to encrypt a key with: from the flag o, from
// --passphrase, or typed twice.
func newPassphrase(sources *keysource.Sources, o keysource.Passphrase) ([]byte, error) {
	env := sources.Env
	switch {
	case o.Source != "":
		return o.Read(sources.In)
	case sources.Options.Passphrase.Source != "":
		return sources.GivenPassphrase()
	case env.Secret == nil || !env.StderrTTY:
		return nil, verdict.Errorf(verdict.Usage, "a passphrase is required, and there is no terminal to ask for it").
			Hintf("--%s env:NAME, @FILE or fd:N", o.Flag)
	}
	first, err := env.Secret("New passphrase: ")
	if err != nil {
		return nil, verdict.Errorf(verdict.KeyUnreadable, "asking for the passphrase: %w", err)
	}
	again, err := env.Secret("The same again: ")
	switch {
	case err != nil:
		return nil, verdict.Errorf(verdict.KeyUnreadable, "asking for the passphrase: %w", err)
	case len(first) == 0:
		return nil, verdict.Errorf(verdict.KeyRefused, "the passphrase is empty")
	case !bytes.Equal(first, again):
		return nil, verdict.Errorf(verdict.KeyRefused, "the two passphrases are not the same")
	}
	return first, nil
}
