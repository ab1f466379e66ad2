package authserver

import (
	"errors"
	"net/http"
	"strings"

	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
)

const maxReason = 200 // bytes of an error_description

// authorize returns the bearer of the request's access token. ok is false where the
// request has none.
func (s *Server) authorize(x *exchange) (b Bearer, ok bool, err error) {
	text, ok, err := x.bearer()
	if err != nil || !ok {
		return Bearer{}, false, err
	}
	b, err = s.rules.VerifyAccess(x.ctx, text, x.now, false)
	x.user, x.session = b.Subject, b.Session
	if err == nil {
		err = s.rules.CheckSession(x.ctx, b)
	}
	if err != nil {
		return Bearer{}, true, x.refuseFor(s, err)
	}
	return b, true, nil
}

// bearer returns the token of the Authorization header (RFC 6750 §2.1), and false
// where there is no such header.
func (x *exchange) bearer() (string, bool, error) {
	lines := x.Request.Header.Values("Authorization")
	if len(lines) == 0 {
		return "", false, nil
	}
	scheme, token, _ := strings.Cut(lines[0], " ")
	if len(lines) > 1 || !strings.EqualFold(scheme, oauth.Bearer) || token == "" {
		return "", false, invalid("the Authorization header must be one, and Bearer TOKEN")
	}
	return token, true, nil
}

// refuseFor refuses the access token where err is a Refusal.
func (x *exchange) refuseFor(s *Server, err error) error {
	var r Refusal
	if errors.As(err, &r) {
		return x.refuse(s, string(r))
	}
	return err
}

// refuse answers 401 to an access token (RFC 6750 §3.1). The reason quotes nothing
// but what the token says of itself.
func (x *exchange) refuse(s *Server, reason string) error {
	reason = strings.ToValidUTF8(reason[:min(len(reason), maxReason)], "")
	x.Answer.Header.Set("WWW-Authenticate", `Bearer realm="`+s.Issuer+`", error="invalid_token", error_description="`+quotable(reason)+`"`)
	return &oauth.Error{Status: http.StatusUnauthorized, Code: oauth.InvalidToken, Description: reason}
}

// quotable keeps what RFC 6750 §3 lets stand in an error_description.
func quotable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '\''
		}
		return r
	}, s)
}

// me answers GET /me, the protected resource: who is logged in.
func (s *Server) me(x *exchange) error {
	b, ok, err := s.authorize(x)
	if err != nil {
		return err
	}
	if !ok { // RFC 6750 §3.1: no error code in the challenge then
		return &oauth.Error{Status: http.StatusUnauthorized, Code: oauth.InvalidToken, Description: "an access token is wanted: Authorization: Bearer TOKEN"}
	}
	return x.json(http.StatusOK, object(
		member{"sub", jsonobject.Quote(b.Subject)},
		member{"username", jsonobject.Quote(b.Subject)},
		member{"sid", jsonobject.Quote(b.Session)},
		member{"exp", jsonobject.Int(b.Expires)},
	))
}
