package authserver

import (
	"errors"
	"net/http"
	"strings"

	"jwt/internal/dpop"
	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
)

const maxReason = 200 // bytes of an error_description

// authorize verifies the access token of a request. ok is false if the request has none.
func (s *Server) authorize(x *exchange) (b Bearer, ok bool, err error) {
	scheme, text, err := x.accessToken()
	if err != nil || scheme == "" {
		return Bearer{}, false, err
	}
	b, err = s.accept(x, scheme, text)
	return b, true, err
}

// accept verifies an access token that came with a scheme of the Authorization header.
func (s *Server) accept(x *exchange, scheme, text string) (b Bearer, err error) {
	thumbprint := ""
	if scheme == dpop.Scheme {
		if thumbprint, err = s.proof(x, text); err != nil {
			return b, x.challenge(s, scheme, err)
		}
	}
	b, err = s.rules.VerifyAccess(x.ctx, VerifyRequest{Token: text, Now: x.now})
	x.user, x.session = b.Subject, b.Session
	if err == nil {
		err = s.rules.CheckSession(x.ctx, b)
	}
	if err == nil {
		err = s.rules.CheckBinding(x.ctx, b, thumbprint)
	}
	if err != nil {
		if b.Key != "" {
			scheme = dpop.Scheme
		}
		return Bearer{}, x.challenge(s, scheme, err)
	}
	return b, nil
}

// accessToken returns the scheme and the token of the Authorization header (RFC 6750 §2.1,
// RFC 9449 §7.1). The scheme is empty if there is no such header.
func (x *exchange) accessToken() (scheme, token string, err error) {
	lines := x.Request.Header.Values("Authorization")
	if len(lines) == 0 {
		return "", "", nil
	}
	given, token, _ := strings.Cut(lines[0], " ")
	for _, known := range []string{oauth.Bearer, dpop.Scheme} {
		if strings.EqualFold(given, known) {
			scheme = known
		}
	}
	if len(lines) > 1 || scheme == "" || token == "" {
		return "", "", invalid("the Authorization header must be Bearer TOKEN or DPoP TOKEN, and sent once")
	}
	return scheme, token, nil
}

// challenge turns a Refusal, or the error of a proof, into a 401 with a challenge (RFC 6750
// §3.1, RFC 9449 §7.1), and returns other errors unchanged.
func (x *exchange) challenge(s *Server, scheme string, err error) error {
	e := &oauth.Error{Code: oauth.InvalidToken}
	var refusal Refusal
	switch {
	case errors.As(err, &refusal):
		e.Description = strings.ToValidUTF8(string(refusal[:min(len(refusal), maxReason)]), "")
	case !errors.As(err, &e) || e.Code != oauth.InvalidDPoPProof && e.Code != oauth.UseDPoPNonce:
		return err
	}
	refused := *e
	refused.Status = http.StatusUnauthorized
	header := scheme + ` realm="` + s.Issuer + `", error="` + e.Code + `", error_description="` + quotable(e.Description) + `"`
	if scheme == dpop.Scheme {
		header += `, algs="` + strings.Join(dpop.Algs, " ") + `"`
	}
	x.Answer.Header.Set("WWW-Authenticate", header)
	return &refused
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
