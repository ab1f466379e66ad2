package token

import (
	"context"
	"errors"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/jwe"
	"jwt/internal/jwk"
	"jwt/internal/keysource"
	"jwt/internal/token"
	"jwt/internal/verdict"
)

// openOptions are the flags for decrypting a token.
type openOptions struct {
	keys        keysource.EncryptionOptions
	maxInflated int
}

func (o *openOptions) addFlags(f *pflag.FlagSet) {
	o.keys.AddFlags(f)
	f.Lookup("key").Usage = "decrypt with this private key (repeatable) from a `SOURCE`: " + keysource.DecryptingSources
	f.Lookup("alg").Usage = "allow this key management `ALGORITHM` (repeatable; default: what the keys can do, except RSA1_5)"
	f.IntVar(&o.maxInflated, "max-inflated", jwe.DefaultMaxInflated, "refuse a compressed plaintext that inflates to more than this many `BYTES`")
}

func (o *openOptions) complete(c *cobra.Command) { o.keys.Complete(c) }

// given reports whether any key is given.
func (o openOptions) given() bool { return o.keys.Given() }

// check refuses invalid values and a command line without keys.
func (o openOptions) check(env *cli.Env, args []string) error {
	const most = 1 << 30
	if o.maxInflated < 1 || o.maxInflated > most {
		return verdict.Errorf(verdict.Usage, "--max-inflated: is %d, must be from 1 to %d bytes", o.maxInflated, most)
	}
	return errors.Join(o.keys.Check("--key private.pem, --secret hex:… or --password -"), o.keys.CheckStdin(env, args, "token"))
}

// checkIfGiven is check for commands that decrypt only with a key.
func (o openOptions) checkIfGiven(env *cli.Env, args []string) error {
	if !o.given() && len(o.keys.Algs) == 0 {
		return nil
	}
	return o.check(env, args)
}

// An unlocker decrypts tokens with the keys of a command line, which are read when the first
// token needs them. The workers of a batch share it.
type unlocker struct {
	options openOptions
	sources *keysource.Sources
	keys    func() ([]jwk.Key, error)
}

func (o openOptions) unlocker(ctx context.Context, env *cli.Env, output cli.Output, args []string) *unlocker {
	o.keys.TakePassword(env, args)
	sources := o.keys.Sources(ctx, env, output)
	return &unlocker{options: o, sources: sources, keys: sync.OnceValues(func() ([]jwk.Key, error) {
		keys, err := o.keys.KeysFrom(sources, false)
		sources.NoteWarnings(keys...)
		return keys, err
	})}
}

// open decrypts a token of at most maxSize bytes.
func (u *unlocker) open(t *token.Token, maxSize int) error {
	keys, err := u.keys()
	if err != nil {
		return err
	}
	return t.Decrypt(keys, jwe.Options{Algs: u.options.keys.Algs, MaxToken: maxSize, MaxInflated: u.options.maxInflated})
}
