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

// Options say how a command gets its keys: one grammar for all commands.
type Options struct {
	Keys, Secrets, Algs []string
	Passphrase          Passphrase
	Offline             bool
}

func (o *Options) AddFlags(f *pflag.FlagSet) {
	f.StringArrayVarP(&o.Keys, "key", "k", nil, "a key or key set (repeatable) from a `SOURCE`: PATH, -, env:NAME, fd:N, https://…, oidc:ISSUER, or the key's own text")
	f.StringArrayVarP(&o.Secrets, "secret", "S", nil, "an HMAC secret (repeatable) from a `SOURCE`: @PATH, raw:PATH, env:NAME, fd:N, - (or a prompt), b64:…, b64url:…, hex:…, or its own text")
	f.StringArrayVarP(&o.Algs, "alg", "A", nil, "allow this `ALGORITHM` (repeatable; default: what the keys can do)")
	o.Passphrase.AddFlag(f, "passphrase", "the passphrase of an encrypted key")
	f.BoolVar(&o.Offline, "offline", false, "fetch nothing: use cached key sets, however old")
}

func (o *Options) Complete(c *cobra.Command) { o.CompleteFor(c, AlgNames()) }

func (o *Options) CompleteFor(c *cobra.Command, algs []string) { cli.CompleteValues(c, "alg", algs...) }

func AlgNames() []string {
	var names []string
	for _, a := range jwa.All() {
		names = append(names, a.Name)
	}
	return names
}

func (o Options) Given() bool { return len(o.Keys)+len(o.Secrets) > 0 }

// Check refuses a command line without keys, and algorithms nobody knows.
func (o Options) Check() error {
	if err := o.CheckAlgs(); err != nil {
		return err
	}
	if !o.Given() {
		return verdict.Errorf(verdict.Usage, "no key given: which one signs is for you to say, never for the token").
			Hintf("--key public.pem, --key oidc:https://issuer.example or --secret env:NAME")
	}
	return nil
}

func (o Options) CheckAlgs() error {
	for _, name := range o.Algs {
		if strings.EqualFold(name, jwa.None) {
			return verdict.Errorf(verdict.Usage, "--alg %s: it means no signature, which never verifies", name).
				Hintf("jwt decode shows an unsecured token")
		}
		if !slices.Contains(AlgNames(), name) {
			if i := slices.IndexFunc(AlgNames(), func(a string) bool { return strings.EqualFold(a, name) }); i >= 0 {
				return verdict.Errorf(verdict.Usage, "--alg %s: no such signature algorithm, names are case-sensitive", name).
					Hintf("--alg %s", AlgNames()[i])
			}
			return verdict.Errorf(verdict.Usage, "--alg %s: no such signature algorithm", name).
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

// CheckStdin refuses a key from a standard input that is also to give the work.
func (o Options) CheckStdin(env *cli.Env, args []string, work string) error {
	if env.StdinTTY || len(args) > 0 && !input.IsStdin(args[0]) || !o.FromStdin() {
		return nil
	}
	return verdict.Errorf(verdict.Usage, "the %s and the key cannot both come from stdin", work).
		Hintf("give one of them as @FILE, env:NAME or fd:3")
}
