package authserver

import (
	"net/http"
	"net/url"
	"slices"

	"jwt/internal/dpop"
	"jwt/internal/oauth"
	"jwt/internal/verdict"
)

// Headers of requests and answers that scripts of an allowed origin may set and read.
const (
	corsRequestHeaders = "Authorization, Content-Type, " + dpop.Header
	corsAnswerHeaders  = "WWW-Authenticate, Retry-After, " + dpop.NonceHeader
)

// setOrigins checks the origins whose pages may call the server.
func (s *Server) setOrigins() error {
	for _, origin := range s.Origins {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" {
			return verdict.Errorf(verdict.Usage, "origin: %q is not scheme://host[:port]", origin).Hintf("http://localhost:5173")
		}
		if own := oauth.WebOrigin(u); origin != own || u.Scheme != "http" && u.Scheme != "https" {
			return verdict.Errorf(verdict.Usage, "origin: %q is not what a browser sends as the origin of a page", origin).Hintf("%s", own)
		}
		if err := s.origin.AddTrustedOrigin(origin); err != nil {
			return verdict.Errorf(verdict.Usage, "origin: %w", err)
		}
	}
	return nil
}

// share lets a page of an allowed origin read the answer, and send cookies with the request.
// Pages for people are not shared: a script could read what only the person may see.
func (s *Server) share(a *Answer, r *http.Request) {
	if len(s.Origins) == 0 || s.isPage(r.URL.Path) {
		return
	}
	a.Header.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if !slices.Contains(s.Origins, origin) {
		return
	}
	a.Header.Set("Access-Control-Allow-Origin", origin)
	a.Header.Set("Access-Control-Allow-Credentials", "true")
	a.Header.Set("Access-Control-Expose-Headers", corsAnswerHeaders)
}

// isPreflight reports whether a browser asks whether a page may send a request. Share has
// answered it.
func isPreflight(a *Answer, r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" && a.Header.Get("Access-Control-Allow-Origin") != ""
}

// answerPreflight allows every method. The endpoint refuses those that it does not have.
func answerPreflight(a *Answer) {
	a.Header.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
	a.Header.Set("Access-Control-Allow-Headers", corsRequestHeaders)
	a.Header.Set("Access-Control-Max-Age", "600") // seconds
	a.Status = http.StatusNoContent
}

// isPage reports whether the path is that of a page for people.
func (s *Server) isPage(path string) bool {
	return slices.ContainsFunc(s.endpoints, func(e Endpoint) bool { return e.Path == path && e.Page })
}
