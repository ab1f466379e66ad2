package session

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"jwt/internal/cli"
	"jwt/internal/render"
	"jwt/internal/session"
	"jwt/internal/verdict"
)

// A credentialAsk is what git or docker asks a credential helper for.
type credentialAsk struct {
	server *url.URL // its scheme is "" if the program did not say
	asked  string   // as it was written
	user   string   // that the program wants, or ""
	bearer bool     // the program can send a Bearer token (git 2.46)
}

// A credentialProtocol is how another program asks for a credential.
type credentialProtocol struct {
	actions []string
	hint    string
	parse   func(text string) credentialAsk
	answer  func(env *cli.Env, o tokenOptions, ask credentialAsk, s *session.Session) error
	none    string // the answer if no credential is found
}

// credentialProtocols are the formats in which another program runs this one and asks it
// for a credential (gitcredentials(7), docker-credential-helpers).
var credentialProtocols = map[string]credentialProtocol{
	"git-credential": {
		[]string{"get", "store", "erase"},
		"git config credential.https://git.example.helper '!jwt session token --format git-credential'",
		parseGitAsk, answerGit, "",
	},
	"docker": {
		[]string{"get", "store", "erase", "list"},
		`the program docker-credential-NAME in PATH: exec jwt session token --format docker "$@"`,
		parseDockerAsk, answerDocker, "credentials not found in native keychain\n",
	},
}

// runCredential answers another program. It gives a token only for the server of the session,
// and has nothing to store or erase: logins and logouts are commands of their own.
func runCredential(ctx context.Context, env *cli.Env, o tokenOptions, action string) error {
	protocol := credentialProtocols[o.format]
	switch {
	case !slices.Contains(protocol.actions, action):
		return verdict.Errorf(verdict.Usage, "--format %s: the argument must be one of %s, got %s", o.format, strings.Join(protocol.actions, ", "), cli.QuoteArg(action)).
			Hintf("%s", protocol.hint)
	case action == "list":
		return listCredentials(env, o)
	case action != "get":
		_, err := io.Copy(io.Discard, io.LimitReader(env.Stdin, mostAsked)) // the other program may wait until it is read
		if err != nil {
			return verdict.Errorf(verdict.IO, "stdin: %w", err)
		}
		return nil
	case env.StdinTTY:
		return verdict.Errorf(verdict.Usage, "--format %s: another program says on stdin which server it means", o.format).Hintf("%s", protocol.hint)
	}
	return giveCredential(ctx, env, o)
}

// giveCredential answers with the token, if the session is for the server that is asked for.
func giveCredential(ctx context.Context, env *cli.Env, o tokenOptions) error {
	protocol := credentialProtocols[o.format]
	text, err := io.ReadAll(io.LimitReader(env.Stdin, mostAsked))
	if err != nil {
		return verdict.Errorf(verdict.IO, "stdin: %w", err)
	}
	ask := protocol.parse(string(text))
	client, err := o.session.client(env)
	if err != nil {
		return err
	}
	before, err := client.Store.Peek(client.Name)
	switch {
	case err != nil && verdict.ClassOf(err) != verdict.NotLoggedIn:
		return err
	case err != nil || !ask.isFor(before):
		return protocol.refuse(env)
	}
	s, err := freshToken(ctx, client, 0)
	if err != nil {
		return err
	}
	return protocol.answer(env, o, ask, s)
}

// refuse answers that no credential was found. git then asks its next helper.
func (p credentialProtocol) refuse(env *cli.Env) error {
	if p.none == "" {
		return nil
	}
	if err := (cli.Output{}).Write(env, []byte(p.none)); err != nil {
		return err
	}
	return cli.Answered{Class: verdict.IO}
}

// isFor reports whether the program asks for the server of the session. docker leaves out the
// scheme.
func (a credentialAsk) isFor(s *session.Session) bool {
	if a.server == nil {
		return false
	}
	u := *a.server
	if u.Scheme == "" {
		u.Scheme, _, _ = strings.Cut(s.Server, ":")
	}
	return s.Allows(&u)
}

// mostAsked limits the text of a program that asks.
const mostAsked = 64 << 10

// parseGitAsk reads NAME=VALUE lines up to an empty one.
func parseGitAsk(text string) credentialAsk {
	var ask credentialAsk
	var u url.URL
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, mostAsked)
	for lines.Scan() && lines.Text() != "" {
		name, value, _ := strings.Cut(lines.Text(), "=")
		switch name {
		case "protocol":
			u.Scheme = value
		case "host":
			u.Host = value
		case "username":
			ask.user = value
		case "capability[]":
			ask.bearer = ask.bearer || value == "authtype"
		}
	}
	if u.Host != "" {
		ask.server = &u
	}
	return ask
}

// answerGit writes the token as a Bearer token if git can send one, else as a password.
func answerGit(env *cli.Env, o tokenOptions, ask credentialAsk, s *session.Session) error {
	var b bytes.Buffer
	switch {
	case ask.bearer:
		b.WriteString("capability[]=authtype\nauthtype=Bearer\ncredential=" + s.AccessToken + "\nephemeral=1\n")
	default:
		b.WriteString("username=" + cmp.Or(o.username, ask.user, oneLine(s.User), anyUser) + "\npassword=" + s.AccessToken + "\n")
	}
	if !s.AccessExpires.IsZero() {
		b.WriteString("password_expiry_utc=" + strconv.FormatInt(s.AccessExpires.Unix(), 10) + "\n")
	}
	return cli.Output{}.Write(env, b.Bytes())
}

// anyUser is the user name of a session without a user name. Servers that take a token as the
// password ignore it.
const anyUser = "oauth2"

// oneLine returns a text without line ends, after which git would read another attribute.
func oneLine(text string) string {
	if strings.ContainsAny(text, "\r\n\x00") {
		return ""
	}
	return text
}

// parseDockerAsk reads the URL or the host of a registry.
func parseDockerAsk(text string) credentialAsk {
	asked := strings.TrimSpace(text)
	if !strings.Contains(asked, "://") {
		text = "//" + asked
	}
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Host == "" {
		return credentialAsk{}
	}
	return credentialAsk{server: u, asked: asked}
}

func answerDocker(env *cli.Env, o tokenOptions, ask credentialAsk, s *session.Session) error {
	return cli.Output{}.Write(env, append(render.Object{
		{Name: "ServerURL", Value: ask.asked},
		{Name: "Username", Value: cmp.Or(o.username, s.User, anyUser)},
		{Name: "Secret", Value: s.AccessToken},
	}.JSON(false), '\n'))
}

// listCredentials writes the server of the session and its user, for docker.
func listCredentials(env *cli.Env, o tokenOptions) error {
	client, err := o.session.client(env)
	if err != nil {
		return err
	}
	list := render.Object{}
	if s, err := client.Store.Peek(client.Name); err == nil {
		list.Add(s.Server, cmp.Or(o.username, s.User, anyUser))
	}
	return cli.Output{}.Write(env, append(list.JSON(false), '\n'))
}
