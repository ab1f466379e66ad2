package flow

import (
	"slices"
	"strings"

	"jwt/internal/authclient"
	"jwt/internal/cookie"
	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
)

// findRefreshCookie takes the refresh token of the first login from a cookie with another
// name than the preset says. Otherwise it remembers what the answer had instead.
func (r *run) findRefreshCookie(a *answer) {
	if len(r.families) > 0 || a.at == nil {
		return
	}
	if a.grant.RefreshToken != "" {
		if name := a.grant.RefreshCookie; name != "" && name != r.wires.cookie { // the second of two names
			r.useRefreshCookie(name)
		}
		return
	}
	refresh := *r.server.URL
	refresh.Path, refresh.RawPath = refresh.Path+r.Preset.Refresh.Path, ""
	c := authclient.FindRefreshCookie(a.cookies, a.at, &refresh, a.grant.AccessToken, r.Now())
	if c == nil || !r.Preset.Refresh.RefreshCookie {
		r.came = r.describeInstead(*a)
		return
	}
	r.found = c.Name
	r.useRefreshCookie(c.Name)
	a.grant.RefreshToken, a.grant.RefreshExpires = c.Value, cookie.Expiry(c, a.grant.Obtained)
}

// useRefreshCookie makes this cookie the one with the refresh token.
func (r *run) useRefreshCookie(name string) {
	r.wires.cookie = name
	r.Preset.Tokens.Refresh = slices.Concat([]string{"cookie:" + name}, r.Preset.Tokens.Refresh)
	r.server.Preset = r.Preset
}

// describeInstead returns what an answer without a refresh token had where one may be: its
// HttpOnly cookies, or members with a suggestive name. It hides their values from then on.
func (r *run) describeInstead(a answer) string {
	var names []string
	for _, c := range authclient.HTTPOnlyCookies(a.cookies, a.at, a.grant.AccessToken, r.Now()) {
		names = append(names, "`"+phrase.Short(c.Name)+"`")
		r.tokens.secrets.Add(c.Value)
	}
	switch len(names) {
	case 0:
	case 1:
		return "; the answer set an HttpOnly cookie " + names[0]
	default:
		return "; the answer set the HttpOnly cookies " + strings.Join(names, ", ")
	}
	body, err := jsonobject.Parse(a.body)
	if err != nil {
		return ""
	}
	for _, m := range body.Members() {
		if text, ok := m.Value.Text(); ok && strings.Contains(strings.ToLower(m.Name), "refresh") {
			r.tokens.secrets.Add(text)
			return "; the body of the answer has a member `" + phrase.Short(m.Name) + "`"
		}
	}
	return ""
}
