package authserver

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
)

// Paths of endpoints.
const (
	indexPath = "/"
	KeysPath  = "/jwks.json"
	TokenPath = "/token"
)

// jwks answers GET /jwks.json. It may be cached, but not for longer than the time for
// which the next key is published before it signs.
func (s *Server) jwks(x *exchange) error {
	set, err := s.keys.document(x.ctx, x.now)
	if err != nil {
		return err
	}
	x.Answer.Header.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(keysMaxAge/time.Second)))
	x.json(http.StatusOK, set)
	x.Answer.Header.Set("Content-Type", "application/jwk-set+json") // RFC 7517 §8.5.2
	return nil
}

// metadata answers both discovery documents. They list a JWK Set, and a token endpoint
// that accepts refresh tokens of clients without a secret.
func (s *Server) metadata(x *exchange) error {
	x.Answer.Header.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(keysMaxAge/time.Second)))
	return x.json(http.StatusOK, oauth.Metadata{
		Issuer:                            s.Issuer,
		TokenEndpoint:                     s.Issuer + TokenPath,
		JWKSURI:                           s.Issuer + KeysPath,
		GrantTypesSupported:               []string{oauth.GrantRefreshToken},
		TokenEndpointAuthMethodsSupported: []string{"none"},
	}.JSON())
}

// index answers GET / with the list of endpoints.
func (s *Server) index(x *exchange) error {
	var endpoints []jsonobject.Value
	for _, e := range slices.Concat(s.endpoints, s.Endpoints) {
		if e.Path != indexPath {
			endpoints = append(endpoints, jsonobject.Quote(e.String()))
		}
	}
	return x.json(http.StatusOK, object(member{"endpoints", array(endpoints)}))
}
