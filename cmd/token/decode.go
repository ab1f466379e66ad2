package token

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/base64url"
	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwe"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/phrase"
	"jwt/internal/render"
	"jwt/internal/sdjwt"
	"jwt/internal/verdict"
)

var Decode = cli.Command{
	Use:   "decode [TOKEN]",
	Short: "show what is inside a token; nothing is verified",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o decodeOptions
		c.Long = `Show the header and the payload of a token, exactly as its issuer wrote them.

Nothing is verified: anyone can write a token that decodes. The token is an
argument, @FILE, - or a pipe, alone or inside other text: a Bearer line, a
cookie, a JSON response, a URL, the output of curl -i.

With a key, an encrypted token (JWE) is decrypted; --payload and -c then show
the signed token inside, if there is one. In an SD-JWT (RFC 9901), disclosures
are shown in their places, and -c can select them.`
		c.Example = `  jwt decode TOKEN
  curl -s https://login.example/token -d @body | jwt decode
  pbpaste | jwt decode --payload | jq .sub
  jwt decode -c sub -c 'realm_access.roles[0]' TOKEN
  jwt decode --batch < tokens.txt
  jwt decode TOKEN --key private.pem    decrypt an encrypted token`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 4 6 7 8"}
		c.Args = cli.AtMostOneArg("one token")
		o.addFlags(c.Flags())
		o.complete(c)
		c.RunE = func(c *cobra.Command, args []string) error { return runDecode(c.Context(), env, o, args) }
	},
}

type decodeOptions struct {
	token  tokenOptions
	output cli.Output
	date   cli.Date
	open   openOptions
	batch  bool

	header, payload, raw bool
	claims               []string
}

func (o *decodeOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.header, "header", false, "print only the header")
	f.BoolVar(&o.payload, "payload", false, "print only the payload")
	f.StringArrayVarP(&o.claims, "claim", "c", nil, "print the value at `PATH` of the payload, one per line (dots for members, [0] for elements; repeatable)")
	f.BoolVar(&o.raw, "raw", false, "print exact bytes: of the payload, the --header, or the JSON of each -c value")
	f.BoolVar(&o.batch, "batch", false, "read one token per line, print one JSON object per line")
	o.open.addFlags(f)
	o.date.AddFlags(f)
	o.token.addFlags(f)
	o.output.AddFlags(f)
}

func (o *decodeOptions) complete(c *cobra.Command) {
	o.open.complete(c)
	o.date.Complete(c)
	o.output.Complete(c)
}

func (o *decodeOptions) check(env *cli.Env, args []string) error {
	if err := errors.Join(o.output.Check(), o.date.Check(), o.token.check(), o.open.checkIfGiven(env, args)); err != nil {
		return err
	}
	if o.header && o.payload {
		return verdict.Errorf(verdict.Usage, "--header and --payload: only one can be given").Hintf("leave both out to see both")
	}
	if o.batch && (o.header || o.payload || o.raw || len(o.claims) > 0) {
		return verdict.Errorf(verdict.Usage, "--batch prints whole objects").Hintf("jwt decode --batch | jq -c .payload")
	}
	return nil
}

func runDecode(ctx context.Context, env *cli.Env, o decodeOptions, args []string) error {
	if err := o.check(env, args); err != nil {
		return o.fail(env, err)
	}
	u := o.open.unlocker(ctx, env, o.output, args)
	if o.batch {
		return runBatch(ctx, env, u.sources.In, o.output, o.token, args, lineWork{token: func(text string) (render.Object, error) {
			d, err := o.decode(u, text)
			if err != nil {
				return nil, err
			}
			return d.json(), nil
		}, none: cli.ErrorObject})
	}
	found, err := o.token.read(env, o.output, u.sources.In, args, true)
	if err != nil {
		return o.fail(env, err)
	}
	d, err := o.decode(u, found.Token)
	if err != nil {
		return o.fail(env, err)
	}
	if o.open.given() && d.opened == nil {
		o.output.Note(env, "the token is not encrypted, so the key was not used: jwt verify checks the signature")
	}
	for _, w := range d.warnings {
		if w.Class != verdict.UnsecuredToken { // decode verifies nothing anyway
			o.output.Note(env, w.Detail)
		}
	}
	if err := o.show(env, d); err != nil {
		return cli.Unanswered{Err: err}
	}
	return nil
}

// fail returns the error, and writes it as JSON unless a part of the token was asked for,
// which it could be mistaken for.
func (o decodeOptions) fail(env *cli.Env, err error) error {
	if o.header || o.payload || o.raw || len(o.claims) > 0 {
		return cli.Unanswered{Err: err}
	}
	return o.output.Fail(env, err)
}

// decode parses a token, and decrypts it if a key is given.
func (o decodeOptions) decode(u *unlocker, text string) (decoded, error) {
	d, err := decode(text)
	if err != nil || d.encrypted == nil || !o.open.given() {
		return d, err
	}
	p, err := u.open(text, o.token.maxSize)
	if err != nil {
		return d, err
	}
	d.opened, d.warnings = &p, p.warnings
	return d, nil
}

func (o decodeOptions) show(env *cli.Env, d decoded) error {
	switch {
	case o.header && len(o.claims) > 0:
		return o.showClaims(env, d)
	case len(o.claims) > 0:
		return o.showClaims(env, d.innermost())
	case o.header && o.raw:
		return o.output.WriteBytes(env, d.header.Bytes())
	case o.raw:
		return o.showPayloadBytes(env, d.innermost())
	case o.header:
		return o.output.WriteValue(env, d.header.Bytes())
	case o.payload:
		return o.showPayload(env, d.innermost())
	case o.output.WantsJSON(env):
		return o.output.WriteJSON(env, d.json())
	default:
		t := o.output.Text(env)
		d.text(t, o.date, env.Now())
		return o.output.Write(env, t.Bytes())
	}
}

// showClaims writes the values of -c, or none of them if one is missing.
func (o decodeOptions) showClaims(env *cli.Env, d decoded) error {
	object, part := d.claims, "payload"
	if d.selective.fits() {
		object = d.selective.processed.Payload
	}
	if o.header {
		object, part = d.header, "header"
	} else if err := d.claimsError(); err != nil {
		return err
	}
	var out []byte
	for _, path := range o.claims {
		v, ok := object.Lookup(path)
		if !ok {
			return verdict.Errorf(verdict.MissingClaim, "the %s has no %q", part, path).
				Hintf("jwt decode --%s shows what it has", part)
		}
		text, isText := v.Text()
		if !isText || o.raw || o.output.SaysJSON() {
			text = string(render.JSON(v, false))
		}
		out = append(append(out, text...), '\n')
	}
	return o.output.WriteBytes(env, out)
}

func (o decodeOptions) showPayloadBytes(env *cli.Env, d decoded) error {
	if d.encrypted != nil {
		return d.claimsError()
	}
	return o.output.WriteBytes(env, d.payload)
}

func (o decodeOptions) showPayload(env *cli.Env, d decoded) error {
	v, err := jsonobject.ParseValue(d.payload)
	switch {
	case d.encrypted != nil:
		return d.claimsError()
	case err != nil:
		return o.output.WriteBytes(env, d.payload)
	default:
		return o.output.WriteValue(env, v)
	}
}

// A decoded token is a parsed token. Nothing in it is verified.
type decoded struct {
	header    jsonobject.Object
	payload   []byte
	claims    jsonobject.Object // the payload, where it is a JSON object
	isObject  bool
	signature []byte
	encrypted *jwe.Token // of a JWE, whose payload is encrypted
	opened    *opened    // what decrypting it gave
	selective *selective // of an SD-JWT
	warnings  []verdict.Check
}

// decode parses a token of any kind and verifies nothing.
func decode(text string) (decoded, error) {
	switch {
	case sdjwt.Is(text):
		return decodeDisclosed(text)
	case strings.Count(text, ".") == 4:
		return decodeEncrypted(text)
	}
	t, err := jws.Parse(text)
	if err != nil {
		return decoded{}, err
	}
	return decodeSigned(t)
}

func decodeSigned(t jws.Token) (decoded, error) {
	var err error
	d := decoded{header: t.Header, payload: t.Payload, signature: t.Signature}
	d.claims, err = jwt.ParseClaims(t.Payload)
	if verdict.ClassOf(err) == verdict.LimitExceeded {
		return decoded{}, err
	}
	d.isObject = err == nil
	d.warnings = d.ownWarnings()
	return d, nil
}

// claimsError returns why the token has no readable claims, or nil.
func (d decoded) claimsError() error {
	if d.encrypted != nil {
		return verdict.Errorf(verdict.EncryptedToken, "the payload is encrypted (JWE): only the recipient's key decrypts it").
			Hintf("decrypt it: jwt decode --key private.pem; --header shows what is not encrypted")
	}
	_, err := jwt.ParseClaims(d.payload)
	var e *verdict.Error
	if !errors.As(err, &e) {
		return err
	}
	own := *e
	return own.Hintf("jwt decode --payload prints it as it is")
}

func decodeEncrypted(text string) (decoded, error) {
	t, err := jwe.Parse(text)
	if err != nil {
		return decoded{}, err
	}
	d := decoded{header: t.Header, encrypted: &t}
	d.warnings = d.ownWarnings()
	return d, nil
}

// ownWarnings returns warnings about the token.
func (d decoded) ownWarnings() []verdict.Check {
	var warnings []verdict.Check
	if alg, _ := d.header.Get("alg"); d.encrypted == nil && len(d.signature) == 0 && isNone(alg) {
		warnings = append(warnings, verdict.Check{
			Class:  verdict.UnsecuredToken,
			Detail: "the token is unsecured (alg none): anyone can have written it, jwt verify refuses it",
		})
	}
	for _, part := range []struct {
		name   string
		object jsonobject.Object
	}{{"header", d.header}, {"payload", d.claims}} {
		if names := part.object.Duplicates(); len(names) > 0 {
			warnings = append(warnings, verdict.Check{
				Class:  verdict.DuplicateMember,
				Detail: "the " + part.name + " has " + strings.Join(names, ", ") + " more than once: parsers disagree on which counts, jwt verify refuses it",
			})
		}
	}
	return warnings
}

// isNone reports whether alg is "none" in any case, as lax parsers accept it.
func isNone(alg jsonobject.Value) bool {
	name, ok := alg.Text()
	return ok && strings.EqualFold(name, jwa.None)
}

// json returns the output of decode: {"header","payload","signature"}; for a JWE
// {"header","encrypted",…} with the encrypted parts, or once decrypted their content, with a
// token under "nested".
func (d decoded) json() render.Object {
	o := render.Object{{Name: "header", Value: d.header}}
	switch e := d.encrypted; {
	case d.opened != nil:
		o.Add("encrypted", true)
		o = append(o, d.opened.contents()...)
		if d.opened.nested != nil {
			o.Add("nested", d.opened.nested.json())
		}
	case e != nil:
		o.Add("encrypted", true)
		for i, name := range []string{"encrypted_key", "iv", "ciphertext", "tag"} {
			o.Add(name, e.Segments()[i+1])
		}
	default:
		o = append(o, d.payloadField())
		if s := d.selective; s != nil {
			if s.fits() {
				o.Add("processed", s.processed.Payload)
			}
			o = append(o, s.json()...)
		}
		o.Add("signature", base64url.Encode(d.signature))
	}
	addWarnings(&o, d.warnings)
	return o
}

func addWarnings(o *render.Object, warnings []verdict.Check) {
	if len(warnings) == 0 {
		return
	}
	var list []render.Object
	for _, w := range warnings {
		list = append(list, render.Object{{Name: "class", Value: string(w.Class)}, {Name: "message", Value: w.Detail}})
	}
	o.Add("warnings", list)
}

// payloadField returns the payload as a member of the output.
func (d decoded) payloadField() render.Field {
	return render.PayloadField(d.payload, d.claims, d.isObject)
}

func (d decoded) text(t *render.Text, date cli.Date, now time.Time) {
	if d.opened != nil {
		d.opened.text(t, date, now)
		return
	}
	t.Styled(render.Bold, "Header").Line()
	t.Object(d.header, nil)
	if d.encrypted != nil {
		d.encryptedText(t)
		return
	}
	d.payloadText(t, date, now)
	if d.selective != nil {
		d.selective.text(t, date, now)
	}
	d.signatureText(t)
}

func (d decoded) payloadText(t *render.Text, date cli.Date, now time.Time) {
	t.Line().Styled(render.Bold, "Payload")
	if d.selective != nil {
		t.Put("  as the issuer signed it")
	}
	switch v, err := jsonobject.ParseValue(d.payload); {
	case d.isObject:
		t.Line().Object(d.claims, func(m jsonobject.Member) render.Remark { return date.Remark(m, now) })
	case err == nil:
		t.Put(" (JSON, but not an object, so no claims)").Line().Value(v)
	default:
		t.Put(" (", phrase.Count(len(d.payload), "byte"), ", not JSON)").Line().Put(string(d.payload)).Line()
	}
}

func (d decoded) signatureText(t *render.Text) {
	t.Line().Styled(render.Bold, "Signature").Put("  ")
	render.Signature(t, d.header, len(d.signature))
}

func (d decoded) encryptedText(t *render.Text) {
	t.Line().Styled(render.Bold, "Payload").Put("  encrypted, ", phrase.Count(len(d.encrypted.Ciphertext), "byte"), "; ").
		Styled(render.Caution, "only the recipient's key decrypts it").Line()
}
