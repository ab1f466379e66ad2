package token

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/jwt"
	"jwt/internal/keysource"
	"jwt/internal/render"
	"jwt/internal/token"
	"jwt/internal/tokensource"
	"jwt/internal/verdict"
	"jwt/internal/verify"
)

var Decrypt = cli.Command{
	Use:   "decrypt [TOKEN]",
	Short: "decrypt an encrypted token (JWE) with the key of its recipient",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o decryptOptions
		c.Long = `Decrypt a token and show what is in it.

Decryption proves who can read the token, not who wrote it: with a public key,
anyone can. A signed token inside is shown but not verified, unless
--verify-key or --verify-secret is given, which check its signature, exp and
nbf. For more checks: jwt decrypt TOKEN --key FILE --payload | jwt verify --key
FILE --aud api

--payload prints exact bytes: the plaintext, or with --verify-key the payload
of the token inside once it is verified. On failure it prints nothing.`
		c.Example = `  jwt decrypt TOKEN --key private.pem
  jwt decrypt --secret hex:000102…1f --payload < token.txt > plain.txt
  jwt decrypt TOKEN --password -
  jwt decrypt TOKEN --key mine.pem --verify-key oidc:https://login.example
  jwt decrypt TOKEN --key old.pem --alg RSA1_5`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 4 5 6 7 8 130"}
		c.Args = cli.AtMostOneArg("one token")
		o.addFlags(c.Flags())
		o.complete(c)
		c.RunE = func(c *cobra.Command, args []string) error { return runDecrypt(c.Context(), env, o, args) }
	},
}

type decryptOptions struct {
	token  tokensource.Options
	open   openOptions
	inner  keysource.Options // for the signed token inside
	output cli.Output
	date   cli.Date
	at     cli.At

	payload bool
}

func (o *decryptOptions) addFlags(f *pflag.FlagSet) {
	o.open.addFlags(f)
	f.StringArrayVar(&o.inner.Keys, "verify-key", nil, "verify the signed token inside with this key (repeatable), from a `SOURCE`: "+keysource.KeySources)
	f.StringArrayVar(&o.inner.Secrets, "verify-secret", nil, "verify the signed token inside with this HMAC secret (repeatable), from a `SOURCE` as for --secret")
	f.StringArrayVar(&o.inner.Algs, "verify-alg", nil, "allow this signature `ALGORITHM` inside (repeatable)")
	f.BoolVar(&o.payload, "payload", false, "print the exact bytes of the plaintext, or of the verified payload, and nothing on failure")
	o.at.AddFlags(f, "check the signed token inside as of this `TIME`")
	o.date.AddFlags(f)
	o.token.AddFlags(f)
	o.output.AddFlags(f)
}

func (o *decryptOptions) complete(c *cobra.Command) {
	o.open.complete(c)
	cli.CompleteValues(c, "verify-alg", keysource.AlgNames()...)
	o.date.Complete(c)
	o.output.Complete(c)
}

func (o *decryptOptions) check(env *cli.Env, args []string) error {
	o.inner.Offline, o.inner.Passphrase = o.open.keys.Offline, o.open.keys.Passphrase
	err := errors.Join(o.output.Check(), o.date.Check(), o.token.Check(), o.open.check(env, args))
	switch {
	case err != nil:
		return err
	case !o.inner.Given() && len(o.inner.Algs) > 0:
		return verdict.Errorf(verdict.Usage, "--verify-alg: requires a key to verify with").Hintf("--verify-key SOURCE")
	case o.inner.Given():
		return keysource.Prefixed(errors.Join(o.inner.Check(), o.inner.CheckStdin(env, args, "token")), "verify")
	}
	return nil
}

func runDecrypt(ctx context.Context, env *cli.Env, o decryptOptions, args []string) error {
	if err := o.check(env, args); err != nil {
		return o.fail(env, err)
	}
	u := o.open.unlocker(ctx, env, o.output, args)
	found, form, err := o.token.ReadForm(env, o.output, u.sources.In, args, false)
	if err != nil {
		return o.fail(env, err)
	}
	var t *token.Token
	if form == nil {
		t, err = o.decrypt(u, found.Token)
	} else {
		t, err = o.decryptForm(u, form)
	}
	if err != nil {
		return o.fail(env, err)
	}
	d := render.Decrypted{Decoded: render.Decoded{Token: t}}
	if o.inner.Given() {
		if d.Report, err = o.verify(ctx, env, u.sources, t); err != nil {
			return o.fail(env, err)
		}
	}
	for _, w := range t.Warnings() {
		o.output.Note(env, w.Detail)
	}
	return o.answer(env, d)
}

func (o decryptOptions) decrypt(u *unlocker, text string) (*token.Token, error) {
	t, err := token.OpenEncrypted(text)
	if err != nil {
		return t, err
	}
	return t, u.open(t, o.token.MaxSize)
}

// verify verifies the token inside as jwt verify does.
func (o decryptOptions) verify(ctx context.Context, env *cli.Env, outer *keysource.Sources, t *token.Token) (*verify.Report, error) {
	now, err := o.at.Now(env)
	if err != nil {
		return nil, err
	}
	location, err := o.date.Location()
	if err != nil {
		return nil, err
	}
	sources := o.inner.Sources(ctx, env, o.output)
	sources.In, sources.At = outer.In, now
	policy := verify.Policy{Policy: jwt.Policy{Location: location}, Algs: o.inner.Algs}
	r := verify.Token(string(t.Payload), sources, policy, now)
	if r.Err != nil {
		e := cli.Classified(keysource.Prefixed(r.Err, "verify"))
		e.Message = "the token inside is " + e.Message
		r.Err, r.Hint = e, e.Hint
	}
	return &r, nil
}

// fail returns the error, and writes it as JSON unless --payload was given, whose bytes it
// could be mistaken for.
func (o decryptOptions) fail(env *cli.Env, err error) error {
	if o.payload {
		return cli.Unanswered{Err: err}
	}
	return o.output.Fail(env, err)
}

// answer writes the plaintext, or with --payload exact bytes: those of the plaintext, or of
// the payload of the token inside if that was verified.
func (o decryptOptions) answer(env *cli.Env, d render.Decrypted) error {
	var failed error
	payload := d.Token.Payload
	if d.Report != nil {
		failed, payload = d.Report.Err, d.Report.Payload
	}
	var err error
	switch {
	case o.payload && failed != nil:
	case o.payload:
		err = o.output.WriteBytes(env, payload)
	case o.output.WantsJSON(env):
		object := d.JSON()
		if failed != nil {
			object = append(object, cli.ErrorObject(failed)...)
		}
		err = o.output.WriteJSON(env, object)
	default:
		now := env.Now()
		d.Remark = func(m jsonobject.Member) render.Remark { return o.date.Remark(m, now) }
		t := o.output.Text(env)
		d.Text(t)
		err = o.output.Write(env, t.Bytes())
	}
	return errors.Join(err, failed)
}
