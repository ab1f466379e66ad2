package session

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"jwt/internal/verdict"
)

// A drawer is a keyring in memory.
type drawer struct {
	mu   sync.Mutex
	held map[string]string
	err  error         // of every call
	hang chan struct{} // what every call waits for; nil: for nothing
}

func newDrawer() *drawer { return &drawer{held: map[string]string{}} }

func (d *drawer) Get(service, user string) (string, error) {
	if err := d.enter(); err != nil {
		return "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	secret, ok := d.held[service+"/"+user]
	if !ok {
		return "", ErrNoKey
	}
	return secret, nil
}

func (d *drawer) Set(service, user, secret string) error {
	if err := d.enter(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held[service+"/"+user] = secret
	return nil
}

func (d *drawer) Delete(service, user string) error {
	if err := d.enter(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.held, service+"/"+user)
	return nil
}

func (d *drawer) enter() error {
	if d.hang != nil {
		<-d.hang
	}
	return d.err
}

func (w *world) sealedClient(ring Ring) *Client {
	c := w.client()
	c.Store.Keyring = ring
	c.Store.Answer = time.Minute
	if d, ok := ring.(*drawer); ok && d.hang != nil {
		c.Store.Answer = 100 * time.Millisecond
	}
	return c
}

func TestSealed(t *testing.T) {
	w, ring := newWorld(t, nil), newDrawer()
	s := w.loginWith(w.sealedClient(ring), "cookie", Auto)
	if s.Store != Keyring || len(ring.held) != 1 || len(w.notices) != 0 {
		t.Fatalf("%s, keyring %v, notices %q", s.Store, ring.held, w.notices)
	}
	for _, secret := range []string{s.AccessToken, s.RefreshToken, "access_token", strings.Split(s.AccessToken, ".")[1]} {
		if strings.Contains(w.file(), secret) {
			t.Errorf("the file holds %q", secret)
		}
	}
	got, err := w.sealedClient(ring).Token(t.Context(), 0)
	if err != nil || got.AccessToken != s.AccessToken || got.RefreshToken != s.RefreshToken {
		t.Fatalf("%v", err)
	}
	fresh, _, err := w.sealedClient(ring).Refresh(t.Context(), s)
	if err != nil || fresh.Store != Keyring || strings.Contains(w.file(), fresh.AccessToken) {
		t.Fatalf("refreshed: %v", err)
	}
	// What is in the clear is read without a keyring.
	peeked, err := w.client().Store.Peek(DefaultName)
	if err != nil || peeked.Server != w.url || !peeked.Refreshable(time.Now()) || peeked.AccessToken != "" {
		t.Fatalf("%+v %v", peeked, err)
	}
	for _, ring := range map[string]Ring{"none": nil, "empty": newDrawer(), "locked": &drawer{err: errors.New("it is locked")}, "hanging": &drawer{hang: make(chan struct{})}} {
		_, err := w.sealedClient(ring).Token(t.Context(), 0) // would wait for ever
		mustFail(t, err, verdict.IO, "its key is in the keyring", s.RefreshToken)
	}
	if _, err := w.sealedClient(ring).Logout(t.Context()); err != nil || len(ring.held) != 0 {
		t.Errorf("logout leaves the key: %v %v", ring.held, err)
	}
}

// Whoever can write the file cannot make it send the tokens elsewhere.
func TestSealedIsBound(t *testing.T) {
	w, ring := newWorld(t, nil), newDrawer()
	c := w.sealedClient(ring)
	w.loginWith(c, "cookie", Keyring)
	s, r, err := c.Store.read(DefaultName)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(*record){
		func(r *record) { r.Server = "https://evil.example" },
		func(r *record) { r.Preset = "token" },
		func(r *record) { r.User = "eve" },
		func(r *record) { r.ID = "other" },
		func(r *record) { r.Sealed = append([]byte{0}, r.Sealed[1:]...) },
		func(r *record) { r.Sealed = r.Sealed[:5] },
	} {
		changed := r
		change(&changed)
		_, err := c.Store.unseal(s.Name, changed)
		mustFail(t, err, verdict.IO, "does not open under its key")
	}
	if _, err := c.Store.unseal("other", r); err == nil {
		t.Error("it opens under another name")
	}
	ring.held[ringService+"/"+DefaultName] = "AAAA"
	_, err = w.sealedClient(ring).Store.Load(DefaultName)
	mustFail(t, err, verdict.IO, "its key in the keyring is none")
}

func TestNoKeyring(t *testing.T) {
	for name, ring := range map[string]Ring{"none": nil, "locked": &drawer{err: errors.New("it is locked")}, "hanging": &drawer{hang: make(chan struct{})}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			s := w.loginWith(w.sealedClient(ring), "cookie", Auto)
			if s.Store != File || len(w.notices) != 1 || !strings.Contains(w.notices[0], "which only you can read") {
				t.Errorf("%s, notices %q", s.Store, w.notices)
			}
			w.stored()
			c := w.sealedClient(ring)
			if _, err := c.Login(t.Context(), Login{Server: mustServer(t, w.url), Preset: "cookie", User: user, Password: []byte(password), Store: Keyring}); err == nil {
				t.Error("--store keyring does without one")
			} else {
				mustFail(t, err, verdict.IO, "--store keyring")
			}
			w.mustAsk("/login", 1)
			w.stored()
		})
	}
}

func TestFileAsksNoKeyring(t *testing.T) {
	w := newWorld(t, nil)
	ring := &drawer{err: errors.New("asked")}
	if s := w.loginWith(w.sealedClient(ring), "cookie", File); s.Store != File || len(w.notices) != 0 {
		t.Errorf("%s %q", s.Store, w.notices)
	}
	hanging := &drawer{hang: make(chan struct{})}
	if _, err := w.sealedClient(hanging).Token(t.Context(), 0); err != nil {
		t.Error(err)
	}
}

func TestOSRingWithoutBus(t *testing.T) {
	for _, address := range []string{"", "autolaunch:"} {
		ring := OSRing{LookupEnv: func(string) (string, bool) { return address, true }}
		if ring.reachable() && !keychainHere() {
			t.Errorf("with the bus address %q a bus would be started", address)
		}
	}
}
