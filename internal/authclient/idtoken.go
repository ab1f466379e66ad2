package authclient

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"jwt/internal/compact"
	"jwt/internal/diagnose"
	"jwt/internal/jsonobject"
	"jwt/internal/jwe"
	"jwt/internal/jwk"
	"jwt/internal/jwks"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/profile"
	"jwt/internal/verdict"
	"jwt/internal/verify"
)

// Limits on an ID token (OpenID Connect Core §3.1.3.7).
const (
	idLeeway = time.Minute    // that clocks may differ
	idMaxAge = 24 * time.Hour // since it was issued: it answers this login
)

// verifyIDToken verifies the ID token of a login and returns its subject.
func (s *Client) verifyIDToken(ctx context.Context, g *Grant, a *Attempt) (subject string, err error) {
	token, err := s.OAuth.opened(g.IDToken)
	if err != nil {
		return "", idError(err)
	}
	claims, err := idClaims(token)
	if err != nil {
		return "", idError(err)
	}
	policy := verify.Policy{Policy: s.idPolicy(), Diagnosis: &verify.Diagnosis{Off: true}}
	policy.MaxAge = new(idMaxAge)
	if a.nonce != "" {
		policy.Nonce = &a.nonce
	}
	policy.Profile, _ = profile.Lookup("id-token")
	policy.Presentation = profile.Presentation{Audiences: policy.Audiences, Leeway: idLeeway, Nonce: policy.Nonce}
	code := a.form.Get("code")
	for _, h := range []struct { // each is checked if it is there
		claim string
		of    *string
		to    **string
	}{
		{"at_hash", &g.AccessToken, &policy.Presentation.AccessToken},
		{"c_hash", &code, &policy.Presentation.Code},
		{"s_hash", &a.state, &policy.Presentation.State},
	} {
		if _, has := claims.Get(h.claim); has {
			*h.to = h.of
		}
	}
	verified, err := s.verified(ctx, token, policy)
	if err != nil {
		return "", idError(err)
	}
	subject, _ = verified.Text("sub")
	return subject, s.checkAge(verified, a)
}

// opened returns the signed token in an ID token that is encrypted for the client's key. No
// algorithm with a known attack is taken (RFC 8725 §3.2).
func (o *OAuth) opened(token string) (string, error) {
	if compact.KindOf(token) != compact.JWE {
		return token, nil
	}
	if o.ClientKey == "" {
		return "", verdict.Errorf(verdict.EncryptedToken, "it is encrypted, and the client has no key to decrypt it")
	}
	key, err := signingKey(o.ClientKey)
	if err != nil {
		return "", err
	}
	sealed, err := jwe.Parse(token)
	if err != nil {
		return "", err
	}
	plain, err := sealed.Decrypt([]jwk.Key{key}, jwe.Options{})
	return string(plain.Plaintext()), err
}

func idError(err error) error {
	return verdict.Errorf(verdict.ClassOf(err), "the ID token of the answer: %w", err).
		Hintf("the tokens are not used: a client must refuse such an ID token (OpenID Connect Core §3.1.3.7)")
}

// idPolicy is what every token that the provider signs for this client must meet.
func (s *Client) idPolicy() jwt.Policy {
	return jwt.Policy{Issuers: []string{s.OAuth.Server.Issuer}, Audiences: []string{s.OAuth.ClientID}, Leeway: idLeeway}
}

// verified verifies a token under the keys of the provider, and returns its claims.
func (s *Client) verified(ctx context.Context, token string, policy verify.Policy) (jsonobject.Object, error) {
	u, err := endpoint("jwks_uri", s.OAuth.Server.JWKSURI, s.OAuth.Server.Issuer)
	if err != nil {
		return jsonobject.Object{}, err
	}
	keys := &providerKeys{ctx: context.WithValue(ctx, secretsKey{}, sent{}), url: u.String(), client: &jwks.Client{
		HTTP: &http.Client{Transport: s.Transport}, Now: s.Now, UserAgent: s.UserAgent, Timeout: s.Timeout,
	}}
	report := verify.Token(token, keys, policy, s.Now())
	if !report.Valid {
		return jsonobject.Object{}, verdict.Errorf(report.Class, "%s", report.Message)
	}
	return jsonobject.Parse(report.Payload)
}

// checkAge checks when the user logged in, if the login asked for a recent one (§3.1.3.7
// step 13).
func (s *Client) checkAge(claims jsonobject.Object, a *Attempt) error {
	seconds, err := strconv.Atoi(s.OAuth.MaxAge)
	if err != nil || a.nonce == "" {
		return nil
	}
	at, ok := dateOf(claims, "auth_time")
	switch {
	case !ok:
		return idError(verdict.Errorf(verdict.MissingClaim, "auth_time: missing, and a login not older than %d s was requested", seconds))
	case s.Now().Sub(at) > time.Duration(seconds)*time.Second+idLeeway:
		return idError(verdict.Errorf(verdict.TooOld, "auth_time: the user logged in at %s, more than %d s ago", at.UTC().Format(time.RFC3339), seconds))
	}
	return nil
}

// idClaims returns the claims of a token that is not verified.
func idClaims(token string) (jsonobject.Object, error) {
	parsed, err := jws.Parse(token)
	if err != nil {
		return jsonobject.Object{}, err
	}
	return jsonobject.Parse(parsed.Payload)
}

// providerKeys are the keys at the provider's jwks_uri. It implements verify.Keys.
type providerKeys struct {
	ctx     context.Context
	client  *jwks.Client
	url     string
	fetched jwks.Fetched
}

func (k *providerKeys) Keys() (keys []jwk.Key, err error) {
	k.fetched, err = k.client.Keys(k.ctx, k.url)
	return k.public(err)
}

// Refetch asks for keys that the provider may have added.
func (k *providerKeys) Refetch([]jwk.Key) ([]jwk.Key, error) {
	fresh, err := k.client.Refresh(k.ctx, k.fetched)
	if err != nil {
		return nil, err
	}
	k.fetched = fresh
	return k.public(nil)
}

// public leaves out secrets: a client's secret is not in a public document.
func (k *providerKeys) public(err error) ([]jwk.Key, error) {
	if err != nil {
		return nil, err
	}
	set, err := k.fetched.Set.WithoutSecrets()
	return set.Keys, err
}

func (*providerKeys) IssuersOf(jwk.Key) []string          { return nil }
func (*providerKeys) Texts() [][]byte                     { return nil }
func (*providerKeys) Explain(err error, _ string) error   { return err }
func (*providerKeys) LeftOut(jws.Token) []diagnose.Cause  { return nil }
func (*providerKeys) Warnings(...jwk.Key) []verdict.Check { return nil }
