package session

import (
	"context"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/session"
	"jwt/internal/verdict"
)

var introspectCommand = cli.Command{
	Use:   "introspect",
	Short: "ask the server whether a token of the session is active",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o introspectOptions
		c.Long = `Ask the server about the access token of the session, or about its refresh token
(RFC 7662), and print its answer, a JSON object. Nothing is refreshed first. The
status is 6 if the token is not active. A client that cannot authenticate is
authorized by the access token, if the server takes that.`
		c.Example = `  jwt session introspect
  jwt session introspect --token refresh | jq .active`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 6 8 9 130", cli.Exits + "6": "the token is not active"}
		c.Args = cli.NoArgs
		o.addFlags(c.Flags())
		o.complete(env, c)
		c.RunE = func(c *cobra.Command, _ []string) error { return runIntrospect(c.Context(), env, o) }
	},
}

type introspectOptions struct {
	baseOptions
	token string
}

func (o *introspectOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.token, "token", "access", "the `TOKEN` to ask about: access or refresh")
	o.baseOptions.addFlags(f)
}

func (o *introspectOptions) complete(env *cli.Env, c *cobra.Command) {
	o.baseOptions.complete(env, c)
	cli.CompleteValues(c, "token", "access", "refresh")
}

func runIntrospect(ctx context.Context, env *cli.Env, o introspectOptions) error {
	if !slices.Contains([]string{"access", "refresh"}, o.token) {
		return o.output.Fail(env, verdict.Errorf(verdict.Usage, "--token: is %q, must be access or refresh", o.token))
	}
	inactive := false
	err := o.answer(ctx, env, func(ctx context.Context, client *session.Client) (jsonobject.Object, error) {
		answer, err := client.Introspect(ctx, o.token == "refresh")
		active, _ := answer.Get("active")
		inactive = err == nil && active.Kind() == 'f'
		return answer, err
	})
	if err == nil && inactive {
		return verdict.Errorf(verdict.ClaimMismatch, "the %s token is not active", o.token).Hintf("jwt session refresh gets new tokens, if the session lives")
	}
	return err
}
