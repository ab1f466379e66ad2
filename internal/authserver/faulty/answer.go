package faulty

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"jwt/internal/authserver"
	"jwt/internal/oauth"
)

func offsetClock(t toggle, r *authserver.Rules) {
	now := r.Now
	r.Now = func() time.Time {
		f, _ := t.active.peek(t.name, "")
		return now().Add(f.Value)
	}
}

// editCookie edits the cookie of the refresh token when it is set.
func editCookie(edit func(c *http.Cookie, host string)) func(toggle, *authserver.Rules) {
	return onRequest(func(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
		next(a, q)
		for i, line := range a.Header["Set-Cookie"] {
			c, err := http.ParseSetCookie(line)
			if err == nil && c.Name == oauth.RefreshCookie && c.Value != "" && t.on(q.Context()) {
				edit(c, (&url.URL{Host: q.Host}).Hostname())
				a.Header["Set-Cookie"][i] = c.String()
			}
		}
	})
}

func answerStatus(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
	if f, ok := t.take(q.Context()); ok {
		t.server.Fail(a, serverError(f.Code))
		return
	}
	next(a, q)
}

func delay(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
	if f, ok := t.take(q.Context()); ok {
		wait := time.NewTimer(f.Value)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-q.Context().Done():
		}
	}
	next(a, q)
}

// dropAnswer drops the answer to a request that changed the store, or to any request if
// the fault has a path.
func dropAnswer(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
	next(a, q)
	f, ok := t.peek(q.Context())
	if !ok || f.Path == "" && !requestOf(q.Context()).committed {
		return
	}
	if t.on(q.Context()) {
		a.Aborted = true
		a.Note = strings.TrimSpace(a.Note + " answer dropped")
	}
}

func dropNoStore(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
	next(a, q)
	if !a.Aborted && t.on(q.Context()) && a.Header.Get("Cache-Control") == "no-store" {
		a.Header.Del("Cache-Control")
	}
}
