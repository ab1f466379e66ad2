package session

import (
	"context"
	"crypto/tls"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/authclient"
	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/keysource"
	"jwt/internal/session"
	"jwt/internal/verdict"
)

// oauthOptions are the flags of a login at an OAuth 2.0 server.
type oauthOptions struct {
	flow, clientID, clientSecret, clientKey, clientAuth string
	tlsCert, tlsKey                                     string
	scope, redirectURI, acrValues, maxAge, subjectToken string
	audiences, resources, params, apis                  []string
	dpop, register, qr, noBrowser                       bool
}

func (o *oauthOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.flow, "flow", "", "log in at an OAuth 2.0 server by this `FLOW`: "+strings.Join(authclient.Flows, ", ")+" (default code)")
	f.StringVar(&o.clientID, "client-id", "", "the `ID` of the client at the server")
	f.StringVar(&o.clientSecret, "client-secret", "", "the client's secret, from a `SOURCE`: env:NAME, @FILE, fd:N, - or its own text")
	f.StringVar(&o.clientKey, "client-key", "", "the client's private key for private_key_jwt, from a `SOURCE`: PATH, env:NAME, fd:N or -")
	f.StringVar(&o.clientAuth, "client-auth", "", "how the client authenticates, a `METHOD`: "+strings.Join(authclient.ClientAuths, ", ")+" (default: by what it has)")
	f.StringVar(&o.tlsCert, "tls-cert", "", "the client's TLS certificate, a PEM `FILE`")
	f.StringVar(&o.tlsKey, "tls-key", "", "the key of --tls-cert, a PEM `FILE`")
	f.StringVar(&o.scope, "scope", "", "the `SCOPES` to ask for, separated by spaces (default: openid at an OpenID provider)")
	f.StringArrayVar(&o.audiences, "audience", nil, "the `AUDIENCE` of the access token (repeatable)")
	f.StringArrayVar(&o.resources, "resource", nil, "the `URI` of an API that the access token is for, RFC 8707 (repeatable)")
	f.StringArrayVar(&o.params, "param", nil, "another parameter `NAME=VALUE` of the requests of the login (repeatable)")
	f.StringVar(&o.redirectURI, "redirect-uri", "", "the registered redirect `URI` (default: http://127.0.0.1/callback with a free port)")
	f.StringArrayVar(&o.apis, "api", nil, "the access token may also be sent to this `ORIGIN` (repeatable)")
	f.BoolVar(&o.dpop, "dpop", false, "bind the tokens to a new key (RFC 9449)")
	f.StringVar(&o.acrValues, "acr-values", "", "ask for one of these `LEVELS` of authentication")
	f.StringVar(&o.maxAge, "max-age", "", "ask for a login at most this `DURATION` ago, like 5m")
	f.StringVar(&o.subjectToken, "subject-token", "", "the token to exchange, from a `SOURCE`: env:NAME, @FILE, fd:N, -, or runner (that of GitHub Actions or GitLab)")
	f.BoolVar(&o.register, "register", false, "register a client at the server first (RFC 7591)")
	f.BoolVar(&o.qr, "qr", false, "show the address of the device flow as a QR code too")
	f.BoolVar(&o.noBrowser, "no-browser", false, "open no browser: only print the address")
}

func (o *oauthOptions) complete(c *cobra.Command) {
	cli.CompleteValues(c, "flow", authclient.Flows...)
	cli.CompleteValues(c, "client-auth", authclient.ClientAuths...)
	cli.CompleteValues(c, "subject-token", "env:", "@", "fd:", "-", runnerSource)
	cli.CompleteValues(c, "client-secret", "env:", "@", "fd:", "-")
}

// given reports whether a flag asks for a login at an OAuth 2.0 server.
func (o oauthOptions) given() bool {
	return slices.ContainsFunc([]string{o.flow, o.clientID, o.clientSecret, o.clientKey, o.clientAuth, o.tlsCert, o.scope, o.subjectToken, o.acrValues, o.maxAge, o.redirectURI},
		func(text string) bool { return text != "" }) ||
		len(o.audiences)+len(o.resources)+len(o.params)+len(o.apis) > 0 || o.dpop || o.register
}

func (o oauthOptions) check() error {
	switch {
	case o.flow != "" && !slices.Contains(authclient.Flows, o.flow):
		return verdict.Errorf(verdict.Usage, "--flow: is %q, must be one of %s", o.flow, strings.Join(authclient.Flows, ", "))
	case o.clientAuth != "" && !slices.Contains(authclient.ClientAuths, o.clientAuth):
		return verdict.Errorf(verdict.Usage, "--client-auth: is %q, must be one of %s", o.clientAuth, strings.Join(authclient.ClientAuths, ", "))
	case (o.tlsCert == "") != (o.tlsKey == ""):
		return verdict.Errorf(verdict.Usage, "--tls-cert and --tls-key are only used together")
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
		{&a.ClientID, o.clientID},
		{&a.ClientAuth, o.clientAuth},
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
	a.DPoP = a.DPoP || o.dpop
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
	return o.setCredentials(ctx, env, output, a)
}

// maxCredential is the largest size of a credential of the client, in bytes.
const maxCredential = 64 << 10

// setCredentials reads the client's secret, key and certificate.
func (o oauthOptions) setCredentials(ctx context.Context, env *cli.Env, output cli.Output, a *authclient.OAuth) error {
	if o.clientID != "" || o.clientSecret != "" || o.clientKey != "" || o.tlsCert != "" { // another client
		a.ClientSecret, a.ClientKey, a.Certificate, a.TLSKey, a.ClientAuth = "", "", "", "", o.clientAuth
	}
	in := env.Input()
	if o.clientSecret != "" {
		read, literal, err := in.Secret(o.clientSecret, maxCredential)
		if err != nil {
			return cli.FlagError("client-secret", err)
		}
		if literal {
			output.Note(env, "the secret on the command line is visible to ps and in the shell's history; --client-secret @FILE or env:NAME is not")
		}
		a.ClientSecret = string(read.Data)
	}
	if o.clientKey != "" {
		key, err := o.readKey(ctx, env, output)
		if err != nil {
			return err
		}
		a.ClientKey = key
	}
	if o.tlsCert == "" {
		return nil
	}
	return o.setCertificate(in, a)
}

// setCertificate reads the client's certificate for TLS and its key.
func (o oauthOptions) setCertificate(in *input.Reader, a *authclient.OAuth) error {
	cert, err := in.Bytes(o.tlsCert, "the certificate", maxCredential)
	if err != nil {
		return cli.FlagError("tls-cert", err)
	}
	key, err := in.Bytes(o.tlsKey, "the key", maxCredential)
	if err != nil {
		return cli.FlagError("tls-key", err)
	}
	if _, err := tls.X509KeyPair(cert.Data, key.Data); err != nil {
		return verdict.Errorf(verdict.KeyUnreadable, "--tls-cert and --tls-key: %w", err).Hintf("both are PEM files: the certificate, with its chain, and its key")
	}
	a.Certificate, a.TLSKey = string(cert.Data), string(key.Data)
	return nil
}

// readKey returns the private key of --client-key as a JWK.
func (o oauthOptions) readKey(ctx context.Context, env *cli.Env, output cli.Output) (string, error) {
	keys, err := keysource.Options{Keys: []string{o.clientKey}}.Sources(ctx, env, output).Keys()
	if err != nil {
		return "", cli.FlagError("client-key", err)
	}
	if len(keys) != 1 || !keys[0].IsPrivate() || keys[0].IsSecret() {
		return "", verdict.Errorf(verdict.KeyRefused, "--client-key: is not one private key").Hintf("a PEM or JWK file with the private key; its public half is registered at the server")
	}
	return string(keys[0].JWK(true).Bytes()), nil
}
