package session

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/reltime"
	"jwt/internal/render"
	"jwt/internal/session"
)

var refreshCommand = cli.Command{
	Use:   "refresh",
	Short: "refresh the tokens now",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o refreshOptions
		c.Long = `Exchange the refresh token for new tokens now, even if the access token is
still valid. If another process is refreshing at this moment, its tokens are
used: a refresh token is never sent twice. A refresh that has begun is finished
and saved even when it is interrupted.`
		c.Example = `  jwt session refresh
  jwt session refresh --session work -v`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 8 9 130"}
		c.Args = cli.NoArgs
		o.addFlags(c.Flags())
		o.session.complete(env, c)
		o.output.Complete(c)
		c.RunE = func(c *cobra.Command, _ []string) error { return runRefresh(c.Context(), env, o) }
	},
}

type refreshOptions struct {
	session options
	output  cli.Output
}

func (o *refreshOptions) addFlags(f *pflag.FlagSet) {
	o.session.addFlags(f)
	o.output.AddFlags(f)
}

func runRefresh(ctx context.Context, env *cli.Env, o refreshOptions) error {
	if err := o.output.Check(); err != nil {
		return err
	}
	client, err := o.session.client(env, o.output)
	if err != nil {
		return o.output.Fail(env, err)
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	seen, err := client.Store.Load(client.Name)
	if err != nil {
		return o.output.Fail(env, err)
	}
	s, outcome, err := client.Refresh(ctx, seen, 0)
	if err := interrupted(ctx, err); err != nil {
		return o.output.Fail(env, err)
	}
	return o.show(env, s, outcome)
}

func (o refreshOptions) show(env *cli.Env, s *session.Session, outcome session.Outcome) error {
	if o.output.WantsJSON(env) {
		return o.output.WriteJSON(env, render.Object{
			{Name: "session", Value: s.Name},
			{Name: "outcome", Value: string(outcome)},
			{Name: "access_expires_at", Value: timeJSON(s.AccessExpires)},
			{Name: "refresh_expires_at", Value: timeJSON(s.RefreshExpires)},
		})
	}
	t := o.output.Text(env)
	t.Styled(render.Good, "✓").Put(" ", string(outcome))
	if outcome == session.Adopted {
		t.Put(" what another process got")
	}
	if !s.AccessExpires.IsZero() {
		t.Put("; the access token lives ", reltime.Span(s.AccessExpires.Sub(env.Now())))
	}
	return o.output.Write(env, t.Line().Bytes())
}
