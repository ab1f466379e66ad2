package session

import (
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/reltime"
	"jwt/internal/render"
	"jwt/internal/session"
	"jwt/internal/verdict"
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

type statusOptions struct{ reportOptions }

func (o *statusOptions) addFlags(f *pflag.FlagSet) {
	o.session.addName(f)
	o.output.AddFlags(f)
	o.date.AddFlags(f)
}

func runStatus(env *cli.Env, o statusOptions) error {
	if err := o.check(); err != nil {
		return o.output.Fail(env, err)
	}
	client, err := o.session.client(env, o.output)
	if err != nil {
		return o.output.Fail(env, err)
	}
	s, err := client.Store.Peek(client.Name)
	if err != nil {
		return o.output.Fail(env, err)
	}
	now := env.Now()
	if o.output.WantsJSON(env) {
		answer := sessionJSON(s, now)
		answer.Add("file", client.Store.Path(s.Name))
		err = o.output.WriteJSON(env, answer)
	} else {
		err = o.output.Write(env, o.text(env, s, client.Store.Path(s.Name)))
	}
	if err != nil {
		return err
	}
	return s.Error(now)
}

// stateOf is the state of a session in one word.
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

func sessionJSON(s *session.Session, now time.Time) render.Object {
	access := render.Object{
		{Name: "expires_at", Value: timeJSON(s.AccessExpires)},
		{Name: "expires_in", Value: secondsJSON(s.AccessExpires, now)},
	}
	refresh := render.Object{
		{Name: "usable", Value: s.Refreshable(now)},
		{Name: "expires_at", Value: timeJSON(s.RefreshExpires)},
		{Name: "expires_in", Value: secondsJSON(s.RefreshExpires, now)},
	}
	o := render.Object{
		{Name: "session", Value: s.Name},
		{Name: "state", Value: stateOf(s, now)},
		{Name: "server", Value: s.Server},
		{Name: "preset", Value: s.Preset},
		{Name: "user", Value: s.User},
		{Name: "logged_in_at", Value: timeJSON(s.LoggedIn)},
		{Name: "access", Value: access},
		{Name: "refresh", Value: refresh},
		{Name: "store", Value: string(s.Store)},
	}
	if s.Pending != nil {
		o.Add("unfinished_refresh_at", timeJSON(s.Pending.At))
	}
	if f := s.Failed; f != nil {
		o.Add("failed_refresh", render.Object{{Name: "at", Value: timeJSON(f.At)}, {Name: "class", Value: string(f.Class)}, {Name: "message", Value: f.Reason}})
	}
	if err := s.Error(now); err != nil {
		o.Add("error", errorFields(err))
	}
	return o
}

func (o statusOptions) text(env *cli.Env, s *session.Session, file string) []byte {
	t, now := o.output.Text(env), env.Now()
	line := func(name string) *render.Text { return t.Styled(render.Name, name).Pad(len(name), 10) }
	line("session").Put(s.Name, "  ")
	state := stateOf(s, now)
	t.Styled(map[string]render.Style{"active": render.Good, "stale": render.Caution, "ended": render.Bad}[state], state).Line()
	line("server").Put(s.Server, " (", s.Preset, ")").Line()
	line("user").Put(s.User, ", logged in ", reltime.Ago(s.LoggedIn, now)).Line()
	line("access").Put(o.until(s.AccessExpires, now)).Line()
	switch {
	case s.Ended != nil:
		line("refresh").Put("none: the session has ended").Line()
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
	return t.Line().Bytes()
}

func (o statusOptions) until(t, now time.Time) string {
	switch {
	case t.IsZero():
		return "until the server says no: it told no lifetime"
	case !now.Before(t):
		return "expired " + reltime.Ago(t, now) + ", " + o.date.Show(t)
	default:
		return "expires " + reltime.Ago(t, now) + ", " + o.date.Show(t)
	}
}

var listCommand = cli.Command{
	Use:   "list",
	Short: "list the sessions",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o listOptions
		c.Long = "List the stored sessions, one per line."
		c.Example = `  jwt session list
  jwt session list -o json | jq -r '.sessions[].session'`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 9"}
		c.Args = cli.NoArgs
		o.output.AddFlags(c.Flags())
		o.output.Complete(c)
		c.RunE = func(*cobra.Command, []string) error { return runList(env, o) }
	},
}

type listOptions struct{ output cli.Output }

// A listed session is one that can be read, or why it cannot.
type listed struct {
	name    string
	session *session.Session
	err     error
}

func runList(env *cli.Env, o listOptions) error {
	if err := o.output.Check(); err != nil {
		return o.output.Fail(env, err)
	}
	store := sessions(env)
	names, err := store.List()
	if err != nil {
		return o.output.Fail(env, err)
	}
	var all []listed
	for _, name := range names {
		s, err := store.Peek(name)
		if verdict.ClassOf(err) == verdict.NotLoggedIn {
			continue // gone meanwhile, or overwritten where it could not be removed
		}
		all = append(all, listed{name, s, err})
	}
	if o.output.WantsJSON(env) {
		err = o.output.WriteJSON(env, listJSON(all, env.Now()))
	} else {
		err = o.output.Write(env, o.text(env, all))
	}
	if err == nil && len(all) == 0 {
		return verdict.Errorf(verdict.NotLoggedIn, "no session: not logged in anywhere").Hintf("jwt session login URL --user NAME")
	}
	return err
}

func listJSON(all []listed, now time.Time) render.Object {
	list := []render.Object{}
	for _, l := range all {
		if l.err != nil {
			list = append(list, render.Object{{Name: "session", Value: l.name}, {Name: "state", Value: "unreadable"}, {Name: "error", Value: errorFields(l.err)}})
			continue
		}
		list = append(list, sessionJSON(l.session, now))
	}
	return render.Object{{Name: "sessions", Value: list}}
}

func (o listOptions) text(env *cli.Env, all []listed) []byte {
	t, now := o.output.Text(env), env.Now()
	name, server, user := 0, 0, 0
	for _, l := range all {
		name = max(name, len(l.name))
		if l.err == nil {
			server, user = max(server, len(l.session.Server)), max(user, len(l.session.User))
		}
	}
	for _, l := range all {
		t.Styled(render.Name, l.name).Pad(len(l.name), name).Put("  ")
		if l.err != nil {
			t.Styled(render.Bad, "unreadable").Put("  ", l.err.Error()).Line()
			continue
		}
		s := l.session
		t.Put(s.Server).Pad(len(s.Server), server+2).Put(s.User).Pad(len(s.User), user+2)
		state := stateOf(s, now)
		t.Styled(map[string]render.Style{"active": render.Good, "stale": render.Caution, "ended": render.Bad}[state], state)
		if state == "active" && !s.AccessExpires.IsZero() {
			t.Put("  access expires ", reltime.Ago(s.AccessExpires, now))
		}
		t.Line()
	}
	return t.Bytes()
}
