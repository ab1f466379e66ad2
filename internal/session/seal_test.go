package session

import (
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"jwt/internal/httpclient"
	"jwt/internal/verdict"
)

// A memoryKeyring is a keyring in memory.
type memoryKeyring struct {
	mu   sync.Mutex
	held map[string]string
	err  error         // returned by every call
	hang chan struct{} // every call waits for it, unless it is nil
}

func newMemoryKeyring() *memoryKeyring { return &memoryKeyring{held: map[string]string{}} }

func (d *memoryKeyring) Get(service, user string) (string, error) {
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

func (d *memoryKeyring) Set(service, user, secret string) error {
	if err := d.enter(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held[service+"/"+user] = secret
	return nil
}

// A forgetful keyring keeps nothing and reports no failure.
type forgetful struct{ *memoryKeyring }

func (forgetful) Set(_, _, _ string) error { return nil }

func (d *memoryKeyring) Delete(service, user string) error {
	if err := d.enter(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.held, service+"/"+user)
	return nil
}

func (d *memoryKeyring) enter() error {
	if d.hang != nil {
		<-d.hang
	}
	return d.err
}

func (w *world) clientWith(ring Keyring) *Client {
	c := w.client()
	c.Store.Keyring = ring
	c.Store.Answer = time.Minute
	if d, ok := ring.(*memoryKeyring); ok && d.hang != nil {
		c.Store.Answer = 100 * time.Millisecond
	}
	return c
}

func TestSealed(t *testing.T) {
	w, ring := newWorld(t, nil), newMemoryKeyring()
	s := w.loginWith(w.clientWith(ring), "cookie", StoreAuto)
	if s.Store != StoreKeyring || len(ring.held) != 1 || len(w.notices) != 0 {
		t.Fatalf("%s, keyring %v, notices %q", s.Store, ring.held, w.notices)
	}
	for _, secret := range []string{s.AccessToken, s.RefreshToken, "access_token", strings.Split(s.AccessToken, ".")[1]} {
		if strings.Contains(w.file(), secret) {
			t.Errorf("the file holds %q", secret)
		}
	}
	got, err := w.clientWith(ring).Token(t.Context(), 0)
	if err != nil || got.AccessToken != s.AccessToken || got.RefreshToken != s.RefreshToken {
		t.Fatalf("%v", err)
	}
	fresh, _, err := w.clientWith(ring).Refresh(t.Context(), s, 0)
	if err != nil || fresh.Store != StoreKeyring || strings.Contains(w.file(), fresh.AccessToken) {
		t.Fatalf("refreshed: %v", err)
	}
	// The plain part is read without a keyring.
	peeked, err := w.client().Store.Peek(DefaultName)
	if err != nil || peeked.Server != w.url || !peeked.Refreshable(time.Now()) || peeked.AccessToken != "" {
		t.Fatalf("%+v %v", peeked, err)
	}
	for _, ring := range map[string]Keyring{"none": nil, "empty": newMemoryKeyring(), "locked": &memoryKeyring{err: errors.New("it is locked")}, "hanging": &memoryKeyring{hang: make(chan struct{})}, "forgetful": forgetful{newMemoryKeyring()}} {
		_, err := w.clientWith(ring).Token(t.Context(), 0) // an error, instead of waiting for ever
		mustFail(t, err, verdict.IO, "its key cannot be read from the keyring", s.RefreshToken)
	}
	if _, err := w.clientWith(ring).Logout(t.Context()); err != nil || len(ring.held) != 0 {
		t.Errorf("logout leaves the key: %v %v", ring.held, err)
	}
}

// TestSealedFileCannotBeRedirected checks that an attacker who can write the file cannot
// send the tokens elsewhere.
func TestSealedFileCannotBeRedirected(t *testing.T) {
	w, ring := newWorld(t, nil), newMemoryKeyring()
	c := w.clientWith(ring)
	w.loginWith(c, "cookie", StoreKeyring)
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
		says := "cannot be decrypted with its key"
		if changed.ID != r.ID { // the key is found by it
			says = "its key cannot be read from the keyring"
		}
		mustFail(t, err, verdict.IO, says)
	}
	if _, err := c.Store.unseal("other", r); err == nil {
		t.Error("it opens under another name")
	}
	ring.held[keyringService+"/"+s.ID] = "AAAA"
	_, err = w.clientWith(ring).Store.Load(DefaultName)
	mustFail(t, err, verdict.IO, "its key in the keyring is invalid")
}

// TestKeyringOfTwoDirectories checks that sessions with the same name in two directories
// have their own keys, and that a login leaves no key that is not needed.
func TestKeyringOfTwoDirectories(t *testing.T) {
	ring := newMemoryKeyring()
	one, two := newWorld(t, nil), newWorld(t, nil)
	s := one.loginWith(one.clientWith(ring), "cookie", StoreKeyring)
	two.loginWith(two.clientWith(ring), "cookie", StoreKeyring)
	if len(ring.held) != 2 {
		t.Fatalf("keyring %v", ring.held)
	}
	if _, err := two.clientWith(ring).Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := one.clientWith(ring).Token(t.Context(), 0)
	if err != nil || got.AccessToken != s.AccessToken {
		t.Fatalf("the other session: %v", err)
	}
	next := one.loginWith(one.clientWith(ring), "cookie", StoreKeyring)
	if _, ok := ring.held[keyringService+"/"+next.ID]; !ok || len(ring.held) != 1 {
		t.Errorf("after another login: keyring %v", ring.held)
	}
	c := one.clientWith(ring)
	if _, err := c.Login(t.Context(), Login{Server: mustParse(t, one.url), Preset: "cookie", User: user, Password: []byte("wrong"), Store: StoreKeyring}); verdict.ClassOf(err) != verdict.LoginRefused {
		t.Errorf("%v", err)
	}
	if _, ok := ring.held[keyringService+"/"+next.ID]; !ok || len(ring.held) != 1 {
		t.Errorf("after a refused login: keyring %v", ring.held)
	}
	// An earlier version stored the key under the session's name.
	ring.held[keyringService+"/"+DefaultName] = ring.held[keyringService+"/"+next.ID]
	delete(ring.held, keyringService+"/"+next.ID)
	if got, err := one.clientWith(ring).Store.Load(DefaultName); err != nil || got.AccessToken != next.AccessToken {
		t.Errorf("a session of an earlier version: %v", err)
	}
}

func mustParse(t *testing.T, server string) *url.URL {
	t.Helper()
	u, err := httpclient.ParseServer(server)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestNoKeyring(t *testing.T) {
	for name, ring := range map[string]Keyring{"none": nil, "locked": &memoryKeyring{err: errors.New("it is locked")}, "hanging": &memoryKeyring{hang: make(chan struct{})}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			s := w.loginWith(w.clientWith(ring), "cookie", StoreAuto)
			if s.Store != StoreFile || len(w.notices) != 1 || !strings.Contains(w.notices[0], "which only you can read") {
				t.Errorf("%s, notices %q", s.Store, w.notices)
			}
			w.stored()
			c := w.clientWith(ring)
			if _, err := c.Login(t.Context(), Login{Server: mustServer(t, w.url), Preset: "cookie", User: user, Password: []byte(password), Store: StoreKeyring}); err == nil {
				t.Error("a login that requires the keyring does without it")
			} else {
				mustFail(t, err, verdict.IO, "the keyring cannot be used: ")
			}
			w.mustAsk("/login", 1)
			w.stored()
		})
	}
}

func TestFileNeedsNoKeyring(t *testing.T) {
	w := newWorld(t, nil)
	ring := &memoryKeyring{err: errors.New("asked")}
	if s := w.loginWith(w.clientWith(ring), "cookie", StoreFile); s.Store != StoreFile || len(w.notices) != 0 {
		t.Errorf("%s %q", s.Store, w.notices)
	}
	hanging := &memoryKeyring{hang: make(chan struct{})}
	if _, err := w.clientWith(hanging).Token(t.Context(), 0); err != nil {
		t.Error(err)
	}
}

func TestOSKeyringWithoutBus(t *testing.T) {
	for _, address := range []string{"", "autolaunch:"} {
		ring := OSKeyring{LookupEnv: func(string) (string, bool) { return address, true }}
		if ring.reachable() && !keychainHere() {
			t.Errorf("with the bus address %q a bus would be started", address)
		}
	}
}
