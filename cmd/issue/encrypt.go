package issue

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/jwe"
	"jwt/internal/jws"
	"jwt/internal/keysource"
	"jwt/internal/phrase"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

var Encrypt = cli.Command{
	Use:   "encrypt [PLAINTEXT]",
	Short: "make an encrypted token (JWE), or sign and encrypt in one",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o encryptOptions
		c.Long = `Encrypt bytes or claims to the owner of a key. The plaintext is an argument,
@FILE, - or a pipe, and is encrypted byte for byte. A token (from jwt sign) is
nested: its line end is dropped, and cty is set to JWT.

With a flag that sets a claim, or with --sign-key or --sign-secret, the
plaintext is claims, as for jwt sign; --sign-key and --sign-secret sign them
first.

The algorithm follows from the key: RSA-OAEP-256 for RSA, ECDH-ES+A256KW for EC
and X25519, key wrapping or dir for a secret by its size, PBES2-HS512+A256KW
for a password; the content is encrypted with A256GCM. The token is parsed, and
if the key can, decrypted once before it is printed.`
		c.Example = `  jwt encrypt '{"sub":"alice"}' --key public.pem
  jwt encrypt @report.pdf --key https://api.example/jwks.json --kid enc-1
  jwt encrypt --sub alice --exp +1h --key theirs.pem --sign-key mine.pem
  jwt sign --sub alice --key mine.pem | jwt encrypt --key theirs.pem
  jwt encrypt @notes.txt --password - --zip
  jwt encrypt @claims.json --secret @aes.key --alg dir --enc A128CBC-HS256`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 4 7 8"}
		o.addFlags(c.Flags())
		o.complete(c)
		c.RunE = func(c *cobra.Command, args []string) error {
			o.flags = c.Flags()
			args = o.claims.takeID(args)
			if err := cli.AtMostOneArg("one plaintext")(c, args); err != nil {
				return err
			}
			return runEncrypt(c.Context(), env, o, args)
		}
	},
}

type encryptOptions struct {
	keys   keysource.EncryptionOptions
	output cli.Output
	at     cli.At
	claims claimOptions
	flags  *pflag.FlagSet

	enc           string
	zip           bool
	p2c           int
	header        []string
	kid, typ, cty string

	signKeys, signSecrets []string
	signAlg, signKid      string
}

func (o *encryptOptions) addFlags(f *pflag.FlagSet) {
	o.keys.AddFlags(f)
	f.Lookup("key").Usage = "the recipient's public key (or a key set) from a `SOURCE`: " + keysource.KeySources
	f.Lookup("secret").Usage = "encrypt with this AES key or password, from a `SOURCE`: " + keysource.SecretSources
	f.Lookup("alg").Usage = "the key management `ALGORITHM` (default: the best that the key can do)"
	f.StringVar(&o.enc, "enc", "", "the content `ENCRYPTION` (default: A256GCM; for dir, by the size of the secret)")
	f.BoolVar(&o.zip, "zip", false, "compress first; the size then reveals something about the content")
	f.IntVar(&o.p2c, "p2c", jwe.DefaultP2C, "hash a password with this number of `ITERATIONS`")
	f.StringArrayVarP(&o.header, "header", "H", nil, "set a header member: `NAME=VALUE` or NAME:=JSON (repeatable)")
	f.StringVar(&o.kid, "kid", "", "the kid of the header; selects the key with this `ID` from a set")
	f.StringVar(&o.typ, "typ", "", "the typ of the header, a media `TYPE` (default: JWT for claims and tokens)")
	f.StringVar(&o.cty, "cty", "", "the cty of the header, the media `TYPE` of the plaintext (default: JWT for a token)")
	f.StringArrayVar(&o.signKeys, "sign-key", nil, "sign the claims first with this private key, from a `SOURCE` as for --key")
	f.StringArrayVar(&o.signSecrets, "sign-secret", nil, "sign the claims first with this HMAC secret, from a `SOURCE` as for --secret")
	f.StringVar(&o.signAlg, "sign-alg", "", "the signature `ALGORITHM` of --sign-key")
	f.StringVar(&o.signKid, "sign-kid", "", "the kid of the signed token; selects the key with this `ID` from a set")
	o.claims.addFlags(f)
	o.at.AddFlags(f, "the current `TIME` for claims")
	o.output.AddFlags(f)
	f.Lookup("output").Usage = cli.BareFormat
	f.Lookup("quiet").Usage = "print only the token, no notes"
	cli.KeepErrors(f)
}

func (o *encryptOptions) complete(c *cobra.Command) {
	o.keys.CompleteFor(c, slices.DeleteFunc(jwe.AlgNames(), func(name string) bool { return name == "RSA1_5" }))
	o.claims.complete(c)
	o.output.Complete(c)
	cli.CompleteValues(c, "enc", jwe.EncNames()...)
	cli.CompleteValues(c, "sign-alg", keysource.AlgNames()...)
	cli.CompleteValues(c, "typ", "JWT", "JOSE")
	cli.CompleteValues(c, "cty", "JWT", "json", "text/plain", "jwk+json", "jwk-set+json")
}

func (o *encryptOptions) signs() bool { return len(o.signKeys)+len(o.signSecrets) > 0 }

func (o *encryptOptions) check(env *cli.Env, args []string) error {
	err := errors.Join(o.output.Check(), o.claims.check(), o.keys.Check("--key public.pem, --secret hex:… or --password -"), o.checkAlgs())
	if err == nil && !o.makesClaims() { // claims need nothing from stdin
		err = o.keys.CheckStdin(env, args, "plaintext")
	}
	return err
}

func (o *encryptOptions) checkAlgs() error {
	switch {
	case len(o.keys.Algs) > 1:
		return verdict.Errorf(verdict.Usage, "--alg: a token is encrypted with one algorithm, got %s", strings.Join(o.keys.Algs, ", "))
	case o.flags.Changed("p2c") && (o.p2c < jwe.MinP2C || o.p2c > jwe.MaxP2C):
		return verdict.Errorf(verdict.Usage, "--p2c: is %d, must be %d to %d iterations", o.p2c, jwe.MinP2C, jwe.MaxP2C)
	case o.enc != "" && !slices.Contains(jwe.EncNames(), o.enc):
		return cli.CheckName("enc", o.enc, "content encryption", jwe.EncNames())
	}
	for _, name := range []string{"sign-alg", "sign-kid"} {
		if o.flags.Changed(name) && !o.signs() {
			return verdict.Errorf(verdict.Usage, "--%s: requires a key to sign with", name).Hintf("--sign-key SOURCE")
		}
	}
	return nil
}

// makesClaims reports whether the plaintext is claims.
func (o *encryptOptions) makesClaims() bool { return o.signs() || o.claims.any() }

func runEncrypt(ctx context.Context, env *cli.Env, o encryptOptions, args []string) error {
	if err := o.check(env, args); err != nil {
		return err
	}
	o.keys.TakePassword(env, args)
	sources := o.keys.Sources(ctx, env, o.output)
	plaintext, err := o.plaintext(sources, args)
	if err != nil {
		return err
	}
	keys, err := o.keys.KeysFrom(sources, true)
	if err != nil {
		return err
	}
	r, err := o.recipient(keys)
	if err != nil {
		return sources.Explain(err, o.kid)
	}
	sources.NoteWarnings(r.key)
	if o.flags.Changed("p2c") && !jwe.IsPassword(r.alg) {
		return verdict.Errorf(verdict.Usage, "--p2c: %s does not hash a password", r.alg).Hintf("--password SOURCE does")
	}
	header, err := o.protected(plaintext, r)
	if err != nil {
		return err
	}
	token, err := jwe.Encrypt(header, plaintext.bytes, r.key, r.alg, r.enc, jwe.EncryptOptions{Zip: o.zip, P2C: o.p2c})
	if err != nil {
		return err
	}
	for _, w := range encryptWarnings(token, plaintext.bytes, r) {
		o.output.Note(env, w)
	}
	return o.answer(env, token, r, plaintext)
}

// protected returns the header: alg and enc, then the members of the flags.
func (o encryptOptions) protected(p plaintext, r recipient) (jsonobject.Object, error) {
	var h jsonobject.Object
	h.Set("alg", jsonobject.Quote(r.alg))
	h.Set("enc", jsonobject.Quote(r.enc))
	for _, m := range []struct{ name, value, fallback string }{
		{"typ", o.typ, p.typ()}, {"cty", o.cty, p.cty()}, {"kid", o.kid, r.key.ID},
	} {
		value := m.fallback
		if o.flags.Changed(m.name) {
			value = m.value
		}
		if value != "" {
			h.Set(m.name, jsonobject.Quote(value))
		}
	}
	return h, setMembers(&h, o.header, "alg", "enc")
}

// encryptWarnings returns why recipients may fail to read the token.
func encryptWarnings(t jwe.Token, plaintext []byte, r recipient) []string {
	var warnings []string
	if len(t.Text) > jws.MaxTokenBytes {
		warnings = append(warnings, "the token has "+phrase.Count(len(t.Text), "byte")+": jwt reads it only with --max-token-size, and other programs may refuse it")
	}
	if _, zip := t.Header.Get("zip"); zip && len(plaintext) > jwe.DefaultMaxInflated {
		warnings = append(warnings, "the plaintext has "+phrase.Count(len(plaintext), "byte")+": recipients refuse to inflate so much, also jwt without --max-inflated")
	}
	if r.isText() && !jwe.IsPassword(r.alg) {
		warnings = append(warnings, "the secret is text and is used unchanged as the AES key: give a password with --password")
	}
	return warnings
}

// answer writes the token and a newline, or with -o json an object. --quiet drops the notes,
// never the token.
func (o encryptOptions) answer(env *cli.Env, t jwe.Token, r recipient, p plaintext) error {
	o.output.Quiet = false
	if !o.output.SaysJSON() {
		return o.output.Write(env, []byte(t.Text+"\n"))
	}
	object := render.Object{{Name: "token", Value: t.Text}, {Name: "header", Value: t.Header}}
	if p.signed != nil {
		object.Add("nested", render.Object{
			{Name: "token", Value: p.signed.Text()},
			{Name: "header", Value: p.signed.Header},
			{Name: "payload", Value: jsonobject.Value(p.signed.Payload)},
		})
	}
	object.Add("key", render.KeyJSON(r.key, r.alg, r.enc))
	return o.output.WriteJSON(env, object)
}
