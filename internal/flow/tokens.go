package flow

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"jwt/internal/authclient"
	"jwt/internal/cookie"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/redact"
	"jwt/internal/reltime"
)

// A Token is a token of the server in a form that may be shown.
type Token struct {
	Name    string        // "A1" for an access token, "R1" for a refresh token
	Kind    string        // "access" or "refresh"
	Shown   string        // without the signature, or a fingerprint
	Issued  time.Duration // since the start of the run
	Expires time.Duration // the same; negative if unknown
	Ended   time.Duration // the same; negative if it was not ended before its expiry
	End     string        // how it was ended: spent, revoked, logged out
}

// A family is a login and all tokens that come from it.
type family struct {
	access, refresh string // the newest
	obtained        time.Time
	lifetime        time.Duration // of the access token; 0 if unknown
	dead            bool
}

// take adds the tokens of an answer to the family and describes them.
func (r *run) take(f *family, a answer) string {
	g := a.grant
	f.access, f.obtained, f.lifetime = g.AccessToken, g.Obtained, lifetime(g)
	said := "access token " + r.tokens.add("access", "A", g.AccessToken, g.Obtained, g.AccessExpires)
	if f.lifetime > 0 {
		said += " for " + reltime.Span(f.lifetime)
	}
	if g.RefreshToken != "" {
		before := len(r.tokens.all)
		name := r.tokens.add("refresh", "R", g.RefreshToken, g.Obtained, g.RefreshExpires)
		said += ", refresh token " + name
		if len(r.tokens.all) == before {
			said += " again"
		}
		f.refresh = g.RefreshToken
	}
	r.granted++
	if !noStore(a.header) {
		said := "no Cache-Control"
		if values := a.header.Values("Cache-Control"); len(values) > 0 {
			said = "Cache-Control: " + strings.Join(values, ", ")
		}
		if len(r.cacheable) == 0 {
			r.cachedAt = len(r.report.Steps) + 1
		}
		r.cacheable = append(r.cacheable, said+" on "+a.method+" "+a.url)
	}
	if name := r.wires.cookie; name != "" {
		for _, c := range a.cookies {
			if c.Name != name || c.Value == "" || cookie.Ended(c, r.Now()) {
				continue
			}
			c.Path = cookie.Path(c, a.at)
			r.cookies = append(r.cookies, setCookie{c, len(r.report.Steps) + 1})
			if !slices.Contains(r.wires.paths, c.Path) {
				r.wires.paths = append(r.wires.paths, c.Path)
			}
		}
	}
	return said
}

// A setCookie is a cookie as an answer set it, and the number of that step.
type setCookie struct {
	*http.Cookie
	step int
}

// lifetime returns the lifetime of an access token: the longer one of those in the answer
// and in the token.
func lifetime(g authclient.Grant) time.Duration {
	d := time.Duration(0)
	if !g.AccessExpires.IsZero() {
		d = g.AccessExpires.Sub(g.Obtained)
	}
	if iat, exp, ok := times(g.AccessToken); ok {
		d = max(d, exp.Sub(iat))
	}
	return d
}

// times returns iat and exp of a JWT that has both.
func times(token string) (iat, exp time.Time, ok bool) {
	t, err := jws.Parse(token)
	if err != nil {
		return iat, exp, false
	}
	claims, err := jwt.ParseClaims(t.Payload)
	if err != nil {
		return iat, exp, false
	}
	date := func(name string) (time.Time, bool) {
		v, ok := claims.Get(name)
		if !ok {
			return time.Time{}, false
		}
		d, ok := jwt.ParseNumericDate(v)
		if !ok {
			return time.Time{}, false
		}
		return d.Time()
	}
	iat, hasIat := date("iat")
	exp, hasExp := date("exp")
	return iat, exp, hasIat && hasExp
}

func noStore(h http.Header) bool {
	for part := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		if strings.EqualFold(strings.TrimSpace(part), "no-store") {
			return true
		}
	}
	return false
}

// A ledger holds every token of a run, and every secret.
type ledger struct {
	began   time.Time
	all     []Token
	texts   []string // of all tokens
	secrets redact.Secrets
}

// add records a token, unless it is known, and returns its name.
func (l *ledger) add(kind, letter, text string, issued, expires time.Time) string {
	if i := slices.Index(l.texts, text); i >= 0 {
		return l.all[i].Name
	}
	n := 1
	for _, t := range l.all {
		if t.Kind == kind {
			n++
		}
	}
	t := Token{
		Name: letter + strconv.Itoa(n), Kind: kind, Shown: redact.Credential(text),
		Issued: issued.Sub(l.began), Expires: -1, Ended: -1,
	}
	if !expires.IsZero() {
		t.Expires = expires.Sub(l.began)
	}
	l.all, l.texts = append(l.all, t), append(l.texts, text)
	l.secrets.Add(text)
	return t.Name
}

// name returns the name of a token, or "".
func (l *ledger) name(text string) string {
	if i := slices.Index(l.texts, text); i >= 0 {
		return l.all[i].Name
	}
	return ""
}

// end records that a token is no longer valid.
func (l *ledger) end(text, how string, at time.Time) {
	if i := slices.Index(l.texts, text); i >= 0 && l.all[i].Ended < 0 {
		l.all[i].Ended, l.all[i].End = at.Sub(l.began), how
	}
}

func (l *ledger) list() []Token { return slices.Clone(l.all) }

// hide hides the secrets in a text that the server may have influenced.
func (r *run) hide(text string) string { return r.tokens.secrets.Hide(text) }
