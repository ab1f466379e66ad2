package authserver

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"net/url"
	"slices"
	"strings"
	"sync"

	"jwt/internal/authserver/store"
	"jwt/internal/authserver/users"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/loopback"
	"jwt/internal/oauth"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// A Client is an OAuth client: its metadata (RFC 7591 §2) and its credential.
type Client struct {
	ID, Name            string
	Auth                string // token_endpoint_auth_method; empty: a secret, in either place
	Grants              []string
	RedirectURIs        []string
	LogoutURIs          []string // post_logout_redirect_uris
	Scopes              []string // that it may have; nil: any
	Keys                []jwk.Key
	BoundTokens         bool // dpop_bound_access_tokens
	RequirePAR          bool // require_pushed_authorization_requests, RFC 9126 §6
	anyLoopbackRedirect bool
	registered          bool // by itself

	secret    store.Hash
	hasSecret bool
}

// Ways of clients to authenticate (RFC 7591 §2, OpenID Connect Core §9).
const (
	authNone  = "none"
	authBasic = "client_secret_basic"
	authPost  = "client_secret_post"
	authKey   = "private_key_jwt"
)

// NativeClient is a public client that is always there: any program on this machine.
const NativeClient = "native"

func nativeClient() Client {
	return Client{
		ID: NativeClient, Name: "Local program", Auth: authNone, anyLoopbackRedirect: true,
		Grants: []string{oauth.GrantCode, oauth.GrantRefreshToken, oauth.GrantDeviceCode, oauth.GrantTokenExchange, oauth.GrantPassword},
	}
}

// IsPublic reports whether the client has no credential.
func (c Client) IsPublic() bool { return c.Auth == authNone }

// hasSecretOf compares a secret with that of the client in constant time.
func (c Client) hasSecretOf(secret string) bool {
	sum := sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(sum[:], c.secret[:]) == 1 && c.hasSecret
}

// Clients are the clients of a server. More can be added while it runs.
type Clients struct {
	mu   sync.RWMutex
	byID map[string]Client
}

const (
	maxClientsFile = 1 << 20
	maxClients     = 10_000
)

// Read adds the clients of a file: a JSON array of objects with the member names of RFC 7591.
func (cs *Clients) Read(r io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(r, maxClientsFile+1))
	if err != nil {
		return err
	}
	if len(b) > maxClientsFile {
		return verdict.Errorf(verdict.TooLarge, "the clients are larger than 1 MiB")
	}
	const example = `[{"client_id":"web","client_secret":"…","redirect_uris":["http://localhost:8080/callback"]}]`
	v, err := jsonobject.ParseValue(bytes.TrimPrefix(b, []byte("\ufeff")))
	if err != nil {
		return verdict.Errorf(verdict.Usage, "the clients are not JSON: %w", err).Hintf("%s", example)
	}
	list, ok := v.Elements()
	if !ok {
		return verdict.Errorf(verdict.Usage, "the clients must be a JSON array of objects, are %s", v.Noun()).Hintf("%s", example)
	}
	for i, element := range list {
		o, ok := element.Object()
		if !ok {
			return verdict.Errorf(verdict.Usage, "client %d: is %s, must be an object", i+1, element.Noun())
		}
		c, err := ParseClient(o)
		if err == nil {
			err = cs.Add(c)
		}
		if err != nil {
			id, _ := o.Text("client_id")
			return verdict.Errorf(verdict.Usage, "client %d (%s): %w", i+1, phrase.Quote(id), err)
		}
	}
	return nil
}

// Add adds a client with an ID of its own.
func (cs *Clients) Add(c Client) error {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.byID == nil {
		cs.byID = map[string]Client{}
	}
	if _, twice := cs.byID[c.ID]; twice || c.ID == NativeClient || c.ID == clientID {
		return metadataError("client_id: is taken")
	}
	if len(cs.byID) >= maxClients {
		return verdict.Errorf(verdict.LimitExceeded, "there are %d clients, and no room for more", maxClients)
	}
	cs.byID[c.ID] = c
	return nil
}

// check refuses a client that can get tokens of its own and has the name of a user: their
// subjects would be the same, and a server could mistake the client for the user (RFC 9700 §4.15).
func (cs *Clients) check(users *users.Set) error {
	for id, c := range cs.byID {
		if slices.Contains(c.Grants, oauth.GrantClientCredentials) && users.Has(id) {
			return verdict.Errorf(verdict.Usage, "client %q: a user has the same name, and tokens of the client would look like those of the user", id).Hintf("rename one of them")
		}
	}
	return nil
}

// Find returns the client with this ID.
func (cs *Clients) Find(id string) (Client, bool) {
	if id == NativeClient {
		return nativeClient(), true
	}
	cs.mu.RLock()
	defer cs.mu.RUnlock()
	c, ok := cs.byID[id]
	return c, ok
}

// ParseClient reads the metadata of a client. It ignores members that change nothing here.
func ParseClient(o jsonobject.Object) (Client, error) {
	if len(o.Duplicates()) > 0 {
		return Client{}, metadataError("a member is repeated")
	}
	var c Client
	texts := map[string]*string{"client_id": &c.ID, "client_name": &c.Name, "token_endpoint_auth_method": &c.Auth}
	for name, to := range texts {
		v, ok := o.Get(name)
		if *to, _ = v.Text(); ok && *to == "" {
			return c, metadataError(name + ": must be a string that is not empty")
		}
	}
	lists := map[string]*[]string{"grant_types": &c.Grants, "redirect_uris": &c.RedirectURIs, "post_logout_redirect_uris": &c.LogoutURIs}
	for name, to := range lists {
		v, ok := o.Get(name)
		if *to, _ = v.Texts(); ok && *to == nil {
			return c, metadataError(name + ": must be an array of strings")
		}
	}
	if err := c.readCredential(o); err != nil {
		return c, err
	}
	if scope, ok := o.Text("scope"); ok {
		c.Scopes = strings.Fields(scope)
	}
	for name, to := range map[string]*bool{"dpop_bound_access_tokens": &c.BoundTokens, "require_pushed_authorization_requests": &c.RequirePAR} {
		v, ok := o.Get(name)
		if *to = string(v) == "true"; ok && !*to && string(v) != "false" {
			return c, metadataError(name + ": must be true or false")
		}
	}
	if c.Grants == nil {
		c.Grants = []string{oauth.GrantCode, oauth.GrantRefreshToken}
	}
	return c, c.check(o)
}

// readCredential reads the secret or the keys of a client, and how it sends them.
func (c *Client) readCredential(o jsonobject.Object) error {
	secret, _ := o.Text("client_secret")
	if secret != "" {
		c.secret, c.hasSecret = sha256.Sum256([]byte(secret)), true
	}
	if v, ok := o.Get("jwks"); ok {
		set, err := jwk.Parse(v)
		if err != nil {
			return metadataError("jwks: " + err.Error())
		}
		for _, k := range set.Keys {
			if k.IsSecret() || k.IsPrivate() {
				return metadataError("jwks: has a private key or a secret, must have public keys only")
			}
		}
		c.Keys = set.Keys
	}
	switch {
	case c.Auth != "" || c.hasSecret:
	case c.Keys != nil:
		c.Auth = authKey
	default:
		c.Auth = authNone
	}
	return nil
}

// check refuses metadata with which a client could not work, or not safely.
func (c *Client) check(o jsonobject.Object) error {
	_, hasURI := o.Get("jwks_uri")
	unsigned, _ := o.Text("id_token_signed_response_alg")
	switch {
	case c.ID == "":
		return metadataError("client_id: is required")
	case c.Auth != "" && !slices.Contains([]string{authNone, authBasic, authPost, authKey}, c.Auth):
		return metadataError("token_endpoint_auth_method: is " + phrase.Quote(c.Auth) + ", must be none, client_secret_basic, client_secret_post or private_key_jwt")
	case unsigned == jwa.None:
		return metadataError("id_token_signed_response_alg: none is not supported, ID tokens are always signed")
	case hasURI:
		return metadataError("jwks_uri: the server fetches nothing; send the keys in jwks")
	case (c.Auth == authBasic || c.Auth == authPost) && !c.hasSecret:
		return metadataError("client_secret: is required with " + c.Auth)
	case c.Auth == authKey && len(c.Keys) == 0:
		return metadataError("jwks: is required with private_key_jwt")
	case c.IsPublic() && slices.Contains(c.Grants, oauth.GrantClientCredentials):
		return metadataError("grant_types: client_credentials requires a client that authenticates")
	case slices.Contains(c.Grants, oauth.GrantCode) && len(c.RedirectURIs) == 0:
		return redirectError("redirect_uris: is required for authorization_code")
	}
	if v, ok := o.Get("response_types"); ok {
		if types, _ := v.Texts(); slices.ContainsFunc(types, func(t string) bool { return t != "code" }) {
			return metadataError("response_types: only code is supported")
		}
	}
	for _, uri := range slices.Concat(c.RedirectURIs, c.LogoutURIs) {
		if why := badRedirect(uri); why != "" {
			return redirectError("redirect URI " + phrase.Quote(uri) + ": " + why)
		}
	}
	return nil
}

// badRedirect says why a URI must not be registered, or returns "" (RFC 9700 §2.1, RFC 8252
// §7). A fragment would mix with that of the answer; a script URI would run.
func badRedirect(uri string) string {
	u, err := url.Parse(uri)
	switch {
	case err != nil || u.Scheme == "":
		return "must be absolute"
	case strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"<>\^`+"`{|}", r) }):
		return "has a character that a URI must escape (RFC 3986)"
	case strings.Contains(uri, "#"):
		return "must not have a fragment"
	case strings.Contains(uri, "*"):
		return "wildcards are not supported"
	case u.User != nil:
		return "must not have a user name"
	case strings.ContainsAny(u.Host, ";,'"): // it is sent in a policy
		return "has a character that no host name has"
	case u.Scheme == "https" && u.Host != "", u.Scheme == "http" && loopback.Host(u.Hostname()):
		return ""
	case u.Scheme == "http":
		return "must use https, except on loopback"
	case !strings.Contains(u.Scheme, "."):
		return "a scheme of an app must be a reversed domain name, like com.example.app"
	}
	return ""
}

// mayRedirect is the standard Rules.CheckRedirect: the URI must equal a registered one, except
// for the port on loopback, which programs cannot choose (RFC 8252 §7.3). A web server chooses
// its port: a client with a secret has the exception only for a URI without one.
func mayRedirect(c Client, uri string) bool {
	if c.anyLoopbackRedirect {
		u, err := url.Parse(uri)
		return err == nil && u.Scheme == "http" && loopback.Host(u.Hostname()) && badRedirect(uri) == ""
	}
	return slices.ContainsFunc(c.RedirectURIs, func(registered string) bool {
		host, port, rest := splitLoopback(registered)
		anyPort := host != "" && (port == "" || c.IsPublic())
		givenHost, _, givenRest := splitLoopback(uri)
		return registered == uri || anyPort && host == givenHost && rest == givenRest
	})
}

// splitLoopback splits a loopback URI. The host is empty for any other URI.
func splitLoopback(uri string) (host, port, rest string) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" || u.User != nil || !loopback.Host(u.Hostname()) {
		return "", "", ""
	}
	return u.Hostname(), u.Port(), strings.TrimPrefix(uri, "http://"+u.Host)
}

func metadataError(why string) *oauth.Error {
	return &oauth.Error{Status: 400, Code: oauth.InvalidClientMetadata, Description: why}
}

func redirectError(why string) *oauth.Error {
	return &oauth.Error{Status: 400, Code: oauth.InvalidRedirectURI, Description: why}
}
