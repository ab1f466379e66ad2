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

var logoutCommand = cli.Command{
	Use:   "logout",
	Short: "revoke the session at the server and delete it here",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o logoutOptions
		c.Long = `Ask the server to revoke the session, and delete it here whatever the server
answers. The output says what was revoked and what stays valid until when:
often the access token does, because it is checked without asking the server. A
file that cannot be deleted is overwritten; if that fails too, the output says
so and the status is 1.`
		c.Example = `  jwt session logout
  jwt session logout --session work`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 8 9"}
		c.Args = cli.NoArgs
		o.addFlags(c.Flags())
		o.complete(env, c)
		c.RunE = func(c *cobra.Command, _ []string) error { return runLogout(c.Context(), env, o) }
	},
}

type logoutOptions struct{ reportOptions }

func runLogout(ctx context.Context, env *cli.Env, o logoutOptions) error {
	if err := o.check(); err != nil {
		return o.output.Fail(env, err)
	}
	client, err := o.session.client(env, o.output)
	if err != nil {
		return o.output.Fail(env, err)
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	f, err := client.Logout(ctx)
	if err != nil {
		return o.output.Fail(env, err)
	}
	if o.output.WantsJSON(env) {
		err = o.output.WriteJSON(env, logoutJSON(client.Name, f))
	} else {
		err = o.output.Write(env, o.text(env, client.Name, f))
	}
	if err != nil {
		return err
	}
	return shortfall(f)
}

// shortfall is the error of a session that is still here, or gone here alone.
func shortfall(f session.LogoutResult) error {
	switch {
	case f.Kept == nil && f.Err == nil:
		return nil
	case f.Kept != nil && f.Err == nil:
		return f.Kept
	case f.Kept != nil:
		e := *cli.Classified(f.Kept)
		e.Message = "neither forgotten here nor revoked at the server: " + e.Message + "; " + f.Err.Error()
		return &e
	}
	e := *cli.Classified(f.Err)
	e.Message = "forgotten here, but not revoked at the server: " + e.Message
	e.Hint = "" // there is nothing left to try again with
	return &e
}

func logoutJSON(name string, f session.LogoutResult) render.Object {
	o := render.Object{
		{Name: "session", Value: name},
		{Name: "server", Value: f.Server},
		{Name: "user", Value: f.User},
		{Name: "forgotten", Value: f.Kept == nil},
		{Name: "revoked", Value: f.Revoked || f.Unknown},
		{Name: "access", Value: render.Object{
			{Name: "fate", Value: string(f.Access)},
			{Name: "expires_at", Value: timeJSON(f.AccessExpires)},
		}},
	}
	if f.Err != nil {
		o.Add("refresh_expires_at", timeJSON(f.RefreshExpires))
	}
	switch {
	case f.Kept != nil:
		o.Add("error", errorFields(shortfall(f)))
	case f.Err != nil:
		o.Add("error", errorFields(f.Err))
	}
	return o
}

func (o logoutOptions) text(env *cli.Env, name string, f session.LogoutResult) []byte {
	t, now := o.output.Text(env), env.Now()
	mark, style, here := "✓", render.Good, "forgotten here"
	if f.Kept != nil {
		mark, style, here = "!", render.Caution, "still here"
	}
	switch {
	case f.Revoked:
		t.Styled(style, mark).Put(" session ", name, ": revoked at ", f.Server, ", ", here).Line()
	case f.Unknown:
		t.Styled(style, mark).Put(" session ", name, ": ", f.Server, " knew it no more; ", here).Line()
	default:
		t.Styled(render.Caution, "!").Put(" session ", name, ": ", here, ", not revoked at the server").Line()
		if f.Server != "" {
			t.Put("  the refresh token lives ").Put(o.until(f.RefreshExpires, now)).Line()
		}
	}
	switch {
	case f.Server == "" || f.Access == session.AccessExpired:
	case f.Access == session.AccessRefused:
		t.Put("  the access token is refused from now on").Line()
	case f.Access == session.AccessAccepted:
		t.Put("  ").Styled(render.Caution, "the access token is still accepted, "+o.until(f.AccessExpires, now)).Line()
	default:
		t.Put("  the access token may be accepted ", o.until(f.AccessExpires, now)).Line()
	}
	return t.Bytes()
}

func (o logoutOptions) until(t, now time.Time) string {
	if t.IsZero() {
		return "until the server forgets it: it told no lifetime"
	}
	return "until " + o.date.Show(t) + ", " + reltime.Ago(t, now)
}
