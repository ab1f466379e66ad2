package session

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"jwt/internal/authclient"
	"jwt/internal/httpclient"
	"jwt/internal/verdict"
)

// Do sends a request with the session's credentials. The time limit includes the reading
// of the body. It does not follow redirects, which would carry credentials elsewhere.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), cmp.Or(c.Timeout, authclient.ExchangeTimeout))
	resp, err := Transport{Client: c}.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = bounded{resp.Body, cancel}
	return resp, nil
}

// A bounded is a body that cancels the context of its request when it is closed.
type bounded struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b bounded) Close() error {
	b.cancel()
	return b.ReadCloser.Close()
}

// A Transport is an http.RoundTripper that adds the session's credentials to requests to
// its origin and refuses other requests. If the server answers that the access token has
// expired, it refreshes the token and sends the request once more.
type Transport struct {
	Client *Client

	recent *recent // of a Proxy, whose requests all go to the origin of the session
}

// RoundTrip implements http.RoundTripper. An error about the session is a *verdict.Error.
func (t Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	c := t.Client
	ctx := req.Context()
	if req.Body != nil {
		defer req.Body.Close() // also if it is not read
	}
	s, err := t.token(req)
	if err != nil {
		return nil, err
	}
	preset, err := c.preset(s)
	if err != nil {
		return nil, err
	}
	body, err := replayable(req)
	if err != nil {
		return nil, err
	}
	resp, err := c.send(req, body, s, preset)
	if err != nil || !preset.MayExpire(resp.StatusCode) || authclient.NeedsOtherToken(resp.Header) {
		return resp, err
	}
	expired, err := saysExpired(resp, preset, s)
	if err != nil || !expired {
		return resp, err
	}
	fresh, _, err := c.Refresh(ctx, s, 0)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return c.send(req, body, fresh, preset)
}

// token returns the session with a token for the request. A request to another origin is
// refused before the token is refreshed.
func (t Transport) token(req *http.Request) (*Session, error) {
	c := t.Client
	if t.recent != nil {
		if s := t.recent.get(c); s != nil {
			return s, checkOrigin(req.URL, s)
		}
	} else {
		s, err := c.Store.Peek(c.Name)
		if err != nil {
			return nil, err
		}
		if err := checkOrigin(req.URL, s); err != nil {
			return nil, err
		}
	}
	s, err := c.Token(req.Context(), 0)
	if err != nil {
		return nil, err
	}
	return s, checkOrigin(req.URL, s)
}

// checkOrigin refuses to send the session's token to another origin.
func checkOrigin(u *url.URL, s *Session) error {
	origin := httpclient.Origin(u)
	if origin == s.origin() || s.OAuth.AllowsAPI(origin) {
		return nil
	}
	e := verdict.Errorf(verdict.FetchRefused, "%s://%s: the session %s belongs to %s, its token is not sent elsewhere", u.Scheme, u.Host, s.Name, s.Server)
	if s.OAuth != nil {
		return e.Hintf("if the token is for that API: %s --api %s://%s", s.loginCommand(), u.Scheme, u.Host)
	}
	return e.Hintf("to send it to that server: jwt session token --format curl | curl -K - URL")
}

// Allows reports whether the access token may be sent to u.
func (s *Session) Allows(u *url.URL) bool { return checkOrigin(u, s) == nil }

// replayable reads the body of a request and returns a function that returns copies.
func replayable(req *http.Request) (func() io.ReadCloser, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return func() io.ReadCloser { return http.NoBody }, nil
	}
	const most = 64 << 20
	data, err := io.ReadAll(io.LimitReader(req.Body, most+1))
	if err == nil && len(data) > most {
		err = verdict.Errorf(verdict.TooLarge, "the body of the request is larger than %d bytes", most)
	}
	return func() io.ReadCloser { return io.NopCloser(bytes.NewReader(data)) }, err
}

// send sends the request with the session's credentials, and stores the cookies of the
// answer.
func (c *Client) send(req *http.Request, body func() io.ReadCloser, s *Session, p authclient.Preset) (*http.Response, error) {
	c.conceal(s)
	used := s.OAuth.NonceFor(req.URL)
	resp, err := c.sendOnce(req, body, s, p)
	if err == nil && authclient.WantsNonce(resp.Header) && s.OAuth.NonceFor(req.URL) != used {
		resp.Body.Close()
		return c.sendOnce(req, body, s, p)
	}
	return resp, err
}

// sendOnce sends the request once. Cookies go only to the server of the session.
func (c *Client) sendOnce(req *http.Request, body func() io.ReadCloser, s *Session, p authclient.Preset) (*http.Response, error) {
	transport, err := c.transportFor(s)
	if err != nil {
		return nil, err
	}
	out := req.Clone(req.Context())
	out.Body = body()
	out.GetBody = func() (io.ReadCloser, error) { return body(), nil }
	if err := c.authorize(out.Header, req.Method, req.URL, s); err != nil {
		return nil, err
	}
	ours := httpclient.Origin(req.URL) == s.origin()
	own := authclient.ReadCookies(out.Header)
	var cookies []Cookie
	if ours {
		cookies = cookiesFor(s.Cookies, req.URL, c.Now())
		s.setCallHeaders(out.Header, p, cookies)
	}
	for _, k := range cookies {
		if !slices.ContainsFunc(own, func(o *http.Cookie) bool { return o.Name == k.Name }) { // a cookie of the caller replaces it
			authclient.AddCookie(out.Header, k.Name, k.raw())
		}
	}
	resp, err := transport.RoundTrip(out)
	if err != nil {
		return nil, authclient.NetworkFailure(req.Context(), out, err)
	}
	saving := context.WithoutCancel(req.Context())
	if err := c.keepNonce(saving, s, req.URL, resp.Header); err != nil {
		c.unsaved.Store(&err)
	}
	if set := authclient.ReadSetCookies(resp.Header); ours && len(set) > 0 {
		if err := c.keepCookies(saving, s, p, req.URL, set); err != nil {
			c.unsaved.Store(&err)
		}
	}
	return resp, nil
}

// setCallHeaders sets the headers that the preset says a call needs.
func (s *Session) setCallHeaders(h http.Header, p authclient.Preset, cookies []Cookie) {
	server, err := url.Parse(s.Server)
	if err != nil || len(p.Call.Headers) == 0 {
		return
	}
	var raw []*http.Cookie
	for _, c := range cookies {
		raw = append(raw, &http.Cookie{Name: c.Name, Value: c.raw()})
	}
	p.CallHeaders(h, server, raw)
}

// keepCookies adds cookies to the stored session, which another process may have changed.
// It does not change a session of another login.
func (c *Client) keepCookies(ctx context.Context, seen *Session, p authclient.Preset, u *url.URL, set []*http.Cookie) error {
	return c.change(ctx, seen, func(s *Session) (changed bool) {
		s.Cookies, changed = setCookies(s.Cookies, u, set, c.Now(), withheld(p, s))
		return changed
	})
}

// change changes the stored session if it is still that of the same login, and saves it if
// edit reports a change.
func (c *Client) change(ctx context.Context, seen *Session, edit func(*Session) bool) error {
	unlock, err := c.Store.lock(ctx, c.Name, lockTimeout)
	if err != nil {
		return err
	}
	defer unlock()
	s, err := c.Store.Load(c.Name)
	if verdict.ClassOf(err) == verdict.NotLoggedIn || err == nil && s.ID != seen.ID {
		return nil
	}
	if err != nil {
		return err
	}
	if !edit(s) {
		return nil
	}
	return c.Store.save(s)
}

// saysExpired reports whether an answer means that the access token has expired. It reads the
// start of the body, and the caller can still read all of it.
func saysExpired(resp *http.Response, p authclient.Preset, s *Session) (bool, error) {
	const enough = 64 << 10
	head, err := io.ReadAll(io.LimitReader(resp.Body, enough))
	if err != nil {
		resp.Body.Close()
		return false, err
	}
	rest := resp.Body
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), rest), rest}
	base, err := url.Parse(s.Server)
	if err != nil {
		return false, err
	}
	path := strings.TrimPrefix(resp.Request.URL.Path, base.Path)
	if !p.SaysExpired(resp.StatusCode, path, head) {
		return false, nil
	}
	resp.Body.Close()
	return true, nil
}
