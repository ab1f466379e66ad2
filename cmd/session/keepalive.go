package session

import (
	"context"
	"time"

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
		var o reportOptions
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

func runKeepalive(ctx context.Context, env *cli.Env, o reportOptions) error {
	client, err := o.client(env)
	if err != nil {
		return o.output.Fail(env, err)
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	began := false
	err = client.Keepalive(ctx, env.After, func(e session.Event) error {
		began = true
		if o.output.WantsJSON(env) {
			return o.output.Write(env, append(eventJSON(e).JSON(false), '\n'))
		}
		t := o.output.Text(env)
		eventText(t, e, o.date.Show)
		return o.output.Write(env, t.Bytes())
	})
	switch {
	case verdict.ClassOf(err) == verdict.Interrupted:
		return cli.Answered{Class: verdict.Interrupted} // the line "stopped" was written
	case began:
		return err // also in a line
	default:
		return o.output.Fail(env, err)
	}
}

var eventStyle = map[string]render.Style{
	"refreshed": render.Good, "adopted": render.Good, "failed": render.Caution, "ended": render.Bad,
}

func eventText(t *render.Text, e session.Event, show func(time.Time) string) {
	t.Styled(render.Dim, show(e.At)).Put("  ")
	t.Styled(eventStyle[e.Name], e.Name).Pad(len(e.Name), len("refreshed"))
	switch {
	case e.Err != nil:
		t.Put("  ", e.Err.Error())
	case e.AccessExpires.IsZero():
		t.Put("  the server does not say how long the access token lives")
	case e.Name != "stopped" && !e.AccessExpires.After(e.At):
		t.Put("  the access token has expired by this clock")
	case e.Name != "stopped":
		t.Put("  the access token lives ", reltime.Span(e.AccessExpires.Sub(e.At)))
	}
	if !e.Next.IsZero() {
		t.Put("; next ", reltime.Ago(e.Next, e.At))
	}
	t.Line()
}
