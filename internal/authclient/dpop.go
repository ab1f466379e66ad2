package authclient

import (
	"net/http"
	"net/url"
	"time"
)

// Authorize adds the access token to the header of a request: as a bearer token, or with a
// DPoP proof if it is bound to a key.
func (o *OAuth) Authorize(header http.Header, method string, u *url.URL, token string, now time.Time) error {
	if !o.isBound() {
		header.Set("Authorization", "Bearer "+token)
		return nil
	}
	header.Set("Authorization", "DPoP "+token)
	return o.prove(header, method, u, token, now)
}

// prove adds a proof of the DPoP key to the header of a request (RFC 9449 §4), if tokens are
// bound to one.
func (o *OAuth) prove(header http.Header, method string, u *url.URL, token string, now time.Time) error {
	return nil
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
