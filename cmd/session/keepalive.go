package session

import (
	"context"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
	"jwt/internal/reltime"
	"jwt/internal/render"
	"jwt/internal/session"
	"jwt/internal/verdict"
)

var keepaliveCommand = cli.Command{
	Use:   "keepalive",
	Short: "refresh before expiry until interrupted",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o keepaliveOptions
		c.Long = `Refresh the session before its access token expires, until interrupted or until
the session ends. Each event is a line: started, refreshed, adopted (another
process refreshed), failed (it is tried again, after the Retry-After of the
server), ended, stopped. In a pipe, each line is a JSON object.`
		c.Example = `  jwt session keepalive
  jwt session keepalive -o json >> keepalive.log &`
		c.Annotations = map[string]string{cli.Exits: "1 2 9 130"}
		c.Args = cli.NoArgs
		o.addFlags(c.Flags())
		o.complete(env, c)
		c.RunE = func(c *cobra.Command, _ []string) error { return runKeepalive(c.Context(), env, o) }
	},
}

type keepaliveOptions struct{ reportOptions }

func runKeepalive(ctx context.Context, env *cli.Env, o keepaliveOptions) error {
	if err := o.check(); err != nil {
		return o.output.Fail(env, err)
	}
	client, err := o.session.client(env, o.output)
	if err != nil {
		return o.output.Fail(env, err)
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	began := false
	err = client.Keepalive(ctx, env.After, func(e session.Event) error {
		began = true
		return o.show(env, e)
	})
	switch {
	case verdict.ClassOf(err) == verdict.Interrupted:
		return cli.Answered{Class: verdict.Interrupted} // the line "stopped" has said it
	case began:
		return err // a line has said it
	default:
		return o.output.Fail(env, err)
	}
}

func (o keepaliveOptions) show(env *cli.Env, e session.Event) error {
	if o.output.WantsJSON(env) {
		line := render.Object{{Name: "time", Value: timeJSON(e.At)}, {Name: "event", Value: e.Name}}
		line.Add("access_expires_at", timeJSON(e.AccessExpires))
		if !e.Next.IsZero() {
			line.Add("next_at", timeJSON(e.Next))
		}
		if e.Err != nil {
			line.Add("class", string(verdict.ClassOf(e.Err)))
			line.Add("message", e.Err.Error())
		}
		return o.output.Write(env, append(line.JSON(false), '\n'))
	}
	t := o.output.Text(env)
	t.Styled(render.Dim, o.date.Show(e.At)).Put("  ")
	style := map[string]render.Style{"refreshed": render.Good, "adopted": render.Good, "failed": render.Caution, "ended": render.Bad}[e.Name]
	t.Styled(style, e.Name).Pad(len(e.Name), len("refreshed"))
	switch {
	case e.Err != nil:
		t.Put("  ", e.Err.Error())
	case e.AccessExpires.IsZero():
		t.Put("  how long the access token lives, the server does not say")
	case e.Name != "stopped" && !e.AccessExpires.After(e.At):
		t.Put("  the access token has expired by this clock")
	case e.Name != "stopped":
		t.Put("  the access token lives ", reltime.Span(e.AccessExpires.Sub(e.At)))
	}
	if !e.Next.IsZero() {
		t.Put("; next ", reltime.Ago(e.Next, e.At))
	}
	return o.output.Write(env, t.Line().Bytes())
}
