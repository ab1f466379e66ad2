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

// encryptionKeys are the keys of the commands that encrypt and decrypt: those of
// keyOptions, in which a secret is an AES key or a password, and --password.
type encryptionKeys struct {
	keysource.Options
	password string
	typed    bool // the password is asked for
}

func (o *encryptionKeys) addFlags(f *pflag.FlagSet) {
	o.Options.AddFlags(f)
	f.Lookup("secret").Usage = "an AES key or a password (repeatable) from a `SOURCE`: @PATH, raw:PATH, env:NAME, fd:N, - (or a prompt), b64:…, b64url:…, hex:…, or its own text"
	f.StringVar(&o.password, "password", "", "a password (PBES2) from a `SOURCE`: - (a prompt), @PATH, env:NAME, fd:N or its own text")
}

func (o *encryptionKeys) complete(c *cobra.Command) { o.CompleteFor(c, jwe.AlgNames()) }

func (o encryptionKeys) given() bool { return o.Options.Given() || o.password != "" }

// check refuses a command line without keys, and algorithms nobody knows.
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

// checkName refuses a value that the flag does not have.
func checkName(flag, name, what string, known []string) error {
	if slices.Contains(known, name) {
		return nil
	}
	return verdict.Errorf(verdict.Usage, "--%s %s: no such %s", flag, name, what).
		Hintf("one of %s", strings.Join(known, " "))
}

// takePassword decides where the password comes from: typed on the terminal for
// -, unless stdin is a pipe that nothing else comes from; else as every secret.
func (o *encryptionKeys) takePassword(env *cli.Env, args []string) {
	stdinTaken := env.StdinTTY || len(args) == 0 || input.IsStdin(args[0])
	o.typed = input.IsStdin(o.password) && stdinTaken
	if o.password != "" && !o.typed {
		o.Secrets = append(o.Secrets, o.password)
	}
}

// keys returns the keys of ring, and the password as the last of them. confirm
// asks for one that is typed a second time: a typing error would lock the token
// for good.
func (o encryptionKeys) keys(ring *keysource.Sources, confirm bool) ([]jwk.Key, error) {
	keys, err := ring.Keys()
	if err != nil || !o.typed {
		return keys, keysource.EncryptedHint(err)
	}
	typed, err := ring.Ask("Password: ")
	if err != nil {
		return nil, err
	}
	if confirm {
		again, err := ring.Ask("Once more: ")
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

// noteDoubts says on stderr what is wrong with the keys. That a secret stood on
// the command line, or how old a key set is, was said when it was read.
func noteDoubts(env *cli.Env, output cli.Output, doubts []verdict.Check) {
	for _, d := range doubts {
		if d.Status == verdict.Warn && d.Class != verdict.SecretInArgv {
			output.Note(env, d.Detail)
		}
	}
}

// renamed turns the names of key flags in an error into those that it was about:
// --key into --sign-key or --verify-key.
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
