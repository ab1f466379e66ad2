package issuer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// Bounds of one fetch; the body's is jwk.MaxBytes.
const (
	defaultTimeout        = 10 * time.Second // from the first packet to the last byte, redirects included
	defaultConnectTimeout = 5 * time.Second
	maxRedirects          = 5
	maxHeaderBytes        = 64 << 10
	maxValidator          = 1 << 10 // of an ETag or Last-Modified that is kept
)

// get asks the server for the URL, conditionally if it was asked before, and
// returns its answer: a new one, or the known one that a 304 confirms.
// reload also asks the caches on the way to look after it (RFC 9111 §5.2.1.4).
func (c *Client) get(parent context.Context, u *url.URL, known *answer, reload bool) (*answer, error) {
	ctx, cancel := context.WithTimeout(parent, orDefault(c.Timeout, defaultTimeout))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, refusedf("%s: %w", Show(u), err)
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json, */*;q=0.5")
	req.Header.Set("User-Agent", c.UserAgent)
	if reload {
		req.Header.Set("Cache-Control", "no-cache")
	}
	conditional := known != nil && (known.ETag != "" || known.LastModified != "")
	if conditional {
		setIfNotEmpty(req.Header, "If-None-Match", known.ETag)
		setIfNotEmpty(req.Header, "If-Modified-Since", known.LastModified)
	}

	asked := c.Now()
	resp, err := c.client().Do(req)
	if err != nil {
		return nil, c.failure(parent, u, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotModified && conditional && !redirected(resp) {
		return known.confirmed(resp.Header, asked), nil
	}
	if resp.StatusCode != http.StatusOK {
		return nil, badStatus(u, resp)
	}
	body, err := readBody(u, resp)
	if err == nil {
		err = ctx.Err() // a server that notices our going may still end its body properly
	}
	if err != nil {
		return nil, c.failure(parent, u, err)
	}
	return newAnswer(u, resp, body, asked), nil
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

func setIfNotEmpty(h http.Header, name, value string) {
	if value != "" {
		h.Set(name, value)
	}
}

// newAnswer makes the answer of a 200. One that was reached by a redirect keeps
// no validators: next time they could be put to another server.
func newAnswer(u *url.URL, resp *http.Response, body []byte, asked time.Time) *answer {
	f := freshnessOf(resp.Header, asked)
	a := &answer{URL: u.String(), Checked: asked, Expires: asked.Add(f.lifetime), Body: body, noStore: f.noStore}
	if !redirected(resp) {
		a.takeValidators(resp.Header)
	}
	return a
}

func redirected(resp *http.Response) bool { return resp.Request.Response != nil }

// confirmed returns the answer with the headers of a 304, which replace those
// that came with the body (RFC 9111 §4.3.4); where they say nothing of its
// lifetime, it has the same again.
func (a *answer) confirmed(h http.Header, asked time.Time) *answer {
	again := *a
	f := freshnessOf(h, asked)
	if !f.stated {
		f.lifetime = max(a.Expires.Sub(a.Checked), 0)
	}
	again.Checked, again.Expires, again.noStore = asked, asked.Add(f.lifetime), f.noStore
	again.takeValidators(h)
	return &again
}

func (a *answer) takeValidators(h http.Header) {
	if v := h.Get("ETag"); v != "" && len(v) <= maxValidator {
		a.ETag = v
	}
	if v := h.Get("Last-Modified"); v != "" && len(v) <= maxValidator {
		a.LastModified = v
	}
}

// readBody reads at most jwk.MaxBytes, counted after decompression.
func readBody(u *url.URL, resp *http.Response) ([]byte, error) {
	if coding := resp.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, verdict.Errorf(verdict.FetchFailed, "%s: the answer is encoded as %q, which nobody asked for", Show(u), coding).
			Hintf("download it yourself and give the file: %s", curl(u))
	}
	tooLarge := refusedf("%s: the answer is larger than %d bytes", Show(u), jwk.MaxBytes).
		Hintf("is that the URL of a key set? %s", curl(u))
	if resp.ContentLength > jwk.MaxBytes {
		return nil, tooLarge
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, jwk.MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(body) > jwk.MaxBytes {
		return nil, tooLarge
	}
	return body, nil
}

// client returns the handed-in client with our rules instead of its own: bounds
// on what it waits for and reads, no cookies, and redirects as checkRedirect says.
func (c *Client) client() *http.Client {
	c.bounded.Do(func() {
		var transport http.RoundTripper
		if c.HTTP != nil {
			transport = c.HTTP.Transport
		}
		if transport == nil {
			transport = http.DefaultTransport
		}
		if t, ok := transport.(*http.Transport); ok {
			transport = c.bound(t.Clone())
		}
		c.http = &http.Client{Transport: transport, CheckRedirect: checkRedirect}
	})
	return c.http
}

func (c *Client) bound(t *http.Transport) *http.Transport {
	return bound(t, orDefault(c.ConnectTimeout, defaultConnectTimeout))
}

// bound gives a transport, which is its caller's own, our limits.
func bound(t *http.Transport, limit time.Duration) *http.Transport {
	dial := t.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		return connect(ctx, dial, limit, network, addr)
	}
	t.TLSHandshakeTimeout = limit
	t.MaxResponseHeaderBytes = maxHeaderBytes
	t.IdleConnTimeout = time.Second // for the key set after its discovery, then every goroutine ends
	return t
}

var errConnect = errors.New("the host does not answer")

// notLoopback is the address that localhost leads to and should not.
type notLoopback string

func (n notLoopback) Error() string { return "localhost leads to " + string(n) }

type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// connect dials within the limit. The name localhost must lead to loopback, for
// http is spoken there on the strength of the name.
func connect(outer context.Context, dial dialFunc, limit time.Duration, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(outer, limit)
	defer cancel()
	conn, err := dial(ctx, network, addr)
	if err != nil {
		if outer.Err() == nil && ctx.Err() != nil {
			err = fmt.Errorf("no connection within %s: %w", limit, errConnect)
		}
		return nil, err
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil || !strings.EqualFold(host, "localhost") {
		return conn, nil
	}
	if remote, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil && !remote.Addr().IsLoopback() {
		conn.Close()
		return nil, notLoopback(remote.Addr().String())
	}
	return conn, nil
}

// checkRedirect takes at most maxRedirects, each to an address that might have
// been asked itself. What the next server need not know is not told to it.
func checkRedirect(req *http.Request, via []*http.Request) error {
	from := via[len(via)-1].URL
	if len(via) > maxRedirects {
		return refusedf("%s: more than %d redirects", Show(via[0].URL), maxRedirects).Hintf("see where it leads: %s", curl(via[0].URL))
	}
	if err := checkStep(from, req.URL); err != nil {
		return refusedf("%s: redirected to %w", Show(from), err).Hintf("ask whoever runs the server for the key set's own https URL")
	}
	for _, name := range []string{"Referer", "If-None-Match", "If-Modified-Since"} {
		req.Header.Del(name)
	}
	return nil
}

// curl is the command that shows what the server answers. In it and elsewhere
// an address in quotes cannot end them: Show escapes these.
func curl(u *url.URL) string { return "curl -sSi '" + Show(u) + "'" }

// badStatus says what the server answered instead of a key set.
func badStatus(u *url.URL, resp *http.Response) error {
	code := resp.StatusCode
	status := strings.TrimSpace(strconv.Itoa(code) + " " + http.StatusText(code))
	class, hint := verdict.FetchFailed, "look at what it says: "+curl(u)
	switch {
	case code >= 500:
		class, hint = verdict.ServerError, "the server has a problem of its own: try again later"
	case code == http.StatusTooManyRequests:
		hint = "the server wants to be left alone for a while: try again later"
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		hint = "a key set is public and no credentials are sent for it: download it yourself and give the file"
	case code == http.StatusNotFound, code == http.StatusGone:
		hint = "is the URL right? an issuer's keys are found by --key oidc:ISSUER"
	}
	e := verdict.Errorf(class, "%s: the server answered %s", Show(u), status).Hintf("%s", hint)
	e.Err = statusError(code)
	return e
}

// statusError is the cause of an error that a status other than 200 made.
type statusError int

func (s statusError) Error() string { return "status " + strconv.Itoa(int(s)) }

// failure names what went wrong between us and the server.
func (c *Client) failure(parent context.Context, u *url.URL, err error) error {
	return networkFailure(parent, u, err, orDefault(c.Timeout, defaultTimeout))
}

// networkFailure says why there is no answer, which was waited for that long.
func networkFailure(parent context.Context, u *url.URL, err error, timeout time.Duration) error {
	var refused *verdict.Error
	if errors.As(err, &refused) {
		return refused
	}
	if errors.Is(parent.Err(), context.Canceled) {
		return verdict.Errorf(verdict.Interrupted, "%s: interrupted: %w", Show(u), parent.Err())
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // its text is the whole URL again
	}
	var (
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
		elsewhere   notLoopback
	)
	switch {
	case errors.As(err, &elsewhere):
		return refusedf("%s: %w, which is not loopback", Show(u), elsewhere).Hintf("write 127.0.0.1 if you mean this machine")
	case errors.Is(err, context.DeadlineExceeded):
		return failedf(err, "%s: no whole answer within %s", Show(u), timeout).
			Hintf("is the server up? %s", curl(u))
	case errors.As(err, &dns) && dns.IsNotFound:
		return failedf(err, "%s: the host %s is not known to DNS", Show(u), u.Hostname()).Hintf("is the name spelled right?")
	case errors.As(err, &certificate):
		return failedf(err, "%s: its certificate is not trusted: %v", Show(u), certificate.Err).
			Hintf("if it is your own CA's, add that to the system's, or name its file in SSL_CERT_FILE")
	}
	return failedf(err, "%s: %v", Show(u), err).Hintf("is the server up? %s", curl(u))
}

func failedf(cause error, format string, args ...any) *verdict.Error {
	e := verdict.Errorf(verdict.FetchFailed, format, args...)
	e.Err = cause
	return e
}
