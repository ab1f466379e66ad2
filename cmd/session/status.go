package session

import (
	"cmp"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/reltime"
	"jwt/internal/render"
	"jwt/internal/session"
)

var statusCommand = cli.Command{
	Use:   "status",
	Short: "show the session: server, user, lifetimes",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o statusOptions
		c.Long = "Show the session: server, user, and how long its tokens live. Neither the server\nnor the keyring is asked."
		c.Example = `  jwt session status
  jwt session status --session work -o json | jq .access.expires_in
  jwt session status -q || jwt session login https://login.example --user alice`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 9"}
		c.Args = cli.NoArgs
		o.addFlags(c.Flags())
		o.complete(env, c)
		c.RunE = func(*cobra.Command, []string) error { return runStatus(env, o) }
	},
}

// statusOptions are reportOptions without --verbose: status sends no request.
type statusOptions struct{ reportOptions }

func (o *statusOptions) addFlags(f *pflag.FlagSet) {
	o.session.addName(f)
	o.output.AddFlags(f)
	o.date.AddFlags(f)
}

func runStatus(env *cli.Env, o statusOptions) error {
	client, err := o.client(env)
	if err != nil {
		return o.output.Fail(env, err)
	}
	s, err := client.Store.Peek(client.Name)
	if err != nil {
		return o.output.Fail(env, err)
	}
	now, file := env.Now(), client.Store.Path(s.Name)
	err = o.output.Show(env,
		func() render.Object { return statusJSON(s, now, file) },
		func(t *render.Text) { o.text(t, s, now, file) })
	return cmp.Or(err, s.Error(now))
}

// stateOf returns the state of a session in one word.
func stateOf(s *session.Session, now time.Time) string {
	switch {
	case s.Error(now) != nil:
		return "ended"
	case !s.Alive(now):
		return "stale"
	default:
		return "active"
	}
}

var stateStyle = map[string]render.Style{"active": render.Good, "stale": render.Caution, "ended": render.Bad}

func (o statusOptions) text(t *render.Text, s *session.Session, now time.Time, file string) {
	line := func(name string) *render.Text { return t.Styled(render.Name, name).Pad(len(name), 10) }
	line("session").Put(s.Name, "  ")
	state := stateOf(s, now)
	t.Styled(stateStyle[state], state).Line()
	line("server").Put(s.Server, " (", s.Preset, ")").Line()
	line("user").Put(s.Who(), ", logged in ", reltime.Ago(s.LoggedIn, now)).Line()
	if s.OAuth != nil {
		line("client").Put(s.OAuth.ClientID, ", flow ", s.OAuth.Flow).Line()
		if s.OAuth.Granted != "" {
			line("scope").Put(s.OAuth.Granted).Line()
		}
		for _, api := range s.OAuth.APIs {
			line("api").Put(api).Line()
		}
	}
	line("access").Put(o.until(s.AccessExpires, now)).Line()
	switch {
	case s.Ended != nil:
		line("refresh").Put("none: the session has ended").Line()
	case s.OAuth.Renews():
		line("refresh").Put("not needed: the client asks for new tokens by itself").Line()
	case !s.HasRefresh():
		line("refresh").Put("none: the server gave no refresh token").Line()
	default:
		line("refresh").Put(o.until(s.RefreshExpires, now)).Line()
	}
	if f := s.Failed; f != nil {
		t.Pad(0, 10).Styled(render.Caution, "the last refresh failed "+reltime.Ago(f.At, now)+": ").Put(f.Reason).Line()
	}
	if s.Pending != nil {
		t.Pad(0, 10).Styled(render.Caution, "a refresh begun "+reltime.Ago(s.Pending.At, now)+" was not finished; the next one tries again").Line()
	}
	line("stored").Put(file)
	if s.Store == session.StoreKeyring {
		t.Put(", sealed under a key in the keyring")
	}
	t.Line()
}

func (o statusOptions) until(t, now time.Time) string {
	switch {
	case t.IsZero():
		return "until the server refuses it (the server gave no lifetime)"
	case !now.Before(t):
		return "expired " + reltime.Ago(t, now) + ", " + o.date.Show(t)
	default:
		return "expires " + reltime.Ago(t, now) + ", " + o.date.Show(t)
	}
}
