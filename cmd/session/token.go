package session

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/session"
	"jwt/internal/verdict"
)

var tokenCommand = cli.Command{
	Use:   "token [ACTION]",
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
  git-credential   for git: it runs the command with get, store or erase, and
                   says on stdin which server it means
  docker           the same for docker, whose program docker-credential-NAME
                   runs the command; it adds list
  json             the token, its expiry, session and server

git and docker get the token only for the server of the session. They send it as
a password, git from 2.46 on as a Bearer token.`
		c.Example = `  jwt session token --format curl | curl -K - https://api.example/me
  export "$(jwt session token --format env)"
  jwt session token --min-ttl 2m | jwt decode
  git config --global credential.https://git.example.helper \
      '!jwt session token --format git-credential'`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 8 9 130"}
		c.Args = cli.AtMostOneArg("at most one action")
		o.addFlags(c.Flags())
		o.complete(env, c)
		c.ValidArgsFunction = func(_ *cobra.Command, args []string, begin string) ([]string, cobra.ShellCompDirective) {
			return startingWith(slices.Clone(credentialProtocols[o.format].actions), begin), cobra.ShellCompDirectiveNoFileComp
		}
		c.RunE = func(c *cobra.Command, args []string) error { return runToken(c.Context(), env, o, args) }
	},
}

// tokenFormats are the values of --format.
var tokenFormats = []string{"bare", "header", "env", "curl", "exec-credential", "git-credential", "docker", "json"}

type tokenOptions struct {
	session                  productOptions
	format, minTTL, username string
}

func (o *tokenOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.format, "format", "bare", "the output `FORMAT`: "+strings.Join(tokenFormats, ", "))
	f.StringVar(&o.username, "username", "", "the `NAME` that git and docker send with the token (default: the user of the session)")
	f.StringVar(&o.minTTL, "min-ttl", "0s", "refresh a token that expires within this `DURATION`, like 2m")
	o.session.addFlags(f)
}

func (o *tokenOptions) complete(env *cli.Env, c *cobra.Command) {
	o.session.complete(env, c)
	cli.CompleteValues(c, "format", tokenFormats...)
}

func runToken(ctx context.Context, env *cli.Env, o tokenOptions, args []string) error {
	minTTL, err := cli.Duration("min-ttl", o.minTTL)
	if !slices.Contains(tokenFormats, o.format) {
		err = errors.Join(verdict.Errorf(verdict.Usage, "--format: is %q, must be one of %s", o.format, strings.Join(tokenFormats, ", ")), err)
	}
	if err != nil {
		return err
	}
	if _, ok := credentialProtocols[o.format]; ok {
		return runCredential(ctx, env, o, strings.Join(args, " "))
	}
	if len(args) > 0 {
		return verdict.Errorf(verdict.Usage, "%s takes no argument with --format %s, got %s", "jwt session token", o.format, cli.QuoteArg(args[0])).Hintf("jwt session token --help")
	}
	client, err := o.session.client(env)
	if err != nil {
		return err
	}
	s, err := freshToken(ctx, client, minTTL)
	if err != nil {
		return err
	}
	noteBound(env, o.session.notes(), s)
	if o.format == "env" && strings.Trim(s.AccessToken, inShell) != "" {
		return verdict.Errorf(verdict.Usage, "--format env: the token has characters that a shell interprets").Hintf("ACCESS_TOKEN=$(jwt session token)")
	}
	return cli.Output{}.Write(env, tokenAs(env, o.format, s))
}

// inShell has the characters that a shell does not interpret, quoted or not. A user who runs the
// line as a command must not run what the server wrote.
const inShell = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=:@%^"

// tokenAs returns the token in a format. A token has no quotes and blanks.
func tokenAs(env *cli.Env, format string, s *session.Session) []byte {
	switch format {
	case "header":
		return []byte("Authorization: Bearer " + s.AccessToken + "\n")
	case "env":
		return []byte("ACCESS_TOKEN=" + s.AccessToken + "\n")
	case "curl":
		return []byte("header = \"Authorization: Bearer " + strings.ReplaceAll(s.AccessToken, `\`, `\\`) + "\"\n")
	case "exec-credential":
		return append(credentialJSON(s, execVersion(env)).JSON(false), '\n')
	case "json":
		return append(tokenJSON(s, env.Now()).JSON(false), '\n')
	default:
		return []byte(s.AccessToken + "\n")
	}
}

// execVersion returns the version of the API in which kubectl wants the answer. A
// kubeconfig names one, and kubectl refuses another.
func execVersion(env *cli.Env) string {
	const usual, older = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"
	if info, err := jsonobject.Parse([]byte(env.Getenv("KUBERNETES_EXEC_INFO"))); err == nil {
		asked, _ := info.Get("apiVersion")
		if version, _ := asked.Text(); version == older {
			return older
		}
	}
	return usual
}
