package flow

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"sync"

	"jwt/internal/authclient"
	"jwt/internal/presets"
)

// jars has the cookies of each session, for presets that copy some into headers or set them
// before a login. A session is found by its tokens.
type jars struct {
	mutex   sync.Mutex // simultaneous refreshes are judged too
	byToken map[string]http.CookieJar
}

// client returns the client with the cookies of the session that has the token, or those of a
// new session.
func (j *jars) client(s *authclient.Client, token string) *authclient.Client {
	if !s.Preset.NeedsCookies() {
		return s
	}
	j.mutex.Lock()
	defer j.mutex.Unlock()
	own := *s
	if own.Jar = j.byToken[token]; token == "" || own.Jar == nil {
		jar, _ := cookiejar.New(nil) // without options it does not fail
		own.Jar = withoutRefresh{jar, s.Preset}
	}
	return &own
}

// forLogout is client with cookies that the answer does not clear: a refresh afterwards must be
// refused for its token, and not because a cookie is missing.
func (j *jars) forLogout(s *authclient.Client, token string) *authclient.Client {
	own := *j.client(s, token)
	if own.Jar != nil {
		own.Jar = frozen{own.Jar}
	}
	return &own
}

type frozen struct{ http.CookieJar }

func (frozen) SetCookies(*url.URL, []*http.Cookie) {}

// remember keeps the cookies of a client for the session with the granted tokens.
func (j *jars) remember(s *authclient.Client, g authclient.Grant) {
	if s.Jar == nil || g.AccessToken == "" {
		return
	}
	j.mutex.Lock()
	defer j.mutex.Unlock()
	if j.byToken == nil {
		j.byToken = map[string]http.CookieJar{}
	}
	for _, token := range []string{g.AccessToken, g.RefreshToken} {
		if token != "" {
			j.byToken[token] = s.Jar
		}
	}
}

// withoutRefresh is a jar without the refresh token, which the client sends separately.
type withoutRefresh struct {
	http.CookieJar
	preset presets.Preset
}

func (w withoutRefresh) SetCookies(u *url.URL, set []*http.Cookie) {
	w.CookieJar.SetCookies(u, slices.DeleteFunc(slices.Clone(set), func(c *http.Cookie) bool { return w.preset.Tokens.IsRefreshCookie(c.Name) }))
}
