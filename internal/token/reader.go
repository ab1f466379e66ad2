package token

import (
	"jwt/internal/jws"
	"jwt/internal/jwt"
)

// A Reader decodes many tokens. A token is valid until the next one. Only one goroutine may use it.
type Reader struct {
	parser jws.Parser
	claims jwt.Reader
	token  Token
}

// OpenLax is the function OpenLax.
func (r *Reader) OpenLax(text string) (*Token, error) {
	s, err := r.parser.Parse(text)
	if err != nil {
		return OpenLax(text)
	}
	return r.shown(&s)
}

// OpenAgain is OpenLax for a text that is a token with a header that was read before. known is false
// for any other text. The token is valid only as long as text does not change.
func (r *Reader) OpenAgain(text []byte) (t *Token, known bool, err error) {
	s, known := r.parser.ParseKnown(text)
	if !known {
		return nil, false, nil
	}
	t, err = r.shown(s)
	return t, true, err
}

func (r *Reader) shown(s *jws.Token) (*Token, error) {
	t := &r.token
	t.Reset(s)
	t.Claims, t.ClaimsErr = r.claims.ParseClaims(t.Payload)
	t.isRead = true
	return shown(t)
}
