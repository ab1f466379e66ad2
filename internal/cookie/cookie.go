// Package cookie reads, writes and limits cookies as browsers do (RFC 6265).
package cookie

import (
	"cmp"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// MayBeSet reports whether an answer from u may set the cookie: its Domain, if any,
// must match the host (RFC 6265 §5.3).
func MayBeSet(c *http.Cookie, u *url.URL) bool {
	domain, host := strings.ToLower(strings.TrimPrefix(c.Domain, ".")), strings.ToLower(u.Hostname())
	if domain == "" || domain == host {
		return true
	}
	_, err := netip.ParseAddr(host)
	return err != nil && strings.HasSuffix(host, "."+domain)
}

// Expiry returns when a cookie expires, or the zero time if it does not say (RFC
// 6265 §5.3: Max-Age has precedence over Expires).
func Expiry(c *http.Cookie, now time.Time) time.Time {
	switch {
	case c.MaxAge < 0:
		return now.Add(-time.Second)
	case c.MaxAge > 0:
		return now.Add(time.Duration(min(c.MaxAge, 1<<32)) * time.Second)
	default:
		return c.Expires
	}
}

// Ended reports whether an answer clears the cookie.
func Ended(c *http.Cookie, now time.Time) bool {
	expires := Expiry(c, now)
	return !expires.IsZero() && !expires.After(now)
}

// Domain returns the domain of a cookie that an answer from u set: its Domain
// attribute, or the host.
func Domain(c *http.Cookie, u *url.URL) string {
	return strings.ToLower(cmp.Or(strings.TrimPrefix(c.Domain, "."), u.Hostname()))
}

// Path returns the path of a cookie that an answer from u set: its Path attribute, or
// the directory of u (RFC 6265 §5.1.4).
func Path(c *http.Cookie, u *url.URL) string {
	if strings.HasPrefix(c.Path, "/") {
		return c.Path
	}
	path := u.EscapedPath()
	if at := strings.LastIndexByte(path, '/'); at > 0 {
		return path[:at]
	}
	return "/"
}

// GoesTo reports whether a cookie with that path is sent with a request to u
// (RFC 6265 §5.1.4).
func GoesTo(path string, u *url.URL) bool {
	request := u.EscapedPath()
	if request == "" {
		request = "/"
	}
	rest, ok := strings.CutPrefix(request, path)
	return ok && (rest == "" || strings.HasSuffix(path, "/") || rest[0] == '/')
}
