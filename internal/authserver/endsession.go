package authserver

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"jwt/internal/authserver/page"
	"jwt/internal/phrase"
)

// A hint is what a verified ID token says about a login. It may have expired.
type hint struct{ user, session, client string }

// idTokenHint verifies an ID token that a client sends back as a hint.
func (s *Server) idTokenHint(ctx context.Context, text string, now time.Time) (hint, error) {
	claims, err := s.verify(ctx, VerifyRequest{Token: text, Now: now, IgnoreExp: true, AnyAudience: true}, "JWT", "")
	if err != nil {
		return hint{}, err
	}
	var h hint
	h.user, _ = claims.Text("sub")
	h.session, _ = claims.Text("sid")
	h.client, _ = claims.Text("aud")
	return h, nil
}

// A logoutRequest is a request to end the login (OpenID Connect RP-Initiated Logout 1.0 §2).
type logoutRequest struct {
	params   url.Values
	hint     hint // zero: no ID token
	redirect string
}

// endSession answers GET and POST /end_session. With the ID token of the login it logs out at
// once. Without it the user must agree, or any site could log the user out.
func (s *Server) endSession(x *exchange) error {
	params, err := x.params()
	if err != nil {
		return s.failPage(x, err)
	}
	if x.asGet(params) {
		return nil
	}
	r, err := s.logoutRequest(x, params)
	if err != nil {
		return s.failPage(x, err)
	}
	browser, known, err := s.browserLogin(x)
	switch {
	case err != nil:
		return err
	case known && r.hint.user != browser.User:
		return s.logoutPage(x, r, browser)
	}
	return s.finishLogout(x, r, browser, known)
}

// takeLogout answers POST /end_session/confirm, the form of the logout page.
func (s *Server) takeLogout(x *exchange) error {
	form, err := x.readForm()
	if err != nil {
		return s.failPage(x, err)
	}
	params, err := url.ParseQuery(x.URL.RawQuery)
	if err != nil {
		return s.failPage(x, invalid("the query is not valid"))
	}
	r, err := s.logoutRequest(x, params)
	if err != nil {
		return s.failPage(x, err)
	}
	browser, known, err := s.browserLogin(x)
	switch {
	case err != nil:
		return err
	case form.Get("action") != "logout":
		return x.show(http.StatusOK, page.Note("Still logged in", "You can close this page."))
	}
	return s.finishLogout(x, r, browser, known)
}

// logoutRequest checks a request. The address to return to must be registered by the client
// of the ID token.
func (s *Server) logoutRequest(x *exchange, params url.Values) (logoutRequest, error) {
	r := logoutRequest{params: params, redirect: params.Get("post_logout_redirect_uri")}
	client := params.Get("client_id")
	if text := params.Get("id_token_hint"); text != "" {
		h, err := s.idTokenHint(x.ctx, text, x.now)
		var refusal Refusal
		switch {
		case errors.As(err, &refusal):
			return r, invalid("id_token_hint: " + string(refusal))
		case err != nil:
			return r, err
		case client != "" && client != h.client:
			return r, invalid("client_id differs from the client of id_token_hint")
		}
		r.hint, client = h, h.client
	}
	if r.redirect == "" {
		return r, nil
	}
	c, _ := s.Clients.Find(client)
	if !slices.Contains(c.LogoutURIs, r.redirect) && !(c.AnyLoopbackRedirect && c.MayRedirect(r.redirect)) {
		return r, invalid("post_logout_redirect_uri: " + phrase.Quote(r.redirect) + " is not registered for the client; without id_token_hint or client_id no client is known")
	}
	return r, nil
}

// finishLogout ends the login in the browser, and the session of the ID token.
func (s *Server) finishLogout(x *exchange, r logoutRequest, browser browserLogin, known bool) error {
	if known {
		x.user = browser.User
		if err := s.endBrowserLogin(x, browser); err != nil {
			return err
		}
		x.clearCookie(browserCookie)
	}
	if r.hint.session != "" {
		x.session, x.Note = r.hint.session, "revoked"
		if err := s.Store.Revoke(x.ctx, r.hint.session, x.now); err != nil {
			return err
		}
	}
	if r.redirect == "" {
		return x.show(http.StatusOK, page.Note("Logged out", "You can close this page."))
	}
	to := r.redirect
	if state := r.params.Get("state"); state != "" {
		separator := "?"
		if strings.Contains(to, "?") {
			separator = "&"
		}
		to += separator + url.Values{"state": {state}}.Encode()
	}
	x.redirect(to)
	return nil
}
