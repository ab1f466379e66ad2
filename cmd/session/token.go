package session

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/render"
	"jwt/internal/session"
	"jwt/internal/verdict"
)

var tokenCommand = cli.Command{
	Use:   "token",
	Short: "print a valid access token",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o tokenOptions
		c.Long = `Print the access token of the session, refreshed first if necessary. If the
server cannot be reached, a token that is still valid is printed, with a note.

  bare             the token
  header           Authorization: Bearer TOKEN
  env              ACCESS_TOKEN=TOKEN
  curl             a line for curl -K -: no token on the command line
  exec-credential  for kubectl (client.authentication.k8s.io/v1)
  json             the token, its expiry, session and server`
		c.Example = `  jwt session token --format curl | curl -K - https://api.example/me
  export "$(jwt session token --format env)"
  jwt session token --min-ttl 2m | jwt decode`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 8 9 130"}
		c.Args = cli.NoArgs
		o.addFlags(c.Flags())
		o.complete(env, c)
		c.RunE = func(c *cobra.Command, _ []string) error { return runToken(c.Context(), env, o) }
	},
}

// formats of an access token.
var tokenFormats = []string{"bare", "header", "env", "curl", "exec-credential", "json"}

type tokenOptions struct {
	session        options
	format, minTTL string
}

func (o *tokenOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.format, "format", "bare", "the output `FORMAT`: "+strings.Join(tokenFormats, ", "))
	f.StringVar(&o.minTTL, "min-ttl", "0s", "refresh a token that expires within this `DURATION`, like 2m")
	o.session.addFlags(f)
}

func (o *tokenOptions) complete(env *cli.Env, c *cobra.Command) {
	o.session.complete(env, c)
	cli.CompleteValues(c, "format", tokenFormats...)
}

func runToken(ctx context.Context, env *cli.Env, o tokenOptions) error {
	minTTL, err := cli.Duration("min-ttl", o.minTTL)
	if !slices.Contains(tokenFormats, o.format) {
		err = errors.Join(verdict.Errorf(verdict.Usage, "--format: is %q, must be one of %s", o.format, strings.Join(tokenFormats, ", ")), err)
	}
	if err != nil {
		return err
	}
	client, err := o.session.client(env, cli.Output{})
	if err != nil {
		return err
	}
	s, err := freshToken(ctx, client, minTTL)
	if err != nil {
		return err
	}
	return cli.Output{}.Write(env, tokenAs(o.format, s, env.Now()))
}

// tokenAs writes the token in a format. Its characters are those of RFC 6750
// §2.1, which need no quoting anywhere here.
func tokenAs(format string, s *session.Session, now time.Time) []byte {
	switch format {
	case "header":
		return []byte("Authorization: Bearer " + s.AccessToken + "\n")
	case "env":
		return []byte("ACCESS_TOKEN=" + s.AccessToken + "\n")
	case "curl":
		return []byte("header = \"Authorization: Bearer " + s.AccessToken + "\"\n")
	case "exec-credential":
		status := render.Object{}
		if !s.AccessExpires.IsZero() {
			status.Add("expirationTimestamp", timeJSON(s.AccessExpires))
		}
		status.Add("token", s.AccessToken)
		return append(render.Object{
			{Name: "apiVersion", Value: "client.authentication.k8s.io/v1"},
			{Name: "kind", Value: "ExecCredential"},
			{Name: "status", Value: status},
		}.JSON(false), '\n')
	case "json":
		return append(render.Object{
			{Name: "access_token", Value: s.AccessToken},
			{Name: "token_type", Value: "Bearer"},
			{Name: "expires_at", Value: timeJSON(s.AccessExpires)},
			{Name: "expires_in", Value: secondsJSON(s.AccessExpires, now)},
			{Name: "session", Value: s.Name},
			{Name: "server", Value: s.Server},
		}.JSON(false), '\n')
	default:
		return []byte(s.AccessToken + "\n")
	}
}

// secondsJSON is the whole seconds until t, or null where nobody knows it.
func secondsJSON(t, now time.Time) any {
	if t.IsZero() {
		return nil
	}
	return int64(max(t.Sub(now), 0) / time.Second)
}
