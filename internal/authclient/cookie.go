package authclient

import (
	"cmp"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// CookieMayBeSet reports whether an answer from u may set the cookie: its Domain, if any,
// must match the host (RFC 6265 §5.3).
func CookieMayBeSet(c *http.Cookie, u *url.URL) bool {
	domain, host := strings.ToLower(strings.TrimPrefix(c.Domain, ".")), strings.ToLower(u.Hostname())
	if domain == "" || domain == host {
		return true
	}
	_, err := netip.ParseAddr(host)
	return err != nil && strings.HasSuffix(host, "."+domain)
}

// CookieExpiry returns when a cookie expires, or the zero time if it does not say (RFC
// 6265 §5.3: Max-Age has precedence over Expires).
func CookieExpiry(c *http.Cookie, now time.Time) time.Time {
	switch {
	case c.MaxAge < 0:
		return now.Add(-time.Second)
	case c.MaxAge > 0:
		return now.Add(time.Duration(min(c.MaxAge, 1<<32)) * time.Second)
	default:
		return c.Expires
	}
}

// CookieEnded reports whether an answer clears the cookie.
func CookieEnded(c *http.Cookie, now time.Time) bool {
	expires := CookieExpiry(c, now)
	return !expires.IsZero() && !expires.After(now)
}

// CookieDomain returns the domain of a cookie that an answer from u set: its Domain
// attribute, or the host.
func CookieDomain(c *http.Cookie, u *url.URL) string {
	return strings.ToLower(cmp.Or(strings.TrimPrefix(c.Domain, "."), u.Hostname()))
}

// CookiePath returns the path of a cookie that an answer from u set: its Path attribute, or
// the directory of u (RFC 6265 §5.1.4).
func CookiePath(c *http.Cookie, u *url.URL) string {
	if strings.HasPrefix(c.Path, "/") {
		return c.Path
	}
	path := u.EscapedPath()
	if at := strings.LastIndexByte(path, '/'); at > 0 {
		return path[:at]
	}
	return "/"
}

// CookieGoesTo reports whether a cookie with that path is sent with a request to u
// (RFC 6265 §5.1.4).
func CookieGoesTo(path string, u *url.URL) bool {
	request := u.EscapedPath()
	if request == "" {
		request = "/"
	}
	rest, ok := strings.CutPrefix(request, path)
	return ok && (rest == "" || strings.HasSuffix(path, "/") || rest[0] == '/')
}
