package jwks

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/verdict"
)

func TestParseSource(t *testing.T) {
	for text, want := range map[string]Source{
		"https://example.com/jwks":      {URL: "https://example.com/jwks"},
		"HTTP://127.0.0.1/":             {URL: "HTTP://127.0.0.1/"},
		"file:///etc/key":               {URL: "file:///etc/key"},
		"oidc:https://example.com":      {Issuer: "https://example.com"},
		"oidc:":                         {},
		"key.pem":                       {},
		"env:KEY":                       {},
		"https:/example.com":            {},
		"://":                           {},
		`{"jku":"https://example.com"}`: {},
		"a b://c":                       {},
	} {
		got, ok := ParseSource(text)
		if wantOK := want != (Source{}) || text == "oidc:"; got != want || ok != wantOK {
			t.Errorf("ParseSource(%q) = %+v, %v; want %+v, %v", text, got, ok, want, wantOK)
		}
	}
}

func TestCacheLifetimes(t *testing.T) {
	const date = "Date: Sun, 01 Mar 2026 12:00:00 GMT"
	for _, test := range []struct {
		name    string
		headers []string
		fresh   time.Duration // how long no request is made; 0: every process makes one
	}{
		{"no headers", nil, 5 * time.Minute},
		{"max-age", []string{"Cache-Control: public, max-age=3600"}, time.Hour},
		{"max-age quoted, upper case", []string{`Cache-Control: MAX-AGE="3600"`}, time.Hour},
		{"max-age less Age", []string{"Cache-Control: max-age=3600", "Age: 600"}, 50 * time.Minute},
		{"Age past max-age", []string{"Cache-Control: max-age=60", "Age: 600"}, 0},
		{"max-age too long", []string{"Cache-Control: max-age=999999999999999999999"}, 24 * time.Hour},
		{"max-age 0", []string{"Cache-Control: max-age=0"}, 0},
		{"max-age unreadable", []string{"Cache-Control: max-age=-5"}, 0},
		{"two max-age", []string{"Cache-Control: max-age=3600", "Cache-Control: max-age=60"}, time.Minute},
		{"max-age before Expires", []string{"Cache-Control: max-age=60", date, "Expires: Sun, 01 Mar 2026 13:00:00 GMT"}, time.Minute},
		{"s-maxage is for shared caches", []string{"Cache-Control: s-maxage=3600, max-age=60"}, time.Minute},
		{"Expires", []string{date, "Expires: Sun, 01 Mar 2026 13:00:00 GMT"}, time.Hour},
		{"Expires by the server's clock", []string{"Date: Sun, 01 Mar 2020 12:00:00 GMT", "Expires: Sun, 01 Mar 2020 12:02:00 GMT"}, 2 * time.Minute},
		{"Expires 0", []string{"Expires: 0"}, 0},
		{"no-cache", []string{"Cache-Control: no-cache, max-age=3600"}, 0},
		{"no-store", []string{"Cache-Control: no-store, max-age=3600"}, 0},
		{"Vary *", []string{"Cache-Control: max-age=3600", "Vary: *"}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, serve(jwks("a"), test.headers...))
			start := w.Now()
			first, err := w.process().Keys(t.Context(), w.URL+"/jwks")
			mustHave(t, first, err, "a")
			want := Fetched{Set: first.Set, URL: w.URL + "/jwks", Checked: start, Expires: start.Add(test.fresh)}
			if diff := cmp.Diff(want, first, cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "Set" }, cmp.Ignore())); diff != "" {
				t.Error(diff)
			}
			if src := first.Set.Keys[0].Source; src != w.URL+"/jwks" {
				t.Errorf("the key's source is %q", src)
			}
			mustCount(t, w.server, 1)

			asked := 1
			if test.fresh > 0 {
				w.Advance(test.fresh - time.Second)
				again, err := w.process().Keys(t.Context(), w.URL+"/jwks")
				mustHave(t, again, err, "a")
				if !again.FromCache || !again.Checked.Equal(start) {
					t.Errorf("FromCache %v, Checked %v", again.FromCache, again.Checked)
				}
				mustCount(t, w.server, asked)
				w.Advance(time.Second)
			}
			again, err := w.process().Keys(t.Context(), w.URL+"/jwks")
			mustHave(t, again, err, "a")
			if again.FromCache {
				t.Error("a stale answer was taken from the cache")
			}
			mustCount(t, w.server, asked+1)
		})
	}
}

func TestClientAsksOnceWithinTheCooldown(t *testing.T) {
	w := newWorld(t, serve(jwks("a"), "Cache-Control: no-store"))
	c := w.process()
	for range 3 {
		f, err := c.Keys(t.Context(), w.URL)
		mustHave(t, f, err, "a")
	}
	mustCount(t, w.server, 1)
	w.Advance(Cooldown)
	f, err := c.Keys(t.Context(), w.URL)
	mustHave(t, f, err, "a")
	mustCount(t, w.server, 2)
}

func TestNoStoreRemovesTheFile(t *testing.T) {
	var headers atomic.Value
	headers.Store("max-age=60")
	w := newWorld(t, func(rw http.ResponseWriter, r *http.Request) {
		serve(jwks("a"), "Cache-Control: "+headers.Load().(string))(rw, r)
	})
	_, err := w.process().Keys(t.Context(), w.URL)
	if err != nil || len(files(t, w.dir)) != 1 {
		t.Fatalf("%v, files %q", err, files(t, w.dir))
	}
	headers.Store("no-store")
	w.Advance(time.Hour)
	f, err := w.process().Keys(t.Context(), w.URL)
	mustHave(t, f, err, "a")
	if got := files(t, w.dir); len(got) != 0 {
		t.Errorf("left in the cache: %q", got)
	}
	_, err = w.offline().Keys(t.Context(), w.URL)
	mustFail(t, err, verdict.FetchFailed, w.URL, "offline")
}

func TestRevalidation(t *testing.T) {
	for _, test := range []struct{ header, value, condition string }{
		{"ETag", `"v1"`, "If-None-Match"},
		{"Last-Modified", "Sun, 01 Mar 2026 11:00:00 GMT", "If-Modified-Since"},
	} {
		t.Run(test.header, func(t *testing.T) {
			w := newWorld(t, func(rw http.ResponseWriter, r *http.Request) {
				rw.Header().Set(test.header, test.value)
				if r.Header.Get(test.condition) == test.value {
					rw.WriteHeader(http.StatusNotModified)
					return
				}
				serve(jwks("a"), "Cache-Control: max-age=60")(rw, r)
			})
			f, err := w.process().Keys(t.Context(), w.URL)
			mustHave(t, f, err, "a")
			// The 304 has no lifetime: the set gets its 60 s each time.
			for n := 2; n < 4; n++ {
				w.Advance(time.Minute)
				f, err = w.process().Keys(t.Context(), w.URL)
				mustHave(t, f, err, "a")
				mustCount(t, w.server, n)
				if f.FromCache || !f.Checked.Equal(w.Now()) || !f.Expires.Equal(w.Now().Add(time.Minute)) {
					t.Errorf("after the 304: %+v", f)
				}
				if got := w.last().Header.Get(test.condition); got != test.value {
					t.Errorf("%s: is %q, want %q", test.condition, got, test.value)
				}
				f, err = w.process().Keys(t.Context(), w.URL)
				mustHave(t, f, err, "a")
				mustCount(t, w.server, n)
			}
		})
	}
}

func TestUnexpectedNotModified(t *testing.T) {
	w := newWorld(t, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusNotModified) })
	_, err := w.process().Keys(t.Context(), w.URL)
	mustFail(t, err, verdict.FetchFailed, w.URL, "304")
}

func TestRefreshFindsARotatedKey(t *testing.T) {
	var set atomic.Value
	set.Store(jwks("old"))
	w := newWorld(t, func(rw http.ResponseWriter, r *http.Request) {
		serve(set.Load().(string), "Cache-Control: max-age=3600")(rw, r)
	})
	f, err := w.process().Keys(t.Context(), w.URL)
	mustHave(t, f, err, "old")

	set.Store(jwks("old", "new"))
	next := w.process()
	f, err = next.Keys(t.Context(), w.URL)
	mustHave(t, f, err, "old")
	f.Issuer = "https://issuer.example"
	mustCount(t, w.server, 1)
	f, err = next.Refresh(t.Context(), f)
	mustHave(t, f, err, "old", "new")
	if f.FromCache || f.Issuer != "https://issuer.example" {
		t.Errorf("after the refresh: %+v", f)
	}
	mustCount(t, w.server, 2)
	if got := w.last().Header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("Cache-Control of the refresh is %q: a cache on the way may answer with the old set", got)
	}
	f, err = w.process().Keys(t.Context(), w.URL)
	mustHave(t, f, err, "old", "new")
	mustCount(t, w.server, 2)
}

func TestCooldownOfUnknownKids(t *testing.T) {
	for _, cached := range []bool{true, false} {
		w := newWorld(t, serve(jwks("a"), "Cache-Control: max-age=3600"))
		start := func() *Client {
			c := w.process()
			if !cached {
				c.CacheDir = ""
			}
			return c
		}
		c := start()
		f, err := c.Keys(t.Context(), w.URL)
		mustHave(t, f, err, "a")
		for range 100 {
			f, err = c.Refresh(t.Context(), f) // just fetched: there is no newer set
			mustHave(t, f, err, "a")
		}
		mustCount(t, w.server, 1)
		w.Advance(Cooldown)
		for range 100 {
			f, err = c.Refresh(t.Context(), f)
			mustHave(t, f, err, "a")
		}
		mustCount(t, w.server, 2)
		if !cached {
			continue
		}
		for range 10 { // processes that share the cache share the cool-down
			f, err = start().Refresh(t.Context(), f)
			mustHave(t, f, err, "a")
		}
		mustCount(t, w.server, 2)
		w.Advance(Cooldown)
		f, err = start().Refresh(t.Context(), f)
		mustHave(t, f, err, "a")
		mustCount(t, w.server, 3)
	}
}

func TestCooldownAfterAFailedRefresh(t *testing.T) {
	var down atomic.Bool
	w := newWorld(t, func(rw http.ResponseWriter, r *http.Request) {
		if down.Load() {
			rw.WriteHeader(http.StatusBadGateway)
			return
		}
		serve(jwks("a"), "Cache-Control: max-age=3600")(rw, r)
	})
	f, err := w.process().Keys(t.Context(), w.URL)
	mustHave(t, f, err, "a")
	down.Store(true)
	c := w.process()
	for range 5 {
		_, err = c.Refresh(t.Context(), f)
		mustFail(t, err, verdict.ServerError, w.URL, "502")
	}
	mustCount(t, w.server, 2)
	f, err = c.Keys(t.Context(), w.URL) // a fresh set stays usable
	mustHave(t, f, err, "a")
	f, err = w.process().Refresh(t.Context(), f)
	mustHave(t, f, err, "a")
	mustCount(t, w.server, 2)
	w.Advance(Cooldown)
	_, err = w.process().Refresh(t.Context(), f)
	mustFail(t, err, verdict.ServerError, w.URL, "502")
	mustCount(t, w.server, 3)
}

func TestStaleSetIsNotUsedAfterAFailure(t *testing.T) {
	var down atomic.Bool
	w := newWorld(t, func(rw http.ResponseWriter, r *http.Request) {
		if down.Load() {
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		serve(jwks("a"), "Cache-Control: max-age=60, stale-if-error=3600")(rw, r)
	})
	f, err := w.process().Keys(t.Context(), w.URL)
	mustHave(t, f, err, "a")
	down.Store(true)
	w.Advance(time.Minute)
	c := w.process()
	for range 3 {
		_, err = c.Keys(t.Context(), w.URL)
		mustFail(t, err, verdict.ServerError, w.URL, "503")
		if hint := err.(*verdict.Error).Hint; hint != "to use the copy of 2026-03-01T12:00:00Z anyway: --offline" {
			t.Errorf("the hint is %q", hint)
		}
	}
	mustCount(t, w.server, 2)

	f, err = w.offline().Keys(t.Context(), w.URL)
	mustHave(t, f, err, "a")
	if len(f.Warnings) != 1 || !strings.Contains(f.Warnings[0], "stale since 2026-03-01T12:01:00Z") {
		t.Errorf("warnings are %q", f.Warnings)
	}
	mustCount(t, w.server, 2)
}

func TestOffline(t *testing.T) {
	w := newWorld(t, serve(jwks("a"), "Cache-Control: max-age=60"))
	_, err := w.offline().Keys(t.Context(), w.URL)
	mustFail(t, err, verdict.FetchFailed, w.URL, "cache", "offline")
	mustCount(t, w.server, 0)

	_, err = w.process().Keys(t.Context(), w.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := w.offline()
	c.HTTP = nil
	f, err := c.Keys(t.Context(), w.URL)
	mustHave(t, f, err, "a")
	if !f.FromCache || len(f.Warnings) != 0 {
		t.Errorf("a fresh copy: %+v", f)
	}
	f, err = c.Refresh(t.Context(), f)
	mustHave(t, f, err, "a")
	w.Advance(1000 * time.Hour)
	f, err = c.Refresh(t.Context(), f)
	mustHave(t, f, err, "a")
	if len(f.Warnings) != 1 {
		t.Errorf("a stale copy: warnings are %q", f.Warnings)
	}
	mustCount(t, w.server, 1)
}

func TestClockSetBack(t *testing.T) {
	w := newWorld(t, serve(jwks("a"), "Cache-Control: max-age=3600"))
	f, err := w.process().Keys(t.Context(), w.URL)
	mustHave(t, f, err, "a")
	w.Advance(-48 * time.Hour)
	f, err = w.process().Keys(t.Context(), w.URL)
	mustHave(t, f, err, "a")
	mustCount(t, w.server, 2)
}

func TestOtherContentIsNotCached(t *testing.T) {
	for body, hint := range map[string]string{
		"<!DOCTYPE html><html>sign in</html>": "oidc:",
		`{"issuer":"https://example.com"}`:    "oidc:",
		`{"keys":`:                            "",
		"":                                    "",
	} {
		w := newWorld(t, serve(body, "Cache-Control: max-age=3600"))
		address := w.URL + "/.well-known/openid-configuration"
		if hint == "" {
			address = w.URL + "/jwks"
		}
		_, err := w.process().Keys(t.Context(), address)
		class := verdict.ClassOf(err)
		if class != verdict.JWKInvalid && class != verdict.KeyUnreadable && class != verdict.Malformed {
			t.Errorf("%q: class is %s: %v", body, class, err)
		}
		var e *verdict.Error
		if !errors.As(err, &e) || !strings.HasPrefix(e.Message, address+": ") || !strings.Contains(e.Hint, hint) {
			t.Errorf("%q: got %q, hint %q", body, e.Message, e.Hint)
		}
		if got := files(t, w.dir); len(got) != 0 {
			t.Errorf("%q: cached as %q", body, got)
		}
	}
}

func TestSecretsAreNotWrittenToDisk(t *testing.T) {
	w := newWorld(t, serve(`{"keys":[{"kty":"oct","kid":"s","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTMy"}]}`, "Cache-Control: max-age=3600"))
	f, err := w.process().Keys(t.Context(), w.URL)
	mustHave(t, f, err, "s")
	if len(f.Warnings) != 1 || !strings.Contains(f.Warnings[0], "secret") {
		t.Errorf("warnings are %q", f.Warnings)
	}
	if got := files(t, w.dir); len(got) != 0 {
		t.Errorf("cached as %q", got)
	}
}

func TestParallel(t *testing.T) {
	w := newWorld(t, serve(jwks("a"), "Cache-Control: max-age=3600"))
	c := w.process()
	var group sync.WaitGroup
	for range 40 {
		group.Go(func() {
			f, err := c.Keys(t.Context(), w.URL)
			if err != nil || len(f.Set.Keys) != 1 {
				t.Errorf("%v, %v", f, err)
			}
			f, err = c.Refresh(t.Context(), f)
			if err != nil || len(f.Set.Keys) != 1 {
				t.Errorf("%v, %v", f, err)
			}
		})
	}
	group.Wait()
	mustCount(t, w.server, 1)

	for range 20 { // simultaneous processes
		group.Go(func() {
			f, err := w.process().Refresh(t.Context(), Fetched{URL: w.URL + "/other"})
			if err != nil || len(f.Set.Keys) != 1 || len(f.Warnings) != 0 {
				t.Errorf("%v, %v", f, err)
			}
		})
	}
	group.Wait()
	if got := files(t, w.dir); len(got) != 2 {
		t.Errorf("the cache holds %q, want two files", got)
	}
}

func TestInterrupted(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	w := newWorld(t, func(rw http.ResponseWriter, r *http.Request) {
		close(started)
		<-release
	})
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-started; cancel() }()
	c := w.process()
	_, err := c.Keys(ctx, w.URL)
	mustFail(t, err, verdict.Interrupted, w.URL)
	if m := c.memoryOf(w.URL); m.err != nil {
		t.Errorf("the interruption is remembered as the server's failure: %v", m.err)
	}
}

// TestReload checks that a fresh copy is not enough where a client must fetch: once for each
// process, and for the hosts that are always asked.
func TestReload(t *testing.T) {
	w := newWorld(t, serve(jwks("a"), "Cache-Control: max-age=3600"))
	f, err := w.process().Keys(t.Context(), w.URL)
	mustHave(t, f, err, "a")
	mustCount(t, w.server, 1)

	reload := w.process()
	reload.Reload = true
	for range 2 {
		f, err = reload.Keys(t.Context(), w.URL)
		mustHave(t, f, err, "a")
	}
	mustCount(t, w.server, 2)

	loopback := w.process()
	loopback.Revalidate = func(host string) bool { return host == "127.0.0.1" }
	f, err = loopback.Keys(t.Context(), w.URL)
	mustHave(t, f, err, "a")
	if f.FromCache {
		t.Error("a copy was used for a host that is always asked")
	}
	mustCount(t, w.server, 3)

	loopback = w.process()
	loopback.Revalidate = func(string) bool { return false }
	f, err = loopback.Keys(t.Context(), w.URL)
	mustHave(t, f, err, "a")
	mustCount(t, w.server, 3)
}
