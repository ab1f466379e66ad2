package authserver

import (
	"net/http"

	"jwt/internal/oauth"
)

// cookie returns the value of a cookie, or "". It refuses two different values: an
// attacker on a neighbouring host may have set one of them.
func (x *exchange) cookie(name string) (string, error) {
	cookies := x.CookiesNamed(name)
	for _, c := range cookies {
		if c.Value != cookies[0].Value {
			return "", invalid("the cookie " + name + " is sent twice with different values")
		}
	}
	if len(cookies) == 0 {
		return "", nil
	}
	return cookies[0].Value, nil
}

// setRefreshCookie sets the cookie of the refresh token. Scripts cannot read it, and
// pages of other sites cannot make a browser send it.
func (x *exchange) setRefreshCookie(t oauth.Tokens) {
	x.setCookie(cookie(oauth.RefreshCookie, t.RefreshToken, int(t.RefreshExpiresIn)))
}

// clearCookie makes the browser delete a cookie.
func (x *exchange) clearCookie(name string) { x.setCookie(cookie(name, "", -1)) }

func (x *exchange) setCookie(c *http.Cookie) { x.Answer.Header.Add("Set-Cookie", c.String()) }

func cookie(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: maxAge,
		Secure:   true, // also over http on loopback, which browsers treat as secure
		HttpOnly: true,
		SameSite: http.SameSiteStrictMode,
	}
}
