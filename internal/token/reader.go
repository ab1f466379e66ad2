package token

import "jwt/internal/jws"

// A Reader decodes many tokens. A token is valid until the next one. Only one goroutine may use it.
type Reader struct {
	parser jws.Parser
	token  Token
}

// OpenLax is the function OpenLax.
func (r *Reader) OpenLax(text string) (*Token, error) {
	s, err := r.parser.Parse(text)
	if err != nil {
		return OpenLax(text)
	}
	r.token = *OfSigned(s)
	return shown(&r.token)
}
