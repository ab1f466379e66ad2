package session

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
	"jwt/internal/reltime"
	"jwt/internal/render"
	"jwt/internal/session"
)

var refreshCommand = cli.Command{
	Use:   "refresh",
	Short: "refresh the tokens now",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o baseOptions
		c.Long = `Exchange the refresh token for new tokens now, even if the access token is
still valid. If another process is refreshing at this moment, its tokens are
used: a refresh token is never sent twice. A refresh that has begun is finished
and saved even when it is interrupted.`
		c.Example = `  jwt session refresh
  jwt session refresh --session work -v`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 8 9 130"}
		c.Args = cli.NoArgs
		o.addFlags(c.Flags())
		o.complete(env, c)
		c.RunE = func(c *cobra.Command, _ []string) error { return runRefresh(c.Context(), env, o) }
	},
}

func runRefresh(ctx context.Context, env *cli.Env, o baseOptions) error {
	s, outcome, err := refresh(ctx, env, o)
	if err != nil {
		return o.output.Fail(env, err)
	}
	return o.output.Show(env,
		func() render.Object { return refreshJSON(s, outcome) },
		func(t *render.Text) { refreshText(t, s, outcome, env.Now()) })
}

func refresh(ctx context.Context, env *cli.Env, o baseOptions) (*session.Session, session.Outcome, error) {
	client, err := o.client(env)
	if err != nil {
		return nil, "", err
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	seen, err := client.Store.Load(client.Name)
	if err != nil {
		return nil, "", err
	}
	s, outcome, err := client.Refresh(ctx, seen, 0)
	return s, outcome, interrupted(ctx, err)
}

func refreshText(t *render.Text, s *session.Session, outcome session.Outcome, now time.Time) {
	t.Styled(render.Good, "✓").Put(" ", string(outcome))
	if outcome == session.Adopted {
		t.Put(" what another process got")
	}
	if !s.AccessExpires.IsZero() {
		t.Put("; the access token lives ", reltime.Span(s.AccessExpires.Sub(now)))
	}
	t.Line()
}
