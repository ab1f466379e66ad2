// Package authclient logs in to a server, refreshes and logs out, as a preset describes
// the server. It uses plain http only on loopback, does not follow redirects, and limits
// the time and size of every exchange.
package authclient

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"jwt/internal/cookie"
	"jwt/internal/httpclient"
	"jwt/internal/phrase"
	"jwt/internal/presets"
	"jwt/internal/redact"
	"jwt/internal/verdict"
)

// Limits of one exchange with a server.
const (
	ExchangeTimeout = 30 * time.Second // from the first packet to the last byte
	MaxReply        = 1 << 20          // bytes of an answer's body
)

// A Client sends requests to one server, as its preset describes.
type Client struct {
	URL       *url.URL // from ParseServer
	Preset    presets.Preset
	OAuth     *OAuth            // of an OAuth 2.0 session; nil for one of the preset's own steps
	Transport http.RoundTripper // from httpclient.Transport
	Jar       http.CookieJar    // of all cookies except that of the refresh token; may be nil
	UserAgent string
	Now       func() time.Time
	Timeout   time.Duration // of one exchange; 0 means ExchangeTimeout
}

// Tokens are the current tokens of a session.
type Tokens struct {
	AccessToken, RefreshToken string
	RefreshCookie             string // the name under which the refresh token came; "" if the preset names just one
}

// Uncertain is the cause of an error after which it is unknown whether the server has
// executed the request: it was sent, and no answer confirms it.
type Uncertain struct {
	Err  error
	Lost bool  // the answer, or a part of it, did not arrive
	Next Grant // has the refresh token of an answer that is otherwise unusable, if any
}

func (u *Uncertain) Error() string { return u.Err.Error() }

// Unwrap returns Err.
func (u *Uncertain) Unwrap() error { return u.Err }

func uncertain(e *verdict.Error, lost bool) *verdict.Error {
	e.Err = &Uncertain{Err: cmp.Or(e.Err, errUnusable), Lost: lost}
	return e
}

var errUnusable = errors.New("the answer is unusable")

// A reply is an answer with its complete body.
type reply struct {
	url     *url.URL
	status  int
	header  http.Header
	cookies []*http.Cookie
	body    []byte
	asked   time.Time
	step    presets.Step
	section string         // of the step, in the file of presets
	secrets redact.Secrets // of the request, which the answer may repeat
}

// do sends the request of a step. An answer with any status is a reply. A truncated
// answer is an error, with a reply without a body.
func (s *Client) do(ctx context.Context, step presets.Step, values map[string]string) (*reply, error) {
	what := sentBy(step, values)
	what.step = step.Name
	for _, value := range s.Preset.Values {
		what.secrets.AddLong(leastCookie, value)
	}
	r, err := s.exchange(ctx, what, func(ctx context.Context) (*http.Request, error) { return s.request(ctx, step, values) })
	if r != nil {
		r.step, r.section = step, s.Preset.Section(step)
	}
	return r, err
}

// exchange sends the request that build makes, and reads its answer.
func (s *Client) exchange(parent context.Context, what sent, build func(context.Context) (*http.Request, error)) (*reply, error) {
	timeout := cmp.Or(s.Timeout, ExchangeTimeout)
	ctx, cancel := context.WithTimeout(parent, timeout)
	defer cancel()
	left := false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { left = true }})
	req, err := build(context.WithValue(ctx, secretsKey{}, what))
	if err != nil {
		return nil, err
	}
	r := &reply{url: req.URL, asked: s.Now(), secrets: what.secrets}
	resp, err := s.Transport.RoundTrip(req) // which follows no redirect: it would carry credentials elsewhere
	if err == nil {
		defer resp.Body.Close()
		r.status, r.header, r.cookies = resp.StatusCode, resp.Header, cookie.ReadSet(resp.Header)
		if s.Jar != nil {
			s.Jar.SetCookies(req.URL, r.cookies)
		}
		r.body, err = readReply(req.URL, resp)
	}
	if err == nil {
		return r, nil
	}
	err = exchangeFailure(parent, req, err, timeout)
	var e *verdict.Error
	if left && errors.As(err, &e) {
		r.body = nil
		return r, uncertain(e, r.status == 0 || e.Class != verdict.FetchRefused)
	}
	return nil, err
}

// NetworkFailure returns the error for a request without a complete answer, with the
// secrets of the request hidden. ctx is that of the caller: its end is an interruption.
func NetworkFailure(ctx context.Context, req *http.Request, err error) error {
	return exchangeFailure(ctx, req, err, ExchangeTimeout)
}

// exchangeFailure is httpclient.Failure with the secrets of the request hidden: the URL
// may have one.
func exchangeFailure(ctx context.Context, req *http.Request, err error, timeout time.Duration) error {
	err = httpclient.Failure(ctx, req.URL, err, timeout)
	var e *verdict.Error
	if !errors.As(err, &e) {
		return err
	}
	own := *e // several requests may share one error
	own.Message = SecretsOf(req).HideInOurs(e.Message)
	return &own
}

func readReply(u *url.URL, resp *http.Response) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxReply+1))
	if err == nil && len(body) > MaxReply {
		err = verdict.Errorf(verdict.FetchRefused, "%s: the answer is larger than %d bytes", httpclient.Show(u), MaxReply).Hintf("is that the right server? %s", httpclient.Curl(u))
	}
	return body, err
}

func (h Tokens) values() map[string]string {
	return map[string]string{"$access_token": h.AccessToken, "$refresh_token": h.RefreshToken, "$refresh_cookie": h.RefreshCookie}
}

// refusal returns the error of an answer that refuses the request.
func (r *reply) refusal(class verdict.Class) *verdict.Error {
	said := r.said()
	said.Code, said.Description = redact.Tokens(r.secrets.Hide(said.Code)), redact.Tokens(r.secrets.Hide(said.Description))
	message := httpclient.Show(r.url) + ": the server answered " + httpclient.Status(r.status)
	if said.Code != "" || said.Description != "" {
		message += ": " + phrase.Short(said.Error())
	}
	e := verdict.Errorf(class, "%s", message)
	e.Err = said
	switch {
	case r.status >= 500:
		r.failed(e)
	case r.status == http.StatusTooManyRequests && said.RetryAfter > 0:
		e.Hintf("try again in %s", said.RetryAfter)
	case r.status == http.StatusTooManyRequests:
		e.Hintf("the server limits the rate of requests: try again later")
	case r.status >= 300 && r.status < 400:
		r.redirected(e)
	case r.status == http.StatusNotFound || r.status == http.StatusMethodNotAllowed:
		r.notThere(e)
	}
	return e
}

// failed completes the error of a server with a problem.
func (r *reply) failed(e *verdict.Error) {
	e.Class = verdict.ServerError
	if r.status == http.StatusNotImplemented {
		e.Hintf("the server does not take this method here: is it the right server and path?")
		return
	}
	e.Hintf("the server has a problem of its own: try again later")
}

// redirected completes the error of a redirect.
func (r *reply) redirected(e *verdict.Error) {
	e.Class = verdict.FetchRefused
	e.Message += ", to " + r.secrets.Hide(target(r.url, r.header.Get("Location")))
	e.Hintf("credentials are not sent after a redirect: if you trust that server, log in there")
	if path := slashed(r.url, r.header.Get("Location"), r.step.Path); path != "" {
		e.Hintf("the server wants the path %s: write path = %q under [%s] in config.toml", path, path, r.section)
	}
}

// notThere completes the error of a path or a method that the server does not have.
func (r *reply) notThere(e *verdict.Error) {
	e.Class = verdict.FetchFailed
	switch {
	case r.step.Path == "":
		e.Hintf("the endpoint is the one that the server's metadata or the preset names")
	case r.status == http.StatusNotFound && r.doubled() != "":
		e.Hintf("the preset adds %s to the URL of the server: is that %s?", r.step.Path, r.doubled())
	default:
		base := *r.url
		base.Path, base.RawPath, base.RawQuery = strings.TrimSuffix(base.Path, r.step.Path), "", ""
		e.Hintf("does the server need another preset? jwt session detect %s proposes one", httpclient.Show(&base))
	}
}

// doubled returns the URL of the server without the path of the step, if the user has typed
// that path too, or "".
func (r *reply) doubled() string {
	path, ok := strings.CutSuffix(strings.TrimSuffix(r.url.Path, r.step.Path), strings.TrimRight(r.step.Path, "/"))
	if !ok {
		return ""
	}
	base := *r.url
	base.Path, base.RawPath = path, ""
	return httpclient.Show(&base)
}

// slashed returns the path of a step with or without a slash at its end, if a redirect
// changes nothing else, or "".
func slashed(from *url.URL, location, step string) string {
	to, err := from.Parse(location)
	if err != nil || step == "" || location == "" || httpclient.Origin(to) != httpclient.Origin(from) || to.User != nil {
		return ""
	}
	switch {
	case to.Path == from.Path+"/":
		return step + "/"
	case to.Path+"/" == from.Path:
		return strings.TrimSuffix(step, "/")
	}
	return ""
}

// target returns the target of a redirect, without its query, which may hold secrets.
func target(from *url.URL, location string) string {
	u, err := from.Parse(location)
	if err != nil || location == "" {
		return "nowhere"
	}
	return httpclient.Show(u)
}

func retryAfter(text string, now time.Time) time.Duration {
	if d := httpclient.DeltaSeconds(text); d > 0 {
		return d
	}
	if t, err := http.ParseTime(text); err == nil && t.After(now) {
		return t.Sub(now).Round(time.Second)
	}
	return 0
}
