package session

import (
	"context"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/session"
)

var whoamiCommand = cli.Command{
	Use:   "whoami",
	Short: "ask the server who the user of the session is",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o baseOptions
		c.Long = `Ask the server who the user of the access token is, and print its answer, a JSON
object. At an OpenID provider that is the userinfo endpoint, whose sub must be
that of the login. The access token is refreshed first if necessary.`
		c.Example = `  jwt session whoami
  jwt session whoami --session work | jq -r .email`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 6 8 9 130", cli.Exits + "6": "the answer is about another user"}
		c.Args = cli.NoArgs
		o.addFlags(c.Flags())
		o.complete(env, c)
		c.RunE = func(c *cobra.Command, _ []string) error {
			return o.answer(c.Context(), env, func(ctx context.Context, client *session.Client) (jsonobject.Object, error) {
				return client.Whoami(ctx)
			})
		}
	},
}

// answer prints the object that a server answers, or its error.
func (o baseOptions) answer(ctx context.Context, env *cli.Env, ask func(context.Context, *session.Client) (jsonobject.Object, error)) error {
	client, err := o.client(env)
	if err != nil {
		return o.output.Fail(env, err)
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	object, err := ask(ctx, client)
	if err = interrupted(ctx, err); err != nil {
		return o.output.Fail(env, err)
	}
	return o.output.WriteValue(env, jsonobject.Value(object.Bytes()))
}
