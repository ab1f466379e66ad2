package cmd

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/input"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// keySourceOptions say how a key command gets the keys it works on: its
// arguments, --key and --secret, in that order, or else standard input.
type keySourceOptions struct {
	keys keyOptions
	at   atOption
}

func (o *keySourceOptions) addFlags(f *pflag.FlagSet) {
	f.StringArrayVarP(&o.keys.sources, "key", "k", nil, "a key or key set from a `SOURCE`, like an argument: PATH, -, env:NAME, fd:N, https://…, oidc:ISSUER (repeatable)")
	f.StringArrayVarP(&o.keys.secrets, "secret", "S", nil, "an HMAC secret (repeatable) from a `SOURCE`: @PATH, raw:PATH, env:NAME, fd:N, - (or a prompt), b64:…, b64url:…, hex:…, or its own text")
	f.BoolVar(&o.keys.offline, "offline", false, "fetch nothing: use cached key sets, however old")
	o.keys.passphrase.addFlag(f, "passphrase", "the passphrase of an encrypted key")
	o.at.addFlags(f)
}

// ring returns the keyring of a command line, its sources complete.
func (o keySourceOptions) ring(ctx context.Context, env *Env, output outputOptions, args []string) (*keyring, error) {
	o.keys.sources = append(args, o.keys.sources...)
	if !o.keys.given() {
		if env.StdinTTY {
			return nil, verdict.Errorf(verdict.Usage, "no key given").
				Hintf("give a file, https://…, oidc:ISSUER, or the key through a pipe")
		}
		o.keys.sources = []string{"-"}
	}
	ring := o.keys.ring(ctx, env, output)
	var err error
	ring.at, err = o.at.now(env)
	return ring, err
}

// each reads the sources one after the other. Where no key of a source can be
// used, it comes with the error.
func (k *keyring) each(do func(s keySource, err error) error) error {
	for _, source := range k.options.sources {
		s, err := k.read(source)
		if s.name == "" {
			s.name = source
		}
		if err := do(s, err); err != nil {
			return err
		}
	}
	for _, source := range k.options.secrets {
		s, err := k.loadSecret(source)
		if err := do(s, err); err != nil {
			return err
		}
	}
	return nil
}

// usable reads all sources, each of which must hold keys that can be used, those
// of a JWK Set excepted, and certificates that are in date.
func (k *keyring) usable() ([]keySource, error) {
	var all []keySource
	err := k.each(func(s keySource, err error) error {
		if err != nil {
			return err
		}
		if err := s.outOfDate(k); err != nil {
			return err
		}
		for _, skipped := range s.set.Skipped {
			k.output.note(k.env, leftOut(s.name, skipped))
		}
		all = append(all, s)
		return nil
	})
	return all, err
}

// outOfDate refuses a certificate that is. That the certificates in a JWK are is
// no fault of its key, which is believed for other reasons.
func (s keySource) outOfDate(k *keyring) error {
	for _, key := range s.set.Keys {
		if err := key.CertificateError(k.instant()); err != nil {
			return inSource(s.name, err)
		}
	}
	return nil
}

func encryptedHint(err error) error {
	if !errors.Is(err, jwk.ErrEncrypted) {
		return err
	}
	e := *classified(err)
	e.Hint = "--passphrase env:NAME, @FILE or fd:N"
	return &e
}

// A passphraseOption is a flag that says where a passphrase comes from. It is
// never the passphrase itself.
type passphraseOption struct{ flag, source string }

func (o *passphraseOption) addFlag(f *pflag.FlagSet, flag, what string) {
	o.flag = flag
	f.StringVar(&o.source, flag, "", what+", from a `SOURCE`: env:NAME, @FILE, fd:N or - (asked for on a terminal)")
}

func (o passphraseOption) read(in *input.Reader) ([]byte, error) {
	const limit = 4096
	marked := o.source == "-"
	for _, prefix := range []string{"@", "env:", "fd:", "raw:"} {
		marked = marked || strings.HasPrefix(o.source, prefix)
	}
	if !marked {
		return nil, verdict.Errorf(verdict.Usage, "--%s: a passphrase on the command line is visible to everybody", o.flag).
			Hintf("--%s env:NAME, @FILE, fd:N or -", o.flag)
	}
	s, _, err := in.Secret(o.source, limit)
	return s.Data, flagError(o.flag, err)
}

// anyKeys takes any number of key sources as arguments.
func anyKeys(*cobra.Command, []string) error { return nil }

// leftOut says of a key that it cannot be used.
func leftOut(source string, s jwk.Skipped) string {
	return place(source, s.Index, s.ID) + " is left out: " + s.Err.Error()
}

// place names a key of a set.
func place(set string, i int, id string) string {
	text := set + ": keys[" + strconv.Itoa(i) + "]"
	if id != "" {
		text += " (kid " + string(jsonobject.Quote(id)) + ")"
	}
	return text
}
