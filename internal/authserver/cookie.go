package authserver

import (
	"net/http"

	"jwt/internal/oauth"
)

// setRefreshCookie sets the cookie of the refresh token, which scripts cannot read and
// other sites cannot send.
func (x *exchange) setRefreshCookie(t oauth.Tokens) {
	x.setCookie(cookie(oauth.RefreshCookie, t.RefreshToken, int(t.RefreshExpiresIn)))
}

func (x *exchange) clearCookie(name string) { x.setCookie(cookie(name, "", -1)) }

func (x *exchange) setCookie(c *http.Cookie) { x.Answer.Header.Add("Set-Cookie", c.String()) }

func cookie(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: maxAge,
		Secure:   true, // browsers treat loopback as secure
		HttpOnly: true,
		SameSite: http.SameSiteStrictMode,
	}
}
