package jwks

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"jwt/internal/httpclient"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// Limits of one fetch. That of the body is jwk.MaxBytes.
const (
	defaultTimeout = 10 * time.Second // from the first packet to the last byte, redirects included
	maxRedirects   = 5
	maxValidator   = 1 << 10 // of an ETag or Last-Modified that is stored
)

// get requests the URL, conditionally if an answer is known. It returns the new answer,
// or the known one if a 304 confirms it. reload makes caches on the way revalidate theirs
// (RFC 9111 §5.2.1.4).
func (c *Client) get(parent context.Context, u *url.URL, known *answer, reload bool) (*answer, error) {
	ctx, cancel := context.WithTimeout(parent, cmp.Or(c.Timeout, defaultTimeout))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, refusedf("%s: %w", httpclient.Show(u), err)
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
		err = ctx.Err() // after a cancel the server may end the body without an error
	}
	if err != nil {
		return nil, c.failure(parent, u, err)
	}
	return newAnswer(u, resp, body, asked), nil
}

func setIfNotEmpty(h http.Header, name, value string) {
	if value != "" {
		h.Set(name, value)
	}
}

// newAnswer returns the answer of a 200. After a redirect it stores no validators: the
// next request could send them to another server.
func newAnswer(u *url.URL, resp *http.Response, body []byte, asked time.Time) *answer {
	f := freshnessOf(resp.Header, asked)
	a := &answer{URL: u.String(), Checked: asked, Expires: asked.Add(f.lifetime), Body: body, noStore: f.noStore}
	if !redirected(resp) {
		a.takeValidators(resp.Header)
	}
	return a
}

func redirected(resp *http.Response) bool { return resp.Request.Response != nil }

// confirmed returns the answer with the headers of a 304, which replace the earlier ones
// (RFC 9111 §4.3.4). If they give no lifetime, the earlier one starts again.
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
		return nil, verdict.Errorf(verdict.FetchFailed, "%s: the answer is encoded as %q, which was not requested", httpclient.Show(u), coding).
			Hintf("download it yourself and give the file: %s", httpclient.Curl(u))
	}
	tooLarge := refusedf("%s: the answer is larger than %d bytes", httpclient.Show(u), jwk.MaxBytes).
		Hintf("is that the URL of a key set? %s", httpclient.Curl(u))
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

// client returns a client with the transport of c.HTTP, our limits, no cookies, and the
// redirects that checkRedirect allows.
func (c *Client) client() *http.Client {
	c.bounded.Do(func() {
		c.http = &http.Client{Transport: httpclient.Transport(c.HTTP, c.ConnectTimeout), CheckRedirect: checkRedirect}
	})
	return c.http
}

// checkRedirect allows at most maxRedirects, each to an allowed address, and removes
// headers that the next server should not see.
func checkRedirect(req *http.Request, via []*http.Request) error {
	from := via[len(via)-1].URL
	if len(via) > maxRedirects {
		return refusedf("%s: more than %d redirects", httpclient.Show(via[0].URL), maxRedirects).Hintf("see where it leads: %s", httpclient.Curl(via[0].URL))
	}
	if err := checkStep(from, req.URL); err != nil {
		return refusedf("%s: redirected to %w", httpclient.Show(from), err).Hintf("ask the operator of the server for the key set's own https URL")
	}
	for _, name := range []string{"Referer", "If-None-Match", "If-Modified-Since"} {
		req.Header.Del(name)
	}
	return nil
}

// badStatus returns the error for a status other than 200.
func badStatus(u *url.URL, resp *http.Response) error {
	code := resp.StatusCode
	class, hint := verdict.FetchFailed, "look at the answer: "+httpclient.Curl(u)
	switch {
	case code >= 500:
		class, hint = verdict.ServerError, "the server has a problem of its own: try again later"
	case code == http.StatusBadRequest && u.Scheme == "http":
		hint = "does that port speak TLS? https://" + strings.TrimPrefix(httpclient.Show(u), "http://")
	case code == http.StatusTooManyRequests:
		hint = "the server limits the rate of requests: try again later"
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		hint = "no credentials are sent for a key set, which is public: download it yourself and give the file"
		if u.Path == "/openid/v1/jwks" {
			hint = "no credentials are sent for a key set; Kubernetes gives it to kubectl: kubectl get --raw /openid/v1/jwks > set.json"
		}
	case code == http.StatusNotFound, code == http.StatusGone:
		hint = "is the URL right? --key oidc:ISSUER finds an issuer's keys"
	}
	e := verdict.Errorf(class, "%s: the server answered %s", httpclient.Show(u), httpclient.Status(code)).Hintf("%s", hint)
	e.Err = statusError(code)
	return e
}

// statusError is the cause of an error for a status other than 200.
type statusError int

func (s statusError) Error() string { return "status " + strconv.Itoa(int(s)) }

// failure returns the error for a request without a complete answer.
func (c *Client) failure(parent context.Context, u *url.URL, err error) error {
	return httpclient.Failure(parent, u, err, cmp.Or(c.Timeout, defaultTimeout))
}

func failedf(cause error, format string, args ...any) *verdict.Error {
	e := verdict.Errorf(verdict.FetchFailed, format, args...)
	e.Err = cause
	return e
}
