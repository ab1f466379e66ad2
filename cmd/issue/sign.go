// Package issue has the commands that make tokens.
package issue

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/keysource"
	"jwt/internal/phrase"
	"jwt/internal/render"
	"jwt/internal/tokensource"
	"jwt/internal/verdict"
)

var Sign = cli.Command{
	Use:     "sign [CLAIMS]",
	Short:   "make a signed token from claims",
	Aliases: []string{"encode"},
	Build: func(env *cli.Env, c *cobra.Command) {
		var o signOptions
		c.Long = `Make a signed token. The claims are JSON: an argument, @FILE, - or a pipe;
flags add or replace claims. The algorithm follows from the key.

Times are +1h, -5m, 90m, 2d, RFC 3339, Unix seconds or now. The token is parsed
and verified once before it is printed. The same claims, key and --at give the
same bytes, except for RSA-PSS, and for ECDSA and ML-DSA without
--deterministic.

A recipe makes the header and the claims that a platform asks for, and keeps its
limits. Its inputs are given by the flag of their claim, or by -c NAME=VALUE;
--recipes lists them. [recipes.NAME] in config.toml adds and changes recipes.`
		c.Example = `  jwt sign '{"sub":"alice"}' --key private.pem --exp +1h
  jwt sign --secret @secret.txt --sub alice -c role=admin -c level:=3 --jti
  jwt sign @claims.json --key set.json --kid 2026-01 --typ at+jwt
  jwt sign --from TOKEN --exp +1h --unset nbf --key private.pem
  jwt sign --recipe github-app --iss CLIENT_ID --key app.private-key.pem
  jwt sign @claims.json --key public.pem --signer './hsm-sign.sh'`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 6 7 8"}
		o.addFlags(c.Flags())
		o.complete(env, c)
		c.RunE = func(c *cobra.Command, args []string) error {
			o.flags = c.Flags()
			args = o.claims.takeID(args)
			if err := cli.AtMostOneArg("one JSON object")(c, args); err != nil {
				return err
			}
			return runSign(c.Context(), env, o, args)
		}
	},
}

type signOptions struct {
	token  tokensource.Options
	keys   keysource.Options
	output cli.Output
	at     cli.At
	claims claimOptions
	flags  *pflag.FlagSet

	header             []string
	kid, typ           string
	from               string
	unset, unsetHeader []string
	deterministic      bool

	kidAs, x5c, x5t string

	recipe      string
	listRecipes bool

	detached, unencoded bool
	payloadFile         string

	signer       string // a command
	signingInput bool
	signature    string // a source
}

func (o *signOptions) addFlags(f *pflag.FlagSet) {
	o.keys.AddFlags(f)
	o.claims.addFlags(f)
	f.StringArrayVarP(&o.header, "header", "H", nil, "set a header member: `NAME=VALUE` or NAME:=JSON (repeatable)")
	f.StringVar(&o.kid, "kid", "", "the kid of the header; selects the key with this `ID` from a set")
	f.StringVar(&o.typ, "typ", "JWT", "the typ of the header, a media `TYPE`; empty for none")
	f.StringVar(&o.from, "from", "", "edit and sign again this `TOKEN` (a token, @FILE or -), keeping the order of its members")
	f.StringArrayVar(&o.unset, "unset", nil, "remove the claim `NAME` (repeatable)")
	f.StringArrayVar(&o.unsetHeader, "unset-header", nil, "remove the header member `NAME` (repeatable)")
	f.BoolVar(&o.deterministic, "deterministic", false, "ECDSA with the nonce of RFC 6979, ML-DSA without randomness: the same input gives the same signature")
	f.StringVar(&o.kidAs, "kid-as", "", "set the kid computed from the key in this `FORM`: thumbprint, spki, x5t, x5t#S256 or libtrust")
	f.StringVar(&o.x5c, "x5c", "", "put the key's certificate chain from this `SOURCE` into the header (x5c)")
	f.StringVar(&o.x5t, "x5t", "", "put the hashes of the key's certificate from this `SOURCE` into the header (x5t, x5t#S256)")
	f.BoolVar(&o.detached, "detached", false, "leave the payload out of the token, which is sent beside it")
	f.StringVar(&o.payloadFile, "payload-file", "", "sign these bytes, which need not be claims, from a `SOURCE`: PATH, -, env:NAME, fd:N")
	f.BoolVar(&o.unencoded, "unencoded", false, "sign the detached payload as it is, with b64 and crit in the header (RFC 7797)")
	f.StringVar(&o.signer, "signer", "", "sign by this `COMMAND`, which reads the signing input and writes a raw or DER signature; --key is the public key")
	f.BoolVar(&o.signingInput, "signing-input", false, "print what is to be signed, without a newline, and sign nothing; --key is the public key")
	f.StringVar(&o.signature, "signature", "", "attach the signature (raw or DER) from this `SOURCE`, PATH, -, env:NAME or fd:N, to the argument, a signing input; --key is the public key")
	f.StringVar(&o.recipe, "recipe", "", "make the claims that a platform asks for, by the recipe `NAME`")
	f.BoolVar(&o.listRecipes, "recipes", false, "list the recipes, or only that of --recipe, with their inputs and the page that defines each")
	o.at.AddFlags(f, "the current `TIME` for claims and checks")
	o.token.AddFlags(f)
	o.output.AddFlags(f)
	f.Lookup("key").Usage = "sign with this private key, or one of a set, from a `SOURCE`: " + keysource.KeySources
	f.Lookup("secret").Usage = "sign with this HMAC secret, from a `SOURCE`: " + keysource.SecretSources
	f.Lookup("alg").Usage = "sign with this `ALGORITHM` (default: that of the key; none makes an unsigned token)"
	f.Lookup("field").Usage = "read the token of --from from the member, cookie, header or parameter `NAME`"
	f.Lookup("max-token-size").Usage = "refuse a token of --from that has more than this many `BYTES`"
	f.Lookup("output").Usage = cli.BareFormat
	f.Lookup("quiet").Usage = "print only the token, no notes"
	cli.KeepErrors(f)
}

func (o *signOptions) complete(env *cli.Env, c *cobra.Command) {
	cli.CompleteValues(c, "kid-as", jwk.IDForms()...)
	cli.CompleteWith(c, "recipe", recipeNames(env))
	o.keys.CompleteFor(c, append(keysource.AlgNames(), jwa.None))
	o.output.Complete(c)
	cli.CompleteValues(c, "typ", "JWT", "at+jwt", "dpop+jwt", "logout+jwt", "secevent+jwt")
	o.claims.complete(c)
}

func (o *signOptions) check() error {
	unsecured := len(o.keys.Algs) == 1 && o.keys.Algs[0] == jwa.None
	switch {
	case len(o.keys.Algs) > 1:
		return verdict.Errorf(verdict.Usage, "--alg: a token is signed with one algorithm, got %s", strings.Join(o.keys.Algs, ", "))
	case unsecured && o.keys.Given():
		return verdict.Errorf(verdict.Usage, "--alg none signs nothing and takes no key").Hintf("leave out --alg none, or the key")
	case unsecured:
		return errors.Join(o.output.Check(), o.claims.check(), checkUTF8(o.kid, o.typ))
	case !o.keys.Given() && o.keys.CheckAlgs() == nil:
		return verdict.Errorf(verdict.Usage, "no key given to sign with").Hintf("--key private.pem or --secret env:NAME")
	}
	return errors.Join(o.output.Check(), o.claims.check(), checkUTF8(o.kid, o.typ), o.checkKid(), o.checkNames(), o.checkElsewhere(), o.checkPayload(), o.keys.Check())
}

// checkKid refuses an empty kid: it names no key, and is an unset variable.
func (o *signOptions) checkKid() error {
	if o.given("kid") && o.kid == "" {
		return verdict.Errorf(verdict.Usage, "--kid: is empty").Hintf("is the shell variable set? --unset-header kid leaves it out")
	}
	return nil
}

// given reports whether the flag is set, also to the empty string.
func (o *signOptions) given(flag string) bool { return o.flags.Changed(flag) }

func runSign(ctx context.Context, env *cli.Env, o signOptions, args []string) error {
	switch {
	case o.listRecipes:
		return o.list(env, args)
	case o.given("signature"):
		return runAttach(ctx, env, o, args)
	}
	if err := o.check(); err != nil {
		return err
	}
	now, err := o.at.Now(env)
	if err != nil {
		return err
	}
	sources := o.keys.Sources(ctx, env, o.output)
	sources.At = now
	u, err := o.prepare(env, sources, args, now)
	if err != nil {
		return err
	}
	if o.signingInput {
		input, err := jws.SigningInput(u.header, u.claims.Bytes())
		if err != nil {
			return err
		}
		return o.output.Write(env, []byte(input))
	}
	if o.given("payload-file") || o.detached {
		return o.signPayload(env, sources, u)
	}
	token, err := o.make(env, sources, u)
	if err != nil {
		return err
	}
	sources.NoteWarnings(u.key)
	for _, w := range append(o.claims.notes(), signWarnings(token, u.key, u.alg, now)...) {
		o.output.Note(env, w)
	}
	return o.answer(env, token)
}

// unsigned is a token before it is signed. The zero alg is for none.
type unsigned struct {
	header, claims jsonobject.Object
	key            jwk.Key
	alg            jwa.Algorithm
}

// prepare returns the header and the claims that arguments, flags and the recipe ask for, and
// the key to sign with.
func (o *signOptions) prepare(env *cli.Env, sources *keysource.Sources, args []string, now time.Time) (u unsigned, err error) {
	recipe, err := o.findRecipe(env)
	if err != nil {
		return u, err
	}
	if u.header, u.claims, err = o.start(env, sources, args); err != nil {
		return u, err
	}
	if recipe == nil { // the mistakes of claims are reported before those of keys
		err = o.editClaims(&u.claims, now)
	}
	if err != nil {
		return u, err
	}
	if u.key, u.alg, err = o.chooseKey(sources, recipe); err != nil {
		return u, err
	}
	if recipe != nil {
		u.header, u.claims, err = o.fillRecipe(*recipe, sources.In, u.claims, u.key, now)
	}
	if err != nil {
		return u, err
	}
	return u, o.editHeader(&u.header, u.key, u.alg)
}

func (o signOptions) make(env *cli.Env, sources *keysource.Sources, u unsigned) (jws.Token, error) {
	switch {
	case u.alg.Name == "":
		return jws.Unsecured(u.header, u.claims.Bytes())
	case o.elsewhere():
		return o.signElsewhere(env, sources, u)
	}
	return jws.Sign(u.header, u.claims.Bytes(), u.key, u.alg, o.deterministic)
}

// signWarnings returns why verifiers may refuse the token.
func signWarnings(token jws.Token, key jwk.Key, alg jwa.Algorithm, now time.Time) []string {
	var warnings []string
	if alg.Name == "" {
		return []string{"the token is unsecured (alg none): anyone can change it, and verifiers should refuse it"}
	}
	if key.IsSecret() && key.Bits() < 8*alg.MinKeyBytes {
		warnings = append(warnings, "the secret is shorter than the "+phrase.Count(alg.MinKeyBytes, "byte")+" that "+alg.Name+" requires (RFC 7518 §3.2)")
	}
	if p, ok := key.Public(); ok {
		key = p
	}
	verified, _, err := token.Verify([]jwk.Key{key}, nil)
	switch verdict.ClassOf(err) {
	case "":
	case verdict.KeyRefused: // a key that may only sign
		return warnings
	default:
		return append(warnings, err.Error()+": verifiers will refuse the token")
	}
	claims, err := jwt.ClaimsOf(verified)
	if err != nil {
		return append(warnings, err.Error()+": verifiers will refuse the token")
	}
	for _, c := range (jwt.Policy{}).Check(claims, token.Header, now) {
		if c.Class == verdict.ClaimsMalformed || c.Class == verdict.SuspiciousTime {
			warnings = append(warnings, c.Detail)
		}
	}
	return warnings
}

// answer writes the token and a newline, or with -o json an object. --quiet drops the notes,
// never the token.
func (o signOptions) answer(env *cli.Env, t jws.Token) error {
	o.output.Quiet = false
	if !o.output.SaysJSON() {
		return o.output.Write(env, []byte(t.Text()+"\n"))
	}
	return o.output.WriteJSON(env, render.Object{
		{Name: "token", Value: t.Text()},
		{Name: "header", Value: t.Header},
		{Name: "payload", Value: jsonobject.Value(t.Payload)},
	})
}
