package authserver

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/oauth"
)

// A credentials is how a request says which client sent it.
type credentials struct {
	method    string // "" if it names none
	client    string
	secret    string
	assertion assertion
}

// client authenticates the client of a request to an endpoint (RFC 6749 §2.3). The client may
// use its registered way only, and one way in a request.
func (s *Server) client(x *exchange, form url.Values, endpoint string) (clients.Client, error) {
	given, err := s.credentials(x, form)
	if err != nil {
		return clients.Client{}, err
	}
	c, err := s.rules.AuthenticateClient(x.ctx, ClientAuth{
		ID: given.client, Method: given.method, Secret: given.secret, Endpoint: endpoint, From: address(x.Request), Now: x.now, assertion: given.assertion,
	})
	if err != nil {
		return c, x.challengeClient(err)
	}
	x.Note = strings.TrimSpace(x.Note + " client " + c.ID)
	return c, nil
}

// A ClientAuth asks to authenticate a client.
type ClientAuth struct {
	ID       string
	Method   string // as in the metadata of clients: none, client_secret_basic, …
	Secret   string
	Endpoint string     // URL of the endpoint
	From     netip.Addr // of the client
	Now      time.Time

	assertion assertion
}

// authenticateClient is the standard Rules.AuthenticateClient.
func (s *Server) authenticateClient(ctx context.Context, a ClientAuth) (clients.Client, error) {
	c, known := s.Clients.Find(a.ID)
	if !known {
		return c, invalidClient("the client is unknown")
	}
	switch {
	case a.Method == c.Auth:
	case c.Auth == "" && (a.Method == clients.AuthBasic || a.Method == clients.AuthPost):
	case c.IsPublic():
		return c, invalidClient("the client is public: it sends its client_id and no secret, and this request authenticates with " + a.Method)
	default:
		return c, invalidClient("the client must authenticate with " + waysOf(c) + ", and the request uses " + a.Method)
	}
	switch a.Method {
	case clients.AuthBasic, clients.AuthPost:
		return c, s.checkSecret(c, a)
	case clients.AuthKey:
		return c, s.verifyAssertion(ctx, a.assertion, c.Keys, a.Endpoint, a.Now)
	}
	return c, nil
}

// checkSecret checks the secret of a client. Wrong ones are limited, because a secret of a file
// may be short (RFC 6749 §2.3.1).
func (s *Server) checkSecret(c clients.Client, a ClientAuth) error {
	who := "\x00client " + c.ID
	wait := s.limit.Wait(who, a.From, s.Now())
	if wait == 0 {
		if c.HasSecret(a.Secret) {
			return nil
		}
		wait = s.limit.Try(who, a.From, s.Now())
	}
	if wait > 0 {
		return &oauth.Error{Status: http.StatusTooManyRequests, Code: oauth.TooManyRequests, Description: "too many wrong secrets of this client", RetryAfter: wait}
	}
	return invalidClient("the secret of the client is wrong")
}

func waysOf(c clients.Client) string {
	if c.Auth == "" {
		return clients.AuthBasic + " or " + clients.AuthPost
	}
	return c.Auth
}

// credentials reads the credentials of a request, and checks none.
func (s *Server) credentials(x *exchange, form url.Values) (credentials, error) {
	var found []credentials
	if authorization := x.Request.Header.Get("Authorization"); authorization != "" {
		c, err := x.basicCredentials(authorization)
		if err != nil {
			return c, err
		}
		found = append(found, c)
	}
	if form.Get("client_assertion") != "" || form.Has("client_assertion_type") {
		c, err := x.assertionCredentials(form)
		if err != nil {
			return c, err
		}
		found = append(found, c)
	}
	if form.Has("client_secret") {
		found = append(found, credentials{method: clients.AuthPost, client: form.Get("client_id"), secret: form.Get("client_secret")})
	}
	id := form.Get("client_id")
	switch {
	case len(found) > 1:
		return credentials{}, invalid("the client authenticates in more than one way")
	case len(found) == 0 && id == "":
		return credentials{}, x.invalidClient("the request names no client: client_id, or an Authorization header, is required")
	case len(found) == 0:
		return credentials{method: clients.AuthNone, client: id}, nil
	case id != "" && id != found[0].client:
		return credentials{}, x.invalidClient("client_id differs from the client that authenticates")
	}
	return found[0], nil
}

// basicCredentials reads an Authorization header. User name and password are form-encoded
// (RFC 6749 §2.3.1).
func (x *exchange) basicCredentials(authorization string) (credentials, error) {
	scheme, encoded, _ := strings.Cut(authorization, " ")
	pair, err := base64.StdEncoding.DecodeString(encoded)
	name, password, ok := strings.Cut(string(pair), ":")
	id, errID := url.QueryUnescape(name)
	secret, errSecret := url.QueryUnescape(password)
	if !strings.EqualFold(scheme, "Basic") || len(x.Request.Header.Values("Authorization")) > 1 || err != nil || !ok || errID != nil || errSecret != nil {
		return credentials{}, x.invalidClient("the Authorization header must be Basic, of the form-encoded client_id and client_secret, and sent once")
	}
	return credentials{method: clients.AuthBasic, client: id, secret: secret}, nil
}

// assertionCredentials reads the assertion of a form (RFC 7523 §2.2).
func (x *exchange) assertionCredentials(form url.Values) (credentials, error) {
	if form.Get("client_assertion_type") != oauth.AssertionType {
		return credentials{}, x.invalidClient("client_assertion_type must be " + oauth.AssertionType)
	}
	a, err := parseAssertion(form.Get("client_assertion"))
	return credentials{method: clients.AuthKey, client: a.client, assertion: a}, err
}

// challengeClient adds a challenge to an answer to a client that tried to authenticate with an
// Authorization header (RFC 6749 §5.2).
func (x *exchange) challengeClient(err error) error {
	var e *oauth.Error
	if errors.As(err, &e) && e.Code == oauth.InvalidClient && x.Request.Header.Get("Authorization") != "" {
		x.Answer.Header.Set("WWW-Authenticate", `Basic realm="client", charset="UTF-8"`)
	}
	return err
}

func (x *exchange) invalidClient(why string) error { return x.challengeClient(invalidClient(why)) }

// invalidClient returns the error for a client that does not authenticate.
func invalidClient(why string) error {
	return &oauth.Error{Status: http.StatusUnauthorized, Code: oauth.InvalidClient, Description: why}
}
