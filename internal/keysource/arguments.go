package keysource

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// Arguments say how a key command gets the keys it works on: its
// arguments, --key and --secret, in that order, or else standard input.
type Arguments struct {
	Options Options
	at      cli.At
}

func (o *Arguments) AddFlags(f *pflag.FlagSet) {
	f.StringArrayVarP(&o.Options.Keys, "key", "k", nil, "a key or key set from a `SOURCE`, like an argument: PATH, -, env:NAME, fd:N, https://…, oidc:ISSUER (repeatable)")
	f.StringArrayVarP(&o.Options.Secrets, "secret", "S", nil, "an HMAC secret (repeatable) from a `SOURCE`: @PATH, raw:PATH, env:NAME, fd:N, - (or a prompt), b64:…, b64url:…, hex:…, or its own text")
	f.BoolVar(&o.Options.Offline, "offline", false, "fetch nothing: use cached key sets, however old")
	o.Options.Passphrase.AddFlag(f, "passphrase", "the passphrase of an encrypted key")
	o.at.AddFlags(f, "check certificates as of this `TIME`")
}

// Sources returns the keyring of a command line, its sources complete.
func (o Arguments) Sources(ctx context.Context, env *cli.Env, output cli.Output, args []string) (*Sources, error) {
	o.Options.Keys = append(args, o.Options.Keys...)
	if !o.Options.Given() {
		if env.StdinTTY {
			return nil, verdict.Errorf(verdict.Usage, "no key given").
				Hintf("give a file, https://…, oidc:ISSUER, or the key through a pipe")
		}
		o.Options.Keys = []string{"-"}
	}
	ring := o.Options.Sources(ctx, env, output)
	var err error
	ring.At, err = o.at.Now(env)
	return ring, err
}

// Each reads the sources one after the other. Where no key of a source can be
// used, it comes with the error.
func (k *Sources) Each(do func(s Source, err error) error) error {
	for _, source := range k.Options.Keys {
		s, err := k.Read(source)
		if s.Name == "" {
			s.Name = source
		}
		if err := do(s, err); err != nil {
			return err
		}
	}
	for _, source := range k.Options.Secrets {
		s, err := k.loadSecret(source)
		if err := do(s, err); err != nil {
			return err
		}
	}
	return nil
}

// Usable reads all sources, each of which must hold keys that can be used, those
// of a JWK Set excepted, and certificates that are in date.
func (k *Sources) Usable() ([]Source, error) {
	var all []Source
	err := k.Each(func(s Source, err error) error {
		if err != nil {
			return err
		}
		if err := s.OutOfDate(k); err != nil {
			return err
		}
		for _, skipped := range s.Set.Skipped {
			k.Output.Note(k.Env, leftOut(s.Name, skipped))
		}
		all = append(all, s)
		return nil
	})
	return all, err
}

// OutOfDate refuses a certificate that is. That the certificates in a JWK are is
// no fault of its key, which is believed for other reasons.
func (s Source) OutOfDate(k *Sources) error {
	for _, key := range s.Set.Keys {
		if err := key.CertificateError(k.Instant()); err != nil {
			return InSource(s.Name, err)
		}
	}
	return nil
}

func EncryptedHint(err error) error {
	if !errors.Is(err, jwk.ErrEncrypted) {
		return err
	}
	e := *cli.Classified(err)
	e.Hint = "--passphrase env:NAME, @FILE or fd:N"
	return &e
}

// A Passphrase is a flag that says where a passphrase comes from. It is
// never the passphrase itself.
type Passphrase struct{ Flag, Source string }

func (o *Passphrase) AddFlag(f *pflag.FlagSet, flag, what string) {
	o.Flag = flag
	f.StringVar(&o.Source, flag, "", what+", from a `SOURCE`: env:NAME, @FILE, fd:N or - (on a terminal, a prompt)")
}

func (o Passphrase) Read(in *input.Reader) ([]byte, error) {
	const limit = 4096
	marked := o.Source == "-"
	for _, prefix := range []string{"@", "env:", "fd:", "raw:"} {
		marked = marked || strings.HasPrefix(o.Source, prefix)
	}
	if !marked {
		return nil, verdict.Errorf(verdict.Usage, "--%s: a passphrase on the command line is visible to everybody", o.Flag).
			Hintf("--%s env:NAME, @FILE, fd:N or -", o.Flag)
	}
	s, _, err := in.Secret(o.Source, limit)
	return s.Data, cli.FlagError(o.Flag, err)
}

// AnyKeys takes any number of key sources as arguments.
func AnyKeys(*cobra.Command, []string) error { return nil }

// leftOut says of a key that it cannot be used.
func leftOut(source string, s jwk.Skipped) string {
	return Place(source, s.Index, s.ID) + " is left out: " + s.Err.Error()
}

// Place names a key of a set.
func Place(set string, i int, id string) string {
	text := set + ": keys[" + strconv.Itoa(i) + "]"
	if id != "" {
		text += " (kid " + string(jsonobject.Quote(id)) + ")"
	}
	return text
}
