package authserver

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"

	"jwt/internal/authserver/store"
	"jwt/internal/base64url"
	"jwt/internal/oauth"
)

// codeTTL is how long an authorization code can be redeemed.
const codeTTL = time.Minute

// A code is what is stored about an authorization code (RFC 6749 §4.1.2).
type code struct {
	Client     string    `json:"client"`
	Redirect   string    `json:"redirect"`
	Explicit   bool      `json:"explicit"`            // the authorization request had the redirect URI
	Challenge  string    `json:"challenge,omitempty"` // of PKCE, S256
	Key        string    `json:"jkt,omitempty"`       // dpop_jkt, RFC 9449 §10
	User       string    `json:"user"`
	Credential string    `json:"credential"`
	Grant      granted   `json:"grant"`
	Expires    time.Time `json:"expires"`
	Session    string    `json:"session,omitempty"` // that it began; empty: not used
}

// secretText returns 256 random bits in Base64url.
func secretText() string {
	b := make([]byte, 32)
	rand.Read(b)
	return base64url.Encode(b)
}

func secretID(kind, text string) store.Hash { return sha256.Sum256([]byte(kind + "\x00" + text)) }

// newCode stores an authorization code.
func (s *Server) newCode(ctx context.Context, c code, now time.Time) (string, error) {
	c.Expires = milli(now.Add(codeTTL))
	b, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	text := secretText()
	_, err = s.Store.Swap(ctx, secretID("code", text), nil, b, now, c.Expires)
	return text, err
}

// redeemCode redeems an authorization code (RFC 6749 §4.1.3). The client, the redirect URI, the
// verifier of PKCE and the key must be those of the authorization request: otherwise an attacker
// could redeem a stolen code, or make a client redeem the code of another login (RFC 9700 §4.5).
func (s *Server) redeemCode(r *tokenRequest) (given result, err error) {
	text := r.form.Get("code")
	if text == "" {
		return given, invalid("code is required")
	}
	id := secretID("code", text)
	old, err := s.Store.Record(r.ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return given, invalidGrant("the code is unknown")
	}
	if err != nil {
		return given, err
	}
	var c code
	if err := json.Unmarshal(old, &c); err != nil {
		return given, err
	}
	if err := s.checkCode(r, c); err != nil {
		return given, err
	}
	if given, err = s.begin(r, c.User, c.Credential, c.Grant); err != nil {
		return given, err
	}
	c.Session = given.session.ID
	used, err := json.Marshal(c)
	if err != nil {
		return given, err
	}
	// The session exists before the code is marked, so that a second use finds it.
	first, err := s.Store.Swap(r.ctx, id, old, used, r.now, given.session.Expires)
	if err != nil || first {
		return given, err
	}
	if err := s.Store.Revoke(r.ctx, given.session.ID, r.now); err != nil {
		return given, err
	}
	return s.redeemCode(r) // another request has used the code meanwhile: this is a second use
}

// reuseCode is the standard Rules.ReuseCode. It revokes the session that the code began: one of
// the two who had the code may be an attacker (RFC 6749 §4.1.2).
func (s *Server) reuseCode(ctx context.Context, session string, now time.Time) error {
	if err := s.Store.Revoke(ctx, session, now); err != nil {
		return err
	}
	return invalidGrant("the code was used before: its session is revoked")
}

// checkCode compares a token request with the authorization request of its code.
func (s *Server) checkCode(r *tokenRequest, c code) error {
	if err := s.rules.CheckCodeClient(r.ctx, c.Client, r.client.ID); err != nil {
		return err
	}
	if c.Session != "" {
		r.session = c.Session
		if err := s.rules.ReuseCode(r.ctx, c.Session, r.now); err != nil {
			return err
		}
	}
	switch {
	case !r.now.Before(c.Expires):
		return invalidGrant("the code has expired")
	case c.Key != "" && c.Key != r.key:
		return invalidGrant("the code is bound to another DPoP key")
	}
	if err := s.rules.CheckCodeRedirect(r.ctx, c.Redirect, r.form.Get("redirect_uri"), c.Explicit); err != nil {
		return err
	}
	return s.rules.CheckVerifier(r.ctx, c.Challenge, r.form.Get("code_verifier"))
}

// checkCodeClient is the standard Rules.CheckCodeClient (RFC 6749 §4.1.3).
func checkCodeClient(_ context.Context, owner, client string) error {
	if client != owner {
		return invalidGrant("the code belongs to another client")
	}
	return nil
}

// checkCodeRedirect is the standard Rules.CheckCodeRedirect (RFC 6749 §4.1.3).
func checkCodeRedirect(_ context.Context, redirect, sent string, explicit bool) error {
	if sent != redirect && (sent != "" || explicit) {
		return invalidGrant("redirect_uri differs from that of the authorization request")
	}
	return nil
}

// checkVerifier is the standard Rules.CheckVerifier (RFC 7636 §4.6). A verifier without a
// challenge is refused: an attacker may have removed the challenge (RFC 9700 §4.8).
func checkVerifier(_ context.Context, challenge, verifier string) error {
	switch {
	case challenge == "" && verifier == "":
		return nil
	case challenge == "":
		return invalidGrant("code_verifier: the authorization request had no code_challenge")
	case verifier == "":
		return invalidGrant("code_verifier is required: the authorization request had a code_challenge")
	case oauth.Challenge(verifier) != challenge:
		return invalidGrant("code_verifier: its hash is not the code_challenge")
	}
	return nil
}
