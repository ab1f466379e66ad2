// Package oauth defines the messages between client and server: the plain JSON bodies of
// the local server, the token and error responses of OAuth 2.0 (RFC 6749 §5) and server
// metadata (RFC 8414 §2). It makes no requests.
package oauth

import (
	"errors"

	"jwt/internal/jsonobject"
)

// Names that both sides use.
const (
	RefreshCookie = "refresh_token" // cookie with the refresh token
	CartCookie    = "cart"          // cookie with the signed cart
	Bearer        = "Bearer"        // RFC 6750 §2.1

	GrantRefreshToken      = "refresh_token"                                   // RFC 6749 §6
	GrantCode              = "authorization_code"                              // RFC 6749 §4.1.3
	GrantClientCredentials = "client_credentials"                              // RFC 6749 §4.4
	GrantPassword          = "password"                                        // RFC 6749 §4.3
	GrantDeviceCode        = "urn:ietf:params:oauth:grant-type:device_code"    // RFC 8628 §3.4
	GrantTokenExchange     = "urn:ietf:params:oauth:grant-type:token-exchange" // RFC 8693 §2.1

	AssertionType   = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" // RFC 7523 §2.2
	TypeAccessToken = "urn:ietf:params:oauth:token-type:access_token"          // RFC 8693 §3
	TypeJWT         = "urn:ietf:params:oauth:token-type:jwt"                   // RFC 8693 §3

	DiscoveryPath = "/.well-known/openid-configuration"       // OpenID Connect Discovery 1.0 §4
	MetadataPath  = "/.well-known/oauth-authorization-server" // RFC 8414 §3
)

// An Invalid is the reason why a body is not the expected message.
type Invalid struct{ Reason string }

func (e *Invalid) Error() string { return e.Reason }

// A Login is the body of a plain login request.
type Login struct {
	Username string // "username", or "email"
	Password string
}

// ParseLogin reads a login request.
func ParseLogin(body []byte) (Login, error) {
	o, err := parse(body)
	if err != nil {
		return Login{}, err
	}
	var l Login
	username, errName := text(o, "username")
	email, errEmail := text(o, "email")
	l.Password, err = text(o, "password")
	if err := errors.Join(errName, errEmail, err); err != nil {
		return Login{}, &Invalid{"username (or email) and password must be strings"}
	}
	switch {
	case username != "" && email != "" && username != email:
		return Login{}, &Invalid{"username and email differ: send one of them"}
	case username != "":
		l.Username = username
	default:
		l.Username = email
	}
	if l.Username == "" || l.Password == "" {
		return Login{}, &Invalid{"username (or email) and password are required"}
	}
	return l, nil
}

// A Refresh is the plain body with a refresh token, to refresh or to log out.
type Refresh struct{ RefreshToken string }

// ParseRefresh reads a body with a refresh token. The token is empty if it is missing.
func ParseRefresh(body []byte) (Refresh, error) {
	o, err := parse(body)
	if err != nil {
		return Refresh{}, err
	}
	token, err := text(o, "refreshToken")
	return Refresh{RefreshToken: token}, err
}

// Tokens are the tokens of a login or a refresh. Lifetimes are in seconds, 0 if not given.
type Tokens struct {
	AccessToken      string
	RefreshToken     string // empty if it is in a cookie
	TokenType        string
	ExpiresIn        int64
	RefreshExpiresIn int64

	IDToken         string // OpenID Connect Core §3.1.3.3
	Scope           string
	IssuedTokenType string // RFC 8693 §2.2.1
}

// JSON returns the tokens with plain JSON names.
func (t Tokens) JSON() []byte {
	return t.json("accessToken", "refreshToken", "tokenType", "expiresIn", "refreshExpiresIn")
}

// OAuthJSON returns the tokens with the names of RFC 6749 §5.1.
func (t Tokens) OAuthJSON() []byte {
	body := t.json("access_token", "refresh_token", "token_type", "expires_in", "refresh_expires_in")
	var more []any
	for _, m := range []struct{ name, value string }{{"scope", t.Scope}, {"id_token", t.IDToken}, {"issued_token_type", t.IssuedTokenType}} {
		if m.value != "" {
			more = append(more, m.name, quote(m.value))
		}
	}
	if more == nil {
		return body
	}
	return append(append(body[:len(body)-1], ','), object(more...)[1:]...)
}

func (t Tokens) json(access, refresh, kind, expires, refreshExpires string) []byte {
	pairs := []any{access, quote(t.AccessToken)}
	if t.RefreshToken != "" {
		pairs = append(pairs, refresh, quote(t.RefreshToken))
	}
	pairs = append(pairs, kind, quote(t.TokenType), expires, jsonobject.Int(t.ExpiresIn))
	if t.RefreshExpiresIn > 0 {
		pairs = append(pairs, refreshExpires, jsonobject.Int(t.RefreshExpiresIn))
	}
	return object(pairs...)
}

// parse reads a JSON object without duplicate names: of duplicates, one side may use the
// first value and the other side the last.
func parse(body []byte) (jsonobject.Object, error) {
	o, err := jsonobject.Parse(body)
	if err != nil {
		return o, &Invalid{"the body is not a JSON object: " + err.Error()}
	}
	if len(o.Duplicates()) > 0 {
		return o, &Invalid{"the body has a duplicate member"}
	}
	return o, nil
}

// text returns a member that must be a string, or "" if it is missing or null.
func text(o jsonobject.Object, name string) (string, error) {
	v, ok := o.Get(name)
	if !ok || v.Kind() == 'n' {
		return "", nil
	}
	s, ok := v.Text()
	if !ok {
		return "", &Invalid{name + ": is " + v.Noun() + ", must be a string"}
	}
	return s, nil
}

func quote(s string) jsonobject.Value { return jsonobject.Quote(s) }

// object returns a JSON object of pairs of a name and a jsonobject.Value.
func object(pairs ...any) []byte {
	b := []byte{'{'}
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, quote(pairs[i].(string))...)
		b = append(b, ':')
		b = append(b, pairs[i+1].(jsonobject.Value)...)
	}
	return append(b, '}')
}
