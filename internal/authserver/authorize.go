package authserver

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/base64url"
	"jwt/internal/oauth"
	"jwt/internal/phrase"
)

// An authorizeRequest is an authorization request (RFC 6749 §4.1.1, OpenID Connect Core
// §3.1.2.1) whose client and redirect URI are known: errors may be sent there.
type authorizeRequest struct {
	*exchange
	params   url.Values
	query    url.Values // that names the request in addresses: params, unless it was pushed
	pushed   *pushed    // nil: its parameters came with the browser
	client   clients.Client
	redirect string
	explicit bool // the request has the redirect URI

	// untrusted is true while errors are not sent to a client that registered itself: an attacker
	// could make this server redirect to any site (RFC 9700 §4.11.2).
	untrusted bool
	scope     string
	audience  []string
}

// authorizePage answers GET and POST /authorize: with the login page, the consent page, or a
// redirect to the client.
func (s *Server) authorizePage(x *exchange) error {
	params, err := x.params()
	if err != nil {
		return s.failPage(x, err)
	}
	if x.asGet(params) {
		return nil
	}
	r, err := s.browserRequest(x, params)
	if err != nil {
		return s.endAuthorize(x, r, err)
	}
	return s.endAuthorize(x, r, s.decide(r))
}

// asGet redirects a POST to the same request by GET, unless that would be too long: with a form
// of another site browsers do not send the cookie of the login.
func (x *exchange) asGet(params url.Values) bool {
	to := x.URL.Path + "?" + params.Encode()
	if x.Method != http.MethodPost || len(to) > maxHeader/2 {
		return false
	}
	x.redirect(to)
	return true
}

// redirect sends the browser to another address with GET. The status is never 307, which would
// send a password on (RFC 9700 §4.12).
func (x *exchange) redirect(to string) {
	x.Answer.Header.Set("Location", to)
	x.Answer.Status = http.StatusSeeOther
}

// params returns the parameters of a request, from the query or a form.
func (x *exchange) params() (url.Values, error) {
	if x.Method == http.MethodPost && mediaTypeOf(x.Request) == formType && x.URL.RawQuery == "" {
		return x.readForm()
	}
	params, err := url.ParseQuery(x.URL.RawQuery)
	if err != nil {
		return nil, invalid("the query is not valid")
	}
	return params, notRepeated(params)
}

// endAuthorize sends an error to the client, or shows it if the client is unknown: a redirect
// to an address that is not registered would help an attacker (RFC 9700 §4.11).
func (s *Server) endAuthorize(x *exchange, r *authorizeRequest, err error) error {
	var e *oauth.Error
	if err == nil || !errors.As(err, &e) {
		return err
	}
	if r == nil || r.untrusted {
		return s.failPage(x, err)
	}
	return s.redirectBack(r, url.Values{"error": {e.Code}, "error_description": {e.Description}})
}

// redirectBack sends the answer to the client, with the state and the issuer (RFC 9207).
func (s *Server) redirectBack(r *authorizeRequest, answer url.Values) error {
	if state := r.params.Get("state"); state != "" {
		answer.Set("state", state)
	}
	answer.Set("iss", s.Issuer)
	separator := "?"
	if strings.Contains(r.redirect, "?") {
		separator = "&"
	}
	r.exchange.redirect(r.redirect + separator + answer.Encode())
	return nil
}

// authorizeRequest checks an authorization request. It returns nil and an error if the
// client or the redirect URI is not known.
func (s *Server) authorizeRequest(x *exchange, params url.Values) (*authorizeRequest, error) {
	c, known := s.Clients.Find(params.Get("client_id"))
	switch {
	case params.Get("client_id") == "":
		return nil, invalid("client_id is required")
	case !known:
		return nil, invalid("the client " + phrase.Quote(params.Get("client_id")) + " is unknown")
	case params.Get("redirect_uri") == "" && len(c.RedirectURIs) != 1:
		return nil, invalid("redirect_uri is required")
	}
	r := &authorizeRequest{exchange: x, params: params, query: params, client: c, redirect: params.Get("redirect_uri"), explicit: params.Has("redirect_uri"), untrusted: c.Registered}
	if r.redirect == "" {
		r.redirect = c.RedirectURIs[0]
	}
	if !s.rules.CheckRedirect(x.ctx, c, r.redirect) {
		return nil, invalid("redirect_uri: " + phrase.Quote(r.redirect) + " is not registered for the client " + phrase.Quote(c.ID))
	}
	x.Note = "client " + c.ID
	if err := s.checkAuthorize(r); err != nil {
		return r, err
	}
	var err error
	if r.scope, err = scopeFor(c, params.Get("scope")); err != nil {
		return r, err
	}
	if r.audience, err = audienceOf(params); err == nil {
		r.untrusted = false // from now on the user decides, or the client asked for silence
	}
	return r, err
}

// checkAuthorize refuses requests of kinds that the server does not have.
func (s *Server) checkAuthorize(r *authorizeRequest) error {
	refuse := func(code, why string) error {
		return &oauth.Error{Status: http.StatusBadRequest, Code: code, Description: why}
	}
	p := r.params
	prompts := strings.Fields(p.Get("prompt"))
	switch {
	case p.Has("request"):
		return refuse("request_not_supported", "request objects are not supported")
	case p.Has("request_uri"):
		return refuse("request_uri_not_supported", "request_uri is not supported")
	case p.Get("response_type") == "":
		return refuse(oauth.InvalidRequest, "response_type is required")
	case p.Get("response_type") != "code":
		return refuse(oauth.UnsupportedResponseType, "response_type must be code")
	case p.Has("response_mode") && p.Get("response_mode") != "query":
		return refuse(oauth.InvalidRequest, "response_mode must be query")
	case !slices.Contains(r.client.Grants, oauth.GrantCode):
		return refuse(oauth.UnauthorizedClient, "authorization_code is not among the grant_types of the client")
	case len(prompts) > 1 && slices.Contains(prompts, "none"):
		return refuse(oauth.InvalidRequest, "prompt: none must be alone")
	case !p.Has("code_challenge") && !r.client.IsPublic() && !r.hasNonce():
		return refuse(oauth.InvalidRequest, "code_challenge is required (PKCE), or a nonce with the scope openid: without one of them the client would accept the code of an attacker")
	}
	return s.rules.CheckChallenge(r.ctx, r.client, p.Get("code_challenge"), p.Get("code_challenge_method"))
}

// hasNonce reports whether the client can see in its ID token that a code is the one that it
// asked for (RFC 9700 §2.1.1).
func (r *authorizeRequest) hasNonce() bool {
	return r.params.Get("nonce") != "" && oauth.HasScope(r.params.Get("scope"), "openid")
}

// checkChallenge is the standard Rules.CheckChallenge (RFC 9700 §2.1.1). The method plain would
// show the verifier to an attacker who sees the request.
func checkChallenge(_ context.Context, c clients.Client, challenge, method string) error {
	digest, err := base64url.Decode(challenge)
	switch {
	case challenge == "" && method == "" && !c.IsPublic():
		return nil
	case challenge == "":
		return invalid("code_challenge is required (PKCE)")
	case method != "S256":
		return invalid("code_challenge_method must be S256, is " + phrase.Quote(cmp.Or(method, "plain")))
	case err != nil || len(digest) != 32:
		return invalid("code_challenge must be a SHA-256 in Base64url")
	}
	return nil
}

// decide answers an authorization request with the next page, or with a code.
func (s *Server) decide(r *authorizeRequest) error {
	browser, known, err := s.browserLogin(r.exchange)
	if err != nil {
		return err
	}
	prompts := strings.Fields(r.params.Get("prompt"))
	silent := slices.Contains(prompts, "none")
	if !known || s.needsLogin(r, browser, prompts) {
		if silent {
			return &oauth.Error{Status: http.StatusBadRequest, Code: "login_required", Description: "the user is not logged in"}
		}
		problem := ""
		if !known && r.query.Has(afterLogin) {
			problem = "The password was right, but this browser did not send the cookie of the login back. It may keep cookies for https only: try another browser, or serve over https."
		}
		return s.loginPage(r, r.params.Get("login_hint"), problem)
	}
	r.user = browser.User
	if !browser.agreed(r.client, r.scope) || slices.Contains(prompts, "consent") {
		if silent {
			return &oauth.Error{Status: http.StatusBadRequest, Code: "consent_required", Description: "the user has not agreed"}
		}
		return s.consentPage(r, browser)
	}
	return s.giveCode(r, browser)
}

// needsLogin reports whether the user must log in again. A login after the request was pushed
// is the one that it asks for.
func (s *Server) needsLogin(r *authorizeRequest, browser browserLogin, prompts []string) bool {
	if s.otherUser(r, browser) {
		return true
	}
	if r.pushed != nil && browser.Time.After(r.pushed.Time) {
		return false
	}
	return slices.Contains(prompts, "login") || slices.Contains(prompts, "select_account") || tooOld(r.params.Get("max_age"), browser.Time, r.now)
}

// tooOld reports whether a login is older than max_age allows.
func tooOld(maxAge string, login, now time.Time) bool {
	seconds, err := strconv.ParseUint(maxAge, 10, 31)
	return maxAge != "" && (err != nil || now.Sub(login) > time.Duration(seconds)*time.Second)
}

// otherUser reports whether the ID token of the request is that of another user than the one
// who is logged in (OpenID Connect Core §3.1.2.1).
func (s *Server) otherUser(r *authorizeRequest, browser browserLogin) bool {
	hint := r.params.Get("id_token_hint")
	if hint == "" {
		return false
	}
	h, err := s.idTokenHint(r.ctx, hint, r.now)
	return err != nil || h.user != browser.User
}

// giveCode redirects to the client with a code.
func (s *Server) giveCode(r *authorizeRequest, browser browserLogin) error {
	if r.pushed != nil {
		if err := s.spendPushed(r); err != nil {
			return err
		}
	}
	text, err := s.newCode(r.ctx, code{
		Client: r.client.ID, Redirect: r.redirect, Explicit: r.explicit,
		Challenge: r.params.Get("code_challenge"), Key: r.params.Get("dpop_jkt"),
		User: browser.User, Credential: browser.Credential,
		Grant: granted{Scope: r.scope, Audience: r.audience, Nonce: r.params.Get("nonce"), AuthTime: browser.Time.Unix()},
	}, r.now)
	if err != nil {
		return err
	}
	return s.redirectBack(r, url.Values{"code": {text}})
}

// takeLogin answers POST /authorize/login, the form of the login page.
func (s *Server) takeLogin(x *exchange) error {
	r, form, err := s.postedAuthorize(x)
	if err != nil {
		return s.endAuthorize(x, r, err)
	}
	l := oauth.Login{Username: form.Get("username"), Password: form.Get("password")}
	if form.Get("action") == "cancel" {
		return s.redirectBack(r, url.Values{"error": {oauth.AccessDenied}, "error_description": {"the user cancelled"}})
	}
	if err := s.logInBrowser(x, l); err != nil {
		var e *oauth.Error
		if !errors.As(err, &e) {
			return err
		}
		return s.loginPage(r, l.Username, e.Description)
	}
	return again(r)
}

// takeConsent answers POST /authorize/consent, the form of the consent page.
func (s *Server) takeConsent(x *exchange) error {
	r, form, err := s.postedAuthorize(x)
	if err != nil {
		return s.endAuthorize(x, r, err)
	}
	if form.Get("action") != "allow" {
		return s.redirectBack(r, url.Values{"error": {oauth.AccessDenied}, "error_description": {"the user refused"}})
	}
	browser, known, err := s.browserLogin(x)
	if err != nil {
		return err
	}
	if !known {
		return s.loginPage(r, "", "The login has ended.")
	}
	if x.URL.Query().Get("account") != browser.User { // who has logged in since the page was shown
		return s.consentPage(r, browser)
	}
	if err := s.agree(x, browser, r.client.ID, r.scope); err != nil {
		return err
	}
	return s.endAuthorize(x, r, s.giveCode(r, browser))
}

// postedAuthorize returns the authorization request in the query of a form's address, and the
// form. The origin of the form is checked, so that another site cannot agree for the user.
func (s *Server) postedAuthorize(x *exchange) (*authorizeRequest, url.Values, error) {
	params, err := url.ParseQuery(x.URL.RawQuery)
	if err != nil {
		return nil, nil, invalid("the query is not valid")
	}
	form, err := x.readForm()
	if err != nil {
		return nil, nil, err
	}
	r, err := s.browserRequest(x, params)
	return r, form, err
}

// again sends the browser to the authorization request once more, now that the user has
// logged in: what asked for a login is left out.
func again(r *authorizeRequest) error {
	params := maps.Clone(r.query)
	params.Del("max_age")
	prompts := slices.DeleteFunc(strings.Fields(params.Get("prompt")), func(p string) bool { return p == "login" || p == "select_account" })
	if params.Del("prompt"); len(prompts) > 0 {
		params.Set("prompt", strings.Join(prompts, " "))
	}
	params.Set(afterLogin, "1")
	r.exchange.redirect(authorizePath + "?" + params.Encode())
	return nil
}

// afterLogin is the parameter of a request that is repeated after a login. Without the cookie, which
// some browsers do not keep over http, the login page would return without a reason.
const afterLogin = "after_login"
