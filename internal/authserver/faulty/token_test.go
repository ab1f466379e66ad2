package faulty

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"jwt/internal/jsonobject"
)

const formType = "Content-Type: application/x-www-form-urlencoded"

// form sends a form of names and values.
func (s *site) form(path string, pairs ...string) answer {
	s.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return s.ask("POST", path, form.Encode(), formType)
}

// refresh refreshes as OAuth clients do.
func (s *site) refresh(token string) answer {
	s.t.Helper()
	return s.form("/token", "grant_type", "refresh_token", "refresh_token", token)
}

// member returns a member of a JSON body as it was sent.
func (a answer) member(t *testing.T, name string) string {
	t.Helper()
	o, err := jsonobject.Parse([]byte(a.body))
	if err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
	v, _ := o.Get(name)
	return string(v)
}

// TestTokenAnswers compares the answers of servers with and without each fault.
func TestTokenAnswers(t *testing.T) {
	type look = func(t *testing.T, s *site) string
	contentType := func(t *testing.T, s *site) string {
		return s.refresh(s.login().RefreshToken).header.Get("Content-Type")
	}
	for _, c := range []struct {
		fault       string
		look        look
		right, with string
	}{
		{"expires-in-string", func(t *testing.T, s *site) string {
			return s.refresh(s.login().RefreshToken).member(t, "expires_in")
		}, `300`, `"300"`},
		{"token-type-odd", func(t *testing.T, s *site) string {
			return s.refresh(s.login().RefreshToken).member(t, "token_type")
		}, `"Bearer"`, `"BearerToken"`},
		{"error-200", func(t *testing.T, s *site) string {
			a := s.refresh("unknown")
			return http.StatusText(a.status) + " " + a.member(t, "error")
		}, `Bad Request "invalid_grant"`, `OK "invalid_grant"`},
		{"json-as-html", contentType, "application/json", "text/html; charset=utf-8"},
		{"refresh-omitted", func(t *testing.T, s *site) string {
			token := s.login().RefreshToken
			first, second := s.refresh(token), s.refresh(token)
			sent := strings.Contains(first.body, "refresh")
			return fmt.Sprint(first.status, " sent:", sent, " ", second.status)
		}, "200 sent:true 400", "200 sent:false 200"},
		{"jwks-stale", func(t *testing.T, s *site) string {
			kid := s.kid(s.login().AccessToken)
			for _, published := range s.published() {
				if published == kid {
					return "published"
				}
			}
			return "not published"
		}, "published", "not published"},
	} {
		t.Run(c.fault, func(t *testing.T) {
			if got := c.look(t, serve(t, nil)); got != c.right {
				t.Errorf("without the fault: %s, want %s", got, c.right)
			}
			s := serve(t, nil, c.fault+",times=2")
			if got := c.look(t, s); got != c.with {
				t.Errorf("with the fault: %s, want %s", got, c.with)
			}
			s.faults.clear("")
			if got := c.look(t, s); got != c.right {
				t.Errorf("after the fault: %s, want %s", got, c.right)
			}
		})
	}
}
