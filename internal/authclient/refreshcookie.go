package authclient

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"jwt/internal/cookie"
)

// FindRefreshCookie returns the cookie of a login's answer that holds the refresh token,
// whatever its name, or nil if no cookie or more than one may hold it. Such a cookie is
// HttpOnly, is not the access token, and is sent back to the refresh step.
func FindRefreshCookie(cookies []*http.Cookie, from, refresh *url.URL, access string, now time.Time) *http.Cookie {
	var found, named []*http.Cookie
	for _, c := range HTTPOnlyCookies(cookies, from, access, now) {
		if !cookie.GoesTo(cookie.Path(c, from), refresh) {
			continue
		}
		found = append(found, c)
		if strings.Contains(strings.ToLower(c.Name), "refresh") {
			named = append(named, c)
		}
	}
	switch {
	case len(named) == 1:
		return named[0]
	case len(found) == 1:
		return found[0]
	default:
		return nil
	}
}

// HTTPOnlyCookies returns the HttpOnly cookies that an answer sets, except one with the
// access token.
func HTTPOnlyCookies(cookies []*http.Cookie, from *url.URL, access string, now time.Time) []*http.Cookie {
	var found []*http.Cookie
	for _, c := range cookies {
		if c.HttpOnly && c.Value != "" && c.Value != access && cookie.MayBeSet(c, from) && !cookie.Ended(c, now) {
			found = append(found, c)
		}
	}
	return found
}
