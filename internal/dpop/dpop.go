// Package dpop makes and checks DPoP proofs (RFC 9449): tokens by which a client shows, for
// one HTTP request, that it holds the private key that its tokens are bound to.
package dpop

import (
	"crypto/rand"
	"net/url"
	"slices"
	"strings"
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/profile"
	"jwt/internal/verdict"
)

// Names of RFC 9449.
const (
	Scheme      = "DPoP"       // of the Authorization header, §7.1
	Header      = "DPoP"       // with the proof, §4.1
	NonceHeader = "DPoP-Nonce" // with the next nonce of the server, §8.1
	Type        = "dpop+jwt"   // §4.2
)

// Algs are the algorithms whose proofs are accepted. HMAC is not one: both sides would have
// its key.
var Algs = []string{"ES256", "ES384", "ES512", "EdDSA", "Ed25519", "PS256", "RS256"}

// Window is how far the "iat" of a proof may be from the clock of the server.
const Window = 5 * time.Minute

// A Request is the HTTP request that a proof is for.
type Request struct {
	Method      string
	URL         string // its query and fragment are not part of a proof
	AccessToken string // that goes with the request; empty: none
	Nonce       string // that the server gave; empty: none. Only Prove uses it

	// Aliases are other URLs of the resource, for a server behind a proxy. Only Check uses
	// them.
	Aliases []string
}

// Prove makes a proof with a private key.
func Prove(r Request, key jwk.Key, alg jwa.Algorithm, now time.Time) (string, error) {
	if !key.IsPrivate() || key.IsSecret() || !slices.Contains(Algs, alg.Name) {
		return "", verdict.Errorf(verdict.KeyRefused, "DPoP: the key is %s with %s, must be a private key with %s", key.Kind(), alg.Name, strings.Join(Algs, ", "))
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return "", verdict.Errorf(verdict.Usage, "DPoP: %w", err)
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	public, err := jwk.New(key.VerificationMaterial()) // without "kid" and the like, which would tell servers more
	if err != nil {
		return "", err
	}
	var header, claims jsonobject.Object
	header.Set("typ", jsonobject.Quote(Type))
	header.Set("alg", jsonobject.Quote(alg.Name))
	header.Set("jwk", jsonobject.Value(public.JWK(false).Bytes()))
	claims.Set("jti", jsonobject.Quote(rand.Text()))
	claims.Set("htm", jsonobject.Quote(r.Method))
	claims.Set("htu", jsonobject.Quote(u.String()))
	claims.Set("iat", jsonobject.Int(now.Unix()))
	if r.AccessToken != "" {
		claims.Set("ath", jsonobject.Quote(profile.AccessTokenHash(r.AccessToken)))
	}
	if r.Nonce != "" {
		claims.Set("nonce", jsonobject.Quote(r.Nonce))
	}
	token, err := jws.Sign(header, claims.Bytes(), key, alg, false)
	return token.Text(), err
}

// A Proof is what a checked proof says.
type Proof struct {
	Thumbprint string // of its key (RFC 7638): "jkt" in the confirmation of a bound token
	ID         string // "jti": a server accepts it once for a key
	Nonce      string // of the server, or empty
}

// Check verifies a proof under the key in its header, and compares it with the request. Its
// caller compares three things more: the thumbprint with the verified binding of the token,
// the nonce with its own, and the ID with those that it has seen (RFC 9449 §4.3 and §11.1).
func Check(proof string, r Request, now time.Time) (Proof, error) {
	token, err := jws.Parse(proof)
	if err != nil {
		return Proof{}, err
	}
	verified, _, err := token.VerifyPossession(Algs)
	if err != nil {
		return Proof{}, err
	}
	claims, err := jwt.ClaimsOf(verified)
	if err != nil {
		return Proof{}, err
	}
	key, window := verified.Key(), Window
	with := profile.Presentation{Alg: verified.Alg(), Curve: key.Curve, Thumbprint: key.Thumbprint(), MaxAge: &window, Method: &r.Method, URI: r.target(claims)}
	if r.AccessToken != "" {
		with.AccessToken = &r.AccessToken
	}
	rules, _ := profile.Lookup(Type)
	checks := slices.Concat(jwt.Policy{}.Check(claims, token.Header, now), rules.Check(claims, token.Header, with, now))
	if failed := verdict.Gravest(checks); failed != nil {
		return Proof{}, verdict.Errorf(failed.Class, "%s", failed.Detail)
	}
	id, nonce := text(claims, "jti"), text(claims, "nonce")
	if id == "" {
		return Proof{}, verdict.Errorf(verdict.ClaimsMalformed, "jti: is empty, must be unique (RFC 9449 §4.2)")
	}
	return Proof{Thumbprint: with.Thumbprint, ID: id, Nonce: nonce}, nil
}

// target returns the URL of the request that the proof names, or the first.
func (r Request) target(c jwt.Claims) *string {
	named, ok := profile.NormalizeTarget(text(c, "htu"))
	for _, alias := range r.Aliases {
		if same, valid := profile.NormalizeTarget(alias); ok && valid && same == named {
			return &alias
		}
	}
	return &r.URL
}

// text returns a string claim, or "".
func text(c jwt.Claims, name string) string {
	v, _ := c.Object().Get(name)
	s, _ := v.Text()
	return s
}
