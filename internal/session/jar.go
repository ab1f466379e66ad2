package session

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"jwt/internal/cookie"
	"jwt/internal/httpclient"
)

// A Cookie is a cookie that the session's server set. It is sent only to the session's
// origin, whatever its Domain attribute.
type Cookie struct {
	Name     string    `json:"name"`
	Value    string    `json:"value"`
	Path     string    `json:"path"`
	Expires  time.Time `json:"expires,omitzero"` // zero for a session cookie
	Secure   bool      `json:"secure,omitempty"`
	HTTPOnly bool      `json:"http_only,omitempty"`
	Quoted   bool      `json:"quoted,omitempty"` // set by an earlier version: the value is sent in double quotes
	Base64   string    `json:"base64,omitempty"` // of a value that is not UTF-8, in place of Value
}

// raw returns the value as the server sent it.
func (c Cookie) raw() string {
	switch {
	case c.Base64 != "":
		value, _ := base64.StdEncoding.DecodeString(c.Base64)
		return string(value)
	case c.Quoted:
		return `"` + c.Value + `"`
	}
	return c.Value
}

// asText returns a value as Value or Base64: JSON has no other bytes than UTF-8.
func asText(value string) (text, encoded string) {
	if utf8.ValidString(value) {
		return value, ""
	}
	return "", base64.StdEncoding.EncodeToString([]byte(value))
}

// Limits on the cookies of a server. Beyond them the oldest is dropped.
const (
	maxCookies     = 50
	maxCookieBytes = 8 << 10
)

// cookiesFor returns the cookies to send with a request (RFC 6265 §5.4), those with
// longer paths first. The caller must have checked the origin.
func cookiesFor(all []Cookie, u *url.URL, now time.Time) []Cookie {
	var fit []Cookie
	for _, c := range all {
		if !c.expired(now) && cookie.GoesTo(c.Path, u) {
			fit = append(fit, c)
		}
	}
	slices.SortStableFunc(fit, func(a, b Cookie) int { return len(b.Path) - len(a.Path) })
	return fit
}

func (c Cookie) expired(now time.Time) bool { return !c.Expires.IsZero() && !now.Before(c.Expires) }

// setCookies returns the cookies after an answer from u set some (RFC 6265 §5.3), and
// whether that changed anything. It does not store cookies for which withheld is true.
func setCookies(all []Cookie, u *url.URL, set []*http.Cookie, now time.Time, withheld func(name, value string) bool) ([]Cookie, bool) {
	changed := false
	all = slices.Clone(all)
	for _, from := range set {
		if withheld(from.Name, from.Value) || !acceptable(from, u) {
			continue
		}
		c := Cookie{
			Name: from.Name, Path: cookie.Path(from, u), Expires: cookie.Expiry(from, now).UTC(),
			Secure: from.Secure, HTTPOnly: from.HttpOnly,
		}
		c.Value, c.Base64 = asText(from.Value)
		at := slices.IndexFunc(all, func(o Cookie) bool { return o.Name == c.Name && o.Path == c.Path })
		switch {
		case at >= 0 && c.expired(now):
			all = slices.Delete(all, at, at+1)
		case at >= 0 && all[at] == c, at < 0 && c.expired(now):
			continue
		case at >= 0:
			all[at] = c
		default:
			all = append(all, c)
		}
		changed = true
	}
	if len(all) > maxCookies {
		all = slices.Delete(all, 0, len(all)-maxCookies)
	}
	return all, changed
}

// acceptable reports whether a cookie may be stored. It must not be for another domain or
// too large, and must have the attributes that a __Secure- or __Host- name requires (RFC
// 6265bis §4.1.3).
func acceptable(c *http.Cookie, u *url.URL) bool {
	switch {
	case len(c.Name)+len(c.Value) > maxCookieBytes,
		!cookie.MayBeSet(c, u),
		hasPrefixFold(c.Name, "__Secure-") && !c.Secure,
		hasPrefixFold(c.Name, "__Host-") && (!c.Secure || c.Domain != "" || c.Path != "/"):
		return false
	}
	return true
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// A jar is an http.CookieJar with the cookies of the session, for one exchange.
type jar struct {
	session  *Session
	withheld func(name, value string) bool
	now      func() time.Time
}

func (j jar) Cookies(u *url.URL) []*http.Cookie {
	if httpclient.Origin(u) != j.session.origin() {
		return nil
	}
	var cookies []*http.Cookie
	for _, c := range cookiesFor(j.session.Cookies, u, j.now()) {
		cookies = append(cookies, &http.Cookie{Name: c.Name, Value: c.raw()})
	}
	return cookies
}

func (j jar) SetCookies(u *url.URL, set []*http.Cookie) {
	if httpclient.Origin(u) == j.session.origin() {
		j.session.Cookies, _ = setCookies(j.session.Cookies, u, set, j.now(), j.withheld)
	}
}
