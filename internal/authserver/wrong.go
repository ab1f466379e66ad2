package authserver

import (
	"errors"
	"time"

	"jwt/internal/authserver/store"
	"jwt/internal/oauth"
)

// raceWindow is how long FaultRace takes between looking at a token and spending
// it: whoever comes meanwhile is served too.
const raceWindow = 200 * time.Millisecond

// rotateWrongly carries out the faults of rotation. broken is false where none is
// in force that concerns this token.
func (s *Server) rotateWrongly(x *exchange, token refreshToken) (session store.Session, next refreshToken, expires time.Time, err error, broken bool) {
	if !s.faults.any.Load() {
		return
	}
	r, session, err := s.Store.Find(x.ctx, token.hash())
	if err != nil {
		return session, next, expires, err, !errors.Is(err, store.ErrNotFound)
	}
	spent := r
	spent.Spent = time.Time{}
	unspent := spent.Live(session, x.now) // but for having been spent
	path := x.URL.Path
	take := func(name string, when bool) bool {
		if !when {
			return false
		}
		_, ok := s.faults.take(name, path)
		return ok
	}
	switch {
	case take(FaultNoRotation, r.Live(session, x.now)):
		return session, token, r.Expires, nil, true
	case take(FaultRace, r.Live(session, x.now)):
		time.Sleep(raceWindow)
		next, expires, err = s.lateRotation(x, session, token)
		return session, next, expires, err, true
	case take(FaultReuse, !r.Spent.IsZero() && unspent):
		next, expires, err = s.another(x, session)
		return session, next, expires, err, true
	case take(FaultFamilySurvives, !r.Spent.IsZero() && unspent && x.now.Sub(r.Spent) >= s.ReuseGrace):
		return session, next, expires, s.dead("the refresh token was used before"), true
	}
	return session, next, expires, nil, false
}

// lateRotation spends a token that was live when it was looked at. Whoever finds it
// spent meanwhile gets a successor too, and another one.
func (s *Server) lateRotation(x *exchange, session store.Session, token refreshToken) (refreshToken, time.Time, error) {
	next, expires := newRefreshToken(), milli(x.now.Add(s.RefreshTTL))
	r, err := s.Store.Rotate(x.ctx, store.Spend{
		Token: token.hash(), Next: next.hash(), Sealed: token.seal(next[:]),
		Now: x.now, Grace: time.Minute, Expires: expires, SessionExpires: session.Expires,
	})
	if err == nil && r.Outcome != store.Rotated {
		return s.another(x, session)
	}
	x.user, x.session, x.committed = session.User, session.ID, err == nil
	return next, expires, err
}

// another gives a session one more refresh token beside those it has.
func (s *Server) another(x *exchange, session store.Session) (refreshToken, time.Time, error) {
	next, expires := newRefreshToken(), milli(x.now.Add(s.RefreshTTL))
	x.user, x.session = session.User, session.ID
	err := s.Store.Begin(x.ctx, session, next.hash(), store.Refresh{Session: session.ID, Issued: x.now, Expires: expires})
	x.committed = err == nil
	return next, expires, err
}

// renewByAccess is what becomes of a refresh token that is none: it is unknown, or
// with FaultAccessAsRefresh an access token will do.
func (s *Server) renewByAccess(x *exchange, text string) (oauth.Tokens, error) {
	unknown := s.dead("the refresh token is unknown")
	if _, broken := s.faults.take(FaultAccessAsRefresh, x.URL.Path); !broken {
		return oauth.Tokens{}, unknown
	}
	claims, err := s.verify(x.ctx, text, accessType, s.Audience, x.now, true)
	if err != nil {
		return oauth.Tokens{}, unknown
	}
	session, err := s.Store.Session(x.ctx, bearerOf(claims).session)
	if err != nil || !session.Revoked.IsZero() {
		return oauth.Tokens{}, unknown
	}
	next, expires, err := s.another(x, session)
	if err != nil {
		return oauth.Tokens{}, err
	}
	tokens, _, err := s.tokens(x, session, next, expires)
	return tokens, err
}
