package cmd

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/input"
	"jwt/internal/jwa"
	"jwt/internal/verdict"
)

// keyOptions say how a command gets its keys: one grammar for all commands.
type keyOptions struct {
	sources, secrets, algs []string
	passphrase             passphraseOption
	offline                bool
}

func (o *keyOptions) addFlags(f *pflag.FlagSet) {
	f.StringArrayVarP(&o.sources, "key", "k", nil, "a key or key set (repeatable) from a `SOURCE`: PATH, -, env:NAME, fd:N, https://…, oidc:ISSUER, or the key's own text")
	f.StringArrayVarP(&o.secrets, "secret", "S", nil, "an HMAC secret (repeatable) from a `SOURCE`: @PATH, raw:PATH, env:NAME, fd:N, - (or a prompt), b64:…, b64url:…, hex:…, or its own text")
	f.StringArrayVarP(&o.algs, "alg", "A", nil, "the `ALGORITHM` to allow (repeatable); by default what the keys can do")
	o.passphrase.addFlag(f, "passphrase", "the passphrase of an encrypted key")
	f.BoolVar(&o.offline, "offline", false, "fetch nothing: use cached key sets, however old")
}

func (o *keyOptions) complete(c *cobra.Command) { o.completeFor(c, algNames()) }

func (o *keyOptions) completeFor(c *cobra.Command, algs []string) { completeValues(c, "alg", algs...) }

func algNames() []string {
	var names []string
	for _, a := range jwa.All() {
		names = append(names, a.Name)
	}
	return names
}

func (o keyOptions) given() bool { return len(o.sources)+len(o.secrets) > 0 }

// check refuses a command line without keys, and algorithms nobody knows.
func (o keyOptions) check() error {
	if err := o.checkAlgs(); err != nil {
		return err
	}
	if !o.given() {
		return verdict.Errorf(verdict.Usage, "no key given: which one signs is for you to say, never for the token").
			Hintf("--key public.pem, --key oidc:https://issuer.example or --secret env:NAME")
	}
	return nil
}

func (o keyOptions) checkAlgs() error {
	for _, name := range o.algs {
		if strings.EqualFold(name, jwa.None) {
			return verdict.Errorf(verdict.Usage, "--alg %s: it means no signature, which never verifies", name).
				Hintf("jwt decode shows an unsecured token")
		}
		if !slices.Contains(algNames(), name) {
			if i := slices.IndexFunc(algNames(), func(a string) bool { return strings.EqualFold(a, name) }); i >= 0 {
				return verdict.Errorf(verdict.Usage, "--alg %s: no such signature algorithm, names are case-sensitive", name).
					Hintf("--alg %s", algNames()[i])
			}
			return verdict.Errorf(verdict.Usage, "--alg %s: no such signature algorithm", name).
				Hintf("one of %s", strings.Join(algNames(), " "))
		}
	}
	return nil
}

// fromStdin reports whether a key comes from standard input.
func (o keyOptions) fromStdin() bool {
	return slices.ContainsFunc(append(slices.Clone(o.sources), o.secrets...), isStdin)
}

// isStdin reports whether the source of a key is standard input.
func isStdin(source string) bool { return input.IsStdin(source) || source == "fd:0" }

// checkStdin refuses a key from a standard input that is also to give the work.
func (o keyOptions) checkStdin(env *Env, args []string, work string) error {
	if env.StdinTTY || len(args) > 0 && !input.IsStdin(args[0]) || !o.fromStdin() {
		return nil
	}
	return verdict.Errorf(verdict.Usage, "the %s and the key cannot both come from stdin", work).
		Hintf("give one of them as @FILE, env:NAME or fd:3")
}
