package authserver

import (
	"net"
	"net/http"
	"strings"
	"time"

	"jwt/internal/authserver/requestlog"
	"jwt/internal/oauth"
	"jwt/internal/redact"
)

// An Answer is the response to one request. It is sent after its Handler has returned,
// and may be changed until then.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte

	Aborted bool // close the connection instead

	Note                string // for the log
	path, user, session string // for the log; path is redacted unless it belongs to an endpoint

	now time.Time // Rules.Now when the request arrived
	w   http.ResponseWriter
}

// A Handler answers a request.
type Handler func(*Answer, *http.Request)

// An Endpoint answers one method on one path. Server.Fail answers the errors of Handle.
type Endpoint struct {
	Method, Path string
	Handle       func(*Answer, *http.Request) error
	Page         bool // for a person and not for scripts
}

// String returns the method and path for the index.
func (e Endpoint) String() string { return e.Method + " " + e.Path }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := s.Now()
	a := &Answer{Header: w.Header(), path: redact.Path(r.URL.Path), now: s.now(), w: w}
	setSecurityHeaders(a.Header)
	if err := s.dispatch(a, r); err != nil {
		s.Fail(a, err)
	}
	s.log.Request(requestlog.Entry{
		At: a.now, Method: r.Method, Path: a.path, Status: a.Status, Took: s.Now().Sub(began), From: address(r),
		User: a.user, Session: a.session, Note: a.Note,
	})
	if a.Aborted {
		panic(http.ErrAbortHandler) // closes the connection or the HTTP/2 stream
	}
	a.send(r.Method)
}

// setSecurityHeaders sets the headers of every answer.
func setSecurityHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
}

// dispatch checks a request and calls the handler of its path.
func (s *Server) dispatch(a *Answer, r *http.Request) error {
	s.share(a, r)
	if err := s.checkRequest(r); err != nil {
		return err
	}
	if isPreflight(a, r) {
		answerPreflight(a)
		return nil
	}
	for _, e := range s.Endpoints {
		if e.Path == r.URL.Path {
			return route(s.Endpoints, a, r)
		}
	}
	s.rules.Handle(a, r)
	return nil
}

// answer is the standard Rules.Handle.
func (s *Server) answer(a *Answer, r *http.Request) {
	if err := route(s.endpoints, a, r); err != nil {
		s.Fail(a, err)
	}
}

// checkRequest refuses requests that are too large, and two attacks: DNS rebinding, by
// the Host header, and cross-site request forgery, by the origin.
func (s *Server) checkRequest(r *http.Request) error {
	if headerSize(r) > maxHeader {
		return &oauth.Error{Status: http.StatusRequestHeaderFieldsTooLarge, Code: oauth.InvalidRequest, Description: "the header is larger than 16 KiB"}
	}
	if !s.isHost(r.Host) {
		return &oauth.Error{Status: http.StatusMisdirectedRequest, Code: oauth.InvalidRequest, Description: "the Host header must name this server: " + s.Issuer}
	}
	guard := s.origin
	if s.isPage(r.URL.Path) {
		guard = s.forms // an app that may call the server must not agree for its user
	}
	if err := guard.Check(r); err != nil && !isOpen(r) {
		return &oauth.Error{Status: http.StatusForbidden, Code: oauth.InvalidRequest, Description: "requests from another origin are refused"}
	}
	return nil
}

// isOpen reports whether a request may come from a page of any site: clients may send the
// browser to these pages with a form. They change nothing.
func isOpen(r *http.Request) bool {
	return r.Method == http.MethodPost && (r.URL.Path == authorizePath || r.URL.Path == endSessionPath)
}

// route calls the endpoint of the request. HEAD is answered like GET.
func route(endpoints []Endpoint, a *Answer, r *http.Request) error {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	var allowed []string
	for _, e := range endpoints {
		if e.Path != r.URL.Path {
			continue
		}
		a.path = e.Path
		if e.Method == method {
			return e.Handle(a, r)
		}
		allowed = append(allowed, e.Method)
	}
	if allowed == nil {
		return &oauth.Error{Status: http.StatusNotFound, Code: "not_found", Description: "no endpoint has this path"}
	}
	a.Header["Allow"] = allowed
	return &oauth.Error{Status: http.StatusMethodNotAllowed, Code: oauth.InvalidRequest, Description: "this endpoint does not accept the method"}
}

// ownEndpoints returns the server's endpoints, in the order of the index.
func (s *Server) ownEndpoints() []Endpoint {
	get := func(path string, handle func(*exchange) error) Endpoint {
		return Endpoint{Method: http.MethodGet, Path: path, Handle: s.handle(handle)}
	}
	post := func(path string, handle func(*exchange) error) Endpoint {
		return Endpoint{Method: http.MethodPost, Path: path, Handle: s.handle(handle)}
	}
	page := func(e Endpoint) Endpoint {
		e.Page = true
		return e
	}
	endpoints := []Endpoint{
		get(indexPath, s.index),
		post("/login", s.login),
		post("/refresh", s.refresh),
		post(TokenPath, s.token),
		post("/logout", s.logout),
		get("/me", s.me),
		get("/cart", s.showCart),
		post("/cart/items", s.addItem),
		post("/checkout", s.checkout),
		get(KeysPath, s.jwks),
		get(oauth.DiscoveryPath, s.metadata),
		get(oauth.MetadataPath, s.metadata),
		page(get(authorizePath, s.authorizePage)),
		page(post(authorizePath, s.authorizePage)),
		page(post(authorizePath+"/login", s.takeLogin)),
		page(post(authorizePath+"/consent", s.takeConsent)),
		post(parPath, s.push),
		post(deviceAuthorizationPath, s.authorizeDevice),
		page(get(devicePath, s.devicePage)),
		page(post(devicePath, s.takeDeviceDecision)),
		page(post(devicePath+"/login", s.takeDeviceLogin)),
		get(userinfoPath, s.userinfo),
		post(userinfoPath, s.userinfo),
		post(revokePath, s.revoke),
		post(introspectPath, s.introspect),
		page(get(endSessionPath, s.endSession)),
		page(post(endSessionPath, s.endSession)),
		page(post(endSessionPath+"/confirm", s.takeLogout)),
	}
	if s.Registration {
		endpoints = append(endpoints, post(registerPath, s.register))
	}
	return endpoints
}

// headerSize returns the size of a header in HTTP/1.1: name, colon, space, value, CRLF.
func headerSize(r *http.Request) int {
	n := len(r.Method) + len(r.RequestURI) + len(r.Host)
	for name, values := range r.Header {
		for _, v := range values {
			n += len(name) + len(v) + 4
		}
	}
	return n
}

// isHost reports whether a value of Host names this server.
func (s *Server) isHost(host string) bool {
	canonical := canonicalHost(host, s.scheme)
	name, _, _ := net.SplitHostPort(canonical)
	return s.hosts[canonical] || s.hosts[name]
}

// canonicalHost returns a value of Host in lower case and with a port.
func canonicalHost(host, scheme string) string {
	if _, _, err := net.SplitHostPort(host); err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
		if scheme == "https" {
			host = net.JoinHostPort(host, "443")
		} else {
			host = net.JoinHostPort(host, "80")
		}
	}
	return strings.ToLower(host)
}
