package faulty

import (
	"context"
	"net/http"
	"time"

	"jwt/internal/authserver"
	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
)

// editJSON edits the JSON that is answered with 200 at a path.
func editJSON(path string, edit func(o *jsonobject.Object)) func(toggle, *authserver.Rules) {
	return onRequest(func(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
		next(a, q)
		if q.URL.Path != path || a.Status != http.StatusOK {
			return
		}
		if o, err := jsonobject.Parse(a.Body); err == nil && t.on(q.Context()) {
			edit(&o)
			a.JSON(a.Status, o.Bytes())
		}
	})
}

// nameOtherIssuer edits both documents of the metadata.
func nameOtherIssuer(t toggle, r *authserver.Rules) {
	for _, path := range []string{oauth.DiscoveryPath, oauth.MetadataPath} {
		editJSON(path, func(o *jsonobject.Object) { o.Set("issuer", jsonobject.Quote("https://other.example")) })(t, r)
	}
}

// setMember replaces a member of a JSON object by a text.
func setMember(name, value string) func(*jsonobject.Object) {
	return func(o *jsonobject.Object) { o.Set(name, jsonobject.Quote(value)) }
}

func setActive(active string) func(*jsonobject.Object) {
	return func(o *jsonobject.Object) { *o, _ = jsonobject.Parse([]byte(`{"active":` + active + `}`)) }
}

func deleteMember(name string) func(*jsonobject.Object) {
	return func(o *jsonobject.Object) { o.Delete(name) }
}

// addRefreshToken gives answers without a refresh token one.
func addRefreshToken(o *jsonobject.Object) {
	if _, ok := o.Get("refresh_token"); !ok {
		o.Set("refresh_token", jsonobject.Quote(authserver.NewRefreshToken().Text()))
	}
}

func answerAnyone(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
	next(a, q)
	if q.URL.Path == "/introspect" && a.Status == http.StatusUnauthorized && t.on(q.Context()) {
		a.Header.Del("WWW-Authenticate")
		a.JSON(http.StatusOK, []byte(`{"active":false}`))
	}
}

func refuseUnknownTokens(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
	next(a, q)
	if q.URL.Path == "/revoke" && a.Status == http.StatusOK && !requestOf(q.Context()).committed && t.on(q.Context()) {
		t.server.Fail(a, invalid("the token is unknown"))
	}
}

// revokeLess answers a revocation, and revokes nothing.
func revokeLess(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
	if q.URL.Path == "/revoke" && q.Method == http.MethodPost && t.on(q.Context()) {
		a.Status = http.StatusOK
		return
	}
	next(a, q)
}

// slowDown answers every poll of a device with slow_down (RFC 8628 §3.5).
func slowDown(t toggle, r *authserver.Rules) {
	next := r.CheckPoll
	r.CheckPoll = func(ctx context.Context, p authserver.DevicePoll) error {
		if t.on(ctx) {
			p.First, p.Since = false, -time.Hour
		}
		return next(ctx, p)
	}
}

// askNobody gives a device its tokens before the user decides.
func askNobody(t toggle, r *authserver.Rules) {
	next := r.CheckPoll
	r.CheckPoll = func(ctx context.Context, p authserver.DevicePoll) error {
		if t.on(ctx) {
			return nil
		}
		return next(ctx, p)
	}
}
