package token

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/compact"
	"jwt/internal/input"
	"jwt/internal/jwt"
	"jwt/internal/keysource"
	"jwt/internal/phrase"
	"jwt/internal/profile"
	"jwt/internal/render"
	"jwt/internal/token"
	"jwt/internal/tokensource"
	"jwt/internal/verdict"
	"jwt/internal/verify"
)

var Verify = cli.Command{
	Use:   "verify [TOKEN]",
	Short: "check a token's signature and claims: yes or no, and why",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o verifyOptions
		c.Long = `Check the signature and the claims of a token, and report every check. The exit
status is 0 only if the token is valid.

The keys you give decide which algorithms are accepted; the token never does.
When the signature does not verify, the report says why, as far as possible.

An SD-JWT (RFC 9901) is verified with its disclosures; its payload then
includes the disclosed claims. If it ends with a Key Binding JWT, --aud,
--nonce and --max-age apply to that JWT; --require-key-binding refuses a token
without one.

Without a key, the issuers that you trust decide: jwt trust add ISSUER adds one,
and a token of it is verified under its keys, audience and profile.

A profile adds the checks that a specification requires of its kind of token:
` + profilesHelp()
		c.Example = `  jwt verify TOKEN --key public.pem
  jwt verify TOKEN --key oidc:https://login.example --aud api
  jwt verify TOKEN                     under the issuers of jwt trust
  jwt verify --secret env:JWT_SECRET --require sub < token.txt
  jwt verify TOKEN --key https://login.example/jwks.json --offline -o json
  jwt verify TOKEN --key set.json --at 2026-01-31T12:00:00Z --leeway 60s
  jwt verify ID_TOKEN --key oidc:https://login.example --aud CLIENT_ID \
      --profile id-token --nonce NONCE --access-token @access.txt
  jwt verify TOKEN --trust-anchor apple-root.pem --x5c-name prod.example
  jwt verify PROOF --profile dpop+jwt --htm GET --htu https://api.example/items
  jwt verify --batch --key public.pem < tokens.txt | jq -c 'select(.valid|not)'`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 4 5 6 7 8 130"}
		c.Args = tokenAlone
		o.addFlags(c.Flags())
		o.complete(env, c)
		c.RunE = func(c *cobra.Command, args []string) error {
			o.flags = c.Flags()
			return runVerify(c.Context(), env, o, args)
		}
	},
}

// tokenAlone allows one token or none. A file as a second argument is probably the key.
func tokenAlone(c *cobra.Command, args []string) error {
	if len(args) == 2 && cli.IsFile(strings.TrimPrefix(args[1], "@")) {
		return verdict.Errorf(verdict.Usage, "%s takes one token, got 2 arguments", c.CommandPath()).
			Hintf("is the second argument the key? --key %s", args[1])
	}
	if len(args) == 2 && strings.EqualFold(args[0], "Bearer") {
		return verdict.Errorf(verdict.Usage, "%s takes one token, got 2 arguments", c.CommandPath()).
			Hintf("leave Bearer out, or quote both words: 'Bearer eyJ…'")
	}
	if len(args) == 2 && compact.Looks(args[0]) && !compact.Looks(args[1]) && args[1] != "" && !strings.ContainsAny(args[1][:1], ".@") {
		return verdict.Errorf(verdict.Usage, "%s takes one token, got 2 arguments", c.CommandPath()).
			Hintf("a key is given with --key FILE, a secret with --secret @FILE or env:NAME")
	}
	return cli.AtMostOneArg("one token")(c, args)
}

type verifyOptions struct {
	token  tokensource.Options
	keys   keysource.Options
	output cli.Output
	date   cli.Date
	at     cli.At
	flags  *pflag.FlagSet

	issuers, audiences   []string
	subject, typ, nonce  string
	require, expect      []string
	leeway               string
	maxAge, validFor     string
	ignoreExp            bool
	jws, strict, payload bool
	batch, keyBinding    bool
	profile              profileOptions
	as, entry            string // of --as; the trust entry that decides
	scopes, values       []string
	anchors              anchorOptions
	payloadFile          string
	signatures           string // of --require-signatures
}

func (o *verifyOptions) addFlags(f *pflag.FlagSet) {
	o.keys.AddFlags(f)
	f.Lookup("key").Usage += "; for --profile aws-alb also alb:REGION or alb:ARN"
	f.StringArrayVar(&o.issuers, "iss", nil, "require this `ISSUER` in iss (repeatable: any of them)")
	f.StringArrayVar(&o.audiences, "aud", nil, "require this `AUDIENCE` in aud (repeatable: any of them)")
	f.StringVar(&o.subject, "sub", "", "require this `SUBJECT` in sub")
	f.StringVar(&o.typ, "typ", "", "require this media `TYPE` in typ, like at+jwt")
	f.StringVar(&o.nonce, "nonce", "", "require this `NONCE` in nonce")
	f.StringArrayVar(&o.require, "require", nil, "require the claim at this `PATH` (repeatable)")
	f.BoolVar(&o.keyBinding, "require-key-binding", false, "refuse a token that is not an SD-JWT with a Key Binding JWT at its end")
	f.StringArrayVar(&o.expect, "claim", nil, "require a claim: `NAME=VALUE` a string, NAME:=JSON any value, NAME~=WORD one of several, NAME>=N (<, <=, >) a number (repeatable)")
	f.StringArrayVar(&o.scopes, "scope", nil, "require this `SCOPE` in scope, scp, scopes or permissions (repeatable: all of them)")
	f.StringArrayVarP(&o.values, "value", "c", nil, "print only the verified value at this `PATH` (repeatable, one per line), and nothing on failure")
	f.StringVar(&o.leeway, "leeway", "0s", "accept clocks that differ by this `DURATION`, like 60s")
	f.StringVar(&o.maxAge, "max-age", "", "refuse a token issued longer ago than this `DURATION`")
	f.StringVar(&o.validFor, "valid-for", "", "refuse a token that expires within this `DURATION`")
	f.BoolVar(&o.ignoreExp, "ignore-exp", false, "do not compare exp with the clock")
	f.BoolVar(&o.jws, "jws", false, "treat the payload as opaque: check the signature but no claims")
	f.BoolVar(&o.strict, "strict", false, "refuse the token on any warning about it or its key")
	f.BoolVar(&o.payload, "payload", false, "print the exact bytes of the verified payload, and nothing on failure")
	f.BoolVar(&o.batch, "batch", false, "read one token per line, print one report per line")
	f.StringVar(&o.as, "as", "", "verify under the trust entry `NAME` of config.toml, for a token without iss")
	f.StringVar(&o.payloadFile, "payload-file", "", "the detached payload, byte for byte, from a `SOURCE`: PATH, -, env:NAME, fd:N; implies --jws")
	f.StringVar(&o.signatures, "require-signatures", "all", "of a token with several signatures, how `MANY` must verify: all, any, or a number, each by another key")
	o.anchors.addFlags(f)
	o.profile.addFlags(f)
	o.at.AddFlags(f, "check as of this `TIME`")
	o.date.AddFlags(f)
	o.token.AddFlags(f)
	o.output.AddFlags(f)
}

func (o *verifyOptions) complete(env *cli.Env, c *cobra.Command) {
	cli.CompleteWith(c, "as", trustNames(env))
	cli.CompleteValues(c, "require-signatures", "all", "any", "2")
	o.keys.Complete(c)
	o.date.Complete(c)
	o.output.Complete(c)
	o.profile.complete(c)
	o.anchors.complete(c)
	cli.CompleteValues(c, "typ", "at+jwt", "JWT", "dpop+jwt", "logout+jwt", "secevent+jwt")
	cli.CompleteValues(c, "require", "exp", "iat", "nbf", "iss", "sub", "aud", "jti")
}

func (o *verifyOptions) check() error {
	if err := errors.Join(o.output.Check(), o.date.Check(), o.token.Check(), o.profile.check(), o.anchors.check(o.keys, o.profile), o.checkKeys()); err != nil {
		return err
	}
	if slices.Contains(o.require, "") {
		return verdict.Errorf(verdict.Usage, "--require: is empty").Hintf("is the shell variable set?")
	}
	_, err := o.quorum()
	return cmp.Or(err, o.checkValues(), o.checkLoadBalancer(), o.checkBatch(), o.checkOpaque())
}

// checkBatch refuses flags that are about one token.
func (o *verifyOptions) checkBatch() error {
	switch {
	case o.batch && o.flags.Changed("payload-file"):
		return verdict.Errorf(verdict.Usage, "--payload-file is the payload of one token, --batch reads many")
	case o.batch && o.payload:
		return verdict.Errorf(verdict.Usage, "--batch prints whole reports").Hintf("jwt verify --batch … | jq -c .payload")
	}
	return nil
}

// checkOpaque refuses flags that are about claims with --jws, which --payload-file implies: a body is
// not claims.
func (o *verifyOptions) checkOpaque() error {
	if o.jws = o.jws || o.flags.Changed("payload-file"); o.jws {
		for _, name := range []string{"iss", "aud", "sub", "nonce", "require", "claim", "scope", "value", "leeway", "max-age", "valid-for", "ignore-exp", "profile", "require-key-binding"} {
			if o.flags.Changed(name) {
				return verdict.Errorf(verdict.Usage, "--%s: --jws treats the payload as opaque and checks no claims", name)
			}
		}
	}
	return nil
}

// checkKeys requires keys, unless the token has its own or its certificate is trusted.
func (o *verifyOptions) checkKeys() error {
	switch {
	case o.anchors.given() || o.profile.ownKey() && !o.keys.Given():
		return o.keys.CheckAlgs()
	case o.profile.ownKey():
		return verdict.Errorf(verdict.Usage, "--profile %s: takes no key, because the key in the header of the token verifies it", o.profile.name).
			Hintf("--jkt THUMBPRINT requires that key")
	}
	return o.keys.Check()
}

// policy returns the policy of the flags, without the profile.
func (o *verifyOptions) policy() (verify.Policy, error) {
	p := verify.Policy{
		Policy: jwt.Policy{Issuers: o.issuers, Audiences: o.audiences, Require: o.require, Scopes: o.scopes, IgnoreExp: o.ignoreExp},
		Algs:   o.keys.Algs, Opaque: o.jws, Binding: o.keyBinding, Strict: o.strict,
	}
	text := func(name string, value *string) *string {
		if o.flags.Changed(name) {
			return value
		}
		return nil
	}
	p.Subject, p.Type, p.Nonce = text("sub", &o.subject), text("typ", &o.typ), text("nonce", &o.nonce)
	for _, s := range o.expect {
		e, err := jwt.ParseExpectation(s)
		if err != nil {
			return p, cli.FlagError("claim", err)
		}
		p.Expect = append(p.Expect, e)
	}
	var err error
	if p.Leeway, err = cli.Duration("leeway", o.leeway); err != nil {
		return p, err
	}
	if p.MaxAge, err = o.optionalDuration("max-age", o.maxAge); err != nil {
		return p, err
	}
	if p.ValidFor, err = o.optionalDuration("valid-for", o.validFor); err != nil {
		return p, err
	}
	p.Location, err = o.date.Location()
	return p, err
}

func (o *verifyOptions) optionalDuration(flag, text string) (*time.Duration, error) {
	if !o.flags.Changed(flag) {
		return nil, nil
	}
	d, err := cli.Duration(flag, text)
	return &d, err
}

func runVerify(ctx context.Context, env *cli.Env, o verifyOptions, args []string) error {
	entries, err := o.trusted(env)
	switch {
	case err != nil:
		return o.refuse(env, err)
	case entries != nil:
		return o.verifyTrusted(ctx, env, entries, args)
	}
	return o.run(ctx, env, env.Input(), args)
}

// run verifies what the arguments, read by in, hold.
func (o verifyOptions) run(ctx context.Context, env *cli.Env, in *input.Reader, args []string) error {
	v, err := o.verifier(ctx, env, args, in)
	switch {
	case err != nil:
		return o.refuse(env, err)
	case o.batch:
		return v.batch(ctx, env, args)
	}
	v.policy.Diagnosis = &verify.Diagnosis{Off: o.output.Quiet} // the cause would not be printed
	switch {
	case o.profile.name == profile.LoadBalancer:
		return v.verifyLoadBalancer(env, args)
	case o.flags.Changed("payload-file"):
		return v.verifyDetached(env, args)
	}
	found, form, err := o.token.ReadForm(env, o.output, v.sources.In, args, false)
	switch {
	case err != nil:
		return o.answer(env, verify.NoToken(err))
	case form != nil && form.Kind == compact.JWS:
		return v.verifyForm(env, form)
	case form != nil:
		return o.answer(env, verify.NoToken(verdict.Errorf(verdict.EncryptedToken, "the token is encrypted (JWE), not signed (JWS)").Hintf("jwt convert TOKEN --to compact, then jwt decrypt")))
	}
	return o.answer(env, o.withEntry(v.verify(found.Token)))
}

// A verifier verifies tokens under one set of options.
type verifier struct {
	options verifyOptions
	sources *keysource.Sources
	policy  verify.Policy
	now     time.Time
}

func (v *verifier) verify(text string) verify.Report {
	return verify.Token(text, v.sources, v.policy, v.now)
}

// verifier returns the verifier of the options. Its keys are not read yet.
func (o verifyOptions) verifier(ctx context.Context, env *cli.Env, args []string, in *input.Reader) (*verifier, error) {
	if err := o.check(); err != nil {
		return nil, o.hintOwnKey(env, args, err)
	}
	if err := o.keys.CheckStdin(env, args, "token"); err != nil {
		return nil, err
	}
	policy, err := o.policy()
	if err != nil {
		return nil, err
	}
	now, err := o.at.Now(env)
	if err != nil {
		return nil, err
	}
	sources := o.keys.Sources(ctx, env, o.output)
	sources.At, sources.In = now, in
	if err := o.profile.read(&policy, sources.In); err != nil {
		return nil, err
	}
	if policy.Anchors, err = o.anchors.read(sources.In); err != nil {
		return nil, err
	}
	return &verifier{options: o, sources: sources, policy: policy, now: now}, nil
}

// hintOwnKey adds to the error of a missing key how to check a proof whose header has its key.
func (o verifyOptions) hintOwnKey(env *cli.Env, args []string, err error) error {
	if o.keys.Given() || o.profile.name != "" || o.batch {
		return err
	}
	found, readErr := o.token.Read(env, cli.Output{Quiet: true}, env.Input(), args, false)
	t, openErr := token.OpenSigned(found.Token)
	if readErr != nil || openErr != nil {
		return err
	}
	if _, has := t.Header.Get("jwk"); !has {
		return err
	}
	return cli.Classified(err).Hintf("the header of the token has a key, which proves possession only: --profile dpop+jwt or openid4vci-proof+jwt checks such a proof")
}

func (v *verifier) batch(ctx context.Context, env *cli.Env, args []string) error {
	o := v.options
	if _, err := v.sources.Keys(); err != nil {
		return o.refuse(env, err)
	}
	v.policy.Diagnosis = &verify.Diagnosis{Off: o.output.Quiet}
	err := runBatch(ctx, env, v.sources.In, o.output, o.token, args, lineWork{
		worker: func() lineWorker {
			return &verifyLines{options: o, verifier: verify.New(v.sources, v.policy, v.now)}
		},
		needsLine: true, // what nobody checked is not valid
	})
	if n := v.policy.Diagnosis.Skipped.Load(); n > 0 {
		o.output.Note(env, "the cause was not looked for in "+phrase.Count(int(n), "line")+": others with the same header had none")
	}
	return err
}

// verifyLines verifies the tokens of one goroutine.
type verifyLines struct {
	options  verifyOptions
	verifier *verify.Verifier
	reports  render.Reports
}

func (v *verifyLines) answer(token string) (render.Members, error) {
	return v.members(v.verifier.Token(token))
}

func (v *verifyLines) again(text []byte) (render.Members, bool, error) {
	r, known := v.verifier.Again(text)
	if !known {
		return nil, false, nil
	}
	answer, err := v.members(r)
	return answer, true, err
}

func (v *verifyLines) members(r *verify.Report) (render.Members, error) {
	if v.options.entry != "" {
		*r = v.options.withEntry(*r)
	}
	return v.reports.Of(r), r.Err
}

func (v *verifyLines) refuse(err error) render.Members {
	r := verify.NoToken(err)
	return v.reports.Of(&r)
}

// refuse reports an error that occurred before any token was read.
func (o verifyOptions) refuse(env *cli.Env, err error) error {
	if o.bare() || !o.output.WantsJSON(env) {
		return err
	}
	e := cli.Classified(err)
	r := render.Report{Class: e.Class, Message: e.Message, Hint: e.Hint}
	return errors.Join(o.output.WriteJSON(env, &r), err)
}

// answer writes the report, or with --payload only the verified bytes.
func (o verifyOptions) answer(env *cli.Env, r verify.Report) error {
	var err error
	switch {
	case len(o.values) > 0 && r.Valid:
		err = o.writeValues(env, r)
	case o.payload && r.Valid:
		err = o.output.WriteBytes(env, r.Payload)
	case o.bare():
	case o.output.WantsJSON(env):
		err = o.output.WriteJSON(env, (*render.Report)(&r))
	case r.Class == verdict.Interrupted || r.Class == verdict.Usage: // no token was checked
	default:
		t := o.output.Text(env)
		render.Report(r).Text(t)
		err = o.output.Write(env, t.Bytes())
	}
	return errors.Join(err, r.Err)
}
