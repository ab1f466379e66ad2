package authserver

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/authserver/signing"
	"jwt/internal/dpop"
	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
)

// Paths of endpoints.
const (
	indexPath = "/"
	KeysPath  = "/jwks.json"
	TokenPath = "/token"

	authorizePath           = "/authorize"
	deviceAuthorizationPath = "/device_authorization"
	devicePath              = "/device"
	parPath                 = "/par"
	userinfoPath            = "/userinfo"
	revokePath              = "/revoke"
	introspectPath          = "/introspect"
	endSessionPath          = "/end_session"
	registerPath            = "/register"
)

// jwks answers GET /jwks.json. It may be cached, but not for longer than the time for
// which the next key is published before it signs.
func (s *Server) jwks(x *exchange) error {
	set, err := s.keys.Document(x.ctx, x.now)
	if err != nil {
		return err
	}
	x.Answer.Header.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(signing.MaxAge/time.Second)))
	x.json(http.StatusOK, set)
	x.Answer.Header.Set("Content-Type", "application/jwk-set+json") // RFC 7517 §8.5.2
	return nil
}

// metadata answers both discovery documents.
func (s *Server) metadata(x *exchange) error {
	x.Answer.Header.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(signing.MaxAge/time.Second)))
	m := oauth.Metadata{
		Issuer:                s.Issuer,
		AuthorizationEndpoint: s.Issuer + authorizePath,
		TokenEndpoint:         s.Issuer + TokenPath,
		DeviceEndpoint:        s.Issuer + deviceAuthorizationPath,
		PAREndpoint:           s.Issuer + parPath,
		UserinfoEndpoint:      s.Issuer + userinfoPath,
		RevocationEndpoint:    s.Issuer + revokePath,
		IntrospectionEndpoint: s.Issuer + introspectPath,
		EndSessionEndpoint:    s.Issuer + endSessionPath,
		JWKSURI:               s.Issuer + KeysPath,
		SendsIss:              true,
		RefusesRequestURI:     true,

		ScopesSupported:                   []string{"openid", "profile", "email", "address", "phone", "offline_access"},
		ResponseTypesSupported:            []string{"code"},
		ResponseModesSupported:            []string{"query"},
		SubjectTypesSupported:             []string{"public"},
		IDTokenAlgsSupported:              []string{s.Alg},
		CodeChallengeMethodsSupported:     []string{"S256"},
		TokenEndpointAuthMethodsSupported: []string{clients.AuthNone, clients.AuthBasic, clients.AuthPost, clients.AuthKey},
		TokenEndpointAuthAlgsSupported:    assertionAlgs,
		RevocationAuthMethodsSupported:    []string{clients.AuthNone, clients.AuthBasic, clients.AuthPost, clients.AuthKey},
		RevocationAuthAlgsSupported:       assertionAlgs,
		IntrospectionAuthMethodsSupported: []string{clients.AuthBasic, clients.AuthPost, clients.AuthKey, oauth.Bearer, dpop.Scheme}, // RFC 8414 §2
		IntrospectionAuthAlgsSupported:    assertionAlgs,
		DPoPAlgsSupported:                 dpop.Algs,
		ACRValuesSupported:                []string{passwordACR},
		PromptValuesSupported:             []string{"none", "login", "consent", "select_account"},
		ClaimsSupported:                   []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "at_hash", "sid", "name", "preferred_username", "email", "email_verified", "address", "phone_number", "phone_number_verified"},
	}
	for _, t := range s.grantTypes() {
		m.GrantTypesSupported = append(m.GrantTypesSupported, t.name)
	}
	if s.Registration {
		m.RegistrationEndpoint = s.Issuer + registerPath
	}
	return x.json(http.StatusOK, m.JSON())
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
