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

// tokenFormats are the values of --format.
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
	if o.format == "env" && strings.Trim(s.AccessToken, inShell) != "" {
		return verdict.Errorf(verdict.Usage, "--format env: the token has characters that a shell interprets").Hintf("ACCESS_TOKEN=$(jwt session token)")
	}
	return cli.Output{}.Write(env, tokenAs(o.format, s, env.Now()))
}

// inShell has the characters that a shell does not interpret, quoted or not. A user who runs the
// line as a command must not run what the server wrote.
const inShell = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=:@%^"

// tokenAs returns the token in a format. A token has no quotes and blanks.
func tokenAs(format string, s *session.Session, now time.Time) []byte {
	switch format {
	case "header":
		return []byte("Authorization: Bearer " + s.AccessToken + "\n")
	case "env":
		return []byte("ACCESS_TOKEN=" + s.AccessToken + "\n")
	case "curl":
		return []byte("header = \"Authorization: Bearer " + strings.ReplaceAll(s.AccessToken, `\`, `\\`) + "\"\n")
	case "exec-credential":
		return append(credentialJSON(s).JSON(false), '\n')
	case "json":
		return append(tokenJSON(s, now).JSON(false), '\n')
	default:
		return []byte(s.AccessToken + "\n")
	}
}
