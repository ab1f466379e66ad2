package authserver

import (
	"net/http"
	"strings"

	"jwt/internal/authserver/clients"
	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
)

// userinfo answers GET and POST /userinfo (OpenID Connect Core §5.3). The access token may be
// in a form (RFC 6750 §2.2).
func (s *Server) userinfo(x *exchange) error {
	b, ok, err := s.authorize(x)
	if err == nil && !ok && x.Method == http.MethodPost && mediaTypeOf(x.Request) == formType {
		b, ok, err = s.authorizeForm(x)
	}
	switch {
	case err != nil:
		return err
	case !ok:
		return &oauth.Error{Status: http.StatusUnauthorized, Code: oauth.InvalidToken, Description: "an access token is required: Authorization: Bearer TOKEN"}
	case !s.Users.Has(b.Subject):
		return &oauth.Error{Status: http.StatusForbidden, Code: oauth.InsufficientScope, Description: "the access token is that of a client, and not of a user"}
	case b.Client != clients.Plain && !(granted{Scope: b.Scope}).has("openid"):
		x.Answer.Header.Set("WWW-Authenticate", `Bearer realm="`+s.Issuer+`", error="insufficient_scope", scope="openid"`)
		return &oauth.Error{Status: http.StatusForbidden, Code: oauth.InsufficientScope, Description: "the access token must have the scope openid"}
	}
	return x.json(http.StatusOK, object(userClaims(b.Subject, b.Scope)...))
}

// authorizeForm verifies the access token in a form.
func (s *Server) authorizeForm(x *exchange) (b Bearer, ok bool, err error) {
	form, err := x.readForm()
	if err != nil || !form.Has("access_token") {
		return b, false, err
	}
	b, err = s.accept(x, oauth.Bearer, form.Get("access_token"))
	return b, true, err
}

// userClaims returns the claims about a user that a scope gives (OpenID Connect Core §5.4). A
// user of this server has a name, and an address of a domain that nobody has.
func userClaims(user, scope string) []member {
	g := granted{Scope: scope}
	claims := []member{{"sub", jsonobject.Quote(user)}}
	if g.has("profile") {
		claims = append(claims, member{"name", jsonobject.Quote(user)}, member{"preferred_username", jsonobject.Quote(user)})
	}
	if g.has("email") {
		email := user
		if !strings.Contains(user, "@") {
			email += "@example.com"
		}
		claims = append(claims, member{"email", jsonobject.Quote(email)}, member{"email_verified", jsonobject.Value("false")})
	}
	if g.has("address") {
		claims = append(claims, member{"address", object(member{"country", jsonobject.Quote("Nowhere")})})
	}
	if g.has("phone") {
		claims = append(claims, member{"phone_number", jsonobject.Quote("+1-555-0100")}, member{"phone_number_verified", jsonobject.Value("false")})
	}
	return claims
}
