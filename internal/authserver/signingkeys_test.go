package authserver

import (
	"sync"
	"testing"
	"time"

	"jwt/internal/authserver/signing"
	"jwt/internal/authserver/store"
	"jwt/internal/authserver/users"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/verdict"
)

// published returns the kids of the JWK Set.
func (s *site) published() (kids []string) {
	s.t.Helper()
	a := s.ask("GET", "/jwks.json", "")
	set, err := jwk.Parse([]byte(a.body))
	if err != nil {
		s.t.Fatalf("%s: %v", a.body, err)
	}
	for _, k := range set.Keys {
		if k.IsPrivate() || k.ID != k.Thumbprint() || k.Use != "sig" || k.Alg == "" {
			s.t.Errorf("published: %s", k.JWK(false).Bytes())
		}
		kids = append(kids, k.ID)
	}
	return kids
}

// storedKeys returns the private signing keys of a store, the oldest first.
func storedKeys(t *testing.T, state store.Store) (keys []jwk.Key) {
	t.Helper()
	stored, err := state.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stored {
		set, err := jwk.Parse(s.JWK)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, set.Keys...)
	}
	return keys
}

func kidOf(t *testing.T, access string) string {
	t.Helper()
	token, err := jws.Parse(access)
	if err != nil {
		t.Fatal(err)
	}
	kid, _, err := token.KeyID()
	if err != nil {
		t.Fatal(err)
	}
	return kid
}

func TestAlgorithms(t *testing.T) {
	for _, alg := range []string{"ES256", "ES384", "EdDSA", "RS256", "PS256"} {
		s := serve(t, func(o *Options) { o.Alg = alg })
		tokens := s.login()
		token, err := jws.Parse(tokens.AccessToken)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := token.Alg(); got != alg {
			t.Errorf("alg is %s, want %s", got, alg)
		}
		set, err := jwk.Parse([]byte(s.ask("GET", "/jwks.json", "").body))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := token.Verify(set.Keys, []string{alg}); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
		if a := s.me(tokens.AccessToken); a.status != 200 {
			t.Errorf("%s: %d %s", alg, a.status, a.body)
		}
	}
	for _, alg := range []string{"HS256", "none", "ES257", "dir"} {
		_, err := New(t.Context(), Options{Issuer: "http://127.0.0.1:1", Store: store.NewMemory(), Users: &users.Set{}, Now: time.Now, Alg: alg})
		if verdict.ClassOf(err) != verdict.Usage {
			t.Errorf("%s: %v", alg, err)
		}
	}
}

// TestKeyPeriod checks that a server that starts with a key older than its period creates
// the next one at once.
func TestKeyPeriod(t *testing.T) {
	state := store.NewMemory()
	first := serve(t, func(o *Options) { o.Store = state }).published()
	for _, c := range []struct {
		period time.Duration
		keys   int
	}{{25 * time.Hour, 1}, {24 * time.Hour, 2}} {
		s := serve(t, func(o *Options) {
			o.Store, o.KeyPeriod = state, c.period
			now := o.Now().Add(24 * time.Hour)
			o.Now = func() time.Time { return now }
		})
		s.server.Close() // after its first maintenance
		if keys := storedKeys(t, state); len(keys) != c.keys || keys[0].ID != first[0] {
			t.Errorf("with a period of %s: %d keys, first %v", c.period, len(keys), first)
		}
	}
}

// TestKeysLost checks that a store that lost its keys, like a Redis without persistence,
// gets a new one at once.
func TestKeysLost(t *testing.T) {
	state := store.NewMemory()
	s := serve(t, func(o *Options) { o.Store = state })
	before := kidOf(t, s.login().AccessToken)
	if err := state.ChangeKeys(t.Context(), func([]store.SigningKey) []store.SigningKey { return nil }); err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(5 * time.Second) // then the copy of the keys is too old
	tokens := s.login()
	after := kidOf(t, tokens.AccessToken)
	if after == before {
		t.Error("a key that the store has not signs")
	}
	same(t, "published", s.published(), []string{after})
	if a := s.me(tokens.AccessToken); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestKeyRotationOverlaps checks that the next key is published before it signs, and the
// last until its tokens have expired.
func TestKeyRotationOverlaps(t *testing.T) {
	const period = 24 * time.Hour
	s := serve(t, func(o *Options) { o.KeyPeriod, o.RefreshTTL = period, 90*24*time.Hour })
	turn := func() {
		t.Helper()
		if err := s.server.keys.RotateIfOld(t.Context(), period, s.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	first := s.published()
	s.clock.Advance(period - time.Second)
	turn()
	same(t, "before the period is over", s.published(), first)
	s.clock.Advance(time.Second)
	turn()
	turn() // one call suffices
	both := s.published()
	if len(both) != 2 || both[0] != first[0] {
		t.Fatalf("when it is over: %v, after %v", both, first)
	}
	same(t, "signs still", kidOf(t, s.login().AccessToken), both[0])
	s.clock.Advance(signing.MaxAge - time.Millisecond)
	last := s.login()
	same(t, "signs to the end", kidOf(t, last.AccessToken), both[0])
	s.clock.Advance(time.Millisecond)
	same(t, "signs now", kidOf(t, s.login().AccessToken), both[1])
	s.clock.Advance(4 * time.Minute)
	if a := s.me(last.AccessToken); a.status != 200 {
		t.Errorf("its last token: %d %s", a.status, a.body)
	}
	s.clock.Advance(cartTTL + time.Minute)
	same(t, "long after", s.published(), both[1:])
	s.clock.Advance(period)
	turn()
	keys, err := s.server.Store.Keys(t.Context())
	if err != nil || len(keys) != 2 {
		t.Errorf("%d keys are kept (%v), want the one that signs and the next", len(keys), err)
	}
}

func TestRotateKeyNow(t *testing.T) {
	s := serve(t, nil)
	before := s.login()
	if err := s.server.RotateKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := s.login()
	if kidOf(t, before.AccessToken) == kidOf(t, after.AccessToken) || len(s.published()) != 2 {
		t.Errorf("nothing rotated: %v", s.published())
	}
	for _, access := range []string{before.AccessToken, after.AccessToken} {
		if a := s.me(access); a.status != 200 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
}

// TestKeysOfTwoServers checks that servers with a common store have the same keys from
// the start, and see each other's new ones.
func TestKeysOfTwoServers(t *testing.T) {
	eachStore(t, func(t *testing.T, state store.Store) {
		var group sync.WaitGroup
		for range 5 {
			group.Go(func() {
				if _, err := signing.Open(t.Context(), state, "ES256", 0, epoch); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		one := serve(t, func(o *Options) {
			o.Store, o.Issuer, o.Hosts = state, "http://shared.example", []string{hostOf(o.Issuer)}
		})
		two := serve(t, func(o *Options) {
			o.Store, o.Issuer, o.Hosts = state, "http://shared.example", []string{hostOf(o.Issuer)}
		})
		if kids := one.published(); len(kids) != 1 {
			t.Errorf("%d keys of servers that began together", len(kids))
		}
		if err := one.server.keys.Rotate(t.Context(), epoch); err != nil {
			t.Fatal(err)
		}
		two.clock.Advance(time.Second) // then a key that is unknown is looked for
		if a := two.me(one.login().AccessToken); a.status != 200 {
			t.Errorf("a token of the other's new key: %d %s", a.status, a.body)
		}
	})
}

func hostOf(issuer string) string { return issuer[len("http://"):] }

// TestKeysOfTwoAlgorithms checks that a server with another algorithm leaves the keys of
// others alone.
func TestKeysOfTwoAlgorithms(t *testing.T) {
	state := store.NewMemory()
	es := serve(t, func(o *Options) { o.Store = state })
	rs := serve(t, func(o *Options) { o.Store, o.Alg = state, "EdDSA" })
	if err := rs.server.keys.Rotate(t.Context(), epoch); err != nil {
		t.Fatal(err)
	}
	es.clock.Advance(60 * 24 * time.Hour)
	if a := es.loginAs(alice, password); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestKeyThatCannotSign checks that a key pair that does not match is detected when it is
// loaded, and not by the first client.
func TestKeyThatCannotSign(t *testing.T) {
	key, err := jwk.Generate("P-256", 0)
	if err != nil {
		t.Fatal(err)
	}
	key.ID, key.HasID, key.Alg, key.Ops = "k1", true, DefaultAlg, []string{"verify"}
	state := store.NewMemory()
	fresh := store.SigningKey{JWK: key.JWK(true).Bytes(), Created: epoch, From: epoch}
	if err := state.ChangeKeys(t.Context(), func([]store.SigningKey) []store.SigningKey { return []store.SigningKey{fresh} }); err != nil {
		t.Fatal(err)
	}
	s, err := New(t.Context(), Options{Issuer: "http://127.0.0.1:3000", Store: state, Users: testUsers(t), Now: time.Now})
	if err == nil {
		s.Close()
		t.Fatal("it is taken")
	}
	if verdict.ClassOf(err) != verdict.KeyRefused || !contains(err.Error(), "a signing key of the store cannot be used") {
		t.Errorf("%s: %v", verdict.ClassOf(err), err)
	}
}
