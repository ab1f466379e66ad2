package authserver

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"jwt/internal/oauth"
	"jwt/internal/verdict"
)

// Limits on a request, in bytes.
const (
	maxBody   = 64 << 10
	maxHeader = 16 << 10
)

// An exchange is one request and the answer to it, which is sent when its handler
// is through: until then it can still be dropped.
type exchange struct {
	*http.Request
	ctx    context.Context // outlives a client that hangs up: what was begun is finished
	w      http.ResponseWriter
	header http.Header // of the answer
	now    time.Time

	status int
	body   []byte

	committed bool // the store changed

	// For the log: the path is that of a route, or redacted.
	path, user, session, note string
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := s.Now()
	x := &exchange{Request: r, ctx: context.WithoutCancel(r.Context()), w: w, header: w.Header(), now: s.now(), path: redacted(r.URL.Path)}
	s.secure(x)
	if err := s.handle(x); err != nil {
		x.fail(s, err)
	}
	dropped := s.drops(x)
	if dropped {
		x.note = strings.TrimSpace(x.note + " answer dropped")
	}
	s.log.request(x, s.Now().Sub(began))
	if dropped {
		panic(http.ErrAbortHandler) // closes the connection, or the stream
	}
	x.send(s)
}

// secure sets the headers that every answer has.
func (s *Server) secure(x *exchange) {
	x.header.Set("Cache-Control", "no-store")
	x.header.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	x.header.Set("X-Content-Type-Options", "nosniff")
	x.header.Set("Referrer-Policy", "no-referrer")
}

// handle checks what holds for every request and calls the handler of its path.
func (s *Server) handle(x *exchange) error {
	if headerSize(x.Request) > maxHeader {
		return &oauth.Error{Status: http.StatusRequestHeaderFieldsTooLarge, Code: oauth.InvalidRequest, Description: "the header is larger than 16 KiB"}
	}
	if !s.host[canonicalHost(x.Host, s.scheme)] {
		return &oauth.Error{Status: http.StatusMisdirectedRequest, Code: oauth.InvalidRequest, Description: "this server is " + s.Issuer}
	}
	if err := s.origin.Check(x.Request); err != nil {
		return &oauth.Error{Status: http.StatusForbidden, Code: oauth.InvalidRequest, Description: "a page of another origin must not ask this"}
	}
	if x.URL.Path != faultsPath {
		if err := s.obstruct(x); err != nil {
			return err
		}
	}
	handlers, ok := s.routes(x.URL.Path)
	if !ok {
		return &oauth.Error{Status: http.StatusNotFound, Code: "not_found", Description: "there is nothing here"}
	}
	x.path = x.URL.Path
	method := x.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for _, h := range handlers {
		if h.method == method {
			return h.handle(x)
		}
	}
	for _, h := range handlers {
		x.header.Add("Allow", h.method)
	}
	return &oauth.Error{Status: http.StatusMethodNotAllowed, Code: oauth.InvalidRequest, Description: "this path takes another method"}
}

// obstruct carries out the faults that come before any handler.
func (s *Server) obstruct(x *exchange) error {
	if f, ok := s.faults.take(FaultLatency, x.URL.Path); ok {
		wait := time.NewTimer(f.Value)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-x.Context().Done():
		}
	}
	if f, ok := s.faults.take(FaultStatus, x.URL.Path); ok {
		return &oauth.Error{Status: f.Code, Code: oauth.ServerError, Description: "a fault on demand"}
	}
	return nil
}

// drops says whether the answer is to be lost: by itself the fault concerns
// requests that changed something.
func (s *Server) drops(x *exchange) bool {
	if !x.committed {
		f, ok := s.faults.peek(FaultDropAnswer, x.URL.Path)
		if !ok || f.Path == "" {
			return false
		}
	}
	_, ok := s.faults.take(FaultDropAnswer, x.URL.Path)
	return ok
}

type handler struct {
	method string
	handle func(*exchange) error
}

// routes are the handlers of a path.
func (s *Server) routes(path string) ([]handler, bool) {
	get := func(h func(*exchange) error) []handler { return []handler{{http.MethodGet, h}} }
	post := func(h func(*exchange) error) []handler { return []handler{{http.MethodPost, h}} }
	switch path {
	case "/":
		return get(s.index), true
	case "/login":
		return post(s.login), true
	case "/refresh":
		return post(s.refresh), true
	case "/token":
		return post(s.token), true
	case "/logout":
		return post(s.logout), true
	case "/me":
		return get(s.me), true
	case "/cart":
		return get(s.showCart), true
	case "/cart/items":
		return post(s.addItem), true
	case "/checkout":
		return post(s.checkout), true
	case jwksPath:
		return get(s.jwks), true
	case oauth.DiscoveryPath, oauth.MetadataPath:
		return get(s.metadata), true
	case faultsPath:
		if s.FaultControl {
			return []handler{{http.MethodGet, s.listFaults}, {http.MethodPost, s.addFault}, {http.MethodDelete, s.clearFaults}}, true
		}
	}
	return nil, false
}

// json answers with a JSON body.
func (x *exchange) json(status int, body []byte) error {
	x.header.Set("Content-Type", "application/json")
	x.status, x.body = status, append(body, '\n')
	return nil
}

// text answers with plain text.
func (x *exchange) text(status int, text string) error {
	x.header.Set("Content-Type", "text/plain; charset=utf-8")
	x.status, x.body = status, []byte(text+"\n")
	return nil
}

// fail answers with an error. What is not meant for clients is logged and told as
// a server error.
func (x *exchange) fail(s *Server, err error) {
	var e *oauth.Error
	if !errors.As(err, &e) {
		s.endIfDamaged(err)
		x.note = strings.TrimSpace(x.note + " " + err.Error())
		e = &oauth.Error{Status: http.StatusInternalServerError, Code: oauth.ServerError, Description: "the server failed: its log says why"}
		if verdict.ClassOf(err) == verdict.FetchFailed {
			e.Status, e.Code, e.RetryAfter = http.StatusServiceUnavailable, oauth.TemporarilyUnavailable, time.Second
		}
	} else if x.note == "" {
		x.note = e.Code
	}
	if e.RetryAfter > 0 {
		x.header.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	if e.Status == http.StatusUnauthorized && x.header.Get("WWW-Authenticate") == "" {
		x.header.Set("WWW-Authenticate", `Bearer realm="`+s.Issuer+`"`) // RFC 9110 §11.6.1: every 401 has one
	}
	x.json(e.Status, e.JSON())
}

func (x *exchange) send(s *Server) {
	if _, ok := s.faults.take(FaultCacheable, x.URL.Path); ok && x.header.Get("Cache-Control") == "no-store" {
		x.header.Del("Cache-Control")
	}
	if len(x.body) > 0 {
		x.header.Set("Content-Length", strconv.Itoa(len(x.body)))
	}
	x.w.WriteHeader(x.status)
	if x.Method != http.MethodHead {
		x.w.Write(x.body)
	}
}

// read returns the body, which must be of that media type where there is any.
func (x *exchange) read(mediaType string) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(x.w, x.Request.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &oauth.Error{Status: http.StatusRequestEntityTooLarge, Code: oauth.InvalidRequest, Description: "the body is larger than 64 KiB"}
	case err != nil:
		return nil, invalid("the body could not be read")
	case len(body) > 0 && x.mediaType() != mediaType:
		return nil, &oauth.Error{Status: http.StatusUnsupportedMediaType, Code: oauth.InvalidRequest, Description: "the body must be " + mediaType + ", by its Content-Type"}
	}
	return body, nil
}

// mediaType returns the Content-Type without its parameters, in lower case.
func (x *exchange) mediaType() string {
	t, _, _ := strings.Cut(x.Header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(t))
}

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// address is where the request comes from.
func (x *exchange) address() netip.Addr {
	a, _ := netip.ParseAddrPort(x.RemoteAddr)
	return a.Addr()
}

func invalid(description string) *oauth.Error {
	return &oauth.Error{Status: http.StatusBadRequest, Code: oauth.InvalidRequest, Description: description}
}

// headerSize counts as the wire does: name, colon, space, value, line end.
func headerSize(r *http.Request) int {
	n := len(r.Method) + len(r.RequestURI) + len(r.Host)
	for name, values := range r.Header {
		for _, v := range values {
			n += len(name) + len(v) + 4
		}
	}
	return n
}

// canonicalHost is a Host in lower case, with its port.
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
