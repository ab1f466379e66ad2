package session

import (
	"cmp"
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
		var o reportOptions
		c.Long = `Ask the server to revoke the session, and delete it here whatever the server
answers. The output says what was revoked and what stays valid until when:
often the access token does, because it is checked without asking the server. At
an OpenID provider the login in the browser may live on too. A
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

func runLogout(ctx context.Context, env *cli.Env, o reportOptions) error {
	client, err := o.client(env)
	if err != nil {
		return o.output.Fail(env, err)
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	result, err := client.Logout(ctx)
	if err != nil {
		return o.output.Fail(env, err)
	}
	err = o.output.Show(env,
		func() render.Object { return logoutJSON(client.Name, result) },
		func(t *render.Text) { logoutText(t, client.Name, result, env.Now(), o.date.Show) })
	return cmp.Or(err, shortfall(result))
}

// shortfall returns the error of a session that was not deleted here or not revoked at the
// server, or nil.
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
	e.Hint = "" // the session is gone, so logout cannot be repeated
	return &e
}

func logoutText(t *render.Text, name string, f session.LogoutResult, now time.Time, show func(time.Time) string) {
	until := func(expires time.Time) string {
		if expires.IsZero() {
			return "until the server revokes it (the server gave no lifetime)"
		}
		return "until " + show(expires) + ", " + reltime.Ago(expires, now)
	}
	mark, style, here := "✓", render.Good, "forgotten here"
	if f.Kept != nil {
		mark, style, here = "!", render.Caution, "still here"
	}
	switch {
	case f.Revoked:
		t.Styled(style, mark).Put(" session ", name, ": revoked at ", f.Server, ", ", here).Line()
	case f.OnlyExpires:
		t.Styled(style, mark).Put(" session ", name, ": ", here, "; there was nothing to revoke").Line()
	case f.Unknown:
		t.Styled(style, mark).Put(" session ", name, ": no longer known at ", f.Server, ", ", here).Line()
	default:
		t.Styled(render.Caution, "!").Put(" session ", name, ": ", here, ", not revoked at the server").Line()
		if f.HasRefresh {
			t.Put("  the refresh token lives ", until(f.RefreshExpires)).Line()
		}
	}
	switch {
	case f.Server == "" || f.Access == session.AccessExpired:
	case f.Access == session.AccessRefused:
		t.Put("  the access token is refused from now on").Line()
	case f.Access == session.AccessAccepted:
		t.Put("  ").Styled(render.Caution, "the access token is still accepted, "+until(f.AccessExpires)).Line()
	default:
		t.Put("  the access token may be accepted ", until(f.AccessExpires)).Line()
	}
	if f.LoginPage != "" {
		t.Put("  the login in the browser may live on: it ends at ", f.LoginPage).Line()
	}
}
