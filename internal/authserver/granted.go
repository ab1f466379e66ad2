package authserver

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/authserver/store"
	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
	"jwt/internal/phrase"
)

// A granted is what a client was granted. A session has it in JSON.
type granted struct {
	Scope    string          `json:"scope,omitempty"`
	Audience []string        `json:"aud,omitempty"` // nil: the audience of the server
	AuthTime int64           `json:"auth_time,omitempty"`
	Nonce    string          `json:"nonce,omitempty"` // of the authorization request
	Actor    json.RawMessage `json:"act,omitempty"`   // RFC 8693 §4.1
}

// grantOf returns what was granted with a session. A plain login grants everything.
func grantedOf(s store.Session) (g granted) {
	json.Unmarshal([]byte(s.Grant), &g) // written by text
	return g
}

func (g granted) text() string {
	b, _ := json.Marshal(g) // of strings and numbers
	return string(b)
}

func (g granted) scopes() []string { return strings.Fields(g.Scope) }

func (g granted) has(scope string) bool { return slices.Contains(g.scopes(), scope) }

// claims returns the claims of an access token that depend on the grant (RFC 9068 §2.2).
func (g granted) claims(s store.Session) (members []member) {
	if g.Scope != "" {
		members = append(members, member{"scope", jsonobject.Quote(g.Scope)})
	}
	members = append(members, g.authentication()...)
	if g.Actor != nil {
		members = append(members, member{"act", jsonobject.Value(g.Actor)})
	}
	if s.Key != "" { // RFC 9449 §6.1
		members = append(members, member{"cnf", object(member{"jkt", jsonobject.Quote(s.Key)})})
	}
	return members
}

// passwordACR is the "acr" of a login with a password, the only one of this server.
const passwordACR = "1"

// authentication returns the claims about the login of the user (OpenID Connect Core §2, RFC 9068
// §2.2.1). A session of a client has none.
func (g granted) authentication() []member {
	if g.AuthTime == 0 {
		return nil
	}
	return []member{
		{"auth_time", jsonobject.Int(g.AuthTime)},
		{"acr", jsonobject.Quote(passwordACR)},
		{"amr", array([]jsonobject.Value{jsonobject.Quote("pwd")})}, // RFC 8176 §2
	}
}

// audience returns the "aud" of an access token. An OpenID Connect token is for userinfo, too.
func (g granted) audience(own string) jsonobject.Value {
	list := g.Audience
	if len(list) > 0 && g.has("openid") && !slices.Contains(list, own) {
		list = append(slices.Clone(list), own)
	}
	switch len(list) {
	case 0:
		return jsonobject.Quote(own)
	case 1:
		return jsonobject.Quote(list[0])
	}
	values := make([]jsonobject.Value, len(list))
	for i, a := range list {
		values[i] = jsonobject.Quote(a)
	}
	return array(values)
}

// scopeFor returns the scope that a client gets of what it asks for: what it may not have is
// left out (RFC 6749 §3.3).
func scopeFor(c clients.Client, asked string) (string, error) {
	for _, scope := range strings.Fields(asked) {
		if strings.ContainsFunc(scope, func(r rune) bool { return r < '!' || r > '~' || r == '"' || r == '\\' }) {
			return "", &oauth.Error{Status: http.StatusBadRequest, Code: oauth.InvalidScope, Description: "scope: has a character that RFC 6749 §3.3 forbids"}
		}
	}
	if c.Scopes == nil {
		return within(asked, strings.Fields(asked)), nil
	}
	granted := within(asked, c.Scopes)
	if granted == "" && asked != "" {
		return "", &oauth.Error{Status: http.StatusBadRequest, Code: oauth.InvalidScope, Description: "scope: the client may have " + phrase.Quote(strings.Join(c.Scopes, " ")) + ", and asks for " + phrase.Quote(asked)}
	}
	return granted, nil
}

// within returns the asked scopes that are allowed, each once.
func within(asked string, allowed []string) string {
	var granted []string
	for _, scope := range strings.Fields(asked) {
		if slices.Contains(allowed, scope) && !slices.Contains(granted, scope) {
			granted = append(granted, scope)
		}
	}
	return strings.Join(granted, " ")
}

// audienceOf returns the audience that a request asks for, by resource (RFC 8707 §2) or
// audience (RFC 8693 §2.1).
func audienceOf(form url.Values) ([]string, error) {
	var list []string
	for _, resource := range form["resource"] {
		u, err := url.Parse(resource)
		if resource != "" && (err != nil || !u.IsAbs() || strings.Contains(resource, "#")) {
			return nil, &oauth.Error{Status: http.StatusBadRequest, Code: oauth.InvalidTarget, Description: "resource: must be an absolute URI without a fragment"}
		}
	}
	for _, audience := range slices.Concat(form["resource"], form["audience"]) {
		if audience != "" && !slices.Contains(list, audience) {
			list = append(list, audience)
		}
	}
	return list, nil
}

// accessExpiry returns when an access token of the session expires. It does not outlive the
// session.
func (s *Server) accessExpiry(ctx context.Context, session store.Session, now time.Time) time.Time {
	expires := now.Add(s.rules.AccessTTL(ctx))
	if !session.Expires.IsZero() && session.Expires.Before(expires) {
		return session.Expires
	}
	return expires
}
