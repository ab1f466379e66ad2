package authserver

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
)

// exchangeToken gives an access token for another one (RFC 8693). The new token belongs to the
// session of the old one, expires with it, and has no wider scope. With an actor token it
// names the actor; without one the client acts as the subject.
func (s *Server) exchangeToken(r *tokenRequest) (result, error) {
	kind := cmp.Or(r.form.Get("requested_token_type"), oauth.TypeAccessToken)
	if kind != oauth.TypeAccessToken && kind != oauth.TypeJWT {
		return result{}, invalid("requested_token_type must be that of an access token or a JWT")
	}
	subject, err := s.exchanged(r, "subject_token")
	if err != nil {
		return result{}, err
	}
	session, err := s.Store.Session(r.ctx, subject.Session)
	if err != nil {
		return result{}, err
	}
	g, err := s.narrowed(r, subject)
	if err != nil {
		return result{}, err
	}
	if r.form.Has("actor_token") {
		actor, err := s.exchanged(r, "actor_token")
		if err != nil {
			return result{}, err
		}
		g.Actor = object(member{"sub", jsonobject.Quote(actor.Subject)}, member{"client_id", jsonobject.Quote(actor.Client)})
	}
	session.Client, session.Grant, session.Key = r.client.ID, g.text(), r.key
	session.Expires = time.Unix(subject.Expires, 0)
	return result{session: session, tokenType: kind}, nil
}

// exchanged verifies a token that is to be exchanged. One that is bound to a key needs a proof
// of that key.
func (s *Server) exchanged(r *tokenRequest, name string) (Bearer, error) {
	kind := r.form.Get(name + "_type")
	if kind != oauth.TypeAccessToken && kind != oauth.TypeJWT {
		return Bearer{}, invalid(name + "_type must be that of an access token or a JWT: the server exchanges its own access tokens")
	}
	b, err := s.rules.VerifyAccess(r.ctx, VerifyRequest{Token: r.form.Get(name), Now: r.now})
	if err == nil {
		err = s.rules.CheckSession(r.ctx, b)
	}
	if err == nil && b.Key != "" {
		err = s.rules.CheckBinding(r.ctx, b, r.key)
	}
	var refusal Refusal
	if errors.As(err, &refusal) { // RFC 8693 §2.2.2
		return Bearer{}, &oauth.Error{Status: http.StatusBadRequest, Code: oauth.InvalidRequest, Description: name + ": " + string(refusal)}
	}
	return b, err
}

// narrowed returns what an exchange grants: the scope of the subject token, or less, and the
// audience that the client asks for.
func (s *Server) narrowed(r *tokenRequest, subject Bearer) (granted, error) {
	audience, err := audienceOf(r.form)
	if err != nil {
		return granted{}, err
	}
	had := granted{Scope: subject.Scope}
	g := granted{Scope: subject.Scope, Audience: audience}
	if asked := r.form.Get("scope"); asked != "" {
		if g.Scope = within(asked, had.scopes()); g.Scope == "" {
			return g, &oauth.Error{Status: http.StatusBadRequest, Code: oauth.InvalidScope, Description: "scope: the subject token does not have what is asked for"}
		}
	}
	if audience != nil { // a token for another audience is not one for userinfo
		scopes := slices.DeleteFunc(granted{Scope: g.Scope}.scopes(), func(scope string) bool { return scope == "openid" })
		g.Scope = strings.Join(scopes, " ")
	}
	if g.Scope, err = scopeFor(r.client, g.Scope); err != nil {
		return g, err
	}
	return g, nil
}
