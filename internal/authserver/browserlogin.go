package authserver

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/authserver/store"
	"jwt/internal/oauth"
)

const (
	browserCookie = "login"        // of the login in a browser
	browserTTL    = 12 * time.Hour // of a login in a browser
)

// A browserLogin is the login of a user in a browser, which other clients share (single
// sign-on). Its cookie has a secret, and the store the rest.
type browserLogin struct {
	User       string            `json:"user"`
	Credential string            `json:"credential"`
	Time       time.Time         `json:"time"`
	Agreed     map[string]string `json:"agreed,omitempty"` // client → scope
	Ended      bool              `json:"ended,omitempty"`
	Expires    time.Time         `json:"expires"`

	id  store.Hash
	old []byte // as stored
}

// agreed reports whether the user has agreed that the client gets the scope. Any program can
// say that it is clients.Native, so that the user is asked each time (RFC 8252 §8.6).
func (b browserLogin) agreed(c clients.Client, scope string) bool {
	had, ok := b.Agreed[c.ID]
	return ok && !c.AnyLoopbackRedirect && within(scope, strings.Fields(had)) == within(scope, strings.Fields(scope))
}

// browserLogin returns the login of the browser. known is false if it has none, or it is over.
func (s *Server) browserLogin(x *exchange) (b browserLogin, known bool, err error) {
	text, err := x.cookie(browserCookie)
	if err != nil || text == "" {
		return b, false, err
	}
	id := secretID("browser", text)
	stored, err := s.Store.Record(x.ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return b, false, nil
	}
	if err != nil {
		return b, false, err
	}
	if err := json.Unmarshal(stored, &b); err != nil {
		return b, false, err
	}
	b.id, b.old = id, stored
	over := b.Ended || !x.now.Before(b.Expires) || !s.Users.Has(b.User) || !s.Users.HasCredential(b.User, b.Credential)
	return b, !over, nil
}

// logInBrowser checks the password, and begins a login in the browser. The cookie is a new
// one, so that an attacker cannot set it beforehand (session fixation).
func (s *Server) logInBrowser(x *exchange, l oauth.Login) error {
	if l.Username == "" || l.Password == "" {
		return invalid("user name and password are required")
	}
	if err := s.authenticate(x, l); err != nil {
		return err
	}
	old, known, err := s.browserLogin(x)
	if err != nil {
		return err
	}
	text := secretText()
	b := browserLogin{User: l.Username, Credential: s.Users.Credential(l.Username), Time: x.now, Expires: milli(x.now.Add(browserTTL))}
	if known {
		if old.User == b.User {
			b.Agreed = old.Agreed
		}
		if err := s.endBrowserLogin(x, old); err != nil {
			return err
		}
	}
	stored, err := json.Marshal(b)
	if err != nil {
		return err
	}
	if _, err := s.Store.Swap(x.ctx, secretID("browser", text), nil, stored, x.now, b.Expires); err != nil {
		return err
	}
	c := cookie(browserCookie, text, int(browserTTL/time.Second))
	c.SameSite = http.SameSiteLaxMode // clients of other sites send the browser here
	x.setCookie(c)
	return nil
}

// agree remembers that the user agrees that a client gets a scope.
func (s *Server) agree(x *exchange, b browserLogin, client, scope string) error {
	if b.Agreed == nil {
		b.Agreed = map[string]string{}
	}
	scopes := append(strings.Fields(b.Agreed[client]), strings.Fields(scope)...)
	slices.Sort(scopes)
	b.Agreed[client] = strings.Join(slices.Compact(scopes), " ")
	return s.changeBrowserLogin(x, b)
}

// endBrowserLogin ends the login of the browser.
func (s *Server) endBrowserLogin(x *exchange, b browserLogin) error {
	b.Ended = true
	return s.changeBrowserLogin(x, b)
}

// changeBrowserLogin stores a changed login, unless another request has changed it: an ended
// login stays so.
func (s *Server) changeBrowserLogin(x *exchange, b browserLogin) error {
	stored, err := json.Marshal(b)
	if err != nil {
		return err
	}
	_, err = s.Store.Swap(x.ctx, b.id, b.old, stored, x.now, b.Expires)
	return err
}
