package session

import (
	"time"

	"jwt/internal/cli"
	"jwt/internal/render"
	"jwt/internal/session"
	"jwt/internal/verdict"
)

// The JSON output of all commands of this folder. Scripts depend on it: members may be
// added, and none renamed.

// loginJSON is the output of login.
func loginJSON(s *session.Session) render.Object {
	return append(render.Object{
		{Name: "session", Value: s.Name},
		{Name: "server", Value: s.Server},
		{Name: "preset", Value: s.Preset},
		{Name: "user", Value: userJSON(s)},
		{Name: "store", Value: string(s.Store)},
		{Name: "access_expires_at", Value: timeJSON(s.AccessExpires)},
		{Name: "refresh_expires_at", Value: timeJSON(s.RefreshExpires)},
	}, oauthJSON(s)...)
}

// userJSON returns the name of the user, or else the subject that the server gave.
func userJSON(s *session.Session) string {
	if s.User == "" && s.OAuth != nil {
		return s.OAuth.Subject
	}
	return s.User
}

// oauthJSON has the members of a session at an OAuth 2.0 server; none of another.
func oauthJSON(s *session.Session) render.Object {
	if s.OAuth == nil {
		return nil
	}
	o := render.Object{{Name: "flow", Value: s.OAuth.Flow}, {Name: "client_id", Value: s.OAuth.ClientID}}
	for _, m := range []struct{ name, value string }{{"sub", s.OAuth.Subject}, {"scope", s.OAuth.Granted}} {
		if m.value != "" {
			o.Add(m.name, m.value)
		}
	}
	if len(s.OAuth.APIs) > 0 {
		o.Add("api", s.OAuth.APIs)
	}
	if s.OAuth.DPoP {
		o.Add("token_type", "DPoP")
	}
	return o
}

// refreshJSON is the output of refresh.
func refreshJSON(s *session.Session, outcome session.Outcome) render.Object {
	return render.Object{
		{Name: "session", Value: s.Name},
		{Name: "outcome", Value: string(outcome)},
		{Name: "access_expires_at", Value: timeJSON(s.AccessExpires)},
		{Name: "refresh_expires_at", Value: timeJSON(s.RefreshExpires)},
	}
}

// eventJSON is one line of keepalive.
func eventJSON(e session.Event) render.Object {
	o := render.Object{
		{Name: "time", Value: timeJSON(e.At)},
		{Name: "event", Value: e.Name},
		{Name: "access_expires_at", Value: timeJSON(e.AccessExpires)},
	}
	if !e.Next.IsZero() {
		o.Add("next_at", timeJSON(e.Next))
	}
	if e.Err != nil {
		o.Add("class", string(verdict.ClassOf(e.Err)))
		o.Add("message", e.Err.Error())
	}
	return o
}

// tokenJSON is the output of token --format json.
func tokenJSON(s *session.Session, now time.Time) render.Object {
	return render.Object{
		{Name: "access_token", Value: s.AccessToken},
		{Name: "token_type", Value: tokenType(s)},
		{Name: "expires_at", Value: timeJSON(s.AccessExpires)},
		{Name: "expires_in", Value: secondsJSON(s.AccessExpires, now)},
		{Name: "session", Value: s.Name},
		{Name: "server", Value: s.Server},
	}
}

// tokenType returns the scheme under which the access token is sent.
func tokenType(s *session.Session) string {
	if s.OAuth != nil && s.OAuth.DPoP {
		return "DPoP"
	}
	return "Bearer"
}

// credentialJSON is the output of token --format exec-credential, for kubectl.
func credentialJSON(s *session.Session, version string) render.Object {
	status := render.Object{}
	if !s.AccessExpires.IsZero() {
		status.Add("expirationTimestamp", timeJSON(s.AccessExpires))
	}
	status.Add("token", s.AccessToken)
	return render.Object{
		{Name: "apiVersion", Value: version},
		{Name: "kind", Value: "ExecCredential"},
		{Name: "status", Value: status},
	}
}

// statusJSON is the output of status.
func statusJSON(s *session.Session, now time.Time, file string) render.Object {
	return append(sessionJSON(s, now), render.Field{Name: "file", Value: file})
}

// sessionJSON is a session in the output of status and list.
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
		{Name: "user", Value: userJSON(s)},
		{Name: "logged_in_at", Value: timeJSON(s.LoggedIn)},
		{Name: "access", Value: access},
		{Name: "refresh", Value: refresh},
		{Name: "store", Value: string(s.Store)},
	}
	o = append(o, oauthJSON(s)...)
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

// listJSON is the output of list.
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

// logoutJSON is the output of logout.
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
	if f.LoginPage != "" {
		o.Add("end_session_url", f.LoginPage)
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

// timeJSON returns a time in RFC 3339, or null if it is unknown.
func timeJSON(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// errorFields returns the value of the member "error".
func errorFields(err error) any { return cli.ErrorObject(err)[0].Value }

// secondsJSON returns the whole seconds until t, or null if it is unknown.
func secondsJSON(t, now time.Time) any {
	if t.IsZero() {
		return nil
	}
	return int64(max(t.Sub(now), 0) / time.Second)
}
