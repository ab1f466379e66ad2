package authserver

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jwt/internal/verdict"
)

// debianHash was made with Debian's argon2: printf %s secret | argon2 somesalt -id -m 12
// -t 3 -p 2 -l 32 -e
const debianHash = "$argon2id$v=19$m=4096,t=3,p=2$c29tZXNhbHQ$KQ7V63mz2X7JlfSk9MvGa/l3AHpBtRa3QM+7FmemeS0"

func TestUsers(t *testing.T) {
	var u Users
	if err := u.Read(strings.NewReader("\ufeff# staff\r\n\r\nalice:" + debianHash + "\r\nbob:pass:word\n:\n")); err == nil || !contains(err.Error(), "line 5") {
		t.Errorf("an empty name: %v", err)
	}
	for name, c := range map[string]struct {
		password string
		want     bool
	}{
		"alice": {"secret", true}, "bob": {"pass:word", true},
	} {
		if !u.matches(name, c.password) || u.matches(name, c.password+"x") || u.matches(name, "") || u.matches(name, debianHash) {
			t.Errorf("%s", name)
		}
	}
	if u.matches("nobody", "secret") || u.Has("nobody") || u.Len() != 2 {
		t.Errorf("%d users", u.Len())
	}
	if u.hashes["bob"].cost != u.dummy.cost || u.hashes["alice"].cost != u.dummy.cost {
		t.Error("the costs differ: time tells who is a user")
	}
}

func TestUsersRefused(t *testing.T) {
	for _, c := range []struct{ name, entry, want string }{
		{"no colon", "hush-hush", "NAME:PASSWORD"},
		{"no name", ":hush-hush", "NAME:PASSWORD"},
		{"no password", "carol:", "NAME:PASSWORD"},
		{"twice", "bob:hush-hush", "twice"},
		{"long name", strings.Repeat("x", 300) + ":hush-hush", "256"},
		{"not UTF-8", "\xff:hush-hush", "UTF-8"},
		{"argon2i", "carol:$argon2i$v=19$m=4096,t=3,p=1$c29tZXNhbHQ$aHVzaC1odXNo", "not an argon2id hash"},
		{"other version", "carol:$argon2id$v=16$m=4096,t=3,p=1$c29tZXNhbHQ$aHVzaC1odXNo", "not an argon2id hash"},
		{"short", "carol:$argon2id$v=19$m=4096,t=3,p=1$c29tZXNhbHQ$aHVzaC1odXNo", "not an argon2id hash"},
		{"padded salt", "carol:$argon2id$v=19$m=4096,t=3,p=1$c29tZXNhbHQ=$" + strings.Repeat("A", 43), "not an argon2id hash"},
		{"signs", "carol:$argon2id$v=19$m=+4096,t=3,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 43), "not an argon2id hash"},
		{"costly", "carol:$argon2id$v=19$m=4194304,t=3,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 43), "out of range"},
		{"free", "carol:$argon2id$v=19$m=4096,t=0,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 43), "out of range"},
		{"another cost", "carol:$argon2id$v=19$m=4096,t=3,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 43), "must be equal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := testUsers(t)
			err := u.Add(c.entry)
			if verdict.ClassOf(err) != verdict.Usage || !contains(err.Error(), c.want) || contains(err.Error(), "hush") {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if u.Len() != 2 {
				t.Error("it was added")
			}
		})
	}
	var u Users
	if err := u.Read(strings.NewReader("carol:secret\nbob:" + strings.Repeat("x", maxUserBytes))); err == nil || !contains(err.Error(), "line 2") {
		t.Errorf("a line without end: %v", err)
	}
}

func TestGate(t *testing.T) {
	g := newGate()
	var running, most, busy atomic.Int32
	release := make(chan struct{})
	var group sync.WaitGroup
	for range maxHashing + maxWaiting + 20 {
		group.Go(func() {
			if err := g.enter(context.Background()); err != nil {
				if errors.Is(err, errBusy) {
					busy.Add(1)
				}
				return
			}
			most.Store(max(most.Load(), running.Add(1)))
			<-release
			running.Add(-1)
			g.leave()
		})
	}
	for busy.Load() < 20 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	g.waiting.Add(-1) // one more may wait, and is cancelled
	if err := g.enter(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("who gives up: %v", err)
	}
	g.waiting.Add(1)
	close(release)
	group.Wait()
	if busy.Load() != 20 || most.Load() > maxHashing || g.waiting.Load() != 0 || len(g.running) != 0 {
		t.Errorf("%d turned away, %d at once, %d still wait, %d still run", busy.Load(), most.Load(), g.waiting.Load(), len(g.running))
	}
}
