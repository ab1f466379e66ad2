package faulty

import (
	"context"
	"net/http"
	"time"

	"jwt/internal/authserver"
	"jwt/internal/authserver/store"
	"jwt/internal/oauth"
)

// rotateFunc is the type of Rules.Rotate.
type rotateFunc = func(ctx context.Context, text string, now time.Time, grace time.Duration) (authserver.Grant, error)

// raceWindow is how long raceRotations waits between looking at a token and spending it.
const raceWindow = 200 * time.Millisecond

// known is what the store knows of a refresh token.
type known struct {
	store.Refresh
	session store.Session
}

// find returns what the store knows of a refresh token, if the fault is in force.
func (t toggle) find(ctx context.Context, text string) (known, bool) {
	if _, ok := t.peek(ctx); !ok {
		return known{}, false
	}
	token, ok := authserver.ParseRefreshToken(text)
	if !ok {
		return known{}, false
	}
	r, session, err := t.server.Store.Find(ctx, token.Hash())
	return known{r, session}, err == nil
}

// live reports whether the token buys a successor.
func (k known) live(now time.Time) bool { return k.Live(k.session, now) }

// reused reports whether the token would be live if it were not spent.
func (k known) reused(now time.Time) bool {
	unspent := k.Refresh
	unspent.Spent = time.Time{}
	return !k.Spent.IsZero() && unspent.Live(k.session, now)
}

// another gives a session one more refresh token beside those it has.
func (t toggle) another(ctx context.Context, session store.Session, now time.Time) (authserver.Grant, error) {
	next, expires := authserver.NewRefreshToken(), now.Add(t.server.RefreshTTL)
	err := t.server.Store.Begin(ctx, session, next.Hash(), store.Refresh{Session: session.ID, Issued: now, Expires: expires})
	return authserver.Grant{Session: session, RefreshToken: next.Text(), Expires: expires}, err
}

func keepRefreshToken(t toggle, r *authserver.Rules) {
	rotate := r.Rotate
	r.Rotate = func(ctx context.Context, text string, now time.Time, grace time.Duration) (authserver.Grant, error) {
		if k, ok := t.find(ctx, text); ok && k.live(now) && t.on(ctx) {
			return authserver.Grant{Session: k.session, RefreshToken: text, Expires: k.Expires}, nil
		}
		return rotate(ctx, text, now, grace)
	}
}

// raceRotations gives another successor to each request that saw the token before it
// was spent.
func raceRotations(t toggle, r *authserver.Rules) {
	rotate := r.Rotate
	r.Rotate = func(ctx context.Context, text string, now time.Time, grace time.Duration) (authserver.Grant, error) {
		k, ok := t.find(ctx, text)
		if !ok || !k.live(now) || !t.on(ctx) {
			return rotate(ctx, text, now, grace)
		}
		time.Sleep(raceWindow)
		g, err := rotate(ctx, text, now, time.Minute)
		if err == nil && g.Outcome == store.Replayed {
			return t.another(ctx, k.session, now)
		}
		return g, err
	}
}

func acceptReuse(t toggle, r *authserver.Rules) {
	rotate := r.Rotate
	r.Rotate = func(ctx context.Context, text string, now time.Time, grace time.Duration) (authserver.Grant, error) {
		if k, ok := t.find(ctx, text); ok && k.reused(now) && t.on(ctx) {
			return t.another(ctx, k.session, now)
		}
		return rotate(ctx, text, now, grace)
	}
}

func keepFamily(t toggle, r *authserver.Rules) {
	rotate := r.Rotate
	r.Rotate = func(ctx context.Context, text string, now time.Time, grace time.Duration) (authserver.Grant, error) {
		if k, ok := t.find(ctx, text); ok && k.reused(now) && now.Sub(k.Spent) >= grace && t.on(ctx) {
			return authserver.Grant{Session: k.session}, invalidGrant("the refresh token was used before")
		}
		return rotate(ctx, text, now, grace)
	}
}

func changeGrace(t toggle, r *authserver.Rules) {
	rotate := r.Rotate
	r.Rotate = func(ctx context.Context, text string, now time.Time, grace time.Duration) (authserver.Grant, error) {
		if f, ok := t.take(ctx); ok {
			grace = f.Value
		}
		return rotate(ctx, text, now, grace)
	}
}

func acceptAccessToken(t toggle, r *authserver.Rules) {
	rotate, verify := r.Rotate, r.VerifyAccess
	r.Rotate = func(ctx context.Context, text string, now time.Time, grace time.Duration) (authserver.Grant, error) {
		if _, ok := authserver.ParseRefreshToken(text); ok || !t.on(ctx) {
			return rotate(ctx, text, now, grace)
		}
		b, err := verify(ctx, text, now, true)
		if err != nil {
			return rotate(ctx, text, now, grace)
		}
		session, err := t.server.Store.Session(ctx, b.Session)
		if err != nil || !session.Revoked.IsZero() {
			return rotate(ctx, text, now, grace)
		}
		return t.another(ctx, session, now)
	}
}

// issueExpired makes the access token of a refresh count as expired.
func issueExpired(t toggle, r *authserver.Rules) {
	rotate, issue := r.Rotate, r.IssueAccess
	r.Rotate = func(ctx context.Context, text string, now time.Time, grace time.Duration) (authserver.Grant, error) {
		requestOf(ctx).rotated = true
		return rotate(ctx, text, now, grace)
	}
	r.IssueAccess = func(ctx context.Context, session store.Session, now time.Time) (token, id string, err error) {
		token, id, err = issue(ctx, session, now)
		if requestOf(ctx).rotated && t.on(ctx) {
			t.expire(id)
		}
		return token, id, err
	}
}

func refuseRefreshes(t toggle, r *authserver.Rules) {
	rotate := r.Rotate
	r.Rotate = func(ctx context.Context, text string, now time.Time, grace time.Duration) (authserver.Grant, error) {
		if t.on(ctx) {
			return authserver.Grant{}, invalidGrant("the refresh token is refused")
		}
		return rotate(ctx, text, now, grace)
	}
}

func invalidGrant(why string) error {
	return &oauth.Error{Status: http.StatusUnauthorized, Code: oauth.InvalidGrant, Description: why}
}
