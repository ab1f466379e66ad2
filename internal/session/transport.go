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
	"time"

	"jwt/internal/authclient"
	"jwt/internal/cookie"
	"jwt/internal/httpclient"
	"jwt/internal/presets"
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
	k, err := t.credentials(req)
	if err != nil {
		return nil, err
	}
	body, err := replayable(req)
	if err != nil {
		return nil, err
	}
	resp, err := c.send(req, body, k)
	if err != nil || !k.preset.MayExpire(resp.StatusCode) || authclient.NeedsOtherToken(resp.Header) {
		return resp, err
	}
	expired, err := saysExpired(resp, k)
	if err != nil || !expired {
		return resp, err
	}
	fresh, _, err := c.Refresh(ctx, k.session, 0)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if k, err = c.credentials(fresh); err != nil {
		return nil, err
	}
	return c.send(req, body, k)
}

// credentials returns the session with a token for the request. A request to another origin is
// refused before the token is refreshed.
func (t Transport) credentials(req *http.Request) (*credentials, error) {
	c := t.Client
	if t.recent != nil {
		if k := t.recent.get(c); k != nil {
			return k, checkOrigin(req.URL, k.session)
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
	if err := checkOrigin(req.URL, s); err != nil {
		return nil, err
	}
	return c.credentials(s)
}

// credentials are a session and what each of its requests needs. They do not change.
type credentials struct {
	session   *Session
	preset    presets.Preset
	origin    string // of the session's server
	transport http.RoundTripper
}

func (c *Client) credentials(s *Session) (*credentials, error) {
	preset, err := c.preset(s)
	if err != nil {
		return nil, err
	}
	transport, err := c.transportFor(s)
	if err != nil {
		return nil, err
	}
	return &credentials{session: s, preset: preset, origin: s.origin(), transport: transport}, nil
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
		return noBody, nil
	}
	const most = 64 << 20
	data, err := io.ReadAll(io.LimitReader(req.Body, most+1))
	if err == nil && len(data) > most {
		err = verdict.Errorf(verdict.TooLarge, "the body of the request is larger than %d bytes", most)
	}
	return func() io.ReadCloser { return io.NopCloser(bytes.NewReader(data)) }, err
}

func noBody() io.ReadCloser { return http.NoBody }

// send sends the request with the session's credentials, and stores the cookies of the
// answer.
func (c *Client) send(req *http.Request, body func() io.ReadCloser, k *credentials) (*http.Response, error) {
	c.conceal(k.session)
	used := k.session.OAuth.NonceFor(req.URL)
	resp, err := c.sendOnce(req, body, k)
	if err == nil && authclient.WantsNonce(resp.Header) && k.session.OAuth.NonceFor(req.URL) != used {
		resp.Body.Close()
		return c.sendOnce(req, body, k)
	}
	return resp, err
}

// sendOnce sends the request once. Cookies go only to the server of the session.
func (c *Client) sendOnce(req *http.Request, body func() io.ReadCloser, k *credentials) (*http.Response, error) {
	out := *req
	out.Header = req.Header.Clone()
	out.Body = body()
	out.GetBody = func() (io.ReadCloser, error) { return body(), nil }
	if err := c.authorize(out.Header, req.Method, req.URL, k.session); err != nil {
		return nil, err
	}
	ours := httpclient.Origin(req.URL) == k.origin
	if ours {
		k.addCookies(out.Header, req.URL, c.Now())
	}
	resp, err := k.transport.RoundTrip(&out)
	if err != nil {
		return nil, authclient.NetworkFailure(req.Context(), &out, err)
	}
	c.keep(req, k, resp.Header, ours)
	return resp, nil
}

// addCookies adds the cookies of the session to the header of a call to its server, and the
// headers that the preset says a call needs. A cookie of the caller replaces one of the session.
func (k *credentials) addCookies(h http.Header, u *url.URL, now time.Time) {
	cookies := cookiesFor(k.session.Cookies, u, now)
	own := cookie.Read(h)
	k.session.setCallHeaders(h, k.preset, cookies)
	for _, s := range cookies {
		if !slices.ContainsFunc(own, func(o *http.Cookie) bool { return o.Name == s.Name }) {
			cookie.Add(h, s.Name, s.raw())
		}
	}
}

// keep saves the DPoP nonce and the cookies of an answer. Those of another origin than the
// session's server are not kept.
func (c *Client) keep(req *http.Request, k *credentials, h http.Header, ours bool) {
	if err := c.keepNonce(req.Context(), k.session, req.URL, h); err != nil {
		c.unsaved.Store(&err)
	}
	if set := cookie.ReadSet(h); ours && len(set) > 0 {
		if err := c.keepCookies(req.Context(), k.session, k.preset, req.URL, set); err != nil {
			c.unsaved.Store(&err)
		}
	}
}

// setCallHeaders sets the headers that the preset says a call needs.
func (s *Session) setCallHeaders(h http.Header, p presets.Preset, cookies []Cookie) {
	server, err := url.Parse(s.Server)
	if err != nil || len(p.Call.Headers) == 0 {
		return
	}
	var raw []*http.Cookie
	for _, c := range cookies {
		raw = append(raw, &http.Cookie{Name: c.Name, Value: c.raw()})
	}
	authclient.CallHeaders(p, h, server, raw)
}

// keepCookies adds cookies to the stored session, which another process may have changed.
// It does not change a session of another login.
func (c *Client) keepCookies(ctx context.Context, seen *Session, p presets.Preset, u *url.URL, set []*http.Cookie) error {
	return c.change(ctx, seen, func(s *Session) (changed bool) {
		s.Cookies, changed = setCookies(s.Cookies, u, set, c.Now(), withheld(p, s))
		return changed
	})
}

// change changes the stored session if it is still that of the same login, and saves it if
// edit reports a change. It does so even if ctx has ended.
func (c *Client) change(ctx context.Context, seen *Session, edit func(*Session) bool) error {
	unlock, err := c.Store.lock(context.WithoutCancel(ctx), c.Name, lockTimeout)
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
func saysExpired(resp *http.Response, k *credentials) (bool, error) {
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
	base, err := url.Parse(k.session.Server)
	if err != nil {
		return false, err
	}
	path := strings.TrimPrefix(resp.Request.URL.Path, base.Path)
	if !k.preset.SaysExpired(resp.StatusCode, path, head) {
		return false, nil
	}
	resp.Body.Close()
	return true, nil
}
