// Package token has the commands that read tokens.
package token

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/jws"
	"jwt/internal/phrase"
	"jwt/internal/render"
	"jwt/internal/serialization"
	"jwt/internal/token"
	"jwt/internal/tokensource"
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
  jwt decode -q --valid-for 1m "$TOKEN" || TOKEN=$(get-token)
  jwt decode --batch < tokens.txt
  jwt decode TOKEN --key private.pem    decrypt an encrypted token`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 4 5 6 7 8", cli.Exits + "4": "the token cannot be decrypted with this key", cli.Exits + "5": "--valid-for: expired, or expires too soon", cli.Exits + "6": "-c: the claim or header member is missing"}
		c.Args = cli.AtMostOneArg("one token")
		o.addFlags(c.Flags())
		o.complete(c)
		c.RunE = func(c *cobra.Command, args []string) error { return runDecode(c.Context(), env, o, args) }
	},
}

type decodeOptions struct {
	token  tokensource.Options
	output cli.Output
	date   cli.Date
	open   openOptions
	at     cli.At
	life   validFor
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
	o.life.addFlags(f)
	o.at.AddFlags(f, "show and check times as of this `TIME`")
	o.open.addFlags(f)
	o.date.AddFlags(f)
	o.token.AddFlags(f)
	o.output.AddFlags(f)
}

func (o *decodeOptions) complete(c *cobra.Command) {
	o.life.complete(c)
	o.open.complete(c)
	o.date.Complete(c)
	o.output.Complete(c)
}

func (o *decodeOptions) check(env *cli.Env, args []string) error {
	if err := errors.Join(o.output.Check(), o.date.Check(), o.token.Check(), o.open.checkIfGiven(env, args)); err != nil {
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
	now, err := o.at.Now(env)
	if err != nil {
		return o.fail(env, err)
	}
	span, err := o.life.duration()
	if err != nil {
		return o.fail(env, err)
	}
	u := o.open.unlocker(ctx, env, o.output, args)
	inTime := func(t *token.Token) error { return o.life.check(t, span, now) }
	if o.batch {
		worker := func() lineWorker { return &decodeLines{options: &o, unlocker: u, check: inTime} }
		return runBatch(ctx, env, u.sources.In, o.output, o.token, args, lineWork{worker: worker})
	}
	found, form, err := o.token.ReadForm(env, o.output, u.sources.In, args, true)
	if err != nil {
		return o.fail(env, err)
	}
	if form != nil {
		text, compactErr := form.Compact()
		if compactErr != nil {
			return o.decodeForm(env, form, now)
		}
		found.Token = text
	}
	return o.decode(env, u, found.Token, now, inTime)
}

// decode shows one token. inTime is --valid-for.
func (o decodeOptions) decode(env *cli.Env, u *unlocker, text string, now time.Time, inTime func(*token.Token) error) error {
	t, err := token.OpenLax(text)
	if t, err = o.unlock(u, t, err); err != nil {
		return o.fail(env, err)
	}
	if o.open.given() && t.Decrypted == nil {
		o.output.Note(env, "the token is not encrypted, so the key was not used: jwt verify checks the signature")
	}
	for _, w := range t.Warnings() {
		if w.Class != verdict.UnsecuredToken { // decode verifies nothing anyway
			o.output.Note(env, w.Detail)
		}
	}
	ended := inTime(t)
	if o.life.given() && ended == nil {
		o.output.Note(env, "nothing was verified: only the times in the token were compared")
	}
	if err := o.show(env, t, now, ended); err != nil {
		return cli.Unanswered{Err: err}
	}
	return ended
}

// decodeLines decodes the tokens of one goroutine.
type decodeLines struct {
	options  *decodeOptions
	unlocker *unlocker
	check    func(*token.Token) error // of --valid-for
	reader   token.Reader
	decoded  render.Decoded
}

func (d *decodeLines) answer(text string) (render.Members, error) {
	return d.members(d.reader.OpenLax(text))
}

func (d *decodeLines) again(text []byte) (render.Members, bool, error) {
	t, known, err := d.reader.OpenAgain(text)
	if !known {
		return nil, false, nil
	}
	answer, err := d.members(t, err)
	return answer, true, err
}

func (d *decodeLines) members(t *token.Token, err error) (render.Members, error) {
	t, err = d.options.unlock(d.unlocker, t, err)
	if err != nil {
		return nil, err
	}
	d.decoded.Token = t
	return decodedJSON(&d.decoded, d.check(t))
}

func (d *decodeLines) refuse(err error) render.Members { return cli.ErrorObject(err) }

func (d *decodeLines) answerForm(form *serialization.Form) (render.Members, error) {
	return formLine{d.answer, formJSON}.answerForm(form)
}

// decodedJSON returns the output for a token, with the error of --valid-for.
func decodedJSON(decoded render.Members, ended error) (render.Members, error) {
	if ended == nil {
		return decoded, nil
	}
	return render.Joined{decoded, cli.ErrorObject(ended)}, ended
}

// fail returns the error, and writes it as JSON unless a part of the token was asked for,
// which it could be mistaken for.
func (o decodeOptions) fail(env *cli.Env, err error) error {
	if o.header || o.payload || o.raw || len(o.claims) > 0 {
		return cli.Unanswered{Err: err}
	}
	return o.output.Fail(env, err)
}

// unlock decrypts a token that was parsed, if a key is given.
func (o *decodeOptions) unlock(u *unlocker, t *token.Token, err error) (*token.Token, error) {
	if err == nil && t.Deflated() {
		err = t.Inflate(o.open.maxInflated)
	}
	if err != nil || !t.IsSealed() || !o.open.given() {
		return t, err
	}
	return t, u.open(t, o.token.MaxSize)
}

func (o decodeOptions) show(env *cli.Env, t *token.Token, now time.Time, ended error) error {
	switch {
	case o.header && len(o.claims) > 0:
		return o.showClaims(env, t)
	case len(o.claims) > 0:
		return o.showClaims(env, t.Innermost())
	case o.header && o.raw:
		return o.output.WriteBytes(env, t.Header.Bytes())
	case o.header:
		return o.output.WriteValue(env, t.Header.Bytes())
	case o.payload || o.raw:
		return o.showPayload(env, t.Innermost())
	case o.output.WantsJSON(env):
		object, _ := decodedJSON(render.Decoded{Token: t}, ended)
		return o.output.WriteJSON(env, object)
	default:
		text := o.output.Text(env)
		render.Decoded{Token: t, Remark: func(m jsonobject.Member) render.Remark { return o.date.Remark(m, now) }}.Text(text)
		return o.output.Write(env, text.Bytes())
	}
}

// showClaims writes the values of -c, or none of them if one is missing.
func (o decodeOptions) showClaims(env *cli.Env, t *token.Token) error {
	object, part := t.Content(), "payload"
	if o.header {
		object, part = t.Header, "header"
	} else if err := unreadable(t); err != nil {
		return err
	}
	var out []byte
	for _, path := range o.claims {
		v, ok := object.Lookup(path)
		if !ok {
			return verdict.Errorf(verdict.MissingClaim, "the %s has no %q", part, path).Hintf("%s", o.otherPath(object, t.Header, path))
		}
		text, isText := v.Text()
		if !isText || o.raw || o.output.SaysJSON() {
			text = string(render.JSON(v, false))
		}
		out = append(append(out, text...), '\n')
	}
	return o.output.WriteBytes(env, out)
}

// otherPath returns the hint for a path that the payload, or the header, does not have.
func (o decodeOptions) otherPath(object, header jsonobject.Object, path string) string {
	bare := strings.ReplaceAll(strings.TrimLeft(path, "$./"), "/", ".")
	_, known := object.Lookup(bare)
	_, inHeader := header.Lookup(path)
	switch {
	case strings.HasPrefix(path, ".") || known && !strings.HasPrefix(bare, "."):
		return "a path begins with a name, and dots descend: -c " + phrase.Short(bare)
	case o.header:
		return "jwt decode --header shows what it has"
	case inHeader:
		return "the header has it: jwt decode --header -c " + phrase.Short(path)
	}
	return "jwt decode --payload shows what it has"
}

// showPayload writes the payload: exact bytes with --raw, else JSON re-indented if it is JSON.
func (o decodeOptions) showPayload(env *cli.Env, t *token.Token) error {
	if t.IsSealed() {
		return unreadable(t)
	}
	if v, err := jsonobject.ParseValue(t.Payload); err == nil && !o.raw {
		return o.output.WriteValue(env, v)
	}
	if t.HasClaims() && !o.raw {
		return o.output.WriteValue(env, t.Claims.Bytes())
	}
	return o.output.WriteBytes(env, t.Payload)
}

// unreadable returns why the token has no claims to show, or nil.
func unreadable(t *token.Token) error {
	var e *verdict.Error
	if !errors.As(t.ClaimsErr, &e) {
		return t.ClaimsErr
	}
	own := *e
	if t.IsSealed() {
		return own.Hintf("decrypt it: jwt decode %s; --header shows what is not encrypted", jws.OpensWith(t.Header))
	}
	return own.Hintf("jwt decode --payload prints it as it is")
}
