package authserver

import (
	"net/http"

	"jwt/internal/oauth"
)

// setRefreshCookie puts the refresh token where scripts cannot read it and other
// sites cannot send it from.
func (s *Server) setRefreshCookie(x *exchange, t oauth.Tokens) {
	c := cookie(oauth.RefreshCookie, t.RefreshToken, int(t.RefreshExpiresIn))
	path := x.URL.Path
	if _, broken := s.faults.take(FaultNoHTTPOnly, path); broken {
		c.HttpOnly = false
	}
	if _, broken := s.faults.take(FaultNoSecure, path); broken {
		c.Secure = false
	}
	if _, broken := s.faults.take(FaultNoSameSite, path); broken {
		c.SameSite = 0
	}
	if _, broken := s.faults.take(FaultCookieDomain, path); broken {
		c.Domain = x.Host[:len(x.Host)-len(portOf(x.Host))]
	}
	http.SetCookie(x.w, c)
}

func cookie(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: maxAge,
		Secure:   true, // browsers take loopback for secure
		HttpOnly: true,
		SameSite: http.SameSiteStrictMode,
	}
}

func (s *Server) clearCookie(x *exchange, name string) {
	http.SetCookie(x.w, cookie(name, "", -1))
}

// portOf returns the port of a host, with its colon.
func portOf(host string) string {
	for i := len(host) - 1; i >= 0 && host[i] != ']'; i-- {
		if host[i] == ':' {
			return host[i:]
		}
	}
	return ""
}
