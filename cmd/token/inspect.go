package token

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/bcp"
	"jwt/internal/cli"
	"jwt/internal/inspect"
	"jwt/internal/phrase"
	"jwt/internal/render"
	"jwt/internal/serialization"
	"jwt/internal/token"
	"jwt/internal/tokensource"
	"jwt/internal/verdict"
)

var Inspect = cli.Command{
	Use:   "inspect [TOKEN]",
	Short: "show the parts of a token, their meaning, lifetime and findings",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o inspectOptions
		c.Long = `Show a token in parts: its Base64URL parts, every header parameter and claim
with its meaning and the document that defines it, its lifetime, the
certificates and tokens inside, and findings against best practice (RFC 8725),
each with a stable rule id. --output html writes the same as one page that loads
nothing, for a ticket; it shows fingerprints instead of signatures.

Nothing is verified. A malformed token is read as far as possible. With a key,
an encrypted token (JWE) is decrypted, and the token inside is shown too. With
--fail-on, a finding of that severity or higher, in the token or in one inside
it, ends in status 6. Severities are info, low, medium, high and critical.`
		c.Example = `  jwt inspect TOKEN
  jwt inspect --fail-on high @token.txt
  jwt inspect -o html TOKEN > t.html    one page, signatures masked
  jwt inspect --watch TOKEN             count down to exp, on a terminal
  jwt inspect -j TOKEN | jq -r '.findings[] | .severity + " " + .rule'
  jwt inspect --batch --fail-on medium < tokens.txt
  jwt inspect TOKEN --key private.pem   decrypt an encrypted token`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 4 5 6 7 8 130", cli.Exits + "4": "the token cannot be decrypted with this key", cli.Exits + "5": "--watch or --valid-for: expired, or expires too soon", cli.Exits + "6": "a finding of the severity of --fail-on or higher"}
		c.Args = cli.AtMostOneArg("one token")
		o.addFlags(c.Flags())
		o.complete(c)
		c.RunE = func(c *cobra.Command, args []string) error { return runInspect(c.Context(), env, o, args) }
	},
}

type inspectOptions struct {
	token  tokensource.Options
	output cli.Output
	date   cli.Date
	at     cli.At
	open   openOptions
	life   validFor

	failOn             string
	full, watch, batch bool
	html, signature    bool
	flags              *pflag.FlagSet
}

func (o *inspectOptions) addFlags(f *pflag.FlagSet) {
	o.flags = f
	f.StringVar(&o.failOn, "fail-on", "", "end in status 6 on a finding of this `SEVERITY` or higher: info, low, medium, high, critical")
	f.BoolVar(&o.full, "full", false, "do not shorten parts, values and lists")
	f.BoolVar(&o.watch, "watch", false, "count down to exp on the terminal; status 5 when the token has expired")
	f.BoolVar(&o.batch, "batch", false, "read one token per line, print one JSON object per line")
	o.life.addFlags(f)
	o.open.addFlags(f)
	o.at.AddFlags(f, "show lifetime and findings as of this `TIME`")
	o.date.AddFlags(f)
	o.token.AddFlags(f)
	f.BoolVar(&o.signature, "show-signature", false, "show signatures on the page of --output html, which then is a credential")
	o.output.AddFlags(f)
	o.output.Other = "html"
	f.Lookup("output").Usage = "`FORMAT` of the output: text, json, html (one page with masked signatures, for a ticket), or auto (text on a terminal, json in a pipe)"
}

func (o *inspectOptions) complete(c *cobra.Command) {
	o.life.complete(c)
	o.open.complete(c)
	o.date.Complete(c)
	cli.CompleteValues(c, "output", "auto", "text", "json", "html")
	cli.CompleteValues(c, "color", "auto", "always", "never")
	var words []string
	for _, s := range bcp.Severities() {
		words = append(words, s.String())
	}
	cli.CompleteValues(c, "fail-on", words...)
}

func (o *inspectOptions) check(env *cli.Env, args []string) error {
	if err := o.checkPage(); err != nil {
		return err
	}
	if err := errors.Join(o.output.Check(), o.date.Check(), o.open.checkIfGiven(env, args)); err != nil {
		return err
	}
	switch {
	case o.batch && o.watch:
		return verdict.Errorf(verdict.Usage, "--watch counts down for one token, --batch reads many")
	case o.batch && o.full:
		return verdict.Errorf(verdict.Usage, "--full: --batch prints JSON, which is never shortened")
	case !o.watch:
		return nil
	case o.full, o.failOn != "", o.life.given(), o.output.Quiet, o.output.SaysJSON():
		return verdict.Errorf(verdict.Usage, "--watch shows only the lifetime, and takes no --full, --fail-on, --valid-for, --quiet or --json")
	case !env.StdoutTTY || env.Getenv("TERM") == "dumb":
		return verdict.Errorf(verdict.Usage, "--watch needs a terminal on stdout to draw on").
			Hintf("jwt inspect -j TOKEN | jq .lifetime.remaining")
	}
	return nil
}

// checkPage takes the format html, which only inspect writes.
func (o *inspectOptions) checkPage() error {
	if o.html = o.output.Format == "html"; o.html {
		o.output.Format = "text"
	}
	switch {
	case o.html && o.output.AsJSON:
		return verdict.Errorf(verdict.Usage, "--json and --output html contradict each other")
	case o.html && (o.watch || o.batch):
		return verdict.Errorf(verdict.Usage, "--output html is a page of one token, without --watch and --batch")
	case o.signature && !o.html:
		return verdict.Errorf(verdict.Usage, "--show-signature: only --output html masks signatures")
	}
	return nil
}

// severity returns the severity of --fail-on, or 0 without it.
func (o *inspectOptions) severity() (bcp.Severity, error) {
	if !o.flags.Changed("fail-on") {
		return 0, nil
	}
	s, err := bcp.ParseSeverity(o.failOn)
	return s, cli.FlagError("fail-on", err)
}

func runInspect(ctx context.Context, env *cli.Env, o inspectOptions, args []string) error {
	if err := o.check(env, args); err != nil {
		return err
	}
	now, err := o.at.Now(env)
	if err != nil {
		return err
	}
	least, err := o.severity()
	if err != nil {
		return err
	}
	span, err := o.life.duration()
	if err != nil {
		return err
	}
	judge := func(t inspect.Token) error { // the gravest decides
		return cmp.Or(tooGrave(t, least), o.life.check(t.Token, span, now))
	}
	u := o.open.unlocker(ctx, env, o.output, args)
	if o.batch {
		line := lineFunc(func(text string) (render.Members, error) { return o.line(env, u, text, now, judge) })
		lines := formLine{line, func(form *serialization.Form) (render.Members, error) {
			t, err := o.inspectForm(env, u, form, now)
			return o.inspection(env, t, now), err
		}}
		return runBatch(ctx, env, u.sources.In, o.output, o.token, args, lineWork{worker: func() lineWorker { return lines }})
	}
	found, form, err := o.token.ReadForm(env, o.output, u.sources.In, args, true)
	if err != nil {
		return o.output.Fail(env, err)
	}
	var t inspect.Token
	if form == nil {
		t, err = o.inspect(u, found.Token, now)
	} else {
		t, err = o.inspectForm(env, u, form, now)
	}
	if err != nil {
		return o.output.Fail(env, err)
	}
	if o.watch {
		return runWatch(ctx, env, o, t, now)
	}
	return o.show(env, t, now, judge(t))
}

// line returns the output for one token of a batch.
func (o inspectOptions) line(env *cli.Env, u *unlocker, text string, now time.Time, judge func(inspect.Token) error) (render.Members, error) {
	t, err := o.inspect(u, text, now)
	if err != nil {
		return nil, err
	}
	inspection := o.inspection(env, t, now)
	if err := judge(t); err != nil {
		return render.Joined{inspection, cli.ErrorObject(err)}, err
	}
	return inspection, nil
}

// inspect parses a token, and decrypts it if a key is given.
func (o inspectOptions) inspect(u *unlocker, text string, now time.Time) (inspect.Token, error) {
	t, err := token.OpenLax(text)
	if err == nil && t.IsSealed() && o.open.given() {
		err = u.open(t, o.token.MaxSize)
	}
	if err != nil {
		return inspect.Token{}, err
	}
	return inspect.Of(t, now), nil
}

// inspectForm inspects a token in a JSON serialization: the first of several signatures.
func (o inspectOptions) inspectForm(env *cli.Env, u *unlocker, form *serialization.Form, now time.Time) (inspect.Token, error) {
	if text, err := form.Compact(); err == nil {
		return o.inspect(u, text, now)
	}
	signed, _, err := joined(form)
	if err != nil {
		return inspect.Token{}, err
	}
	if !o.batch && len(signed) > 1 {
		o.output.Note(env, "the token has "+phrase.Count(len(signed), "signature")+", this is the first: jwt decode shows all of them")
	}
	return inspect.Of(opened(signed[0]), now), nil
}

func (o inspectOptions) inspection(env *cli.Env, t inspect.Token, now time.Time) render.Inspection {
	return render.Inspection{Token: t, Now: now, Show: o.date.Show, Width: env.Width, Full: o.full, Mask: (o.html || env.Mask) && !o.signature}
}

func (o inspectOptions) show(env *cli.Env, t inspect.Token, now time.Time, grave error) error {
	a := o.inspection(env, t, now)
	if o.html {
		return errors.Join(o.output.Write(env, a.Page()), grave)
	}
	if o.output.WantsJSON(env) {
		object := a.JSON()
		if grave != nil {
			object = append(object, cli.ErrorObject(grave)...)
		}
		return errors.Join(o.output.WriteJSON(env, object), grave)
	}
	text := o.output.Text(env)
	a.Text(text)
	return errors.Join(o.output.Write(env, text.Bytes()), grave)
}

// tooGrave returns the error of --fail-on, or nil.
func tooGrave(t inspect.Token, least bcp.Severity) error {
	if least == 0 {
		return nil
	}
	worst, n := t.Gravest(least)
	if n == 0 {
		return nil
	}
	message := worst.Rule + " (" + worst.Severity.String() + "): " + worst.Title
	if worst.Detail != "" {
		message += ": " + worst.Detail
	}
	if n > 1 {
		message += "; " + strconv.Itoa(n) + " findings are " + least.String() + " or higher"
	}
	return verdict.Errorf(verdict.ClaimMismatch, "%s", message).Hintf("%s (%s)", worst.Advice, worst.Section)
}
