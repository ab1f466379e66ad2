package session

import (
	"time"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
	"jwt/internal/reltime"
	"jwt/internal/render"
	"jwt/internal/session"
	"jwt/internal/verdict"
)

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

// A listed session is a session, or the error of one that cannot be read.
type listed struct {
	name    string
	session *session.Session
	err     error
}

func runList(env *cli.Env, o listOptions) error {
	all, err := o.list(env)
	if err != nil {
		return o.output.Fail(env, err)
	}
	now := env.Now()
	err = o.output.Show(env,
		func() render.Object { return listJSON(all, now) },
		func(t *render.Text) { listText(t, all, now) })
	if err == nil && len(all) == 0 {
		return verdict.Errorf(verdict.NotLoggedIn, "no session: not logged in anywhere").Hintf("jwt session login URL --user NAME")
	}
	return err
}

func (o listOptions) list(env *cli.Env) ([]listed, error) {
	if err := o.output.Check(); err != nil {
		return nil, err
	}
	store := sessions(env)
	names, err := store.List()
	var all []listed
	for _, name := range names {
		s, err := store.Peek(name)
		if verdict.ClassOf(err) == verdict.NotLoggedIn {
			continue // deleted meanwhile, or overwritten because it could not be deleted
		}
		all = append(all, listed{name, s, err})
	}
	return all, err
}

func listText(t *render.Text, all []listed, now time.Time) {
	name, server, user := 0, 0, 0
	for _, l := range all {
		name = max(name, len(l.name))
		if l.err == nil {
			server, user = max(server, len(l.session.Server)), max(user, len(l.session.Who()))
		}
	}
	for _, l := range all {
		t.Styled(render.Name, l.name).Pad(len(l.name), name).Put("  ")
		if l.err != nil {
			t.Styled(render.Bad, "unreadable").Put("  ", l.err.Error()).Line()
			continue
		}
		s := l.session
		t.Put(s.Server).Pad(len(s.Server), server+2).Put(s.Who()).Pad(len(s.Who()), user+2)
		state := stateOf(s, now)
		t.Styled(stateStyle[state], state)
		if state == "active" && !s.AccessExpires.IsZero() {
			t.Put("  access expires ", reltime.Ago(s.AccessExpires, now))
		}
		t.Line()
	}
}
