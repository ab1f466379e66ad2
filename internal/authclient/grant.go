package authclient

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"jwt/internal/cookie"
	"jwt/internal/httpclient"
	"jwt/internal/jsonobject"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/phrase"
	"jwt/internal/presets"
	"jwt/internal/verdict"
)

// A Grant holds the tokens in the answer to a login or a refresh.
type Grant struct {
	AccessToken  string
	RefreshToken string // "" if absent: the old one stays valid
	Type         string // of the access token; "" if absent
	IDToken      string // of an OpenID provider
	Scope        string // that was granted; "" means all that was requested
	// RefreshCookie is the name of the cookie that has the refresh token, if one has.
	RefreshCookie string
	Obtained      time.Time
	// AccessExpires and RefreshExpires are by the local clock, and zero if unknown.
	// RefreshExpires without a RefreshToken is that of the old one.
	AccessExpires, RefreshExpires time.Time
}

// grant returns the tokens in an answer, at the places that the preset names.
func (s *Client) grant(r *reply) (Grant, error) {
	body, _ := jsonobject.ParseValue(r.body)
	text := func(places []string) string {
		found, _ := r.first(body, places)
		return found
	}
	at := s.Preset.Tokens
	g := s.refreshGrant(r)
	found, set := r.first(body, at.Access)
	g.AccessToken = bare(found)
	said, _ := body.Object()
	kind := text(at.Type)
	switch {
	case len(said.Duplicates()) > 0: // programs disagree on which value counts
		return Grant{}, verdict.Errorf(verdict.FetchRefused, "%s: the answer has a member twice", httpclient.Show(r.url)).Hintf("such JSON is ambiguous (RFC 8259 §4): tell the operator of the server")
	case g.AccessToken == "":
		return Grant{}, s.noAccess(r, body)
	case !usable(g.AccessToken) || g.RefreshToken == "" && text(at.Refresh) != "":
		return Grant{}, verdict.Errorf(verdict.FetchRefused, "%s: the answer has a token with characters that a header cannot carry", httpclient.Show(r.url))
	case !s.uses(kind):
		return Grant{}, verdict.Errorf(verdict.FetchRefused, "%s: the access token is of type %s, not Bearer", httpclient.Show(r.url), phrase.Short(r.secrets.Hide(kind))).
			Hintf("only bearer tokens (RFC 6750) and, with --dpop, DPoP tokens (RFC 9449) are supported")
	}
	if s.OAuth != nil {
		g.Type = kind
		g.IDToken, _ = r.find(body, "json:/id_token")
		g.Scope, _ = r.find(body, "json:/scope")
	}
	life, known := r.lifetime(body, at.ExpiresIn, at.ExpiresInMS, at.ExpiresAt)
	if g.RefreshToken != "" && inMilliseconds(life) {
		life /= 1000
	}
	g.AccessExpires = expiry(g.AccessToken, life, known, r)
	if set != nil {
		g.AccessExpires = earlier(g.AccessExpires, cookie.Expiry(set, g.Obtained))
	}
	return g, nil
}

// noAccess returns the error of an answer without an access token where the preset looks.
func (s *Client) noAccess(r *reply, body jsonobject.Value) error {
	e := verdict.Errorf(verdict.FetchFailed, "%s: the answer has no access token at %s", httpclient.Show(r.url), strings.Join(s.Preset.Tokens.Access, " or "))
	if names := r.memberNames(body); len(names) > 0 {
		e.Message += ", it has " + phrase.QuotedList(names)
	}
	const longest = 100 // of a place that anyone would write down
	if place := r.shown(r.elsewhere(body)); place != "" && len(place) <= longest && s.OAuth == nil {
		return e.Hintf("if %s is it: write access = [%q] under [presets.%s.tokens] in config.toml", place, place, s.Preset.Name)
	}
	return e.Hintf("does the server speak another preset? jwt session detect URL proposes one")
}

// uses reports whether the client can use an access token of this type. The type is in any
// case (RFC 6749 §5.1), and Apigee calls it BearerToken.
func (s *Client) uses(kind string) bool {
	return kind == "" || strings.EqualFold(kind, "Bearer") || strings.EqualFold(kind, "BearerToken") || s.OAuth.isBound() && strings.EqualFold(kind, "DPoP")
}

// refreshGrant returns only the refresh token in an answer.
func (s *Client) refreshGrant(r *reply) Grant {
	body, _ := jsonobject.ParseValue(r.body)
	at := s.Preset.Tokens
	g := Grant{Obtained: r.asked}
	token, set := r.first(body, at.Refresh)
	if token != "" && !printable(token) {
		return g
	}
	g.RefreshToken = token
	if set != nil {
		g.RefreshCookie, g.RefreshExpires = set.Name, cookie.Expiry(set, g.Obtained)
		return g
	}
	life, known := r.lifetime(body, at.RefreshExpiresIn, nil, at.RefreshExpiresAt)
	g.RefreshExpires = expiry(token, life, known, r)
	return g
}

// lifetime returns the lifetime in an answer: a number of seconds or milliseconds, or else
// a time, by the server's clock.
func (r *reply) lifetime(body jsonobject.Value, seconds, milliseconds, ends []string) (time.Duration, bool) {
	text, _ := r.first(body, seconds)
	if life, known := lifetimeOf(text); known {
		return life, true
	}
	text, _ = r.first(body, milliseconds)
	if life, known := lifetimeOf(text); known {
		return life / 1000, true
	}
	text, _ = r.first(body, ends)
	if end, ok := timeOf(text); ok {
		return max(end.Sub(r.clock()), 0), true
	}
	return 0, false
}

// timeOf reads a time in seconds or milliseconds since 1970, or as RFC 3339 has it.
func timeOf(text string) (time.Time, bool) {
	const year5138 = 1e11 // in seconds; of milliseconds, it is 1973
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, true
	}
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || !(n > 0) || n > 1000*year5138:
		return time.Time{}, false
	case n >= year5138:
		return time.UnixMilli(int64(n)), true
	}
	return time.Unix(int64(n), 0), true
}

// first returns the value at the first of the places that has one.
func (r *reply) first(body jsonobject.Value, places []string) (string, *http.Cookie) {
	for _, place := range places {
		if text, set := r.find(body, place); text != "" {
			return text, set
		}
	}
	return "", nil
}

// find returns the value at one place, and the cookie if the place is one. A number is
// returned as its digits.
func (r *reply) find(body jsonobject.Value, place string) (string, *http.Cookie) {
	kind, name, _ := strings.Cut(place, ":")
	switch kind {
	case "json":
		v, ok := presets.Lookup(body, name)
		if !ok {
			return "", nil
		}
		if text, ok := v.Text(); ok {
			return text, nil
		}
		if v.Kind() == '0' {
			return string(v), nil
		}
	case "header":
		return r.header.Get(name), nil
	case "text":
		return strings.TrimSpace(string(r.body)), nil
	case "cookie":
		var cleared []string                       // by domain and path (RFC 6265 §5.3)
		for i := len(r.cookies) - 1; i >= 0; i-- { // a browser keeps the last of two
			c := r.cookies[i]
			if c.Name != name || !cookie.MayBeSet(c, r.url) {
				continue
			}
			id := cookie.Domain(c, r.url) + cookie.Path(c, r.url)
			switch {
			case cookie.Ended(c, r.asked):
				cleared = append(cleared, id)
			case !slices.Contains(cleared, id):
				return c.Value, c
			}
		}
	}
	return "", nil
}

// usable reports whether a header can carry the token: it has visible ASCII characters
// (RFC 9110 §5.5) but no quotes and commas, which separate the parts of a header. Tokens
// like 6|… and …!… are not b64token of RFC 6750, which is a grammar for issuers.
func usable(token string) bool {
	const most = 64 << 10
	return token != "" && len(token) <= most && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"',`, r) })
}

// bare returns a token without the quotes of a cookie and the scheme Bearer before it.
func bare(token string) string {
	if len(token) > 2 && token[0] == '"' && token[len(token)-1] == '"' {
		token = token[1 : len(token)-1]
	}
	for _, scheme := range []string{"Bearer ", "Bearer%20"} {
		if len(token) > len(scheme) && strings.EqualFold(token[:len(scheme)], scheme) {
			return strings.TrimLeft(token[len(scheme):], " ")
		}
	}
	return token
}

// earlier returns the earlier of two times. A zero time is unknown.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func printable(token string) bool { return len(token) <= 64<<10 && !cookie.HasControl(token) }

// clockSlack is a harmless difference between the lifetime in the answer and the token's
// exp: dates are in whole seconds, and an answer takes time.
const clockSlack = 2 * time.Second

// expiry returns when a token expires by the local clock. Both the lifetime in the answer
// and the time from the token's iat to its exp are counted from the request, so that the
// server's clock may differ. The shorter one is used. A token that was issued earlier
// expires at its exp, by the clock of the answer's Date or else by the local clock,
// unless the token has already expired by that clock.
func expiry(token string, life time.Duration, known bool, r *reply) time.Time {
	exp, iat := datesOf(token)
	if exp.IsZero() {
		if known {
			return r.asked.Add(life)
		}
		return time.Time{}
	}
	if whole := exp.Sub(iat); !iat.IsZero() && whole > 0 && (!known || whole < life) {
		life, known = whole, true
	}
	left := exp.Sub(r.clock())
	if !known || left > 0 && left < life-clockSlack {
		life = left
	}
	return r.asked.Add(life)
}

// clock returns the server's time, from the answer's Date (RFC 9110 §6.6.1).
func (r *reply) clock() time.Time {
	if date, err := http.ParseTime(r.header.Get("Date")); err == nil {
		return date
	}
	return r.asked
}

// lifetimeOf reads a number of seconds. It drops fractions.
func lifetimeOf(text string) (time.Duration, bool) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= 1) || strings.Trim(text, "0123456789.eE+-") != "" { // !(n >= 1) is also true for NaN
		return 0, false
	}
	return time.Duration(min(n, math.MaxInt32)) * time.Second, true
}

// inMilliseconds reports whether a lifetime was most likely given in milliseconds: it is
// minutes then, and would be neither whole days nor less than years otherwise. A wrong guess
// costs a refresh, so it is made only where one is possible.
func inMilliseconds(life time.Duration) bool {
	const day, least, longest = 24 * time.Hour, 300_000 * time.Second, 400 * 24 * time.Hour
	return life >= least && life%(60_000*time.Second) == 0 && (life%day != 0 || life > longest)
}

// datesOf returns the exp and iat of a token, zero if it has none.
func datesOf(token string) (exp, iat time.Time) {
	parsed, err := jws.Parse(token)
	if err != nil {
		return
	}
	claims, err := jwt.ParseClaims(parsed.Payload)
	if err != nil {
		return
	}
	exp, _ = dateOf(claims, "exp")
	iat, _ = dateOf(claims, "iat")
	return exp, iat
}

func dateOf(claims jsonobject.Object, name string) (time.Time, bool) {
	v, ok := claims.Get(name)
	if !ok {
		return time.Time{}, false
	}
	date, ok := jwt.ParseNumericDate(v)
	if !ok {
		return time.Time{}, false
	}
	return date.Time()
}
