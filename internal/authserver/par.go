package authserver

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"jwt/internal/authserver/store"
	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
)

const (
	parTTL    = 5 * time.Minute
	parPrefix = "urn:ietf:params:oauth:request_uri:" // RFC 9126 §2.2
)

// A pushed is an authorization request that its client has sent directly (RFC 9126): the
// browser has only a name of it, and its user can change nothing.
type pushed struct {
	Params  url.Values `json:"params"`
	Time    time.Time  `json:"time"`
	Expires time.Time  `json:"expires"`
	Used    bool       `json:"used,omitempty"` // it gave a code

	id  store.Hash
	old []byte // as stored
}

// push answers POST /par. The request is checked as if it came from a browser.
func (s *Server) push(x *exchange) error {
	form, err := x.readForm()
	if err != nil {
		return err
	}
	c, err := s.client(x, form, s.Issuer+parPath)
	if err != nil {
		return err
	}
	for _, credential := range []string{"client_secret", "client_assertion", "client_assertion_type"} {
		form.Del(credential)
	}
	form.Set("client_id", c.ID)
	key, err := s.proof(x, "")
	switch {
	case err != nil:
		return err
	case key != "" && form.Has("dpop_jkt") && form.Get("dpop_jkt") != key: // RFC 9449 §10.1
		return invalidProof("dpop_jkt is not the key of the proof")
	case key != "":
		form.Set("dpop_jkt", key)
	}
	if _, err := s.authorizeRequest(x, form); err != nil {
		return err
	}
	if err := s.takeQuota(); err != nil {
		return err
	}
	p := pushed{Params: form, Time: x.now, Expires: milli(x.now.Add(parTTL))}
	text := secretText()
	p.id = secretID("pushed", text)
	if _, err := s.storePushed(x.ctx, p, x.now); err != nil {
		return err
	}
	return x.json(http.StatusCreated, object(
		member{"request_uri", jsonobject.Quote(parPrefix + text)},
		member{"expires_in", jsonobject.Int(int64(parTTL / time.Second))},
	))
}

// storePushed stores a pushed request. It reports whether no other request has changed it.
func (s *Server) storePushed(ctx context.Context, p pushed, now time.Time) (bool, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return false, err
	}
	return s.Store.Swap(ctx, p.id, p.old, b, now, p.Expires)
}

// browserRequest returns the authorization request of a browser, which has its parameters or the
// name of a pushed one.
func (s *Server) browserRequest(x *exchange, params url.Values) (*authorizeRequest, error) {
	text, isPushed := strings.CutPrefix(params.Get("request_uri"), parPrefix)
	if !isPushed {
		r, err := s.authorizeRequest(x, params)
		if err == nil && r.client.RequirePAR {
			err = invalid("the client must push its authorization requests (RFC 9126)")
		}
		return r, err
	}
	p, err := s.pushed(x, text)
	if err != nil {
		return nil, err
	}
	if p.Params.Get("client_id") != params.Get("client_id") {
		return nil, errRequestURI
	}
	r, err := s.authorizeRequest(x, p.Params)
	if r != nil {
		r.query, r.pushed = url.Values{"client_id": params["client_id"], "request_uri": params["request_uri"]}, &p
	}
	return r, err
}

var errRequestURI = &oauth.Error{Status: http.StatusBadRequest, Code: "invalid_request_uri", Description: "request_uri: the request is unknown, was used, or has expired"}

// pushed returns a pushed request that can be used.
func (s *Server) pushed(x *exchange, text string) (p pushed, err error) {
	id := secretID("pushed", text)
	b, err := s.Store.Record(x.ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return p, errRequestURI
	}
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	p.id, p.old = id, b
	if err == nil && (p.Used || !x.now.Before(p.Expires)) {
		err = errRequestURI
	}
	return p, err
}

// spendPushed marks a pushed request as used, so that it gives one code.
func (s *Server) spendPushed(r *authorizeRequest) error {
	p := *r.pushed
	p.Used = true
	first, err := s.storePushed(r.ctx, p, r.now)
	if err == nil && !first {
		err = errRequestURI
	}
	return err
}
