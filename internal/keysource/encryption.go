package keysource

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/jwe"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// EncryptionOptions are the key flags of the commands that encrypt and decrypt. A secret is an
// AES key or a password; --password adds a password.
type EncryptionOptions struct {
	Options
	Password string // a source
	typed    bool   // the password is typed at a prompt
}

// AddFlags adds the flags.
func (o *EncryptionOptions) AddFlags(f *pflag.FlagSet) {
	o.Options.AddFlags(f)
	f.Lookup("secret").Usage = "an AES key or a password (repeatable) from a `SOURCE`: " + SecretSources
	f.StringVar(&o.Password, "password", "", "a password (PBES2) from a `SOURCE`: "+input.Places)
}

// Complete completes --alg with the key management algorithms.
func (o *EncryptionOptions) Complete(c *cobra.Command) { o.CompleteFor(c, jwe.AlgNames()) }

// Given reports whether any key is given.
func (o EncryptionOptions) Given() bool { return o.Options.Given() || o.Password != "" }

// Check refuses a command line without keys or with an unknown algorithm.
func (o EncryptionOptions) Check(hint string) error {
	for _, name := range o.Algs {
		if err := cli.CheckName("alg", name, "key management algorithm", jwe.AlgNames()); err != nil {
			return err
		}
	}
	if !o.Given() {
		return verdict.Errorf(verdict.Usage, "no key given").Hintf("%s", hint)
	}
	return nil
}

// TakePassword decides how the password is read. A - prompts on the terminal, unless stdin
// is a pipe that nothing else is read from; any other value is a source like --secret.
func (o *EncryptionOptions) TakePassword(env *cli.Env, args []string) {
	stdinTaken := env.StdinTTY || len(args) == 0 || input.IsStdin(args[0])
	o.typed = input.IsStdin(o.Password) && stdinTaken
	if o.Password != "" && !o.typed {
		o.Secrets = append(o.Secrets, o.Password)
	}
}

// KeysFrom returns the keys of sources and, last, the password. With confirm, a typed password is
// asked for twice, because nobody could decrypt a token under a mistyped one.
func (o EncryptionOptions) KeysFrom(sources *Sources, confirm bool) ([]jwk.Key, error) {
	keys, err := sources.Keys()
	if err != nil || !o.typed {
		return keys, EncryptedHint(err)
	}
	typed, err := sources.Ask("Password: ")
	if err != nil {
		return nil, err
	}
	if confirm {
		again, err := sources.Ask("Once more: ")
		if err != nil {
			return nil, err
		}
		if string(again) != string(typed) {
			return nil, verdict.Errorf(verdict.KeyUnreadable, "the two passwords typed are not the same")
		}
	}
	if len(typed) == 0 {
		return nil, verdict.Errorf(verdict.KeyRefused, "the password is empty")
	}
	key, err := jwk.Secret(typed)
	key.Source = "the prompt"
	return append(keys, key), err
}

// Prefixed replaces the names of key flags in an error: --key by --sign-key or
// --verify-key.
func Prefixed(err error, prefix string) error {
	if err == nil {
		return nil
	}
	names := strings.NewReplacer("--key", "--"+prefix+"-key", "--secret", "--"+prefix+"-secret",
		"--alg", "--"+prefix+"-alg", "--kid", "--"+prefix+"-kid")
	e := *cli.Classified(err)
	e.Message, e.Hint = names.Replace(e.Message), names.Replace(e.Hint)
	return &e
}
