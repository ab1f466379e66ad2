// Package clients has the OAuth clients of the local server: their metadata (RFC 7591) and what a
// client may have.
package clients

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"slices"
	"strings"
	"sync"

	"jwt/internal/authserver/store"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
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
	AnyLoopbackRedirect bool // any redirect URI on loopback, beside RedirectURIs
	Registered          bool // by itself

	secret    store.Hash
	hasSecret bool
}

// Ways of clients to authenticate (RFC 7591 §2, OpenID Connect Core §9).
const (
	AuthNone  = "none"
	AuthBasic = "client_secret_basic"
	AuthPost  = "client_secret_post"
	AuthKey   = "private_key_jwt"
)

// IDs that no other client can have.
const (
	Native = "native"      // a public client that is always there: any program on this machine
	Plain  = "jwt-session" // of every session of a login without OAuth: RFC 9068 §2.2 requires the claim
)

func native() Client {
	return Client{
		ID: Native, Name: "Local program", Auth: AuthNone, AnyLoopbackRedirect: true,
		Grants: []string{oauth.GrantCode, oauth.GrantRefreshToken, oauth.GrantDeviceCode, oauth.GrantTokenExchange, oauth.GrantPassword},
	}
}

// Title returns the name of the client for people.
func (c Client) Title() string {
	if c.Name != "" {
		return c.Name
	}
	return c.ID
}

// IsPublic reports whether the client has no credential.
func (c Client) IsPublic() bool { return c.Auth == AuthNone }

// HasSecret compares a secret with that of the client in constant time.
func (c Client) HasSecret(secret string) bool {
	sum := sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(sum[:], c.secret[:]) == 1 && c.hasSecret
}

// A Registry holds the clients of a server. More can be added while it runs.
type Registry struct {
	mu   sync.RWMutex
	byID map[string]Client
}

const (
	maxFile = 1 << 20
	most    = 10_000
)

// Read adds the clients of a file: a JSON array of objects with the member names of RFC 7591.
func (cs *Registry) Read(r io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return err
	}
	if len(b) > maxFile {
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
		c, err := Parse(o)
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
func (cs *Registry) Add(c Client) error {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.byID == nil {
		cs.byID = map[string]Client{}
	}
	if _, twice := cs.byID[c.ID]; twice || c.ID == Native || c.ID == Plain {
		return MetadataError("client_id: is taken")
	}
	if len(cs.byID) >= most {
		return verdict.Errorf(verdict.LimitExceeded, "there are %d clients, and no room for more", most)
	}
	cs.byID[c.ID] = c
	return nil
}

// Check refuses a client that can get tokens of its own and has the name of a user: their
// subjects would be the same, and a server could mistake the client for the user (RFC 9700 §4.15).
func (cs *Registry) Check(isUser func(name string) bool) error {
	for id, c := range cs.byID {
		if slices.Contains(c.Grants, oauth.GrantClientCredentials) && isUser(id) {
			return verdict.Errorf(verdict.Usage, "client %q: a user has the same name, and tokens of the client would look like those of the user", id).Hintf("rename one of them")
		}
	}
	return nil
}

// Find returns the client with this ID.
func (cs *Registry) Find(id string) (Client, bool) {
	if id == Native {
		return native(), true
	}
	cs.mu.RLock()
	defer cs.mu.RUnlock()
	c, ok := cs.byID[id]
	return c, ok
}

// Parse reads the metadata of a client. It ignores members that change nothing here.
func Parse(o jsonobject.Object) (Client, error) {
	if len(o.Duplicates()) > 0 {
		return Client{}, MetadataError("a member is repeated")
	}
	var c Client
	for _, read := range []func(jsonobject.Object) error{c.readTexts, c.readLists, c.readCredential, c.readFlags} {
		if err := read(o); err != nil {
			return c, err
		}
	}
	if scope, ok := o.Text("scope"); ok {
		c.Scopes = strings.Fields(scope)
	}
	if c.Grants == nil {
		c.Grants = []string{oauth.GrantCode, oauth.GrantRefreshToken}
	}
	return c, c.check(o)
}

func (c *Client) readTexts(o jsonobject.Object) error {
	for name, to := range map[string]*string{"client_id": &c.ID, "client_name": &c.Name, "token_endpoint_auth_method": &c.Auth} {
		v, ok := o.Get(name)
		if *to, _ = v.Text(); ok && *to == "" {
			return MetadataError(name + ": must be a string that is not empty")
		}
	}
	return nil
}

func (c *Client) readLists(o jsonobject.Object) error {
	for name, to := range map[string]*[]string{"grant_types": &c.Grants, "redirect_uris": &c.RedirectURIs, "post_logout_redirect_uris": &c.LogoutURIs} {
		v, ok := o.Get(name)
		if *to, _ = v.Texts(); ok && *to == nil {
			return MetadataError(name + ": must be an array of strings")
		}
	}
	return nil
}

func (c *Client) readFlags(o jsonobject.Object) error {
	for name, to := range map[string]*bool{"dpop_bound_access_tokens": &c.BoundTokens, "require_pushed_authorization_requests": &c.RequirePAR} {
		v, ok := o.Get(name)
		if *to = string(v) == "true"; ok && !*to && string(v) != "false" {
			return MetadataError(name + ": must be true or false")
		}
	}
	return nil
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
			return MetadataError("jwks: " + err.Error())
		}
		for _, k := range set.Keys {
			if k.IsSecret() || k.IsPrivate() {
				return MetadataError("jwks: has a private key or a secret, must have public keys only")
			}
		}
		c.Keys = set.Keys
	}
	switch {
	case c.Auth != "" || c.hasSecret:
	case c.Keys != nil:
		c.Auth = AuthKey
	default:
		c.Auth = AuthNone
	}
	return nil
}

// check refuses metadata with which a client could not work, or not safely.
func (c *Client) check(o jsonobject.Object) error {
	if c.ID == "" {
		return MetadataError("client_id: is required")
	}
	for _, check := range []func(jsonobject.Object) error{c.checkAuth, c.checkGrants, c.checkRedirects} {
		if err := check(o); err != nil {
			return err
		}
	}
	return nil
}

// checkAuth checks how the client authenticates.
func (c *Client) checkAuth(o jsonobject.Object) error {
	_, hasURI := o.Get("jwks_uri")
	switch {
	case c.Auth != "" && !slices.Contains([]string{AuthNone, AuthBasic, AuthPost, AuthKey}, c.Auth):
		return MetadataError("token_endpoint_auth_method: is " + phrase.Quote(c.Auth) + ", must be none, client_secret_basic, client_secret_post or private_key_jwt")
	case hasURI:
		return MetadataError("jwks_uri: the server fetches nothing; send the keys in jwks")
	case (c.Auth == AuthBasic || c.Auth == AuthPost) && !c.hasSecret:
		return MetadataError("client_secret: is required with " + c.Auth)
	case c.Auth == AuthKey && len(c.Keys) == 0:
		return MetadataError("jwks: is required with private_key_jwt")
	}
	return nil
}

// checkGrants checks what the client asks for, and what it gets.
func (c *Client) checkGrants(o jsonobject.Object) error {
	if unsigned, _ := o.Text("id_token_signed_response_alg"); unsigned == jwa.None {
		return MetadataError("id_token_signed_response_alg: none is not supported, ID tokens are always signed")
	}
	if c.IsPublic() && slices.Contains(c.Grants, oauth.GrantClientCredentials) {
		return MetadataError("grant_types: client_credentials requires a client that authenticates")
	}
	v, _ := o.Get("response_types")
	if types, _ := v.Texts(); slices.ContainsFunc(types, func(t string) bool { return t != "code" }) {
		return MetadataError("response_types: only code is supported")
	}
	return nil
}

func (c *Client) checkRedirects(jsonobject.Object) error {
	if slices.Contains(c.Grants, oauth.GrantCode) && len(c.RedirectURIs) == 0 {
		return redirectError("redirect_uris: is required for authorization_code")
	}
	for _, uri := range slices.Concat(c.RedirectURIs, c.LogoutURIs) {
		if why := badRedirect(uri); why != "" {
			return redirectError("redirect URI " + phrase.Quote(uri) + ": " + why)
		}
	}
	return nil
}

// MetadataError returns the error for metadata of a client.
func MetadataError(why string) *oauth.Error {
	return &oauth.Error{Status: 400, Code: oauth.InvalidClientMetadata, Description: why}
}

func redirectError(why string) *oauth.Error {
	return &oauth.Error{Status: 400, Code: oauth.InvalidRedirectURI, Description: why}
}
