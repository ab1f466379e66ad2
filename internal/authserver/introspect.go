package authserver

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"jwt/internal/authserver/refreshtoken"
	"jwt/internal/authserver/store"
	"jwt/internal/dpop"
	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
)

// introspect answers POST /introspect (RFC 7662). Its caller must be authorized, so that an
// attacker cannot try tokens. A client that authenticates may ask about every token, an access
// token about those of its own session and client. Other tokens are not active for it (§2.2).
func (s *Server) introspect(x *exchange) error {
	form, err := x.readForm()
	if err != nil {
		return err
	}
	caller, err := s.introspector(x, form)
	switch {
	case err != nil:
		return err
	case form.Get("token") == "":
		return invalid("token is required")
	}
	b, claims, err := s.active(x, form.Get("token"))
	if err != nil {
		return err
	}
	if claims == nil || caller != nil && (b.Session != caller.Session || b.Client != caller.Client) {
		return x.json(http.StatusOK, object(member{"active", jsonobject.Value("false")}))
	}
	return x.json(http.StatusOK, object(append([]member{{"active", jsonobject.Value("true")}}, claims...)...))
}

// introspector returns the access token that authorizes an introspection, or nil for a client
// that authenticates.
func (s *Server) introspector(x *exchange, form url.Values) (*Bearer, error) {
	scheme, _, _ := strings.Cut(x.Request.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, oauth.Bearer) || strings.EqualFold(scheme, dpop.Scheme) {
		b, _, err := s.authorize(x)
		return &b, err
	}
	c, err := s.client(x, form, s.Issuer+introspectPath)
	if err == nil && c.IsPublic() {
		err = x.invalidClient("introspection requires a client that authenticates, or an access token of the same session: Authorization: Bearer TOKEN")
	}
	return nil, err
}

// active returns what is known of a token. The members are nil if it is not active.
func (s *Server) active(x *exchange, text string) (b Bearer, members []member, err error) {
	if token, ok := refreshtoken.Parse(text); ok {
		known, session, err := s.Store.Find(x.ctx, token.ID())
		if errors.Is(err, store.ErrNotFound) {
			return b, nil, nil
		}
		if err != nil || !known.Live(session, x.now) || s.whyOver(session) != "" {
			return b, nil, err
		}
		b = Bearer{Subject: session.User, Session: session.ID, Client: session.Client, Scope: grantedOf(session).Scope, Key: session.Key, Expires: known.Expires.Unix()}
		return b, b.members("refresh_token"), nil
	}
	b, err = s.rules.VerifyAccess(x.ctx, VerifyRequest{Token: text, Now: x.now, AnyAudience: true})
	if err == nil {
		err = s.rules.CheckSession(x.ctx, b)
	}
	var refusal Refusal
	if errors.As(err, &refusal) {
		return b, nil, nil
	}
	if err != nil {
		return b, nil, err
	}
	kind := oauth.Bearer
	if b.Key != "" {
		kind = dpop.Scheme
	}
	return b, append(b.members(kind), member{"iss", jsonobject.Quote(s.Issuer)}, member{"username", jsonobject.Quote(b.Subject)}, member{"jti", jsonobject.Quote(b.ID)}), nil
}

// members returns the members of an introspection response (RFC 7662 §2.2).
func (b Bearer) members(kind string) []member {
	list := []member{
		{"client_id", jsonobject.Quote(b.Client)},
		{"sub", jsonobject.Quote(b.Subject)},
		{"sid", jsonobject.Quote(b.Session)},
		{"exp", jsonobject.Int(b.Expires)},
		{"token_type", jsonobject.Quote(kind)},
	}
	if b.Scope != "" {
		list = append(list, member{"scope", jsonobject.Quote(b.Scope)})
	}
	if b.Key != "" {
		list = append(list, member{"cnf", object(member{"jkt", jsonobject.Quote(b.Key)})})
	}
	return list
}

// revoke answers POST /revoke (RFC 7009): it ends the session of a token, with all its
// tokens. An unknown token is not an error. A token of another client is left alone.
func (s *Server) revoke(x *exchange) error {
	form, err := x.readForm()
	if err != nil {
		return err
	}
	c, err := s.client(x, form, s.Issuer+revokePath)
	switch {
	case err != nil:
		return err
	case form.Get("token") == "":
		return invalid("token is required")
	}
	session, err := s.sessionOf(x, form.Get("token"))
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return err
	case session.Client != c.ID:
		return &oauth.Error{Status: http.StatusBadRequest, Code: oauth.InvalidGrant, Description: "the token belongs to another client"}
	default:
		x.session, x.Note = session.ID, "revoked"
		if err := s.Store.Revoke(x.ctx, session.ID, x.now); err != nil {
			return err
		}
	}
	x.Status = http.StatusOK
	return nil
}

// sessionOf returns the session of a refresh token or of an access token, which may have
// expired, or store.ErrNotFound.
func (s *Server) sessionOf(x *exchange, text string) (store.Session, error) {
	if token, ok := refreshtoken.Parse(text); ok {
		_, session, err := s.Store.Find(x.ctx, token.ID())
		return session, err
	}
	b, err := s.verifyAccess(x.ctx, VerifyRequest{Token: text, Now: x.now, IgnoreExp: true, AnyAudience: true})
	var refusal Refusal
	if errors.As(err, &refusal) {
		return store.Session{}, store.ErrNotFound
	}
	if err != nil {
		return store.Session{}, err
	}
	session, err := s.Store.Session(x.ctx, b.Session)
	if err == nil && session.Client != b.Client { // it was exchanged: its client must not end the session of another
		err = &oauth.Error{Status: http.StatusBadRequest, Code: oauth.UnsupportedTokenType, Description: "an exchanged token cannot be revoked: it ends with the session of its subject token"}
	}
	return session, err
}
