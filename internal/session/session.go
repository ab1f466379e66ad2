// Package session stores a login and keeps it alive: one file for each session, its lock,
// the refresh that several processes do only once, and the http.RoundTripper that adds
// the credentials and refreshes after a 401 for an expired token.
//
// Refresh tokens rotate: a server treats a second use as theft and revokes the session
// (RFC 9700 §4.14.2). So a process that refreshes holds the lock, reads the session
// again, adopts a token that another process got meanwhile, and saves a new one before it
// does anything else.
package session

import (
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"jwt/internal/authclient"
	"jwt/internal/httpclient"
	"jwt/internal/oauth"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// DefaultName is the name of the session if none is given.
const DefaultName = "default"

// A Session is a stored login.
type Session struct {
	Name   string
	ID     string // of this login; a later login with the same name has another ID
	Server string // the URL without a slash at its end
	Preset string
	User   string
	Store  Storage // of its secrets

	LoggedIn time.Time
	Obtained time.Time // when the tokens were requested
	// AccessExpires and RefreshExpires are zero if unknown.
	AccessExpires, RefreshExpires time.Time

	Pending *Pending // a refresh that has begun and not finished
	Failed  *Failure // the last refresh, if it failed
	Ended   *Ended   // why the session can no longer be refreshed

	AccessToken, RefreshToken string
	RefreshCookie             string // the name of the cookie that has the refresh token, if one has
	Cookies                   []Cookie

	OAuth *authclient.OAuth // of a login at an OAuth 2.0 server, else nil

	hasRefresh bool // also set for a session that is still encrypted
}

// A Pending is saved before a refresh is sent. A process that finds it knows that the
// refresh token may be spent.
type Pending struct {
	At time.Time `json:"at"` // of the first request with this refresh token
}

// A Failure is the reason why a refresh gave no tokens. A process that waited for it need
// not ask the server again.
type Failure struct {
	At     time.Time     `json:"at"`
	Class  verdict.Class `json:"class"`
	Reason string        `json:"reason"`
	Lost   bool          `json:"lost,omitempty"`      // the server may have spent the refresh token
	Until  time.Time     `json:"not_before,omitzero"` // when the server accepts the next request
}

// binds reports whether the server wants no request yet. Each one could prolong the wait.
func (f *Failure) binds(now time.Time) bool {
	return now.Before(f.Until) && !f.At.After(now) && f.Until.Sub(now) <= maxRetryAfter
}

// error returns the error of a refresh for which the server is not asked: it wants no
// request yet, or another process has just failed.
func (f *Failure) error(now time.Time) error {
	if f.binds(now) {
		wait := max(f.Until.Sub(now).Round(time.Second), time.Second)
		e := verdict.Errorf(f.Class, "the server wants no request before %s: %s", f.Until.UTC().Format(time.RFC3339), f.Reason).Hintf("try again in %s", wait)
		e.Err = &oauth.Error{RetryAfter: wait}
		return e
	}
	return verdict.Errorf(f.Class, "another process has just tried to refresh: %s", f.Reason).Hintf("try again")
}

// Ended is the reason why the server ended the session.
type Ended struct {
	At     time.Time     `json:"at"`
	Class  verdict.Class `json:"class"` // session_expired or session_revoked
	Reason string        `json:"reason"`
}

// A Storage is the place where secrets are stored.
type Storage string

// Values of Storage. That of a saved session is StoreKeyring or StoreFile.
const (
	StoreAuto    Storage = "auto"    // StoreKeyring if a keyring answers, else StoreFile
	StoreKeyring Storage = "keyring" // in the file, encrypted with a key in the keyring
	StoreFile    Storage = "file"    // in the file
)

// maxMargin is the maximum time before its expiry at which a token becomes stale.
const maxMargin = 30 * time.Second

// minFresh is the minimum time for which a token counts as fresh. A token that has
// expired on arrival, because the local clock is ahead, is then not refreshed at every
// call.
const minFresh = time.Second

// StaleAt returns when the access token should be refreshed: 10 % of its lifetime before
// its expiry, but at most 30 s. It is zero if the expiry is unknown.
func (s *Session) StaleAt() time.Time {
	if s.AccessExpires.IsZero() {
		return time.Time{}
	}
	at := s.AccessExpires.Add(-min(s.lifetime()/10, maxMargin))
	if soonest := s.Obtained.Add(minFresh); at.Before(soonest) {
		return soonest
	}
	return at
}

// lifetime returns the whole lifetime of the access token, or 0 if it is unknown.
func (s *Session) lifetime() time.Duration {
	if s.AccessExpires.IsZero() || s.Obtained.IsZero() {
		return 0
	}
	return max(s.AccessExpires.Sub(s.Obtained), 0)
}

// stale reports whether the access token must be refreshed before it is used. A token
// from the future is stale: the clock was set back, so its expiry is unknown.
func (s *Session) stale(now time.Time) bool {
	const clockStep = 5 * time.Second
	if s.Obtained.Sub(now) > clockStep {
		return true
	}
	at := s.StaleAt()
	return !at.IsZero() && !now.Before(at)
}

// Alive reports whether the access token has not expired, or its expiry is unknown.
func (s *Session) Alive(now time.Time) bool {
	return s.AccessExpires.IsZero() || now.Before(s.AccessExpires)
}

// Refreshable reports whether there is a refresh token that may still be valid.
func (s *Session) Refreshable(now time.Time) bool {
	return s.Ended == nil && s.hasRefresh && (s.RefreshExpires.IsZero() || now.Before(s.RefreshExpires))
}

// HasRefresh reports whether the session can get new tokens: the server gave a refresh token,
// or the client asks for tokens by itself.
func (s *Session) HasRefresh() bool { return s.hasRefresh }

// Who returns the name that the user or the client logged in with, or the subject that the
// server gave it.
func (s *Session) Who() string {
	switch {
	case s.OAuth == nil || s.User != "" && s.OAuth.Flow == authclient.FlowPassword:
		return s.User
	case s.OAuth.Subject != "":
		return s.OAuth.Subject
	case s.User != "":
		return s.User
	}
	return "the client " + s.OAuth.ClientID
}

// Error returns why the session can no longer be used, or nil.
func (s *Session) Error(now time.Time) error {
	switch {
	case s.Ended != nil:
		return s.Ended.error(s)
	case s.Alive(now) || s.Refreshable(now):
		return nil
	case !s.hasRefresh:
		return s.noRefreshToken(now)
	default:
		return verdict.Errorf(verdict.SessionExpired, "session %s: %s", s.Name, s.refreshExpired()).Hintf("%s", s.loginCommand())
	}
}

func (s *Session) noRefreshToken(now time.Time) error {
	if s.Alive(now) {
		return verdict.Errorf(verdict.SessionExpired, "session %s: it cannot be refreshed, the server gave no refresh token", s.Name).
			Hintf("the access token is still valid; for a new one: %s", s.loginCommand())
	}
	return verdict.Errorf(verdict.SessionExpired, "session %s: the access token has expired, and the server gave no refresh token", s.Name).
		Hintf("%s", s.loginCommand())
}

func (s *Session) refreshExpired() string {
	return "the refresh token expired " + s.RefreshExpires.UTC().Format(time.RFC3339)
}

// origin returns the origin that the credentials are restricted to.
func (s *Session) origin() string {
	u, err := url.Parse(s.Server)
	if err != nil {
		return ""
	}
	return httpclient.Origin(u)
}

// tokens returns the tokens for a request to the server.
func (s *Session) tokens() authclient.Tokens {
	return authclient.Tokens{AccessToken: s.AccessToken, RefreshToken: s.RefreshToken, RefreshCookie: s.RefreshCookie}
}

// sameToken reports whether the access tokens are from the same answer. A server may
// return the same token again.
func (s *Session) sameToken(earlier *Session) bool {
	return s.AccessToken == earlier.AccessToken && s.Obtained.Equal(earlier.Obtained)
}

// setTokens stores the tokens of an answer in the session.
func (s *Session) setTokens(g authclient.Grant) {
	s.AccessToken, s.AccessExpires, s.Obtained = g.AccessToken, g.AccessExpires, g.Obtained
	s.setRefreshToken(g)
	s.Pending, s.Failed, s.Ended = nil, nil, nil
}

// setRefreshToken stores the refresh token of an answer, if any, in the session.
func (s *Session) setRefreshToken(g authclient.Grant) {
	switch {
	case g.RefreshToken != "":
		s.RefreshToken, s.RefreshCookie, s.RefreshExpires = g.RefreshToken, g.RefreshCookie, g.RefreshExpires
	case !g.RefreshExpires.IsZero(): // the server renewed the lifetime of the old one
		s.RefreshExpires = g.RefreshExpires
	}
	s.hasRefresh = s.RefreshToken != "" || s.OAuth.Renews()
}

// CheckName refuses names that are not safe as file names.
func CheckName(name string) error {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
	if name == "" || len(name) > 64 || strings.Trim(name, allowed) != "" || name[0] == '.' || name[0] == '-' {
		return verdict.Errorf(verdict.Usage, "invalid session name %s: use 1 to 64 letters, digits, '-', '_' or '.', starting with a letter, a digit or '_'", phrase.Quote(name)).
			Hintf("--session NAME, or JWT_SESSION")
	}
	if !filepath.IsLocal(fileName(name)) { // on Windows: con, nul, com1
		return verdict.Errorf(verdict.Usage, "invalid session name %s: it names a device of this system", phrase.Quote(name)).
			Hintf("--session NAME, or JWT_SESSION")
	}
	return nil
}

// error returns the error for a request with an ended session.
func (e *Ended) error(s *Session) error {
	return verdict.Errorf(e.Class, "session %s: %s", s.Name, e.Reason).Hintf("%s", s.loginCommand())
}

// loginCommand returns the command that logs in again.
func (s *Session) loginCommand() string {
	command := "jwt session login"
	if s.OAuth == nil {
		command += " " + s.Server + " --user " + phrase.ShellWord(s.User)
		if s.Preset != "cookie" {
			command += " --preset " + s.Preset
		}
	}
	if s.Name != DefaultName {
		command += " --session " + s.Name
	}
	return command
}

func notLoggedIn(name string) error {
	e := verdict.Errorf(verdict.NotLoggedIn, "session %s: not logged in", name)
	if name != DefaultName {
		return e.Hintf("jwt session login URL --user NAME --session %s", name)
	}
	return e.Hintf("jwt session login URL --user NAME")
}
