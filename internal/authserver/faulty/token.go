package faulty

import (
	"context"
	"net/http"
	"strings"

	"jwt/internal/authserver"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
)

// onTokenAnswer edits the answers of the token endpoint that have an access token.
func onTokenAnswer(edit func(o *jsonobject.Object)) func(toggle, *authserver.Rules) {
	return onRequest(func(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
		next(a, q)
		o, ok := tokenAnswer(a, q)
		if ok && t.on(q.Context()) {
			edit(&o)
			a.JSON(a.Status, o.Bytes())
		}
	})
}

// tokenAnswer returns the body of an answer with tokens (RFC 6749 §5.1).
func tokenAnswer(a *authserver.Answer, q *http.Request) (o jsonobject.Object, ok bool) {
	if q.URL.Path != authserver.TokenPath || a.Status != http.StatusOK {
		return o, false
	}
	o, err := jsonobject.Parse(a.Body)
	if err != nil {
		return o, false
	}
	_, ok = o.Get("access_token")
	return o, ok
}

// quoteExpiresIn sends the lifetime as a string, as some servers do.
func quoteExpiresIn(o *jsonobject.Object) {
	if v, ok := o.Get("expires_in"); ok {
		o.Set("expires_in", jsonobject.Quote(string(v)))
	}
}

func renameTokenType(o *jsonobject.Object) { o.Set("token_type", jsonobject.Quote("BearerToken")) }

// acceptErrors sends errors of the token endpoint with the status 200, as GitHub does.
func acceptErrors(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
	next(a, q)
	if q.URL.Path == authserver.TokenPath && a.Status >= 400 && a.Status < 500 && t.on(q.Context()) {
		a.Status = http.StatusOK
		a.Header.Del("WWW-Authenticate")
	}
}

func labelAsHTML(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
	next(a, q)
	if strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") && t.on(q.Context()) {
		a.Header.Set("Content-Type", "text/html; charset=utf-8")
	}
}

// omitRefreshToken keeps the refresh token at a refresh, and does not send it again (RFC 6749
// §6 allows this).
func omitRefreshToken(t toggle, r *authserver.Rules) {
	rotate := r.Rotate
	r.Rotate = func(ctx context.Context, q authserver.RotateRequest) (authserver.Grant, error) {
		k, ok := t.find(ctx, q.Token)
		if !ok || !k.buys(q) || !t.on(ctx) {
			return rotate(ctx, q)
		}
		requestOf(ctx).kept = true
		return authserver.Grant{Session: k.session, RefreshToken: q.Token, Expires: k.Expires}, nil
	}
	onRequest(func(_ toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
		next(a, q)
		if o, ok := tokenAnswer(a, q); ok && requestOf(q.Context()).kept {
			o.Delete("refresh_token")
			o.Delete("refresh_expires_in")
			a.JSON(a.Status, o.Bytes())
		}
	})(t, r)
}

// publishOtherKey publishes a key that signs nothing instead of those that sign.
func publishOtherKey(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
	next(a, q)
	if q.URL.Path != authserver.KeysPath || a.Status != http.StatusOK || !t.on(q.Context()) {
		return
	}
	key, err := jwk.Generate("P-256", 0)
	if err != nil {
		t.server.Fail(a, err)
		return
	}
	key.ID, key.HasID = key.Thumbprint(), true
	a.JSON(http.StatusOK, []byte(`{"keys":[`+string(key.JWK(false).Bytes())+`]}`))
}
