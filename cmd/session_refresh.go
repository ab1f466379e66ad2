package cmd

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/reltime"
	"jwt/internal/render"
	"jwt/internal/session"
)

var sessionRefreshCommand = command{
	use:   "refresh",
	short: "rotate the tokens now",
	build: func(env *Env, c *cobra.Command) {
		var o sessionRefreshOptions
		c.Long = `Trade the refresh token for new tokens now, whether the access token is still
valid or not. If another process is doing so at this moment, what it gets is
adopted: a refresh token is never spent twice. Once begun it is finished and
saved, whoever interrupts it.`
		c.Example = `  jwt session refresh
  jwt session refresh --session work -v`
		c.Annotations = map[string]string{exits: "0 1 2 8 9 130"}
		c.Args = noArgs
		o.addFlags(c.Flags())
		o.session.complete(env, c)
		o.output.complete(c)
		c.RunE = func(c *cobra.Command, _ []string) error { return runSessionRefresh(c.Context(), env, o) }
	},
}

type sessionRefreshOptions struct {
	session sessionOptions
	output  outputOptions
}

func (o *sessionRefreshOptions) addFlags(f *pflag.FlagSet) {
	o.session.addFlags(f)
	o.output.addFlags(f)
}

func runSessionRefresh(ctx context.Context, env *Env, o sessionRefreshOptions) error {
	if err := o.output.check(); err != nil {
		return err
	}
	client, err := o.session.client(env, o.output)
	if err != nil {
		return o.output.fail(env, err)
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	seen, err := client.Store.Load(client.Name)
	if err != nil {
		return o.output.fail(env, err)
	}
	s, outcome, err := client.Refresh(ctx, seen)
	if err := interrupted(ctx, err); err != nil {
		return o.output.fail(env, err)
	}
	return o.show(env, s, outcome)
}

func (o sessionRefreshOptions) show(env *Env, s *session.Session, outcome session.Outcome) error {
	if o.output.wantJSON(env) {
		return o.output.writeJSON(env, render.Object{
			{Name: "session", Value: s.Name},
			{Name: "outcome", Value: string(outcome)},
			{Name: "access_expires_at", Value: timeJSON(s.AccessExpires)},
			{Name: "refresh_expires_at", Value: timeJSON(s.RefreshExpires)},
		})
	}
	t := o.output.text(env)
	t.Styled(render.Good, "✓").Put(" ", string(outcome))
	if outcome == session.Adopted {
		t.Put(" what another process got")
	}
	if !s.AccessExpires.IsZero() {
		t.Put("; the access token lives ", reltime.Span(s.AccessExpires.Sub(env.Now())))
	}
	return o.output.write(env, t.Line().Bytes())
}
