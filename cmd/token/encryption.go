package token

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/jwe"
	"jwt/internal/jwk"
	"jwt/internal/keysource"
	"jwt/internal/verdict"
)

// encryptionKeys are the key flags of the commands that encrypt and decrypt. A secret is an
// AES key or a password; --password adds a password.
type encryptionKeys struct {
	keysource.Options
	password string
	typed    bool // the password is typed at a prompt
}

func (o *encryptionKeys) addFlags(f *pflag.FlagSet) {
	o.Options.AddFlags(f)
	f.Lookup("secret").Usage = "an AES key or a password (repeatable) from a `SOURCE`: " + keysource.SecretSources
	f.StringVar(&o.password, "password", "", "a password (PBES2) from a `SOURCE`: "+input.Places)
}

func (o *encryptionKeys) complete(c *cobra.Command) { o.CompleteFor(c, jwe.AlgNames()) }

func (o encryptionKeys) given() bool { return o.Options.Given() || o.password != "" }

// check refuses a command line without keys or with an unknown algorithm.
func (o encryptionKeys) check(hint string) error {
	for _, name := range o.Algs {
		if err := checkName("alg", name, "key management algorithm", jwe.AlgNames()); err != nil {
			return err
		}
	}
	if !o.given() {
		return verdict.Errorf(verdict.Usage, "no key given").Hintf("%s", hint)
	}
	return nil
}

// checkName refuses an unknown value of a flag.
func checkName(flag, name, what string, known []string) error {
	if slices.Contains(known, name) {
		return nil
	}
	return verdict.Errorf(verdict.Usage, "--%s %s: unknown %s", flag, name, what).
		Hintf("one of %s", strings.Join(known, " "))
}

// takePassword decides how the password is read. A - prompts on the terminal, unless stdin
// is a pipe that nothing else is read from; any other value is a source like --secret.
func (o *encryptionKeys) takePassword(env *cli.Env, args []string) {
	stdinTaken := env.StdinTTY || len(args) == 0 || input.IsStdin(args[0])
	o.typed = input.IsStdin(o.password) && stdinTaken
	if o.password != "" && !o.typed {
		o.Secrets = append(o.Secrets, o.password)
	}
}

// keys returns the keys of sources and, last, the password. With confirm, a typed password is
// asked for twice, because nobody could decrypt a token under a mistyped one.
func (o encryptionKeys) keys(sources *keysource.Sources, confirm bool) ([]jwk.Key, error) {
	keys, err := sources.Keys()
	if err != nil || !o.typed {
		return keys, keysource.EncryptedHint(err)
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

// noteWarnings writes the warnings about keys as notes, except those that were written when the
// keys were read.
func noteWarnings(env *cli.Env, output cli.Output, warnings []verdict.Check) {
	for _, w := range warnings {
		if w.Status == verdict.Warn && w.Class != verdict.SecretInArgv {
			output.Note(env, w.Detail)
		}
	}
}

// renamed replaces the names of key flags in an error: --key by --sign-key or
// --verify-key.
func renamed(err error, prefix string) error {
	if err == nil {
		return nil
	}
	names := strings.NewReplacer("--key", "--"+prefix+"-key", "--secret", "--"+prefix+"-secret",
		"--alg", "--"+prefix+"-alg", "--kid", "--"+prefix+"-kid")
	e := *cli.Classified(err)
	e.Message, e.Hint = names.Replace(e.Message), names.Replace(e.Hint)
	return &e
}
