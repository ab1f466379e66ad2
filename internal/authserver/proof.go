package authserver

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"strconv"
	"time"

	"jwt/internal/base64url"
	"jwt/internal/dpop"
	"jwt/internal/oauth"
)

// noncePeriod is how long a nonce for DPoP proofs is given out. It is accepted for another
// period.
const noncePeriod = 2 * time.Minute

// A nonces gives out nonces for DPoP proofs (RFC 9449 §8). They are not stored: each is a
// function of its period. Servers with a common store give out different ones, and a client
// repeats its request once.
type nonces struct{ key [32]byte }

func newNonces() *nonces {
	n := &nonces{}
	rand.Read(n.key[:])
	return n
}

// at returns the nonce of an instant.
func (n *nonces) at(now time.Time) string {
	mac := hmac.New(sha256.New, n.key[:])
	mac.Write(strconv.AppendInt(nil, now.UnixNano()/int64(noncePeriod), 10))
	return base64url.Encode(mac.Sum(nil)[:16])
}

// accepts reports whether a nonce is the present or the previous one.
func (n *nonces) accepts(nonce string, now time.Time) bool {
	return nonce == n.at(now) || nonce == n.at(now.Add(-noncePeriod))
}

// A ProofRequest asks to check the DPoP proof of a request.
type ProofRequest struct {
	Proof   string
	Request dpop.Request
	Now     time.Time
}

// proof returns the thumbprint of the key whose possession the request proves, or "" if it has
// no proof. accessToken is that of the request, if it has one.
func (s *Server) proof(x *exchange, accessToken string) (thumbprint string, err error) {
	proofs := x.Request.Header.Values(dpop.Header)
	if len(proofs) == 0 {
		return "", nil
	}
	if len(proofs) > 1 {
		return "", invalidProof("the request has more than one proof")
	}
	x.Answer.Header.Set(dpop.NonceHeader, s.nonces.at(x.now))
	return s.rules.CheckProof(x.ctx, ProofRequest{
		Proof: proofs[0], Now: x.now,
		Request: dpop.Request{
			Method: x.Method, URL: s.Issuer + x.URL.Path, AccessToken: accessToken,
			Aliases: []string{s.scheme + "://" + x.Host + x.URL.Path},
		},
	})
}

// checkProof is the standard Rules.CheckProof. A proof is accepted once, so that an attacker
// cannot use one that he has seen.
func (s *Server) checkProof(ctx context.Context, r ProofRequest) (thumbprint string, err error) {
	p, err := dpop.Check(r.Proof, r.Request, r.Now)
	if err != nil {
		return "", invalidProof(err.Error())
	}
	if (s.ProofNonce || p.Nonce != "") && !s.nonces.accepts(p.Nonce, r.Now) {
		return "", &oauth.Error{Status: http.StatusBadRequest, Code: oauth.UseDPoPNonce, Description: "the proof must have the nonce of the DPoP-Nonce header"}
	}
	first, err := s.Store.Once(ctx, usedID("proof", p.Thumbprint, p.ID), r.Now, milli(r.Now.Add(2*dpop.Window)))
	if err == nil && !first {
		return "", invalidProof("the proof was used before")
	}
	return p.Thumbprint, err
}

func invalidProof(why string) error {
	return &oauth.Error{Status: http.StatusBadRequest, Code: oauth.InvalidDPoPProof, Description: "DPoP: " + why}
}

// proofRequired returns the error for a client whose tokens must be bound to a key.
func (s *Server) proofRequired(x *exchange) error {
	x.Answer.Header.Set(dpop.NonceHeader, s.nonces.at(x.now))
	return invalidProof("the client must send a proof in the DPoP header: its tokens are bound to a key")
}

// checkBinding is the standard Rules.CheckBinding. Without it an attacker could use a stolen
// token that is bound to a key (RFC 9449 §7.1 and §7.2).
func checkBinding(_ context.Context, b Bearer, thumbprint string) error {
	switch {
	case b.Key == thumbprint:
		return nil
	case thumbprint == "":
		return Refusal("cnf: the token is bound to a key, and the request has no proof of it: Authorization: DPoP TOKEN, and a DPoP header")
	case b.Key == "":
		return Refusal("cnf: the token is not bound to a key: Authorization: Bearer TOKEN")
	default:
		return Refusal("cnf: the token is bound to another key than that of the proof")
	}
}
