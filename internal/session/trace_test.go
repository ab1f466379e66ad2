package session

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// TestTraceOfAnEcho checks that secrets of the request and the session are not shown if
// the server repeats them in any header.
func TestTraceOfAnEcho(t *testing.T) {
	w := newWorld(t, nil)
	s := w.login("cookie", StoreFile)
	w.edit(func(s *Session) { s.Cookies = []Cookie{{Name: "track", Value: "a-cookie-value", Path: "/"}} })
	w.wrap(func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		said := s.RefreshToken + " " + s.AccessToken + " a-cookie-value from-the-caller in-the-query"
		for _, name := range []string{"X-Debug", "Www-Authenticate", "Location", "X-Token"} {
			rw.Header().Set(name, said)
		}
		rw.Header().Set("Link", "</"+said+">")
		rw.Header().Set("Set-Cookie", "fresh=the-new-cookie; Path=/"+s.RefreshToken)
		rw.Header().Add("X-Debug", "the-new-cookie")
		rw.WriteHeader(403)
	})
	var trace bytes.Buffer
	c := w.client()
	c.Trace = &trace
	if _, _, err := w.do(c, "GET", w.url+"/me?q=in-the-query", "", "X-Pass", "from-the-caller", "Accept-Language", "sv"); err != nil {
		t.Fatal(err)
	}
	text := trace.String()
	for _, secret := range []string{s.RefreshToken, signature(s.AccessToken), "a-cookie-value", "from-the-caller", "in-the-query", "the-new-cookie"} {
		if strings.Contains(text, secret) {
			t.Errorf("the trace holds %q:\n%s", secret, text)
		}
	}
	for _, shown := range []string{"> X-Pass: (15 bytes)\n", "> Accept-Language: sv\n", "< X-Debug: *** ", "< 403 Forbidden"} {
		if !strings.Contains(text, shown) {
			t.Errorf("the trace lacks %q:\n%s", shown, text)
		}
	}
}

// TestTraceOfALogin checks a login: its tokens are in the body of the answer, which is
// read only after the header is shown.
func TestTraceOfALogin(t *testing.T) {
	w := newWorld(t, nil)
	w.wrap(func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		rw.Header().Set("X-Debug", "opaque-access opaque-refresh")
		rw.Header().Set("Retry-After", "7")
		rw.Write([]byte(`{"accessToken":"opaque-access","refreshToken":"opaque-refresh"}`))
	})
	var trace bytes.Buffer
	c := w.client()
	c.Trace = &trace
	w.loginWith(c, "token", StoreFile)
	if text := trace.String(); strings.Contains(text, "opaque") || !strings.Contains(text, "< X-Debug: (28 bytes)\n") || !strings.Contains(text, "< Retry-After: 7\n") {
		t.Errorf("%s", text)
	}
}
