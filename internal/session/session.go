// Package session remembers a login and keeps it alive: a store of one file a
// session, its lock, the refresh that several processes do once, and the
// http.RoundTripper that adds the credentials and refreshes on an expired 401.
//
// Refresh tokens rotate: a server takes a second use for theft and revokes the session
// (RFC 9700 §4.14.2). A process that refreshes therefore holds the lock, reads the
// session again, adopts a token that another process got meanwhile, and saves a new one
// before it does anything else.
package session

import (
	"net/url"
	"strings"
	"time"

	"jwt/internal/authclient"
	"jwt/internal/httpclient"
	"jwt/internal/oauth"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// DefaultName is the name of the session where none is given.
const DefaultName = "default"

// A Session is a remembered login.
type Session struct {
	Name   string
	ID     string // of this login; another login under the same name has another
	Server string // the URL, without a slash at its end
	Preset string
	User   string
	Store  Storage // of its secrets

	LoggedIn time.Time
	Obtained time.Time // when the tokens were asked for
	// AccessExpires and RefreshExpires are zero where the server does not say.
	AccessExpires, RefreshExpires time.Time

	Pending *Pending // a refresh that was begun and not finished
	Failed  *Failure // the last refresh, where it failed
	Ended   *Ended   // why the session cannot be refreshed any more

	AccessToken, RefreshToken string
	Cookies                   []Cookie

	hasRefresh bool // also known of a sealed session
}

// A Pending is saved before a refresh is sent: a process that finds it knows that the
// refresh token may be spent.
type Pending struct {
	At time.Time `json:"at"` // of the first request with this refresh token
}

// A Failure is why a refresh brought no tokens. A process that waited for it need not
// ask the server the same again.
type Failure struct {
	At     time.Time     `json:"at"`
	Class  verdict.Class `json:"class"`
	Reason string        `json:"reason"`
	Lost   bool          `json:"lost,omitempty"`      // the server may have spent the refresh token
	Until  time.Time     `json:"not_before,omitzero"` // when the server accepts the next request
}

// error returns the error reported to processes that waited for this refresh.
func (f *Failure) error(now time.Time) error {
	e := verdict.Errorf(f.Class, "another process has just tried to refresh: %s", f.Reason).Hintf("try again")
	if wait := f.Until.Sub(now).Round(time.Second); wait > 0 {
		e.Hintf("try again in %s", wait)
		e.Err = &oauth.Error{RetryAfter: wait}
	}
	return e
}

// Ended is why the server ended the session.
type Ended struct {
	At     time.Time     `json:"at"`
	Class  verdict.Class `json:"class"` // session_expired or session_revoked
	Reason string        `json:"reason"`
}

// Storage says where secrets are kept.
type Storage string

// Values of Storage. A saved session's is StoreKeyring or StoreFile.
const (
	StoreAuto    Storage = "auto"    // StoreKeyring if a keyring answers, else StoreFile
	StoreKeyring Storage = "keyring" // in the file, sealed under a key in the keyring
	StoreFile    Storage = "file"    // in the file
)

// maxMargin is how long before its end a token counts as stale, at most.
const maxMargin = 30 * time.Second

// minFresh is how long a token counts as fresh, at least: one that is expired on arrival,
// because the local clock is ahead, is not refreshed at every call.
const minFresh = time.Second

// StaleAt returns when the access token is to be refreshed: 10 % of its lifetime
// before its end, at most 30 s. It is zero where the end is unknown.
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

// lifetime returns how long the access token lives in all, as far as is known.
func (s *Session) lifetime() time.Duration {
	if s.AccessExpires.IsZero() || s.Obtained.IsZero() {
		return 0
	}
	return max(s.AccessExpires.Sub(s.Obtained), 0)
}

// stale reports whether the access token is to be refreshed before it is used. A token
// from the future is stale: the clock was set back, so its end is unknown.
func (s *Session) stale(now time.Time) bool {
	const clockStep = 5 * time.Second
	if s.Obtained.Sub(now) > clockStep {
		return true
	}
	at := s.StaleAt()
	return !at.IsZero() && !now.Before(at)
}

// Alive reports whether the access token has not expired, as far as is known.
func (s *Session) Alive(now time.Time) bool {
	return s.AccessExpires.IsZero() || now.Before(s.AccessExpires)
}

// Refreshable reports whether there is a refresh token that may still be valid.
func (s *Session) Refreshable(now time.Time) bool {
	return s.Ended == nil && s.hasRefresh && (s.RefreshExpires.IsZero() || now.Before(s.RefreshExpires))
}

// HasRefresh reports whether the server gave a refresh token.
func (s *Session) HasRefresh() bool { return s.hasRefresh }

// Error returns why the session cannot be used any more, or nil.
func (s *Session) Error(now time.Time) error {
	switch {
	case s.Ended != nil:
		return s.Ended.error(s)
	case s.Alive(now) || s.Refreshable(now):
		return nil
	case !s.hasRefresh:
		return s.noRefreshToken()
	default:
		return verdict.Errorf(verdict.SessionExpired, "session %s: %s", s.Name, s.refreshExpired()).Hintf("%s", s.loginCommand())
	}
}

func (s *Session) noRefreshToken() error {
	return verdict.Errorf(verdict.SessionExpired, "session %s: the access token has expired, and the server gave no refresh token", s.Name).
		Hintf("%s", s.loginCommand())
}

func (s *Session) refreshExpired() string {
	return "the refresh token expired " + s.RefreshExpires.UTC().Format(time.RFC3339)
}

// origin returns the origin that the credentials are bound to.
func (s *Session) origin() string {
	u, err := url.Parse(s.Server)
	if err != nil {
		return ""
	}
	return httpclient.Origin(u)
}

// tokens returns the tokens for a request to the server.
func (s *Session) tokens() authclient.Tokens {
	return authclient.Tokens{AccessToken: s.AccessToken, RefreshToken: s.RefreshToken}
}

// sameToken reports whether both have the access token of the same answer. A server may
// give the same token again.
func (s *Session) sameToken(earlier *Session) bool {
	return s.AccessToken == earlier.AccessToken && s.Obtained.Equal(earlier.Obtained)
}

// setTokens puts the tokens of an answer into the session.
func (s *Session) setTokens(g authclient.Grant) {
	s.AccessToken, s.AccessExpires, s.Obtained = g.AccessToken, g.AccessExpires, g.Obtained
	s.setRefreshToken(g)
	s.Pending, s.Failed, s.Ended = nil, nil, nil
}

// setRefreshToken puts the refresh token of an answer, if it has one, into the session.
func (s *Session) setRefreshToken(g authclient.Grant) {
	if g.RefreshToken != "" {
		s.RefreshToken, s.RefreshExpires = g.RefreshToken, g.RefreshExpires
	}
	s.hasRefresh = s.RefreshToken != ""
}

// CheckName refuses names that are not safe as the name of a file.
func CheckName(name string) error {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
	if name == "" || len(name) > 64 || strings.Trim(name, allowed) != "" || name[0] == '.' || name[0] == '-' {
		return verdict.Errorf(verdict.Usage, "invalid session name %s: use 1 to 64 letters, digits, '-', '_' or '.', starting with a letter, a digit or '_'", phrase.Quote(name)).
			Hintf("--session NAME, or JWT_SESSION")
	}
	return nil
}

// error returns the error of a request with an ended session.
func (e *Ended) error(s *Session) error {
	return verdict.Errorf(e.Class, "session %s: %s", s.Name, e.Reason).Hintf("%s", s.loginCommand())
}

// loginCommand returns the command that logs in again.
func (s *Session) loginCommand() string {
	command := "jwt session login " + s.Server + " --user " + quoted(s.User)
	if s.Preset != "cookie" {
		command += " --preset " + s.Preset
	}
	if s.Name != DefaultName {
		command += " --session " + s.Name
	}
	return command
}

// quoted returns the text as one word of a shell command.
func quoted(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@%+=:,./_-", r))
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func notLoggedIn(name string) error {
	e := verdict.Errorf(verdict.NotLoggedIn, "session %s: not logged in", name)
	if name != DefaultName {
		return e.Hintf("jwt session login URL --user NAME --session %s", name)
	}
	return e.Hintf("jwt session login URL --user NAME")
}
