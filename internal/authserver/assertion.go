package authserver

import (
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"jwt/internal/authserver/store"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// assertionAlgs are the algorithms of client assertions. A secret is not used for them: the
// server would have to keep it readable.
var assertionAlgs = []string{"ES256", "ES384", "ES512", "EdDSA", "Ed25519", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"}

const (
	assertionLeeway = time.Minute // by which the clocks of client and server may differ
	maxAssertion    = time.Hour   // until the expiry of an assertion: its ID is remembered as long
)

// An assertion is a JWT by which a client authenticates with its private key: the
// private_key_jwt of OpenID Connect Core §9, RFC 7523 §3.
type assertion struct {
	token  jws.Token
	client string // "iss" and "sub"; not verified
}

// parseAssertion reads an assertion and verifies nothing.
func parseAssertion(text string) (assertion, error) {
	token, err := jws.Parse(text)
	if err != nil {
		return assertion{}, invalidClient("client_assertion: " + err.Error())
	}
	claims, err := jwt.ParseClaims(token.Payload)
	if err != nil {
		return assertion{}, invalidClient("client_assertion: " + err.Error())
	}
	v, _ := claims.Get("sub")
	client, ok := v.Text()
	if !ok || client == "" {
		return assertion{}, invalidClient("client_assertion: sub must be the client_id")
	}
	return assertion{token, client}, nil
}

// verifyAssertion verifies an assertion with the keys of the client that it names, for a
// request to an endpoint. It accepts an assertion once.
func (s *Server) verifyAssertion(ctx context.Context, a assertion, keys []jwk.Key, endpoint string, now time.Time) error {
	verified, _, err := a.token.Verify(keys, assertionAlgs)
	if err != nil {
		return invalidClient("client_assertion: " + err.Error())
	}
	claims, err := jwt.ClaimsOf(verified)
	if err != nil {
		return invalidClient("client_assertion: " + err.Error())
	}
	audiences := []string{s.Issuer, s.Issuer + TokenPath, endpoint}
	policy := jwt.Policy{
		Issuers: []string{a.client}, Subject: &a.client, Audiences: audiences, Leeway: assertionLeeway,
		Require: []string{"exp", "jti"},
	}
	if failed := verdict.Gravest(policy.Check(claims, a.token.Header, now)); failed != nil {
		return invalidClient("client_assertion: " + failed.Detail)
	}
	if err := onlyForThis(claims.Object(), audiences); err != nil {
		return err
	}
	return s.spendAssertion(ctx, a, claims.Object(), now)
}

// onlyForThis refuses an assertion that is also meant for another server, which could use it
// here.
func onlyForThis(claims jsonobject.Object, audiences []string) error {
	v, _ := claims.Get("aud")
	list, ok := v.Texts()
	if !ok {
		one, _ := v.Text()
		list = []string{one}
	}
	for _, audience := range list {
		if !slices.Contains(audiences, audience) {
			return invalidClient("client_assertion: aud has " + phrase.Quote(audience) + ", which is not this server")
		}
	}
	return nil
}

// spendAssertion marks an assertion as used until it expires.
func (s *Server) spendAssertion(ctx context.Context, a assertion, claims jsonobject.Object, now time.Time) error {
	v, _ := claims.Get("exp")
	date, _ := jwt.ParseNumericDate(v)
	expires, ok := date.Time()
	if !ok || expires.Sub(now) > maxAssertion {
		return invalidClient("client_assertion: exp must be within " + maxAssertion.String())
	}
	id, _ := claims.Text("jti")
	first, err := s.Store.Once(ctx, usedID("assertion", a.client, id), now, milli(expires.Add(assertionLeeway)))
	if err == nil && !first {
		return invalidClient("client_assertion: its jti was used before")
	}
	return err
}

// usedID identifies what a client may use once. The kind and the client end with a byte that
// neither has.
func usedID(kind, client, id string) store.Hash {
	return sha256.Sum256([]byte(kind + "\x00" + client + "\x00" + id))
}
