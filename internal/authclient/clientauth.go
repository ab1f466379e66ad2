package authclient

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/verdict"
)

// The ways in which a client proves who it is.
const (
	AuthNone  = "none"  // a public client
	AuthBasic = "basic" // client_secret_basic, RFC 6749 §2.3.1
	AuthPost  = "post"  // client_secret_post
	AuthKey   = "private_key_jwt"
	AuthTLS   = "tls" // tls_client_auth and self_signed_tls_client_auth, RFC 8705 §2
)

// ClientAuths lists them.
var ClientAuths = []string{AuthNone, AuthBasic, AuthPost, AuthKey, AuthTLS}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" // RFC 7523 §2.2

// ChooseAuth returns the way to authenticate: with what the client has, and of several ways
// the one that the server names.
func (o *OAuth) ChooseAuth() string {
	named := o.Server.TokenEndpointAuthMethodsSupported
	switch {
	case o.ClientKey != "":
		return AuthKey
	case o.ClientSecret != "" && len(named) > 0 && !slices.Contains(named, "client_secret_basic") && slices.Contains(named, "client_secret_post"):
		return AuthPost
	case o.ClientSecret != "":
		return AuthBasic
	case o.Certificate != "":
		return AuthTLS
	}
	return AuthNone
}

// CheckAuth refuses a way to authenticate for which the client has nothing.
func (o *OAuth) CheckAuth() error {
	lacks := map[string]bool{
		AuthBasic: o.ClientSecret == "", AuthPost: o.ClientSecret == "", AuthKey: o.ClientKey == "", AuthTLS: o.Certificate == "",
	}[o.ClientAuth]
	if !lacks {
		return nil
	}
	what := map[string]string{AuthBasic: "a secret", AuthPost: "a secret", AuthKey: "a private key", AuthTLS: "a certificate"}[o.ClientAuth]
	flag := map[string]string{AuthBasic: "--client-secret env:NAME", AuthPost: "--client-secret env:NAME", AuthKey: "--client-key FILE", AuthTLS: "--tls-cert FILE --tls-key FILE"}[o.ClientAuth]
	return verdict.Errorf(verdict.Usage, "the client authenticates with %s, and none is given", what).Hintf("%s", flag)
}

// Authenticate adds the client's identity to a request that has the form in its body.
func (o *OAuth) Authenticate(form url.Values, header http.Header, audience string, now time.Time) error {
	switch o.ClientAuth {
	case AuthBasic: // form-encoded before Base64 (RFC 6749 §2.3.1)
		pair := url.QueryEscape(o.ClientID) + ":" + url.QueryEscape(o.ClientSecret)
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
		return nil
	case AuthKey:
		assertion, err := o.assertion(audience, now)
		if err != nil {
			return err
		}
		form.Set("client_assertion_type", assertionType)
		form.Set("client_assertion", assertion)
	case AuthPost:
		form.Set("client_secret", o.ClientSecret)
	}
	form.Set("client_id", o.ClientID)
	return nil
}

// assertionLife is how long an assertion is valid. It is used at once.
const assertionLife = time.Minute

// assertion signs a new assertion of the client (RFC 7523 §3). A server accepts each jti
// once.
func (o *OAuth) assertion(audience string, now time.Time) (string, error) {
	key, err := signingKey(o.ClientKey)
	if err != nil {
		return "", err
	}
	alg, err := o.assertionAlg(key)
	if err != nil {
		return "", err
	}
	var header, claims jsonobject.Object
	header.Set("alg", jsonobject.Quote(alg.Name))
	header.Set("typ", jsonobject.Quote("JWT"))
	if key.ID != "" {
		header.Set("kid", jsonobject.Quote(key.ID))
	}
	for _, c := range []struct{ name, value string }{{"iss", o.ClientID}, {"sub", o.ClientID}, {"aud", audience}, {"jti", rand.Text()}} {
		claims.Set(c.name, jsonobject.Quote(c.value))
	}
	claims.Set("iat", jsonobject.Int(now.Unix()))
	claims.Set("exp", jsonobject.Int(now.Add(assertionLife).Unix()))
	token, err := jws.Sign(header, claims.Bytes(), key, alg, false)
	return token.Text(), err
}

// assertionAlg returns the first algorithm of the key that the server names, or the first.
func (o *OAuth) assertionAlg(key jwk.Key) (jwa.Algorithm, error) {
	named := o.Server.TokenEndpointAuthAlgsSupported
	algs := key.Algorithms()
	for _, a := range algs {
		if len(named) == 0 || slices.Contains(named, a.Name) {
			return a, nil
		}
	}
	return jwa.Algorithm{}, verdict.Errorf(verdict.KeyMismatch, "the server takes assertions signed with %s, which the client's key (%s) cannot make", strings.Join(named, ", "), key.Kind())
}

// signingKey reads a private key that is stored as a JWK.
func signingKey(text string) (jwk.Key, error) {
	set, err := jwk.Parse([]byte(text))
	if err != nil {
		return jwk.Key{}, err
	}
	if len(set.Keys) != 1 || !set.Keys[0].IsPrivate() || set.Keys[0].IsSecret() {
		return jwk.Key{}, verdict.Errorf(verdict.KeyRefused, "the client's key is not one private key")
	}
	return set.Keys[0], nil
}
