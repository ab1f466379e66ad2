// Package keysource turns --key, --secret and --passphrase into keys: from files, standard
// input, the environment, descriptors and the network.
package keysource

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/jwa"
	"jwt/internal/verdict"
)

// The sources of keys and secrets, as the help of every command lists them. A key that decrypts is not
// fetched, and ssh-agent does not decrypt.
const (
	KeySources        = "PATH, -, env:NAME, fd:N, https://…, oidc:ISSUER, agent:FINGERPRINT, or the key's own text"
	DecryptingSources = "PATH, -, env:NAME, fd:N, or the key's own text"
	SecretSources     = input.Places + ", or b64:, b64url:, hex: or nextauth: before one of these"
)

// Options are the flags that say where keys come from, the same for all commands.
type Options struct {
	Keys, Secrets, Algs []string
	Passphrase          Passphrase
	Offline, Refresh    bool
}

// AddFlags adds the flags.
func (o *Options) AddFlags(f *pflag.FlagSet) {
	f.StringArrayVarP(&o.Keys, "key", "k", nil, "a key or key set (repeatable) from a `SOURCE`: "+KeySources)
	f.StringArrayVarP(&o.Secrets, "secret", "S", nil, "an HMAC secret (repeatable) from a `SOURCE`: "+SecretSources)
	f.StringArrayVarP(&o.Algs, "alg", "A", nil, "allow this `ALGORITHM` (repeatable; default: what the keys can do)")
	o.Passphrase.AddFlag(f, "passphrase", "the passphrase of an encrypted key")
	o.AddCacheFlags(f)
}

// AddCacheFlags adds the flags about cached key sets.
func (o *Options) AddCacheFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.Offline, "offline", false, "fetch nothing: use cached key sets, however old")
	f.BoolVar(&o.Refresh, "refresh", false, "fetch key sets anew, however fresh the cache")
}

// CheckCache refuses --refresh together with --offline.
func (o Options) CheckCache() error {
	if o.Offline && o.Refresh {
		return verdict.Errorf(verdict.Usage, "--refresh fetches key sets, --offline fetches nothing")
	}
	return nil
}

// Complete completes --alg with the signature algorithms.
func (o *Options) Complete(c *cobra.Command) { o.CompleteFor(c, AlgNames()) }

// CompleteFor completes --alg with algs.
func (o *Options) CompleteFor(c *cobra.Command, algs []string) { cli.CompleteValues(c, "alg", algs...) }

// AlgNames returns the names of the signature algorithms.
func AlgNames() []string {
	var names []string
	for _, a := range jwa.All() {
		names = append(names, a.Name)
	}
	return names
}

// Given reports whether any key is given.
func (o Options) Given() bool { return len(o.Keys)+len(o.Secrets) > 0 }

// Check refuses a command line without keys or with an unknown algorithm.
func (o Options) Check() error {
	if err := o.CheckAlgs(); err != nil {
		return err
	}
	if !o.Given() {
		return verdict.Errorf(verdict.Usage, "no key given: the caller decides which key signs, never the token").
			Hintf("--key public.pem, --key oidc:https://issuer.example or --secret env:NAME")
	}
	return nil
}

// CheckAlgs refuses unknown signature algorithms.
func (o Options) CheckAlgs() error {
	if err := o.CheckCache(); err != nil {
		return err
	}
	for _, name := range o.Algs {
		if strings.EqualFold(name, jwa.None) {
			return verdict.Errorf(verdict.Usage, "--alg %s: means no signature, which is never accepted", name).
				Hintf("jwt decode shows an unsecured token")
		}
		if !slices.Contains(AlgNames(), name) {
			if i := slices.IndexFunc(AlgNames(), func(a string) bool { return strings.EqualFold(a, name) }); i >= 0 {
				return verdict.Errorf(verdict.Usage, "--alg %s: unknown signature algorithm, names are case-sensitive", name).
					Hintf("--alg %s", AlgNames()[i])
			}
			return verdict.Errorf(verdict.Usage, "--alg %s: unknown signature algorithm", name).
				Hintf("one of %s", strings.Join(AlgNames(), " "))
		}
	}
	return nil
}

// FromStdin reports whether a key comes from standard input.
func (o Options) FromStdin() bool {
	return slices.ContainsFunc(append(slices.Clone(o.Keys), o.Secrets...), IsStdin)
}

// IsStdin reports whether the source of a key is standard input.
func IsStdin(source string) bool { return input.IsStdin(source) || source == "fd:0" }

// CheckStdin refuses to read both a key and work, the argument, from standard input.
func (o Options) CheckStdin(env *cli.Env, args []string, work string) error {
	if env.StdinTTY || len(args) > 0 && !input.IsStdin(args[0]) || !o.FromStdin() {
		return nil
	}
	return verdict.Errorf(verdict.Usage, "the %s and the key cannot both come from stdin", work).
		Hintf("give one of them as @FILE, env:NAME or fd:3")
}

// A Passphrase is a flag that says where a passphrase comes from. Its value is never the
// passphrase itself, which other users could see in the list of processes.
type Passphrase struct{ Flag, Source string }

// AddFlag adds the flag.
func (o *Passphrase) AddFlag(f *pflag.FlagSet, flag, what string) {
	o.Flag = flag
	f.StringVar(&o.Source, flag, "", what+", from a `SOURCE`: @PATH, raw:PATH, dotenv:PATH#NAME, env:NAME, fd:N or - (or a prompt)")
}

// Read reads the passphrase.
func (o Passphrase) Read(in *input.Reader) ([]byte, error) {
	const limit = 4096
	marked := o.Source == "-"
	for _, prefix := range []string{"@", "env:", "fd:", "raw:", "dotenv:"} {
		marked = marked || strings.HasPrefix(o.Source, prefix)
	}
	if !marked {
		return nil, verdict.Errorf(verdict.Usage, "--%s: a passphrase on the command line is visible to other users", o.Flag).
			Hintf("--%s env:NAME, @FILE, fd:N or -", o.Flag)
	}
	s, _, err := in.Secret(o.Source, limit)
	return s.Data, cli.FlagError(o.Flag, err)
}
