package authclient

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"jwt/internal/httpclient"
	"jwt/internal/jsonobject"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/verdict"
)

// A Grant is the tokens that a login or a refresh gave.
type Grant struct {
	AccessToken  string
	RefreshToken string // "" where there is none, or the old one stays
	Obtained     time.Time
	// AccessExpires and RefreshExpires are by the local clock; zero where nobody
	// says it.
	AccessExpires, RefreshExpires time.Time
}

// grant finds the tokens in an answer, as the preset says.
func (s *Client) grant(r *reply) (Grant, error) {
	body, _ := jsonobject.ParseValue(r.body)
	find := func(places []string) string {
		text, _ := r.first(body, places)
		return text
	}
	at := s.Preset.Tokens
	g := s.refreshGrant(r)
	g.AccessToken = find(at.Access)
	said, _ := body.Object()
	switch kind := find(at.Type); {
	case len(said.Duplicates()) > 0: // of two values one side would believe the first, the other the last
		return Grant{}, verdict.Errorf(verdict.FetchRefused, "%s: the answer names a member twice", httpclient.Show(r.url)).Hintf("that is no JSON to rely on (RFC 8259 §4): tell whoever runs the server")
	case g.AccessToken == "":
		return Grant{}, verdict.Errorf(verdict.FetchFailed, "%s: the answer has no access token at %s", httpclient.Show(r.url), strings.Join(at.Access, " or ")).
			Hintf("does the server speak another preset? jwt session login --preset NAME")
	case !usable(g.AccessToken) || g.RefreshToken == "" && find(at.Refresh) != "":
		return Grant{}, verdict.Errorf(verdict.FetchRefused, "%s: the answer has a token that no header can carry", httpclient.Show(r.url))
	case kind != "" && !strings.EqualFold(kind, "Bearer"):
		return Grant{}, verdict.Errorf(verdict.FetchRefused, "%s: the access token is of type %s, not Bearer", httpclient.Show(r.url), shorten(r.secrets.Hide(kind))).
			Hintf("only bearer tokens (RFC 6750) are spoken here")
	}
	g.AccessExpires = expiry(g.AccessToken, find(at.ExpiresIn), r)
	return g, nil
}

// refreshGrant finds the refresh token in an answer, whatever else is missing there.
func (s *Client) refreshGrant(r *reply) Grant {
	body, _ := jsonobject.ParseValue(r.body)
	at := s.Preset.Tokens
	g := Grant{Obtained: r.asked}
	token, cookie := r.first(body, at.Refresh)
	if token == "" || !printable(token) {
		return g
	}
	g.RefreshToken = token
	if cookie != nil {
		g.RefreshExpires = CookieExpiry(cookie, g.Obtained)
		return g
	}
	lifetime, _ := r.first(body, at.RefreshExpiresIn)
	g.RefreshExpires = expiry(token, lifetime, r)
	return g
}

// first returns what stands at the first of the places that has anything.
func (r *reply) first(body jsonobject.Value, places []string) (string, *http.Cookie) {
	for _, place := range places {
		if text, cookie := r.find(body, place); text != "" {
			return text, cookie
		}
	}
	return "", nil
}

// find returns what stands at one place, numbers as their digits.
func (r *reply) find(body jsonobject.Value, place string) (string, *http.Cookie) {
	kind, name, _ := strings.Cut(place, ":")
	switch kind {
	case "json":
		v, ok := lookup(body, name)
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
	case "cookie":
		var cleared []string                       // by domain and path (RFC 6265 §5.3)
		for i := len(r.cookies) - 1; i >= 0; i-- { // of two, a browser keeps the last
			c := r.cookies[i]
			if c.Name != name || !CookieMayBeSet(c, r.url) {
				continue
			}
			which := CookieDomain(c, r.url) + CookiePath(c, r.url)
			switch {
			case CookieEnded(c, r.asked):
				cleared = append(cleared, which)
			case !slices.Contains(cleared, which):
				return c.Value, c
			}
		}
	}
	return "", nil
}

// usable reports whether the text can be a bearer token (RFC 6750 §2.1), which
// also keeps it harmless in a header, a shell and a file of variables.
func usable(token string) bool {
	const most = 64 << 10
	core := strings.TrimRight(token, "=")
	return core != "" && len(token) <= most && strings.Trim(core, b64token) == ""
}

const b64token = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"

func printable(token string) bool {
	return len(token) <= 64<<10 && !strings.ContainsFunc(token, func(r rune) bool { return r < ' ' || r > '~' })
}

// clockSlack is how far what a token says of its end may lie before what the answer
// says, without meaning anything: dates are whole seconds, and an answer takes time.
const clockSlack = 2 * time.Second

// expiry returns when a token ends by our clock. The seconds that the answer gives
// and the time from the token's iat to its exp count from the request on, so that
// the server's clock need not be ours; the sooner holds. A token that was made
// earlier ends at its exp, by the clock of the answer's Date or else by ours, where
// that clock is believable: where the token has not ended by it already.
func expiry(token, seconds string, r *reply) time.Time {
	life, known := lifetimeOf(seconds)
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

// clock is what the server's clock showed, by the answer's Date (RFC 9110 §6.6.1).
func (r *reply) clock() time.Time {
	if date, err := http.ParseTime(r.header.Get("Date")); err == nil {
		return date
	}
	return r.asked
}

// lifetimeOf reads a number of seconds, of which it takes the whole ones.
func lifetimeOf(text string) (time.Duration, bool) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= 1) || strings.Trim(text, "0123456789.eE+-") != "" { // NaN is no more than 1
		return 0, false
	}
	return time.Duration(min(n, math.MaxInt32)) * time.Second, true
}

// datesOf returns what a token says of itself, zero where it does not.
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
