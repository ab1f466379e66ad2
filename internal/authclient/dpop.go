package authclient

import (
	"net/http"
	"net/url"
	"time"

	"jwt/internal/dpop"
	"jwt/internal/httpclient"
)

// Authorize adds the access token to the header of a request: as a bearer token, or with a
// DPoP proof if it is bound to a key.
func (o *OAuth) Authorize(header http.Header, method string, u *url.URL, token string, now time.Time) error {
	if !o.isBound() {
		header.Set("Authorization", "Bearer "+token)
		return nil
	}
	header.Set("Authorization", dpop.Scheme+" "+token)
	return o.prove(header, method, u, token, now)
}

// prove adds a new proof of the DPoP key to the header of a request (RFC 9449 §4), if tokens
// are bound to one. A server accepts each proof once.
func (o *OAuth) prove(header http.Header, method string, u *url.URL, token string, now time.Time) error {
	if !o.isBound() {
		return nil
	}
	key, err := signingKey(o.DPoPKey)
	if err != nil {
		return err
	}
	request := dpop.Request{Method: method, URL: u.String(), AccessToken: token, Nonce: o.nonce(u)}
	proof, err := dpop.Prove(request, key, key.Algorithms()[0], now)
	header.Set(dpop.Header, proof)
	return err
}

// thumbprint returns the thumbprint of the DPoP key, or "".
func (o *OAuth) thumbprint() string {
	if !o.isBound() {
		return ""
	}
	key, err := signingKey(o.DPoPKey)
	if err != nil {
		return ""
	}
	return key.Thumbprint()
}

// WantsNonce reports whether the answer to a call refuses its DPoP proof for the nonce (RFC
// 9449 §9).
func WantsNonce(h http.Header) bool { return ChallengeOf(h)["error"] == wantsNonce }

const wantsNonce = "use_dpop_nonce"

// wantsNonce reports whether the answer refuses a DPoP proof for its nonce: in the body, as
// the token endpoint does, or in a challenge.
func (r *reply) wantsNonce() bool { return r.said().Code == wantsNonce || WantsNonce(r.header) }

// KeepNonce stores the DPoP-Nonce of an answer for the next request to the origin, and
// reports whether it is another one.
func (o *OAuth) KeepNonce(u *url.URL, h http.Header) bool {
	const longest = 1 << 10
	nonce := h.Get(dpop.NonceHeader)
	if !o.isBound() || nonce == "" || len(nonce) > longest || o.nonce(u) == nonce {
		return false
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.Nonces == nil {
		o.Nonces = map[string]string{}
	}
	o.Nonces[httpclient.Origin(u)] = nonce
	return true
}

// TakeNonces stores the nonces that other has and o has not, and reports whether it has any.
func (o *OAuth) TakeNonces(other *OAuth) (changed bool) {
	for origin, nonce := range other.Nonces {
		if o.Nonces[origin] == nonce {
			continue
		}
		if o.Nonces == nil {
			o.Nonces = map[string]string{}
		}
		o.Nonces[origin], changed = nonce, true
	}
	return changed
}

// NonceFor returns the last nonce of the origin of a call, or "".
func (o *OAuth) NonceFor(u *url.URL) string {
	if !o.isBound() {
		return ""
	}
	return o.nonce(u)
}

func (o *OAuth) nonce(u *url.URL) string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.Nonces[httpclient.Origin(u)]
}
