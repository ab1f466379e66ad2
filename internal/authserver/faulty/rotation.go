package faulty

import (
	"context"
	"net/http"
	"time"

	"jwt/internal/authserver"
	"jwt/internal/authserver/refreshtoken"
	"jwt/internal/authserver/store"
	"jwt/internal/oauth"
)

// raceWindow is the time between reading a token as unspent and spending it.
const raceWindow = 200 * time.Millisecond

// known is a refresh token and its session, as stored.
type known struct {
	store.Refresh
	session store.Session
}

// find returns a refresh token as stored, if the fault is active.
func (t toggle) find(ctx context.Context, text string) (known, bool) {
	if _, ok := t.peek(ctx); !ok {
		return known{}, false
	}
	token, ok := refreshtoken.Parse(text)
	if !ok {
		return known{}, false
	}
	r, session, err := t.server.Store.Find(ctx, token.ID())
	return known{r, session}, err == nil
}

// live reports whether the token may be spent.
func (k known) live(now time.Time) bool { return k.Live(k.session, now) }

// buys reports whether the request may spend the token.
func (k known) buys(q authserver.RotateRequest) bool {
	return k.live(q.Now) && k.session.Client == q.Client && (k.session.Key == "" || k.session.Key == q.Key)
}

// reused reports whether the token would be live if it were not spent.
func (k known) reused(now time.Time) bool {
	unspent := k.Refresh
	unspent.Spent = time.Time{}
	return !k.Spent.IsZero() && unspent.Live(k.session, now)
}

// addToken adds a refresh token to a session and keeps the others.
func (t toggle) addToken(ctx context.Context, session store.Session, now time.Time) (authserver.Grant, error) {
	next, expires := refreshtoken.New(), now.Add(t.server.RefreshTTL)
	err := t.server.Store.Begin(ctx, session, next.ID(), store.Refresh{Session: session.ID, Issued: now, Expires: expires})
	return authserver.Grant{Session: session, RefreshToken: next.Text(), Expires: expires}, err
}

func keepRefreshToken(ctx context.Context, t toggle, q authserver.RotateRequest, next rotateFunc) (authserver.Grant, error) {
	if k, ok := t.find(ctx, q.Token); ok && k.buys(q) && t.on(ctx) {
		return authserver.Grant{Session: k.session, RefreshToken: q.Token, Expires: k.Expires}, nil
	}
	return next(ctx, q)
}

// raceRotations gives another successor to each request that found the token unspent.
func raceRotations(ctx context.Context, t toggle, q authserver.RotateRequest, next rotateFunc) (authserver.Grant, error) {
	k, ok := t.find(ctx, q.Token)
	if !ok || !k.live(q.Now) || !t.on(ctx) {
		return next(ctx, q)
	}
	time.Sleep(raceWindow)
	q.Grace = time.Minute
	g, err := next(ctx, q)
	if err == nil && g.Outcome == store.Replayed {
		return t.addToken(ctx, k.session, q.Now)
	}
	return g, err
}

func acceptReuse(ctx context.Context, t toggle, q authserver.RotateRequest, next rotateFunc) (authserver.Grant, error) {
	if k, ok := t.find(ctx, q.Token); ok && k.reused(q.Now) && t.on(ctx) {
		return t.addToken(ctx, k.session, q.Now)
	}
	return next(ctx, q)
}

func keepFamily(ctx context.Context, t toggle, q authserver.RotateRequest, next rotateFunc) (authserver.Grant, error) {
	if k, ok := t.find(ctx, q.Token); ok && k.reused(q.Now) && q.Now.Sub(k.Spent) >= q.Grace && t.on(ctx) {
		return authserver.Grant{Session: k.session}, invalidGrant("the refresh token was used before")
	}
	return next(ctx, q)
}

func changeGrace(ctx context.Context, t toggle, q authserver.RotateRequest, next rotateFunc) (authserver.Grant, error) {
	if f, ok := t.take(ctx); ok {
		q.Grace = f.Value
	}
	return next(ctx, q)
}

func acceptAccessToken(t toggle, r *authserver.Rules) {
	rotate, verify := r.Rotate, r.VerifyAccess
	r.Rotate = func(ctx context.Context, q authserver.RotateRequest) (authserver.Grant, error) {
		if _, ok := refreshtoken.Parse(q.Token); ok || !t.on(ctx) {
			return rotate(ctx, q)
		}
		b, err := verify(ctx, authserver.VerifyRequest{Token: q.Token, Now: q.Now, IgnoreExp: true})
		if err != nil {
			return rotate(ctx, q)
		}
		session, err := t.server.Store.Session(ctx, b.Session)
		if err != nil || !session.Revoked.IsZero() {
			return rotate(ctx, q)
		}
		return t.addToken(ctx, session, q.Now)
	}
}

// issueExpired makes the access token of a refresh expired.
func issueExpired(t toggle, r *authserver.Rules) {
	rotate, issue := r.Rotate, r.IssueAccess
	r.Rotate = func(ctx context.Context, q authserver.RotateRequest) (authserver.Grant, error) {
		requestOf(ctx).rotated = true
		return rotate(ctx, q)
	}
	r.IssueAccess = func(ctx context.Context, session store.Session, now time.Time) (token, id string, err error) {
		token, id, err = issue(ctx, session, now)
		if requestOf(ctx).rotated && t.on(ctx) {
			t.expire(id)
		}
		return token, id, err
	}
}

func refuseRefreshes(ctx context.Context, t toggle, q authserver.RotateRequest, next rotateFunc) (authserver.Grant, error) {
	if t.on(ctx) {
		return authserver.Grant{}, invalidGrant("the refresh token is refused")
	}
	return next(ctx, q)
}

func invalidGrant(why string) error {
	return &oauth.Error{Status: http.StatusUnauthorized, Code: oauth.InvalidGrant, Description: why}
}
