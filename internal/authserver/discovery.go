package authserver

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
)

const (
	jwksPath   = "/jwks.json"
	faultsPath = "/faults"
)

// jwks answers GET /jwks.json. Unlike all else it may be cached, and for less
// long than the next key is published before it signs.
func (s *Server) jwks(x *exchange) error {
	set, err := s.keys.document(x.ctx, x.now)
	if err != nil {
		return err
	}
	x.header.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(keysMaxAge/time.Second)))
	x.json(http.StatusOK, set)
	x.header.Set("Content-Type", "application/jwk-set+json") // RFC 7517 §8.5.2
	return nil
}

// metadata answers both discovery documents. They promise what exists: a JWK Set
// and a token endpoint that takes refresh tokens of clients without a secret.
func (s *Server) metadata(x *exchange) error {
	x.header.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(keysMaxAge/time.Second)))
	return x.json(http.StatusOK, oauth.Metadata{
		Issuer:                            s.Issuer,
		TokenEndpoint:                     s.Issuer + "/token",
		JWKSURI:                           s.Issuer + jwksPath,
		GrantTypesSupported:               []string{oauth.GrantRefreshToken},
		TokenEndpointAuthMethodsSupported: []string{"none"},
	}.JSON())
}

// index answers GET /: what there is to ask for.
func (s *Server) index(x *exchange) error {
	endpoints := []string{
		"POST /login", "POST /refresh", "POST /token", "POST /logout", "GET /me",
		"GET /cart", "POST /cart/items", "POST /checkout",
		"GET " + jwksPath, "GET " + oauth.DiscoveryPath, "GET " + oauth.MetadataPath,
	}
	if s.FaultControl {
		endpoints = append(endpoints, "GET /faults", "POST /faults", "DELETE /faults")
	}
	return x.json(http.StatusOK, texts("endpoints", endpoints))
}

// listFaults answers GET /faults: those in force.
func (s *Server) listFaults(x *exchange) error {
	var names []string
	for _, f := range s.faults.active() {
		names = append(names, f.String())
	}
	slices.Sort(names)
	return x.json(http.StatusOK, texts("faults", names))
}

// addFault answers POST /faults {"fault":"NAME[=VALUE][,times=N][,path=/PATH]"}.
func (s *Server) addFault(x *exchange) error {
	body, err := x.read(jsonType)
	if err != nil {
		return err
	}
	o, err := jsonobject.Parse(body)
	if err != nil {
		return invalid("the body is not a JSON object")
	}
	v, _ := o.Get("fault")
	text, _ := v.Text()
	f, err := ParseFault(text)
	if err != nil {
		return invalid(err.Error())
	}
	if err := s.setFault(x.ctx, f); err != nil {
		return err
	}
	x.note = "fault " + f.String()
	return s.listFaults(x)
}

// clearFaults answers DELETE /faults, and ?name=NAME for one of them.
func (s *Server) clearFaults(x *exchange) error {
	s.faults.clear(x.URL.Query().Get("name"))
	x.note = "faults cleared"
	return s.listFaults(x)
}

func texts(name string, values []string) []byte {
	var quoted []jsonobject.Value
	for _, v := range values {
		quoted = append(quoted, jsonobject.Quote(v))
	}
	return object(member{name, array(quoted)})
}
