package authserver

import (
	"errors"
	"net/http"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/authserver/store"
	"jwt/internal/oauth"
)

// A presented is a refresh token and its place in the request. The successor is sent back
// in the same place.
type presented struct {
	text             string
	inCookie, inBody bool
}

// presentedToken returns the refresh token in the JSON body or in the cookie. The body
// has precedence, because browsers always send the cookie.
func (x *exchange) presentedToken(allowCookie bool) (presented, error) {
	body, err := x.readJSON()
	if err != nil {
		return presented{}, err
	}
	var p presented
	if len(body) > 0 {
		r, err := oauth.ParseRefresh(body)
		if err != nil {
			return presented{}, invalid(err.Error())
		}
		p.text, p.inBody = r.RefreshToken, r.RefreshToken != ""
	}
	if !allowCookie {
		return p, nil
	}
	cookie, err := x.cookie(oauth.RefreshCookie)
	if err != nil {
		return presented{}, err
	}
	if p.inCookie = cookie != ""; !p.inBody {
		p.text = cookie
	}
	return p, nil
}

// refresh answers POST /refresh, with the refresh token in a JSON body or the cookie.
func (s *Server) refresh(x *exchange) error { return s.refreshJSON(x, true) }

// refreshJSON refreshes with plain JSON names.
func (s *Server) refreshJSON(x *exchange, allowCookie bool) error {
	p, err := x.presentedToken(allowCookie)
	if err != nil {
		return err
	}
	tokens, err := s.renew(x, p.text)
	if err != nil {
		var e *oauth.Error
		if p.inCookie && !p.inBody && errors.As(err, &e) && e.Code == oauth.InvalidGrant {
			x.clearCookie(oauth.RefreshCookie)
		}
		return err
	}
	if p.inCookie {
		x.setRefreshCookie(tokens)
	}
	if !p.inBody {
		tokens.RefreshToken, tokens.RefreshExpiresIn = "", 0
	}
	return x.json(http.StatusOK, tokens.JSON())
}

// renew spends a refresh token and returns new tokens.
func (s *Server) renew(x *exchange, text string) (oauth.Tokens, error) {
	if text == "" {
		return oauth.Tokens{}, invalidGrant("the request has no refresh token")
	}
	g, err := s.rules.Rotate(x.ctx, RotateRequest{Token: text, Client: clients.Plain, Now: x.now, Grace: s.ReuseGrace})
	x.user, x.session, x.Note = g.Session.User, g.Session.ID, string(g.Outcome)
	if err != nil {
		return oauth.Tokens{}, err
	}
	return s.tokens(x, g.Session, g.RefreshToken, g.Expires)
}

// tokens issues an access token and returns the answer to a login or a refresh.
func (s *Server) tokens(x *exchange, session store.Session, refresh string, expires time.Time) (oauth.Tokens, error) {
	access, _, err := s.rules.IssueAccess(x.ctx, session, x.now)
	return oauth.Tokens{
		AccessToken:      access,
		RefreshToken:     refresh,
		TokenType:        oauth.Bearer,
		ExpiresIn:        int64(s.rules.AccessTTL(x.ctx) / time.Second),
		RefreshExpiresIn: int64(expires.Sub(x.now) / time.Second),
	}, err
}
