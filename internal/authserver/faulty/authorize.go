package faulty

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"jwt/internal/authserver"
	"jwt/internal/authserver/clients"
)

// onRedirectURI accepts redirect URIs that the standard rule refuses, if accepts does.
func onRedirectURI(accepts func(registered, uri *url.URL) bool) func(toggle, *authserver.Rules) {
	return func(t toggle, r *authserver.Rules) {
		next := r.CheckRedirect
		r.CheckRedirect = func(ctx context.Context, c clients.Client, uri string) bool {
			return next(ctx, c, uri) || similar(c, uri, accepts) && t.on(ctx)
		}
	}
}

// similar reports whether one of the client's redirect URIs is accepted instead of this one.
func similar(c clients.Client, uri string, accepts func(registered, uri *url.URL) bool) bool {
	registered := c.RedirectURIs
	if c.ID == clients.Native {
		registered = []string{"http://127.0.0.1", "http://localhost"}
	}
	u, err := url.Parse(uri)
	if err != nil || u.Scheme == "" {
		return false
	}
	for _, text := range registered {
		if r, err := url.Parse(text); err == nil && accepts(r, u) {
			return true
		}
	}
	return false
}

func hasPrefix(registered, uri *url.URL) bool {
	return strings.HasPrefix(uri.String(), registered.String())
}

func differsInPort(registered, uri *url.URL) bool {
	return registered.Scheme == uri.Scheme && registered.Hostname() == uri.Hostname() && registered.Path == uri.Path
}

func differsInPath(registered, uri *url.URL) bool {
	return registered.Scheme == uri.Scheme && registered.Host == uri.Host
}

// onChallenge accepts challenges of PKCE that the standard rule refuses, if accepts does.
func onChallenge(accepts func(challenge, method string) bool) func(toggle, *authserver.Rules) {
	return func(t toggle, r *authserver.Rules) {
		next := r.CheckChallenge
		r.CheckChallenge = func(ctx context.Context, c clients.Client, challenge, method string) error {
			err := next(ctx, c, challenge, method)
			if err != nil && accepts(challenge, method) && t.on(ctx) {
				return nil
			}
			return err
		}
	}
}

func noChallenge(challenge, _ string) bool { return challenge == "" }

// acceptPlain accepts a challenge that is the verifier itself (RFC 7636 §4.2).
func acceptPlain(t toggle, r *authserver.Rules) {
	onChallenge(func(challenge, method string) bool {
		return challenge != "" && (method == "plain" || method == "")
	})(t, r)
	onVerifier(func(challenge, verifier string) bool { return challenge == verifier })(t, r)
}

// onVerifier accepts verifiers of PKCE that the standard rule refuses, if accepts does.
func onVerifier(accepts func(challenge, verifier string) bool) func(toggle, *authserver.Rules) {
	return func(t toggle, r *authserver.Rules) {
		next := r.CheckVerifier
		r.CheckVerifier = func(ctx context.Context, challenge, verifier string) error {
			err := next(ctx, challenge, verifier)
			if err != nil && accepts(challenge, verifier) && t.on(ctx) {
				return nil
			}
			return err
		}
	}
}

func noVerifier(_, verifier string) bool { return verifier == "" }

func otherVerifier(challenge, verifier string) bool { return challenge != "" && verifier != "" }

func verifierOnly(challenge, _ string) bool { return challenge == "" }

func acceptCodeTwice(t toggle, r *authserver.Rules) {
	next := r.ReuseCode
	r.ReuseCode = func(ctx context.Context, session string, now time.Time) error {
		if t.on(ctx) {
			return nil
		}
		return next(ctx, session, now)
	}
}

func keepSessionOfCode(t toggle, r *authserver.Rules) {
	next := r.ReuseCode
	r.ReuseCode = func(ctx context.Context, session string, now time.Time) error {
		if t.on(ctx) {
			return invalidGrant("the code was used before")
		}
		return next(ctx, session, now)
	}
}

// editRedirect edits the parameters that go back to the client.
func editRedirect(edit func(params url.Values)) func(toggle, *authserver.Rules) {
	return onRequest(func(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
		next(a, q)
		u, err := url.Parse(a.Header.Get("Location"))
		if err != nil || !u.Query().Has("iss") || !t.on(q.Context()) {
			return
		}
		params := u.Query()
		edit(params)
		u.RawQuery = params.Encode()
		a.Header.Set("Location", u.String())
	})
}

func repeatPassword(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
	next(a, q)
	if q.Method == http.MethodPost && a.Status == http.StatusSeeOther && t.on(q.Context()) {
		a.Status = http.StatusTemporaryRedirect
	}
}

// isPage reports whether an answer is a page for people.
func isPage(a *authserver.Answer) bool {
	return strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") && strings.HasPrefix(string(a.Body), "<!doctype")
}

func allowFraming(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
	next(a, q)
	if isPage(a) && t.on(q.Context()) {
		a.Header.Del("X-Frame-Options")
		a.Header.Set("Content-Security-Policy", strings.Replace(a.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'; ", "", 1))
	}
}

func allowReading(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
	next(a, q)
	if origin := q.Header.Get("Origin"); origin != "" && isPage(a) && t.on(q.Context()) {
		a.Header.Set("Access-Control-Allow-Origin", origin)
	}
}
