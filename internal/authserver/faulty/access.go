package faulty

import (
	"context"
	"net/http"
	"strings"

	"jwt/internal/authserver"
	"jwt/internal/jwa"
	"jwt/internal/jws"
	"jwt/internal/jwt"
)

func acceptTampered(t toggle, r *authserver.Rules) { acceptForged(t, r, false) }
func acceptUnsigned(t toggle, r *authserver.Rules) { acceptForged(t, r, true) }

// acceptForged accepts tokens that do not verify: those with alg none if unsigned, else the
// others.
func acceptForged(t toggle, r *authserver.Rules, unsigned bool) {
	verify := r.VerifyAccess
	r.VerifyAccess = func(ctx context.Context, q authserver.VerifyRequest) (authserver.Bearer, error) {
		b, err := verify(ctx, q)
		if err == nil {
			return b, nil
		}
		token, failed := jws.Parse(q.Token)
		if failed != nil {
			return b, err
		}
		claims, failed := jwt.ParseClaims(token.Payload)
		if failed != nil {
			return b, err
		}
		forged := authserver.BearerOf(claims)
		alg, _ := token.Alg()
		switch {
		case strings.EqualFold(alg, jwa.None) != unsigned:
			return b, err
		case !q.IgnoreExp && forged.Expires <= q.Now.Unix():
			return b, err
		case !t.on(ctx):
			return b, err
		}
		return forged, nil
	}
}

// expireNow refuses an access token once, and that token from then on.
func expireNow(t toggle, r *authserver.Rules) {
	verify := r.VerifyAccess
	r.VerifyAccess = func(ctx context.Context, q authserver.VerifyRequest) (authserver.Bearer, error) {
		b, err := verify(ctx, q)
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
}

func acceptExpired(t toggle, r *authserver.Rules) {
	verify := r.VerifyAccess
	r.VerifyAccess = func(ctx context.Context, q authserver.VerifyRequest) (authserver.Bearer, error) {
		q.IgnoreExp = t.on(ctx) || q.IgnoreExp
		return verify(ctx, q)
	}
}

func acceptRefreshToken(t toggle, r *authserver.Rules) {
	verify := r.VerifyAccess
	r.VerifyAccess = func(ctx context.Context, q authserver.VerifyRequest) (authserver.Bearer, error) {
		token, ok := authserver.ParseRefreshToken(q.Token)
		if !ok || !t.on(ctx) {
			return verify(ctx, q)
		}
		known, session, err := t.server.Store.Find(ctx, token.Hash())
		if err != nil || !known.Live(session, q.Now) {
			return verify(ctx, q)
		}
		return authserver.Bearer{Subject: session.User, Session: session.ID, Expires: session.Expires.Unix()}, nil
	}
}

func refuseBearer(t toggle, r *authserver.Rules) {
	verify := r.VerifyAccess
	r.VerifyAccess = func(ctx context.Context, q authserver.VerifyRequest) (authserver.Bearer, error) {
		if t.on(ctx) {
			return authserver.Bearer{}, authserver.Refusal("the access token is refused")
		}
		return verify(ctx, q)
	}
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

func needNoBearer(t toggle, r *authserver.Rules) {
	handle := r.Handle
	r.Handle = func(a *authserver.Answer, q *http.Request) {
		read := q.Method == http.MethodGet || q.Method == http.MethodHead
		if read && q.URL.Path == "/me" && len(q.Header["Authorization"]) == 0 && t.on(q.Context()) {
			a.JSON(http.StatusOK, []byte(`{"sub":"anonymous","username":"anonymous","sid":"","exp":0}`))
			return
		}
		handle(a, q)
	}
}
