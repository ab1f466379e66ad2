package authserver

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/authserver/refreshtoken"
	"jwt/internal/authserver/store"
	"jwt/internal/dpop"
	"jwt/internal/oauth"
)

// A tokenRequest is a request to the token endpoint of a client that is authenticated.
type tokenRequest struct {
	*exchange
	form   url.Values
	client clients.Client
	key    string // thumbprint of the DPoP key that the client proved to hold, or empty
}

// A result is what a token request gives.
type result struct {
	session   store.Session // of the access token; its grant is that of the token
	refresh   string        // refresh token, or empty
	expires   time.Time     // of the refresh token
	tokenType string        // issued_token_type, RFC 8693 §2.2.1
}

// A grantType is a row of the table of grant types.
type grantType struct {
	name   string
	handle func(*tokenRequest) (result, error)
}

// grantTypes lists what the token endpoint accepts, in the order of the metadata.
func (s *Server) grantTypes() []grantType {
	types := []grantType{
		{oauth.GrantCode, s.redeemCode},
		{oauth.GrantRefreshToken, s.refreshGrant},
		{oauth.GrantClientCredentials, s.clientCredentials},
		{oauth.GrantDeviceCode, s.deviceGrant},
		{oauth.GrantTokenExchange, s.exchangeToken},
	}
	if s.PasswordGrant {
		types = append(types, grantType{oauth.GrantPassword, s.passwordGrant})
	}
	return types
}

// token answers POST /token, with a JSON body or the form of RFC 6749 §3.2.
func (s *Server) token(x *exchange) error {
	if mediaTypeOf(x.Request) != formType {
		return s.refreshJSON(x, false)
	}
	form, err := x.readForm()
	if err != nil {
		return err
	}
	name := form.Get("grant_type")
	if name == "" {
		return invalid("grant_type is required")
	}
	types := s.grantTypes()
	i := slices.IndexFunc(types, func(t grantType) bool { return t.name == name })
	if i < 0 {
		return &oauth.Error{Status: http.StatusBadRequest, Code: oauth.UnsupportedGrantType, Description: s.unsupported(name)}
	}
	r, err := s.tokenRequest(x, form, name)
	if err != nil {
		return err
	}
	given, err := types[i].handle(r)
	if err != nil {
		return asTokenError(err)
	}
	return s.answerTokens(r, given)
}

// unsupported explains the refusal of a grant type.
func (s *Server) unsupported(name string) string {
	if name == oauth.GrantPassword {
		return "the password grant is switched off (RFC 9700 §2.4)"
	}
	return "the server does not have this grant type"
}

// tokenRequest authenticates the client, and checks its proof. This precedes every grant, so
// that a request that is refused for them spends nothing.
func (s *Server) tokenRequest(x *exchange, form url.Values, grant string) (*tokenRequest, error) {
	r := &tokenRequest{exchange: x, form: form}
	if isPlainRefresh(x, form) {
		r.client = clients.Client{ID: clients.Plain, Auth: clients.AuthNone, Grants: []string{oauth.GrantRefreshToken}}
	} else {
		var err error
		if r.client, err = s.client(x, form, s.Issuer+TokenPath); err != nil {
			return nil, err
		}
	}
	if !slices.Contains(r.client.Grants, grant) {
		return nil, &oauth.Error{Status: http.StatusBadRequest, Code: oauth.UnauthorizedClient, Description: "the client may not use this grant type: it is not in its grant_types"}
	}
	var err error
	r.key, err = s.proof(x, "")
	if err == nil && r.key == "" && r.client.BoundTokens {
		err = s.proofRequired(x)
	}
	return r, err
}

// isPlainRefresh reports whether a refresh names no client, as those of plain logins.
func isPlainRefresh(x *exchange, form url.Values) bool {
	return form.Get("grant_type") == oauth.GrantRefreshToken && x.Request.Header.Get("Authorization") == "" &&
		!form.Has("client_id") && !form.Has("client_assertion") && !form.Has("client_secret")
}

// asTokenError gives a refused grant the status of RFC 6749 §5.2.
func asTokenError(err error) error {
	var e *oauth.Error
	if errors.As(err, &e) && (e.Code == oauth.InvalidGrant || e.Code == oauth.InvalidCredentials) {
		refused := *e
		refused.Status, refused.Code = http.StatusBadRequest, oauth.InvalidGrant
		return &refused
	}
	return err
}

// answerTokens issues the tokens of a grant (RFC 6749 §5.1).
func (s *Server) answerTokens(r *tokenRequest, given result) error {
	if given.session.Key == "" {
		given.session.Key = r.key // a proof binds the access token, also if the session is not bound
	}
	g := grantedOf(given.session)
	access, _, err := s.rules.IssueAccess(r.ctx, given.session, r.now)
	if err != nil {
		return err
	}
	t := oauth.Tokens{
		AccessToken: access, TokenType: oauth.Bearer, RefreshToken: given.refresh, Scope: g.Scope, IssuedTokenType: given.tokenType,
		ExpiresIn: int64(s.accessExpiry(r.ctx, given.session, r.now).Sub(r.now) / time.Second),
	}
	if given.session.Key != "" {
		t.TokenType = dpop.Scheme
	}
	if given.refresh != "" {
		t.RefreshExpiresIn = int64(given.expires.Sub(r.now) / time.Second)
	}
	if g.has("openid") && given.session.User != "" && given.tokenType == "" {
		if t.IDToken, err = s.idToken(r.ctx, given.session, access, r.now); err != nil {
			return err
		}
	}
	r.Answer.Header.Set("Pragma", "no-cache") // RFC 6749 §5.1
	return r.json(http.StatusOK, t.OAuthJSON())
}

// begin stores a new session of the client, with its first refresh token.
func (s *Server) begin(r *tokenRequest, user, credential string, g granted) (result, error) {
	token, expires := refreshtoken.New(), milli(r.now.Add(s.RefreshTTL))
	session := store.Session{
		ID: token.Session(), User: user, Client: r.client.ID, Created: r.now, Credential: credential, Grant: g.text(), Key: r.key,
		Expires: milli(r.now.Add(max(s.RefreshTTL, s.AccessTTL))),
	}
	given := result{session: session, expires: expires}
	if user != "" && slices.Contains(r.client.Grants, oauth.GrantRefreshToken) {
		given.refresh = token.Text()
	}
	r.user, r.session = user, session.ID
	return given, s.Store.Begin(r.ctx, session, token.ID(), store.Refresh{Session: session.ID, Issued: r.now, Expires: expires})
}

// refreshGrant spends a refresh token (RFC 6749 §6). A narrower scope is for the access token
// only. A scope that was not granted is left out.
func (s *Server) refreshGrant(r *tokenRequest) (result, error) {
	text := r.form.Get("refresh_token")
	if text == "" {
		return result{}, invalid("refresh_token is required")
	}
	given, err := s.rules.Rotate(r.ctx, RotateRequest{Token: text, Client: r.client.ID, Key: r.key, Now: r.now, Grace: s.ReuseGrace})
	r.user, r.session, r.Note = given.Session.User, given.Session.ID, string(given.Outcome)
	if err != nil {
		return result{}, err
	}
	g := grantedOf(given.Session)
	scope := r.form.Get("scope")
	if scope != "" {
		g.Scope = within(scope, g.scopes())
	}
	if scope != "" || g.Nonce != "" {
		g.Nonce = "" // it was of the authorization request: OpenID Connect Core §12.2
		given.Session.Grant = g.text()
	}
	return result{session: given.Session, refresh: given.RefreshToken, expires: given.Expires}, nil
}

// clientCredentials grants a client what it may have itself (RFC 6749 §4.4). It gets no
// refresh token.
func (s *Server) clientCredentials(r *tokenRequest) (result, error) {
	scope, err := scopeFor(r.client, cmp.Or(r.form.Get("scope"), strings.Join(r.client.Scopes, " ")))
	if err != nil {
		return result{}, err
	}
	audience, err := audienceOf(r.form)
	if err != nil {
		return result{}, err
	}
	return s.begin(r, "", "", granted{Scope: scope, Audience: audience})
}

// passwordGrant grants what a user's password grants (RFC 6749 §4.3). RFC 9700 §2.4 forbids
// it: it is switched on to test old clients.
func (s *Server) passwordGrant(r *tokenRequest) (result, error) {
	l := oauth.Login{Username: r.form.Get("username"), Password: r.form.Get("password")}
	if l.Username == "" || l.Password == "" {
		return result{}, invalid("username and password are required")
	}
	scope, err := scopeFor(r.client, r.form.Get("scope"))
	if err != nil {
		return result{}, err
	}
	audience, err := audienceOf(r.form)
	if err != nil {
		return result{}, err
	}
	if err := s.authenticate(r.exchange, l); err != nil {
		return result{}, err
	}
	return s.begin(r, l.Username, s.Users.Credential(l.Username), granted{Scope: scope, Audience: audience, AuthTime: r.now.Unix()})
}
