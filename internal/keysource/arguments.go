package keysource

import (
	"context"

	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/verdict"
)

// Arguments are the flags of the commands that work on keys. These read keys from their
// arguments, --key and --secret, in that order, or else from standard input.
type Arguments struct {
	Options Options
	at      cli.At
}

// AddFlags adds the flags.
func (o *Arguments) AddFlags(f *pflag.FlagSet) {
	f.StringArrayVarP(&o.Options.Keys, "key", "k", nil, "a key or key set (repeatable), like an argument, from a `SOURCE`: "+KeySources)
	f.StringArrayVarP(&o.Options.Secrets, "secret", "S", nil, "an HMAC secret (repeatable) from a `SOURCE`: "+SecretSources)
	o.Options.AddCacheFlags(f)
	o.Options.Passphrase.AddFlag(f, "passphrase", "the passphrase of an encrypted key")
	o.at.AddFlags(f, "check certificates as of this `TIME`")
}

// Sources returns the sources of a command line, which are not read yet.
func (o Arguments) Sources(ctx context.Context, env *cli.Env, output cli.Output, args []string) (*Sources, error) {
	if err := o.Options.CheckCache(); err != nil {
		return nil, err
	}
	o.Options.Keys = append(args, o.Options.Keys...)
	if !o.Options.Given() {
		if env.StdinTTY {
			return nil, verdict.Errorf(verdict.Usage, "no key given").
				Hintf("give a file, https://…, oidc:ISSUER, or the key through a pipe")
		}
		o.Options.Keys = []string{"-"}
	}
	sources := o.Options.Sources(ctx, env, output)
	var err error
	sources.At, err = o.at.Now(env)
	return sources, err
}
