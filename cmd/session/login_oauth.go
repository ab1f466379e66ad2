package session

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/authclient"
	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/session"
	"jwt/internal/verdict"
)

// oauthOptions are the flags of a login at an OAuth 2.0 server.
type oauthOptions struct {
	client clientOptions

	flow, scope, redirectURI, acrValues, maxAge, subjectToken string

	audiences, resources, params, apis []string
	dpop, par, register, qr, noBrowser bool
}

func (o *oauthOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.flow, "flow", "", "log in at an OAuth 2.0 server by this `FLOW`: "+strings.Join(authclient.Flows, ", ")+" (default code)")
	f.StringVar(&o.client.id, "client-id", "", "the `ID` of the client at the server")
	o.client.addFlags(f)
	f.StringVar(&o.scope, "scope", "", "the `SCOPES` to ask for, separated by spaces (default: openid at an OpenID provider)")
	f.StringArrayVar(&o.audiences, "audience", nil, "the `AUDIENCE` of the access token (repeatable)")
	f.StringArrayVar(&o.resources, "resource", nil, "the `URI` of an API that the access token is for, RFC 8707 (repeatable)")
	f.StringArrayVar(&o.params, "param", nil, "another parameter `NAME=VALUE` of the requests of the login (repeatable)")
	f.StringVar(&o.redirectURI, "redirect-uri", "", "the registered redirect `URI` (default: http://127.0.0.1/callback with a free port)")
	f.StringArrayVar(&o.apis, "api", nil, "the access token may also be sent to this `ORIGIN` (repeatable)")
	f.BoolVar(&o.dpop, "dpop", false, "bind the tokens to a new key (RFC 9449)")
	f.BoolVar(&o.par, "par", false, "push the request of the login to the server first (RFC 9126); done anyway where the server requires it")
	f.StringVar(&o.acrValues, "acr-values", "", "ask for one of these `LEVELS` of authentication")
	f.StringVar(&o.maxAge, "max-age", "", "ask for a login at most this `DURATION` ago, like 5m")
	f.StringVar(&o.subjectToken, "subject-token", "", "the token to exchange, from a `SOURCE`: "+input.Places+", or runner (that of GitHub Actions or GitLab)")
	f.BoolVar(&o.register, "register", false, "register a client at the server first (RFC 7591)")
	f.BoolVar(&o.qr, "qr", false, "show the address of the device flow as a QR code too")
	f.BoolVar(&o.noBrowser, "no-browser", false, "open no browser: only print the address")
}

func (o *oauthOptions) complete(c *cobra.Command) {
	cli.CompleteValues(c, "flow", authclient.Flows...)
	o.client.complete(c)
	cli.CompleteValues(c, "subject-token", "env:", "@", "fd:", "-", runnerSource)
}

// given reports whether a flag asks for a login at an OAuth 2.0 server.
func (o oauthOptions) given() bool {
	return slices.ContainsFunc([]string{o.flow, o.scope, o.subjectToken, o.acrValues, o.maxAge, o.redirectURI}, func(text string) bool { return text != "" }) ||
		o.client != (clientOptions{}) ||
		len(o.audiences)+len(o.resources)+len(o.params)+len(o.apis) > 0 || o.dpop || o.par || o.register
}

func (o oauthOptions) check() error {
	if o.flow != "" && !slices.Contains(authclient.Flows, o.flow) {
		return verdict.Errorf(verdict.Usage, "--flow: is %q, must be one of %s", o.flow, strings.Join(authclient.Flows, ", "))
	}
	if err := o.client.check(); err != nil {
		return err
	}
	for _, p := range o.params {
		if err := authclient.CheckParam(p); err != nil {
			return cli.FlagError("param", err)
		}
	}
	if o.maxAge != "" {
		_, err := cli.Duration("max-age", o.maxAge)
		return err
	}
	return nil
}

// isOAuth reports whether the login is one at an OAuth 2.0 server: a flag or the preset says
// so, or it repeats one.
func (o loginOptions) isOAuth(env *cli.Env, before *session.Session, l session.Login) (bool, error) {
	if l.Preset == "" {
		return o.oauth.given(), nil
	}
	p, err := preset(env, l.Preset) // before the user types a password
	if err != nil {
		return false, err
	}
	if o.oauth.given() && !p.IsOAuth() {
		if o.preset == "" { // of an earlier login
			return true, nil
		}
		return false, verdict.Errorf(verdict.Usage, "the preset %s has no OAuth 2.0 login, for which --flow, --client-id and the like are", o.preset).Hintf("--preset oidc, or leave it out")
	}
	return p.IsOAuth(), nil
}

// prepareOAuth completes a login at an OAuth 2.0 server. What the command line leaves out is
// taken from before, what the session was made with, which may be nil.
func (o loginOptions) prepareOAuth(ctx context.Context, env *cli.Env, client *session.Client, l *session.Login, before *authclient.OAuth, issuer string) error {
	if p, err := preset(env, l.Preset); o.preset == "" && (l.Preset == "" || err != nil || !p.IsOAuth()) {
		l.Preset = ""
	}
	l.OAuth = &authclient.OAuth{}
	if before != nil && before.Server.Issuer == issuer {
		l.OAuth = before.Again()
	}
	if err := o.oauth.set(ctx, env, o.output, l.OAuth); err != nil {
		return err
	}
	if err := client.Prepare(ctx, l, issuer, o.oauth.register); err != nil {
		return err
	}
	l.Dialog = o.oauth.dialog(env)
	switch l.OAuth.Flow {
	case authclient.FlowPassword:
		var err error
		if l.User == "" {
			return verdict.Errorf(verdict.Usage, "which user?").Hintf("--user NAME")
		}
		l.Password, err = o.password.read(env, l.User, l.Server)
		return err
	case authclient.FlowExchange:
		return o.oauth.readSubject(ctx, env, client, l)
	}
	return nil
}

// set writes what the flags say into a.
func (o oauthOptions) set(ctx context.Context, env *cli.Env, output cli.Output, a *authclient.OAuth) error {
	for _, f := range []struct {
		to    *string
		value string
	}{
		{&a.Flow, o.flow},
		{&a.ClientID, o.client.id},
		{&a.ClientAuth, o.client.auth},
		{&a.Scope, o.scope},
		{&a.RedirectURI, o.redirectURI},
		{&a.ACRValues, o.acrValues},
		{&a.SubjectSource, o.subjectToken},
	} {
		if f.value != "" {
			*f.to = f.value
		}
	}
	for _, f := range []struct {
		to     *[]string
		values []string
	}{{&a.Audiences, o.audiences}, {&a.Resources, o.resources}, {&a.Params, o.params}} {
		if len(f.values) > 0 {
			*f.to = f.values
		}
	}
	a.DPoP, a.PAR = a.DPoP || o.dpop, a.PAR || o.par
	if o.maxAge != "" {
		d, err := cli.Duration("max-age", o.maxAge)
		if err != nil {
			return err
		}
		a.MaxAge = strconv.FormatInt(int64(d/time.Second), 10)
	}
	for i, api := range o.apis {
		origin, err := authclient.ParseAPI(api)
		if err != nil {
			return cli.FlagError("api", err)
		}
		if i == 0 {
			a.APIs = nil
		}
		a.APIs = append(a.APIs, origin)
	}
	return o.client.read(ctx, env, output, a)
}
