package authclient

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"time"

	"jwt/internal/cookie"
	"jwt/internal/httpclient"
	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// A DeviceCode is where the user enters which code (RFC 8628 §3.2).
type DeviceCode struct {
	UserCode string
	URL      string // to enter it at
	Complete string // a URL that has it already; "" if the server gives none
	Lapses   time.Duration
}

// A Pending says that the user of a device has not decided yet.
type Pending struct{ Wait time.Duration }

func (p *Pending) Error() string { return "the code has not been entered yet" }

// The times of a device code (RFC 8628 §3.2, §3.5).
const (
	defaultInterval = 5 * time.Second
	slowDown        = 5 * time.Second // what is added to the interval each time
	maxInterval     = time.Minute
	defaultLapse    = 10 * time.Minute
	maxLapse        = 30 * time.Minute
)

// device asks for a code and shows it to the user.
func (s *Client) device(ctx context.Context, a *Attempt, d Dialog) error {
	form := url.Values{}
	s.OAuth.addParams(form)
	r, err := s.post(ctx, "device authorization endpoint", s.OAuth.Server.DeviceEndpoint, form)
	if err != nil {
		return err
	}
	if s.refuses(r) && !r.ok() || r.said().Code != "" {
		return s.refused(r)
	}
	body, _ := jsonobject.ParseValue(r.body)
	text := func(name string) string { found, _ := r.find(body, "json:/"+name); return found }
	code := DeviceCode{
		UserCode: text("user_code"),
		URL:      cmp.Or(text("verification_uri"), text("verification_url")), // the latter is Google's name
		Complete: text("verification_uri_complete"),
		Lapses:   defaultLapse,
	}
	for _, page := range []string{code.URL, code.Complete} {
		if page != "" && !isWebAddress(page) {
			return verdict.Errorf(verdict.FetchRefused, "%s: the verification URI is not a web address: %s", httpclient.Show(r.url), phrase.Short(page))
		}
	}
	if text("device_code") == "" || code.UserCode == "" || code.URL == "" {
		return verdict.Errorf(verdict.FetchFailed, "%s: the answer has no device_code, user_code or verification_uri (RFC 8628 §3.2)", httpclient.Show(r.url))
	}
	if life, ok := lifetimeOf(text("expires_in")); ok {
		code.Lapses = min(life, maxLapse)
	}
	a.interval, a.lapses = defaultInterval, code.Lapses
	if every, ok := lifetimeOf(text("interval")); ok {
		a.interval = min(every, maxInterval)
	}
	a.requested = s.Now()
	a.form.Set("device_code", text("device_code"))
	d.Enter(code)
	return nil
}

// isWebAddress reports whether a text is a URL that a browser may open. Control characters could
// change what a terminal shows.
func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && !cookie.HasControl(text)
}

// Interval returns how long to wait before the first token request, or 0.
func (a *Attempt) Interval() time.Duration { return a.interval }

// pending returns the error after an answer that says that the user has not decided, or nil
// after another answer. r is nil if no answer arrived.
func (a *Attempt) pending(r *reply, now time.Time) error {
	code := ""
	if r != nil {
		code = r.said().Code
	}
	switch {
	case code == "authorization_pending":
	case code == "slow_down", r != nil && r.status == http.StatusTooManyRequests:
		a.interval = min(a.interval+slowDown, maxInterval)
	case r == nil || r.status >= 500 && r.status != http.StatusNotImplemented: // a problem that passes
		a.interval = min(2*a.interval, maxInterval)
	default:
		return nil
	}
	if now.Add(a.interval).Sub(a.requested) >= a.lapses {
		return verdict.Errorf(verdict.LoginRefused, "the code was not entered within %s", a.lapses).Hintf("log in again")
	}
	return &Pending{a.interval}
}
