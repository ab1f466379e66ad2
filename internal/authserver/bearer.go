package authserver

import (
	"errors"
	"net/http"
	"strings"

	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
)

const maxReason = 200 // bytes of an error_description

// authorize verifies the access token of a request. ok is false if the request has none.
func (s *Server) authorize(x *exchange) (b Bearer, ok bool, err error) {
	text, ok, err := x.bearerToken()
	if err != nil || !ok {
		return Bearer{}, false, err
	}
	b, err = s.rules.VerifyAccess(x.ctx, VerifyRequest{Token: text, Now: x.now})
	x.user, x.session = b.Subject, b.Session
	if err == nil {
		err = s.rules.CheckSession(x.ctx, b)
	}
	if err != nil {
		return Bearer{}, true, x.refuse(s, err)
	}
	return b, true, nil
}

// bearerToken returns the token of the Authorization header (RFC 6750 §2.1), and false if
// there is no such header.
func (x *exchange) bearerToken() (string, bool, error) {
	lines := x.Request.Header.Values("Authorization")
	if len(lines) == 0 {
		return "", false, nil
	}
	scheme, token, _ := strings.Cut(lines[0], " ")
	if len(lines) > 1 || !strings.EqualFold(scheme, oauth.Bearer) || token == "" {
		return "", false, invalid("the Authorization header must be Bearer TOKEN, and sent once")
	}
	return token, true, nil
}

// refuse turns a Refusal into a 401 with a challenge (RFC 6750 §3.1), and returns other
// errors unchanged.
func (x *exchange) refuse(s *Server, err error) error {
	var refusal Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	reason := strings.ToValidUTF8(string(refusal[:min(len(refusal), maxReason)]), "")
	x.Answer.Header.Set("WWW-Authenticate", `Bearer realm="`+s.Issuer+`", error="invalid_token", error_description="`+quotable(reason)+`"`)
	return &oauth.Error{Status: http.StatusUnauthorized, Code: oauth.InvalidToken, Description: reason}
}

// quotable replaces the characters that RFC 6750 §3 forbids in an error_description.
func quotable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '\''
		}
		return r
	}, s)
}

// me answers GET /me, the protected resource, with the current user.
func (s *Server) me(x *exchange) error {
	b, ok, err := s.authorize(x)
	if err != nil {
		return err
	}
	if !ok { // RFC 6750 §3.1: the challenge has no error code then
		return &oauth.Error{Status: http.StatusUnauthorized, Code: oauth.InvalidToken, Description: "an access token is required: Authorization: Bearer TOKEN"}
	}
	return x.json(http.StatusOK, object(
		member{"sub", jsonobject.Quote(b.Subject)},
		member{"username", jsonobject.Quote(b.Subject)},
		member{"sid", jsonobject.Quote(b.Session)},
		member{"exp", jsonobject.Int(b.Expires)},
	))
}
