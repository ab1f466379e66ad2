package key

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/keysource"
	"jwt/internal/verdict"
)

var convertCommand = cli.Command{
	Use:   "convert [KEY…]",
	Short: "write a key in another format",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o convertOptions
		c.Long = `Write a key in another format. The format it has is detected from the content:
JWK, JWK Set, PEM, DER, OpenSSH or a certificate, encrypted or not. Without
--to, a JWK becomes PEM and any other format a JWK; with --encrypt alone, the
format stays. Several keys become one JWK Set, or one PEM file.

A private key stays private; jwt key public writes the public half. A JWK made
from another format gets its RFC 7638 thumbprint as its kid.`
		c.Example = `  jwt key convert private.pem -o private.jwk
  jwt key convert private.jwk --to pem
  jwt key convert ~/.ssh/id_ed25519 --use sig --alg EdDSA
  jwt key convert private.pem --encrypt -o encrypted.pem
  jwt key convert encrypted.jwk --passphrase env:PASSPHRASE --to openssh
  jwt key convert --secret @secret.txt --alg HS256`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 7 8"}
		c.Args = cobra.ArbitraryArgs
		o.addFlags(c.Flags())
		o.complete(c)
		c.RunE = func(c *cobra.Command, args []string) error {
			o.flags = c.Flags()
			return runConvert(c.Context(), env, o, args)
		}
	},
}

type convertOptions struct {
	source  keysource.Arguments
	form    formOptions
	members members
	encrypt bool
	renewed keysource.Passphrase
	flags   *pflag.FlagSet
}

func (o *convertOptions) addFlags(f *pflag.FlagSet) {
	o.form.addFlags(f, "to", "default: pem for a JWK, else jwk")
	o.members.addFlags(f)
	f.BoolVar(&o.encrypt, "encrypt", false, "encrypt a private key with a passphrase: from --new-passphrase, --passphrase or a prompt")
	o.renewed.AddFlag(f, "new-passphrase", "encrypt with this passphrase")
	o.source.AddFlags(f)
}

func (o *convertOptions) complete(c *cobra.Command) {
	o.form.complete(c)
	o.members.complete(c)
}

func runConvert(ctx context.Context, env *cli.Env, o convertOptions, args []string) error {
	if err := o.form.check(); err != nil {
		return err
	}
	ring, err := o.source.Sources(ctx, env, o.form.output(), args)
	if err != nil {
		return err
	}
	sources, err := ring.Usable()
	if err != nil {
		return err
	}
	texts := textsOf(sources)
	form, err := o.target(texts)
	if err != nil {
		return err
	}
	for i := range texts {
		if texts[i], err = o.members.edit(o.flags, texts[i], form, len(texts)); err != nil {
			return err
		}
	}
	private := holdsPrivate(texts) && form != jwk.FormatSPKI
	w := writer{form: form, set: asSet(sources), indent: !o.form.toStdout() || env.StdoutTTY}
	if o.encrypts() {
		if !private {
			return verdict.Errorf(verdict.Usage, "--encrypt: there is no private key in it")
		}
		if w.passphrase, err = newPassphrase(ring, o.renewed); err != nil {
			return err
		}
	}
	content, err := w.write(texts)
	if err != nil {
		return err
	}
	return o.form.emit(env, content, form, private, w.passphrase != nil)
}

// target is the format asked for, or the other one of JWK and PEM; a key that is
// only to be encrypted keeps its own.
func (o convertOptions) target(texts []text) (jwk.Format, error) {
	if o.form.form != "" {
		form, err := jwk.ParseFormat(o.form.form)
		return form, cli.FlagError("to", err)
	}
	switch form := formOf(texts); {
	case o.encrypts():
		return form, nil
	case form != jwk.FormatJWK || len(texts) > 0 && texts[0].key.Format == "secret":
		return jwk.FormatJWK, nil
	case len(texts) > 0 && texts[0].key.IsSecret():
		return "", verdict.Errorf(verdict.Usage, "a secret has no PEM form").Hintf("--to raw writes its bytes")
	default:
		return jwk.FormatPEM, nil
	}
}

func (o convertOptions) encrypts() bool { return o.encrypt || o.renewed.Source != "" }

// members are what a JWK says of its key, where the user says it anew.
type members struct{ kid, use, alg string }

func (m *members) addFlags(f *pflag.FlagSet) {
	f.StringVar(&m.kid, "kid", "", "set the kid of the JWK to this `ID` (empty removes it)")
	f.StringVar(&m.use, "use", "", "set the use of the JWK: `sig|enc` (empty removes it)")
	f.StringVarP(&m.alg, "alg", "A", "", "set the alg of the JWK to this `ALGORITHM` (empty removes it)")
}

func (m *members) complete(c *cobra.Command) {
	cli.CompleteValues(c, "use", "sig", "enc")
	cli.CompleteValues(c, "alg", jwk.Algs()...)
}

// edit puts the members into a key and its JWK. A key that had no place for a kid
// gets one: without it, nobody finds it in a set. The thumbprint of a secret is a
// hash of it, and is given to none.
func (m members) edit(flags *pflag.FlagSet, t text, form jwk.Format, keys int) (text, error) {
	if flags.Changed("alg") && m.alg != "" {
		if _, err := t.key.For(m.alg); err != nil {
			return t, cli.FlagError("alg", err)
		}
	}
	if flags.Changed("use") && m.use != "" && m.use != "sig" && m.use != "enc" {
		return t, verdict.Errorf(verdict.Usage, "--use: is %q, must be sig or enc", m.use)
	}
	if flags.Changed("kid") && m.kid != "" && keys > 1 {
		return t, verdict.Errorf(verdict.Usage, "--kid: is for one key, there are %d", keys)
	}
	t, err := m.restate(flags, t)
	if err != nil || flags.Changed("kid") {
		return t, err
	}
	if _, has := t.jwk.Get("kid"); !has && form.IsJSON() && !strings.HasSuffix(t.key.Format, "JWK") && !t.key.IsSecret() {
		t.jwk = withMember(t.jwk, "kid", t.key.Thumbprint())
	}
	return t, nil
}

// restate writes the members that were given into the JWK, and reads it again:
// they may contradict what else it says.
func (m members) restate(flags *pflag.FlagSet, t text) (text, error) {
	edited := false
	for _, member := range [...]struct{ name, value string }{{"alg", m.alg}, {"use", m.use}, {"kid", m.kid}} {
		if flags.Changed(member.name) {
			t.jwk, edited = withMember(t.jwk, member.name, member.value), true
		}
	}
	if !edited {
		return t, nil
	}
	set, err := jwk.Parse(t.jwk.Bytes())
	if err != nil {
		return t, verdict.Errorf(verdict.Usage, "the key would be none: %w", err)
	}
	k := set.Keys[0]
	k.Format, k.Source, k.InSet = t.key.Format, t.key.Source, t.key.InSet
	t.key = k
	return t, nil
}

// withMember sets a member, or removes it where value is empty. A new one stands
// behind the kty, where people look for it.
func withMember(o jsonobject.Object, name, value string) jsonobject.Object {
	if value == "" {
		o.Delete(name)
		return o
	}
	if _, has := o.Get(name); has {
		o.Set(name, jsonobject.Quote(value))
		return o
	}
	var edited jsonobject.Object
	for _, m := range o.Members() {
		edited.Set(m.Name, m.Value)
		if m.Name == "kty" {
			edited.Set(name, jsonobject.Quote(value))
		}
	}
	return edited
}
