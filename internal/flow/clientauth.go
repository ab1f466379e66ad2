package flow

import (
	"cmp"
	"crypto/rand"

	"jwt/internal/authclient"
	"jwt/internal/jwk"
	"jwt/internal/oauth"
)

// An identity is a client as a request names and authenticates it. That of a request without
// a client is nil.
type identity = *authclient.OAuth

// identify sets the identity of the client by what it has and the server takes.
func (p *provider) identify() error {
	p.own = p.as(p.client.ClientID, p.client.Auth, p.client.Secrets)
	p.own.ClientAuth = cmp.Or(p.own.ClientAuth, p.own.ChooseAuth())
	return p.own.CheckAuth()
}

func (p *provider) as(id, auth string, secrets authclient.OAuthSecrets) identity {
	return &authclient.OAuth{ClientID: id, ClientAuth: auth, OAuthSecrets: secrets, Server: authclient.OAuthServer{Metadata: p.meta}}
}

// public returns a client without authentication.
func (p *provider) public(id string) identity {
	return p.as(id, authclient.AuthNone, authclient.OAuthSecrets{})
}

// unknown returns a client that the server does not have.
func (p *provider) unknown() identity {
	return p.as("unknown-"+rand.Text(), p.own.ClientAuth, p.client.Secrets)
}

// impostor returns the client with another secret, key or certificate.
func (p *provider) impostor() (identity, error) {
	other := authclient.OAuthSecrets{ClientSecret: "wrong-" + rand.Text()}
	switch p.own.ClientAuth {
	case authclient.AuthTLS:
		other = authclient.OAuthSecrets{Certificate: p.otherCertificate}
	case authclient.AuthKey:
		key, err := another(p.client.Secrets.ClientKey)
		if err != nil {
			return nil, err
		}
		other = authclient.OAuthSecrets{ClientKey: key}
	}
	return p.as(p.client.ClientID, p.own.ClientAuth, other), nil
}

// another returns a new key of the same kind and with the same ID.
func another(text string) (string, error) {
	set, err := jwk.Parse([]byte(text))
	if err != nil {
		return "", err
	}
	own := set.Keys[0]
	kind := cmp.Or(own.Curve, "RSA")
	if own.Type == "AKP" {
		kind = own.Alg
	}
	key, err := jwk.Generate(kind, 0)
	if err != nil {
		return "", err
	}
	key.ID, key.HasID, key.Alg = own.ID, own.HasID, own.Alg
	return string(key.JWK(true).Bytes()), nil
}

// isConfidential reports whether the client authenticates.
func (p *provider) isConfidential() bool { return p.own.ClientAuth != authclient.AuthNone }

// confirmAudience makes the next assertions name the endpoint that they are sent to, if the
// server refuses those that name the issuer. It reports whether the request can be sent again.
func (p *provider) confirmAudience(q post, a answer) bool {
	code, _ := a.members.Text("error")
	if q.who != p.own || p.own.ClientAuth != authclient.AuthKey || p.audienceKnown {
		return false
	}
	p.audienceKnown = true
	p.toEndpoint = code == oauth.InvalidClient
	return p.toEndpoint
}

// audience returns the "aud" of an assertion (RFC 7523 §3).
func (p *provider) audience(endpoint string) string {
	if p.toEndpoint {
		return endpoint
	}
	return p.meta.Issuer
}
