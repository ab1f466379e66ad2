package session

import (
	"cmp"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"

	"jwt/internal/httpclient"
	"jwt/internal/loopback"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// A Proxy is a reverse proxy to the server of a session, which adds the credentials of the
// session to each request as Transport does. Cookies stay in the session: those of requests
// are removed, as browsers send the cookies of other ports too, and so are those of answers.
//
// It is made for a loopback address. A page of another site cannot use it: requests for
// another host (DNS rebinding) and cross-site requests are refused.
type Proxy struct {
	target *url.URL
	port   string // that it listens on
	cross  *http.CrossOriginProtection
	proxy  *httputil.ReverseProxy
}

// NewProxy returns a Proxy to target, which must be of the session's origin. addr is the
// address that it listens on.
func NewProxy(c *Client, target *url.URL, addr net.Addr) (*Proxy, error) {
	s, err := c.Store.Peek(c.Name)
	if err != nil {
		return nil, err
	}
	if err := checkOrigin(target, s); err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return nil, verdict.Errorf(verdict.Internal, "%s has no port: %w", addr, err)
	}
	p := &Proxy{target: target, port: port, cross: http.NewCrossOriginProtection()}
	p.proxy = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = target.Host
			r.Out.Header.Del("Cookie")
		},
		Transport:      Transport{Client: c, recent: &recent{}},
		BufferPool:     &buffers{},
		ModifyResponse: p.modify,
		ErrorHandler:   proxyError,
	}
	return p, nil
}

func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := p.check(r); err != nil {
		proxyError(w, r, err)
		return
	}
	p.proxy.ServeHTTP(w, r)
}

// check refuses requests that a page of another site may have made.
func (p *Proxy) check(r *http.Request) error {
	host := url.URL{Host: r.Host}
	if cmp.Or(host.Port(), "80") != p.port || !loopback.Host(host.Hostname()) {
		return verdict.Errorf(verdict.FetchRefused, "the request is for the host %q, not for this proxy", r.Host)
	}
	if err := p.cross.Check(r); err != nil {
		return verdict.Errorf(verdict.FetchRefused, "the request is from another site: %w", err)
	}
	h := r.Header
	link := h.Get("Sec-Fetch-Mode") == "navigate" && (h.Get("Sec-Fetch-Dest") == "document" || h.Get("Sec-Fetch-Dest") == "")
	if h.Get("Sec-Fetch-Site") == "cross-site" && !link || h.Get("Sec-Fetch-Site") == "" && foreign(h.Get("Origin")) {
		return verdict.Errorf(verdict.FetchRefused, "the request is from another site")
	}
	if origin := h.Get("Origin"); h.Get("Upgrade") != "" && origin != "" && origin != "http://"+r.Host { // no CORS guards a WebSocket
		return verdict.Errorf(verdict.FetchRefused, "the connection is from the page of another origin, %s", phrase.Quote(origin))
	}
	return nil
}

// foreign reports whether an Origin is that of a page from another machine. Browsers without
// Sec-Fetch-Site send it with the handshake of a WebSocket, which is a GET.
func foreign(origin string) bool {
	u, err := url.Parse(origin)
	return origin != "" && (err != nil || !loopback.Host(u.Hostname()))
}

// modify keeps cookies in the session and redirects to the target at the proxy.
func (p *Proxy) modify(resp *http.Response) error {
	resp.Header.Del("Set-Cookie")
	to, err := resp.Location()
	if err != nil || httpclient.Origin(to) != httpclient.Origin(p.target) {
		return nil
	}
	if prefix := strings.TrimSuffix(p.target.Path, "/"); strings.HasPrefix(to.Path, prefix+"/") {
		to.Path, to.RawPath = strings.TrimPrefix(to.Path, prefix), ""
		resp.Header.Set("Location", (&url.URL{Path: to.Path, RawQuery: to.RawQuery, Fragment: to.Fragment}).String())
	}
	return nil
}

// proxyError answers with the error as JSON: 403 if the proxy refused the request, 401 if the
// session has ended, 502 if the server cannot be reached.
func proxyError(w http.ResponseWriter, _ *http.Request, err error) {
	e := &verdict.Error{Class: verdict.FetchFailed, Message: err.Error()}
	errors.As(err, &e)
	status := http.StatusBadGateway
	switch {
	case e.Class == verdict.FetchRefused:
		status = http.StatusForbidden
	case e.Class == verdict.TooLarge:
		status = http.StatusRequestEntityTooLarge
	case e.Class.ExitStatus() == verdict.ExitSession:
		status = http.StatusUnauthorized
	}
	body := map[string]map[string]string{"error": {"class": string(e.Class), "message": e.Message}}
	if e.Hint != "" {
		body["error"]["hint"] = e.Hint
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) // to a client that may be gone
}

// buffers keeps the buffers in which answers are copied: a new one for each is most of the garbage
// of a call.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if buffer, ok := b.pool.Get().(*[bufferSize]byte); ok {
		return buffer[:]
	}
	return make([]byte, bufferSize)
}

func (b *buffers) Put(buffer []byte) { b.pool.Put((*[bufferSize]byte)(buffer)) }

const bufferSize = 32 << 10
