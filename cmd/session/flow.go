package session

import (
	"cmp"
	"context"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/authclient"
	"jwt/internal/authserver"
	"jwt/internal/authserver/clients"
	"jwt/internal/authserver/store"
	"jwt/internal/authserver/users"
	"jwt/internal/cli"
	"jwt/internal/flow"
	"jwt/internal/flow/report"
	"jwt/internal/httpclient"
	"jwt/internal/presets"
	"jwt/internal/verdict"
)

var flowCommand = cli.Command{
	Use:   "flow",
	Short: "test the login, refresh and logout of a server",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o flowOptions
		c.Long = `Log in, send a request, wait for the access token to expire, be refused,
refresh, send the request again, present the spent refresh token as an attacker
would, log out, and try the tokens that are left. Every step is reported, and
the server is checked against rules with stable ids.

Without --server, a local server in memory is tested, whose access tokens live
for ` + flowAccessTTL.String() + `. With --server, the password is read as a --password-… flag says.
Sessions that are still alive at the end are logged out.

A rule that cannot be tested on a server is skipped with the reason, never
passed. The verdict is fail when a rule of level must is broken. It is
incomplete when such a rule could not be tried although the flow should have
reached it (no refresh token, a step missing, an answer that decides nothing),
unless --skip names the rule or --allow-untested is given. It is always
incomplete when no rule was tried. The status is 6 for both.

With --client-id, an OAuth 2.0 or OpenID server is judged: its metadata, its
answers to authorization, token, revocation, introspection and device requests,
its ID tokens and DPoP. Many rules need a login of their own. The login page of
jwt session serve is filled in with --user and --password-…; for another server
the URL is printed, or --driver COMMAND is run with it. It must complete
the page, so that the browser comes to the redirect URI.

Rules:
` + ruleLines()
		c.Example = `  jwt session flow
  jwt session flow --server https://login.example --user alice --password-env PW
  jwt session flow --server http://127.0.0.1:3000 --user alice \
      --password-file p.txt --preset token --protected /api/me --max-wait 6m
  jwt session flow --server https://login.example --client-id web \
      --client-secret env:CLIENT_SECRET --driver "node login.mjs"
  jwt session flow --server https://login.example --client-id ci \
      --client-key ci.pem --flow client-credentials
  jwt session flow --only rotation --only reuse-detected
  jwt session flow -o html > report.html
  jwt session flow -o junit > report.xml`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 6 7 8 9 130", cli.Exits + "6": "a required rule is broken or could not be tried"}
		c.Args = cli.NoArgs
		o.addFlags(c.Flags())
		o.complete(env, c)
		c.RunE = func(c *cobra.Command, _ []string) error { return runFlow(c.Context(), env, o) }
	},
}

// The local server. Its access tokens live long enough to be used, and short enough to wait
// for their expiry.
const (
	flowAccessTTL = 3 * time.Second
	flowPreset    = "cookie"
	localUser     = "demo"
)

var flowFormats = []string{"auto", "text", "json", "junit", "mermaid", "html"}

type flowOptions struct {
	password passwordOptions
	oauth    flowOAuthOptions
	output   cli.Output

	server, user, preset, protected string

	only, skip                []string
	allowUntested             bool
	maxWait, leeway, maxGrace string
}

func (o *flowOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.server, "server", "", "the `URL` of the server (default: a local one)")
	f.StringVarP(&o.user, "user", "u", "", "the `NAME` to log in with")
	o.password.addFlags(f)
	f.StringVar(&o.preset, "preset", flowPreset, "the preset that describes the server, a `NAME`")
	o.oauth.addFlags(f)
	f.StringVar(&o.protected, "protected", "", "a `PATH` that requires an access token (default: from the preset)")
	f.StringArrayVar(&o.only, "only", nil, "check only this `RULE` (repeatable)")
	f.StringArrayVar(&o.skip, "skip", nil, "skip this `RULE` (repeatable)")
	f.BoolVar(&o.allowUntested, "allow-untested", false, "do not let rules that could not be tried make the verdict incomplete")
	f.StringVar(&o.maxWait, "max-wait", flow.DefaultMaxWait.String(), "wait at most this `DURATION` for an access token to expire")
	f.StringVar(&o.leeway, "leeway", flow.DefaultLeeway.String(), "allow an expired access token to be accepted for this `DURATION`")
	f.StringVar(&o.maxGrace, "max-grace", flow.DefaultMaxGrace.String(), "allow a spent refresh token to be accepted for this `DURATION`")
	o.output.AddFlags(f)
	f.Lookup("output").Usage = "`FORMAT` of the report: text, json, junit, mermaid, html or auto (text on a terminal, else json)"
}

func (o *flowOptions) complete(env *cli.Env, c *cobra.Command) {
	o.oauth.complete(c)
	cli.CompleteValues(c, "only", flow.RuleIDs()...)
	cli.CompleteValues(c, "skip", flow.RuleIDs()...)
	cli.CompleteValues(c, "output", flowFormats...)
	cli.CompleteValues(c, "color", "auto", "always", "never")
	cli.CompleteWith(c, "preset", func() []string {
		config, _ := env.ReadConfig()
		names, _ := presets.Names(config)
		return names
	})
}

// ruleLines returns the rules for help.
func ruleLines() string {
	var b strings.Builder
	for _, r := range flow.Rules() {
		b.WriteString("\n  " + r.ID + strings.Repeat(" ", max(1, 29-len(r.ID))) + string(r.Level))
	}
	return strings.TrimPrefix(b.String(), "\n")
}

func (o *flowOptions) check() error {
	if err := o.checkFormat(); err != nil {
		return err
	}
	if err := o.oauth.check(o.server); err != nil {
		return err
	}
	return cmp.Or(o.checkUser(), o.password.check())
}

// checkFormat checks the flags of the output. The formats are those of a report.
func (o *flowOptions) checkFormat() error {
	format := o.output.Format
	if o.output.AsJSON {
		format = "json"
	}
	if !slices.Contains(flowFormats, format) {
		return verdict.Errorf(verdict.Usage, "--output: is %q, must be %s or %s", format, strings.Join(flowFormats[:len(flowFormats)-1], ", "), flowFormats[len(flowFormats)-1])
	}
	others := o.output
	others.Format = "auto"
	if err := others.Check(); err != nil { // all but the format
		return err
	}
	o.output.Format = format
	return nil
}

// checkUser refuses a user for the local server, and half of a user for another.
func (o *flowOptions) checkUser() error {
	switch given := o.user != "" || o.password != (passwordOptions{}); {
	case o.server == "" && given:
		return verdict.Errorf(verdict.Usage, "--user and --password-…: require --server; the local server has its own user").
			Hintf("--server URL, or leave them out")
	case o.oauth.client.id != "" && (o.user != "") != (o.password != passwordOptions{}):
		return verdict.Errorf(verdict.Usage, "--user and --password-…: the login page of a local server needs both").
			Hintf("--user NAME --password-env NAME, or leave them out")
	case o.oauth.client.id != "":
	case o.server != "" && o.user == "":
		return verdict.Errorf(verdict.Usage, "--user: is required with --server").Hintf("--user NAME --password-env NAME")
	case o.server != "" && o.password == (passwordOptions{}): // only login prompts
		return verdict.Errorf(verdict.Usage, "--password-…: is required with --server").
			Hintf("--password-env NAME, --password-file FILE or --password-stdin")
	}
	return nil
}

func runFlow(ctx context.Context, env *cli.Env, o flowOptions) error {
	if err := o.check(); err != nil {
		return o.fail(env, err)
	}
	options, err := o.options(env)
	if err != nil {
		return o.fail(env, err)
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	if options.Server == nil {
		end, err := o.local(ctx, env, &options)
		if err != nil {
			return o.fail(env, err)
		}
		defer end()
	}
	if o.oauth.client.id != "" {
		client, end, err := o.oauth.options(ctx, env, o.output)
		if err != nil {
			return o.fail(env, err)
		}
		defer end()
		options.OAuth, options.Preset = client, presets.Preset{}
	}
	o.tell(env, &options)
	judged, err := flow.Run(ctx, options)
	if len(judged.Results) == 0 || verdict.ClassOf(err) == verdict.Interrupted && o.wantText(env) { // there is no report, or an interrupted text report is incomplete
		return cmp.Or(interrupted(ctx, err), err)
	}
	if werr := o.show(env, judged); werr != nil {
		return werr
	}
	if err == nil && judged.Verdict() != flow.Passed {
		o.advise(env, judged)
		return cli.Answered{Class: verdict.ClaimMismatch}
	}
	return err
}

// advise says how a rule that could not be tried is accepted.
func (o flowOptions) advise(env *cli.Env, r flow.Report) {
	if r.Verdict() != flow.Incomplete {
		return
	}
	ids := r.Untried()
	switch {
	case r.NoneTried():
		o.output.Note(env, "no rule was tried, so nothing is known of the server")
	case len(ids) > 0:
		o.output.Note(env, "not tried: "+strings.Join(ids, " ")+"; --skip RULE or --allow-untested accepts that")
	}
}

// fail writes the error as JSON, unless the report has another format.
func (o flowOptions) fail(env *cli.Env, err error) error {
	if !slices.Contains([]string{"auto", "json"}, o.output.Format) {
		return err
	}
	return o.output.Fail(env, err)
}

// options turns flags into the options of the run. Server is nil for a local server.
func (o flowOptions) options(env *cli.Env) (flow.Options, error) {
	after := env.After
	if after == nil {
		after = time.After
	}
	options := flow.Options{
		User: o.user, Protected: o.protected, Only: o.only, Skip: o.skip, AllowUntested: o.allowUntested,
		HTTP: env.HTTP, UserAgent: env.UserAgent(), Now: env.Now, After: after,
	}
	for _, d := range []struct {
		flag, text string
		to         *time.Duration
	}{{"max-wait", o.maxWait, &options.MaxWait}, {"leeway", o.leeway, &options.Leeway}, {"max-grace", o.maxGrace, &options.MaxGrace}} {
		var err error
		if *d.to, err = cli.Duration(d.flag, d.text); err != nil {
			return options, err
		}
	}
	if err := options.Check(); err != nil {
		return options, err
	}
	var err error
	if options.Preset, err = preset(env, o.preset); err != nil || o.server == "" {
		return options, err
	}
	if options.Server, err = httpclient.ParseServer(o.server); err != nil {
		return options, err
	}
	if o.user != "" {
		options.Password, err = o.password.read(env, options.User, options.Server)
	}
	return options, err
}

// local starts a server on loopback with one user, and sets it as the server to test.
func (o flowOptions) local(ctx context.Context, env *cli.Env, options *flow.Options) (end func(), err error) {
	options.User, options.Cart = localUser, true
	known, client, err := localClient()
	if err != nil {
		return nil, err
	}
	options.OAuth = client
	password := users.RandomPassword()
	options.Password = []byte(password)
	users := &users.Set{}
	if err := users.Add(localUser + ":" + password); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, verdict.Errorf(verdict.IO, "starting a local server: %w", err).Hintf("--server URL tests another server")
	}
	address := "http://" + listener.Addr().String()
	server, err := authserver.New(ctx, authserver.Options{
		Issuer: address, Store: store.NewMemory(), Users: users, Clients: known, AccessTTL: flowAccessTTL, Now: env.Now,
	})
	if err != nil {
		listener.Close()
		return nil, err
	}
	if options.Server, err = httpclient.ParseServer(address); err != nil {
		return nil, err
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(serving, listener, nil) }()
	return func() {
		stop()
		<-ended
		server.Close()
	}, nil
}

// localClient returns a client of the local server. Nothing listens at its redirect URI:
// the login pages are filled in, and the code is in the last redirect.
func localClient() (*clients.Registry, *flow.OAuth, error) {
	secret := users.RandomPassword()
	client := &flow.OAuth{
		Flow: flow.FlowCode, ClientID: "flow", Secrets: authclient.OAuthSecrets{ClientSecret: secret}, Redirect: "https://client.example/callback", Other: "flow-public",
	}
	known := &clients.Registry{}
	err := known.Read(strings.NewReader(`[{"client_id":"flow","client_secret":"` + secret + `","redirect_uris":["` + client.Redirect + `"],` +
		`"grant_types":["authorization_code","refresh_token","client_credentials","urn:ietf:params:oauth:grant-type:device_code"]},` +
		`{"client_id":"` + client.Other + `","redirect_uris":["` + client.Redirect + `"]}]`))
	return known, client, err
}

// tell writes each step as it happens, if the report is text.
func (o flowOptions) tell(env *cli.Env, options *flow.Options) {
	if !o.wantText(env) {
		return
	}
	options.Began = func(r flow.Report) error {
		t := o.output.Text(env)
		report.Head(t, r)
		return o.output.Write(env, t.Bytes())
	}
	options.Stepped = func(s flow.Step) error {
		t := o.output.Text(env)
		report.StepText(t, s, options.Server.String(), !env.StdoutTTY)
		return o.output.Write(env, t.Bytes())
	}
}

func (o flowOptions) wantText(env *cli.Env) bool {
	return o.output.Format == "text" || o.output.Format == "auto" && env.StdoutTTY
}

func (o flowOptions) show(env *cli.Env, r flow.Report) error {
	switch {
	case o.wantText(env):
		t := o.output.Text(env)
		report.VerdictText(t, r)
		return o.output.Write(env, t.Bytes())
	case o.output.Format == "junit":
		return o.output.Write(env, report.JUnit(r))
	case o.output.Format == "mermaid":
		return o.output.Write(env, report.Mermaid(r))
	case o.output.Format == "html":
		return o.output.Write(env, report.HTML(r))
	default:
		return o.output.WriteJSON(env, report.JSON(r))
	}
}
