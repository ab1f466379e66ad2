package session

import (
	"cmp"
	"context"
	"net/url"
	"strings"

	"jwt/internal/cli"
	"jwt/internal/session"
	"jwt/internal/verdict"
)

// runnerSource is the source of the token that a CI job gets from its runner.
const runnerSource = "runner"

// Types of subject tokens (RFC 8693 §3).
const (
	typeJWT    = "urn:ietf:params:oauth:token-type:jwt"
	typeAccess = "urn:ietf:params:oauth:token-type:access_token"
)

// readSubject reads the token to exchange. A source that can be read again is kept with the
// session, so that the same login can be repeated.
func (o oauthOptions) readSubject(ctx context.Context, env *cli.Env, client *session.Client, l *session.Login) error {
	const most = 64 << 10
	source := l.OAuth.SubjectSource
	switch source {
	case "":
		return verdict.Errorf(verdict.Usage, "which token is to be exchanged?").Hintf("--subject-token env:NAME, @FILE, or runner in a CI job")
	case runnerSource:
		token, err := o.runnerToken(ctx, env, client, l)
		l.SubjectToken, l.SubjectType = token, typeJWT
		return err
	}
	read, literal, err := env.Input().Secret(source, most)
	if err != nil {
		return cli.FlagError("subject-token", err)
	}
	if literal || strings.HasPrefix(source, "fd:") || source == "-" {
		l.OAuth.SubjectSource = ""
	}
	l.SubjectToken, l.SubjectType = string(read.Data), typeAccess
	return nil
}

// gitlabVariables are the usual names of the variables that a job of GitLab gets by id_tokens.
var gitlabVariables = []string{"GITLAB_OIDC_TOKEN", "ID_TOKEN", "CI_JOB_JWT_V2"}

// runnerToken returns the ID token of the CI job.
func (o oauthOptions) runnerToken(ctx context.Context, env *cli.Env, client *session.Client, l *session.Login) (string, error) {
	if env.Getenv("GITLAB_CI") != "" {
		for _, name := range gitlabVariables {
			if token := env.Getenv(name); token != "" {
				return token, nil
			}
		}
		return "", verdict.Errorf(verdict.Usage, "the job has no ID token: none of %s is set", strings.Join(gitlabVariables, ", ")).
			Hintf("in .gitlab-ci.yml: id_tokens: { GITLAB_OIDC_TOKEN: { aud: %s } }; of another name: --subject-token env:NAME", l.Server)
	}
	address, secret := env.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL"), env.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	if address == "" || secret == "" {
		return "", verdict.Errorf(verdict.Usage, "this is neither a job of GitHub Actions that may ask for an ID token, nor one of GitLab").
			Hintf("in the workflow: permissions: { id-token: write }")
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", verdict.Errorf(verdict.Usage, "ACTIONS_ID_TOKEN_REQUEST_URL is not a URL")
	}
	audience := l.OAuth.Server.Issuer
	if len(l.OAuth.Audiences) > 0 {
		audience = l.OAuth.Audiences[0]
	}
	query := u.Query()
	query.Set("audience", cmp.Or(audience, l.Server.String()))
	u.RawQuery = query.Encode()
	return client.RunnerToken(ctx, u, secret)
}
