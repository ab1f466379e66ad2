package key

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
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
		c.Example = `  jwt key convert private.pem --out private.jwk
  jwt key convert private.jwk --to pem
  jwt key convert ~/.ssh/id_ed25519 --use sig --alg EdDSA
  jwt key convert private.pem --encrypt --out encrypted.pem
  jwt key convert encrypted.jwk --passphrase env:PASSPHRASE --to openssh
  jwt key convert --secret @secret.txt --alg HS256`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 7 8"}
		c.Args = cobra.ArbitraryArgs
		o.addFlags(c.Flags())
		o.complete(c)
		c.RunE = func(c *cobra.Command, args []string) error { return runConvert(c.Context(), env, o, args) }
	},
}

type convertOptions struct {
	job
	members members
	encrypt bool
	renewed keysource.Passphrase
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
	return o.run(ctx, env, args, func(k *keys) (err error) {
		if k.format, err = o.target(*k); err != nil {
			return err
		}
		for i, e := range k.entries {
			if k.entries[i], err = o.members.edit(e, k.format, len(k.entries)); err != nil {
				return err
			}
		}
		switch {
		case !o.encrypts():
			return nil
		case !k.private():
			return verdict.Errorf(verdict.Usage, "--encrypt: there is no private key to encrypt")
		}
		k.passphrase, err = newPassphrase(k.sources, o.renewed)
		return err
	})
}

// target returns the format of --to. Without it, a JWK becomes PEM and any other format
// a JWK; a key that is only encrypted keeps its format.
func (o convertOptions) target(k keys) (jwk.Format, error) {
	format := k.readFormat()
	switch {
	case o.form.name != "" || o.form.byName() != "" || o.encrypts():
		return o.form.format(format)
	case format != jwk.FormatJWK || len(k.entries) == 0 || k.entries[0].Key.Format == "secret":
		return jwk.FormatJWK, nil
	case k.entries[0].Key.IsSecret():
		return "", verdict.Errorf(verdict.Usage, "a secret has no PEM form").Hintf("--to raw writes its bytes")
	default:
		return jwk.FormatPEM, nil
	}
}

func (o convertOptions) encrypts() bool { return o.encrypt || o.renewed.Source != "" }
