package faulty

import (
	"context"
	"net/http"
	"strings"
	"time"

	"jwt/internal/authserver"
	"jwt/internal/authserver/refreshtoken"
	"jwt/internal/jwa"
	"jwt/internal/jws"
	"jwt/internal/jwt"
)

// acceptForged accepts tokens that do not verify: those with alg none if unsigned is
// true, and otherwise all others.
func acceptForged(unsigned bool) func(toggle, *authserver.Rules) {
	return onVerify(func(ctx context.Context, t toggle, q authserver.VerifyRequest, next verifyFunc) (authserver.Bearer, error) {
		b, err := next(ctx, q)
		if err == nil {
			return b, nil
		}
		forged, ok := unverified(q, unsigned)
		if !ok || !t.on(ctx) {
			return b, err
		}
		return forged, nil
	})
}

// unverified reads a token. It checks nothing but the expiry.
func unverified(q authserver.VerifyRequest, unsigned bool) (b authserver.Bearer, ok bool) {
	token, err := jws.Parse(q.Token)
	if err != nil {
		return b, false
	}
	alg, _ := token.Alg()
	claims, err := jwt.ParseClaims(token.Payload)
	if err != nil || strings.EqualFold(alg, jwa.None) != unsigned {
		return b, false
	}
	b = authserver.BearerOf(claims)
	return b, q.IgnoreExp || b.Expires > q.Now.Unix()
}

// lengthenAccess makes access tokens live longer than a stolen one may be of use.
func lengthenAccess(t toggle, r *authserver.Rules) {
	next := r.AccessTTL
	r.AccessTTL = func(ctx context.Context) time.Duration {
		q := requestOf(ctx)
		if q.long = q.long || t.on(ctx); q.long {
			return 24 * time.Hour
		}
		return next(ctx)
	}
}

// expireNow refuses an access token once, and from then on always.
func expireNow(ctx context.Context, t toggle, q authserver.VerifyRequest, next verifyFunc) (authserver.Bearer, error) {
	b, err := next(ctx, q)
	if err != nil {
		return b, err
	}
	expired := t.isExpired(b.ID)
	if !expired && t.on(ctx) {
		t.expire(b.ID)
		expired = true
	}
	if expired && !q.IgnoreExp {
		return b, authserver.Refusal("exp: the token has expired")
	}
	return b, nil
}

func acceptExpired(ctx context.Context, t toggle, q authserver.VerifyRequest, next verifyFunc) (authserver.Bearer, error) {
	q.IgnoreExp = t.on(ctx) || q.IgnoreExp
	return next(ctx, q)
}

func acceptRefreshToken(ctx context.Context, t toggle, q authserver.VerifyRequest, next verifyFunc) (authserver.Bearer, error) {
	token, ok := refreshtoken.Parse(q.Token)
	if !ok || !t.on(ctx) {
		return next(ctx, q)
	}
	known, session, err := t.server.Store.Find(ctx, token.ID())
	if err != nil || !known.Live(session, q.Now) {
		return next(ctx, q)
	}
	return authserver.Bearer{Subject: session.User, Session: session.ID, Expires: session.Expires.Unix()}, nil
}

func refuseBearer(ctx context.Context, t toggle, q authserver.VerifyRequest, next verifyFunc) (authserver.Bearer, error) {
	if t.on(ctx) {
		return authserver.Bearer{}, authserver.Refusal("the access token is refused")
	}
	return next(ctx, q)
}

func ignoreLogout(t toggle, r *authserver.Rules) {
	check := r.CheckSession
	r.CheckSession = func(ctx context.Context, b authserver.Bearer) error {
		if t.on(ctx) {
			return nil
		}
		return check(ctx, b)
	}
}

func needNoBearer(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
	read := q.Method == http.MethodGet || q.Method == http.MethodHead
	if read && q.URL.Path == "/me" && len(q.Header["Authorization"]) == 0 && t.on(q.Context()) {
		a.JSON(http.StatusOK, []byte(`{"sub":"anonymous","username":"anonymous","sid":"","exp":0}`))
		return
	}
	next(a, q)
}
