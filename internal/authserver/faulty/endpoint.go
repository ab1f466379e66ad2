package faulty

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"jwt/internal/authserver"
	"jwt/internal/authserver/refreshtoken"
	"jwt/internal/authserver/store"
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

// hideMetadata answers both documents of the metadata with 404.
func hideMetadata(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
	if (q.URL.Path == oauth.DiscoveryPath || q.URL.Path == oauth.MetadataPath) && t.on(q.Context()) {
		t.server.Fail(a, &oauth.Error{Status: http.StatusNotFound, Code: oauth.InvalidRequest, Description: "the metadata is not found"})
		return
	}
	next(a, q)
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
		o.Set("refresh_token", jsonobject.Quote(refreshtoken.New().Text()))
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

// acceptAnyDevice gives an access token for a device code that is refused.
func acceptAnyDevice(t toggle, r *authserver.Rules) {
	issue, now := r.IssueAccess, r.Now
	onRequest(func(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
		var sent bytes.Buffer
		read := *q
		read.Body = io.NopCloser(io.TeeReader(q.Body, &sent)) // the next handler limits it
		next(a, &read)
		if q.URL.Path != authserver.TokenPath || a.Status != http.StatusBadRequest || !bytes.Contains(a.Body, []byte(`"`+oauth.InvalidGrant+`"`)) {
			return
		}
		form, err := url.ParseQuery(sent.String())
		if err != nil || form.Get("grant_type") != oauth.GrantDeviceCode || !t.on(q.Context()) {
			return
		}
		token, _, err := issue(q.Context(), store.Session{ID: "no session", User: "anyone", Client: form.Get("client_id")}, now())
		if err != nil {
			t.server.Fail(a, err)
			return
		}
		a.JSON(http.StatusOK, oauth.Tokens{AccessToken: token, TokenType: oauth.Bearer, ExpiresIn: 60}.OAuthJSON())
	})(t, r)
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
