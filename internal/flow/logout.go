package flow

import (
	"context"
	"net/http"
	"slices"
	"time"

	"jwt/internal/cookie"
	"jwt/internal/phrase"
	"jwt/internal/reltime"
	"jwt/internal/verdict"
)

// tryLogout logs in and out, then tries the tokens and cookies of that session.
func (r *run) tryLogout(ctx context.Context, _ *family) error {
	rules := []string{LogoutWorks, LogoutClearsCookie, RefreshAfterLogout, AccessAfterLogout}
	if !r.wants(rules...) {
		return nil
	}
	if r.Preset.Logout.Path == "" {
		r.lacks("the preset has no logout", rules...)
		return nil
	}
	f, a, err := r.login(ctx, "log in")
	if err != nil {
		return err
	}
	if f == nil {
		r.skipFor(a, "another login was refused: "+a.describe(), rules...)
		return nil
	}
	out, err := r.logout(ctx, "log out", f)
	if err != nil {
		return err
	}
	if !out.ok() {
		r.record(LogoutWorks, asFailure(out), out.describe())
		r.skip("the logout failed: "+out.describe(), LogoutClearsCookie, RefreshAfterLogout, AccessAfterLogout)
		r.notJudgedBy(out, rules...)
		return nil
	}
	r.pass(LogoutWorks, out.describe())
	r.checkCleared(out)
	if err := r.refreshAfterLogout(ctx, f, out.began); err != nil {
		return err
	}
	return r.callAfterLogout(ctx, f)
}

func (r *run) checkCleared(out answer) {
	name := r.Preset.Tokens.RefreshCookie()
	if name == "" || len(r.cookies) == 0 {
		r.noCookie(LogoutClearsCookie)
		return
	}
	for _, set := range r.cookies {
		if stays := r.stays(set.Cookie, out); stays != "" {
			r.fail(LogoutClearsCookie, stays)
			return
		}
	}
	r.pass(LogoutClearsCookie, name+" is cleared")
}

// stays returns how a cookie survives the logout, or "". Of several answers about one
// cookie the last counts. A cookie with another path or domain is another cookie (RFC
// 6265 §5.3).
func (r *run) stays(set *http.Cookie, out answer) string {
	said := set.Name + " stays"
	for _, c := range out.cookies {
		if c.Name != set.Name {
			continue
		}
		domain, path, ends := cookie.Domain(c, out.at), cookie.Path(c, out.at), cookie.Ended(c, r.Now())
		switch same := path == set.Path && domain == cookie.Domain(set, r.Server); {
		case same && ends:
			said = ""
		case same:
			said = set.Name + " stays"
		case ends && said != "":
			said = set.Name + " stays: it was set for " + cookie.Domain(set, r.Server) + set.Path + ", and is cleared for " + domain + path
		}
	}
	return said
}

func (r *run) refreshAfterLogout(ctx context.Context, f *family, out time.Time) error {
	if f.refresh == "" || r.skipped(RefreshAfterLogout) || !r.wants(RefreshAfterLogout, AccessAfterLogout) {
		return nil
	}
	before := f.refresh
	kept := *f // callAfterLogout tries the tokens before this refresh
	a, err := r.refresh(ctx, "refresh, logged out", f, before)
	if err != nil {
		return err
	}
	r.recordAnswer(a, RefreshAfterLogout, a.notGranted(), a.describe())
	if !a.granted() {
		r.ended(f, "logged out", out)
	}
	f.access, f.obtained, f.lifetime = kept.access, kept.obtained, kept.lifetime
	return nil
}

// callAfterLogout tries the access token. A server that only checks the signature cannot
// know of the logout (RFC 7009 §2.1 allows that).
func (r *run) callAfterLogout(ctx context.Context, f *family) error {
	switch {
	case !r.wants(AccessAfterLogout) || r.skipped(AccessAfterLogout):
		return nil
	case r.failed(RefreshAfterLogout):
		r.skip("the logout revoked nothing", AccessAfterLogout)
		return nil
	}
	left := f.lifetime - r.Now().Sub(f.obtained)
	if f.lifetime > 0 && left < time.Second {
		r.skip("the access token expired meanwhile", AccessAfterLogout)
		return nil
	}
	a, err := r.call(ctx, "call, logged out", f.access, "with access token "+r.tokens.name(f.access))
	if err != nil {
		return err
	}
	status, said := a.refused(), a.describe()
	if status == verdict.Fail {
		status = verdict.Warn
		if f.lifetime > 0 {
			said += ": it lives on for " + reltime.Span(left)
		}
	}
	if status == verdict.Pass {
		r.tokens.end(f.access, "logged out", a.began)
	}
	r.record(AccessAfterLogout, status, said)
	return nil
}

// noCookie skips the rules of the cookie with the refresh token. They do not apply if the
// refresh token came in another place.
func (r *run) noCookie(ids ...string) {
	if r.refreshGiven() {
		r.inapplicable("the refresh token is not in a cookie", ids...)
		return
	}
	r.lacks(noRefreshToken, ids...)
}

// refreshGiven reports whether an answer had a refresh token.
func (r *run) refreshGiven() bool {
	return slices.ContainsFunc(r.tokens.all, func(t Token) bool { return t.Kind == "refresh" })
}

// checkCookies judges the attributes of every cookie with a refresh token.
func (r *run) checkCookies() {
	rules := []string{CookieHTTPOnly, CookieSecure, CookieSameSite, CookieScope}
	if len(r.cookies) == 0 {
		r.noCookie(rules...)
		return
	}
	for _, rule := range rules {
		worst, said, step := verdict.Pass, "", 0
		for _, c := range r.cookies {
			if s, actual := checkCookie(rule, c.Cookie); said == "" || worse(s, worst) {
				worst, said, step = s, c.Name+": "+actual, c.step
			}
		}
		r.recordAt(step, rule, worst, said)
	}
}

func checkCookie(rule string, c *http.Cookie) (verdict.Status, string) {
	has := func(is bool, what string) (verdict.Status, string) {
		if is {
			return verdict.Pass, what
		}
		return verdict.Fail, "no " + what
	}
	switch rule {
	case CookieHTTPOnly:
		return has(c.HttpOnly, "HttpOnly")
	case CookieSecure:
		return has(c.Secure, "Secure")
	case CookieScope:
		if c.Domain != "" {
			return verdict.Fail, "Domain=" + c.Domain
		}
		return verdict.Pass, "no Domain, Path=" + c.Path
	}
	switch c.SameSite {
	case http.SameSiteStrictMode:
		return verdict.Pass, "SameSite=Strict"
	case http.SameSiteLaxMode:
		return verdict.Pass, "SameSite=Lax"
	case http.SameSiteNoneMode:
		return verdict.Fail, "SameSite=None"
	default:
		return verdict.Fail, "no SameSite"
	}
}

// checkCaching judges every answer with tokens.
func (r *run) checkCaching() {
	if len(r.cacheable) > 0 {
		r.recordAt(r.cachedAt, NoStore, verdict.Fail, r.cacheable[0])
		return
	}
	r.pass(NoStore, "no-store on "+phrase.Count(r.granted, "answer"))
}
