package users

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
	var u Set
	if err := u.Read(strings.NewReader("\ufeff# staff\r\n\r\nalice:" + debianHash + "\r\nbob:pass:word\n:\n")); err == nil || !strings.Contains(err.Error(), "line 5") {
		t.Errorf("an empty name: %v", err)
	}
	for name, c := range map[string]struct {
		password string
		want     bool
	}{
		"alice": {"secret", true}, "bob": {"pass:word", true},
	} {
		if !u.Matches(name, c.password) || u.Matches(name, c.password+"x") || u.Matches(name, "") || u.Matches(name, debianHash) {
			t.Errorf("%s", name)
		}
	}
	if u.Matches("nobody", "secret") || u.Has("nobody") || u.Len() != 2 {
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
			u := &Set{}
			u.setCost(cost{memory: 8, time: 1, threads: 1})
			for _, entry := range []string{"alice:correct horse", "bob:pass:word"} {
				if err := u.Add(entry); err != nil {
					t.Fatal(err)
				}
			}
			err := u.Add(c.entry)
			if verdict.ClassOf(err) != verdict.Usage || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if u.Len() != 2 {
				t.Error("it was added")
			}
		})
	}
	var u Set
	if err := u.Read(strings.NewReader("carol:secret\nbob:" + strings.Repeat("x", maxLine))); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a line without end: %v", err)
	}
}

func TestGate(t *testing.T) {
	g := NewGate()
	var running, most, busy atomic.Int32
	release := make(chan struct{})
	var group sync.WaitGroup
	for range maxHashing + maxWaiting + 20 {
		group.Go(func() {
			if err := g.Enter(context.Background()); err != nil {
				if errors.Is(err, ErrBusy) {
					busy.Add(1)
				}
				return
			}
			most.Store(max(most.Load(), running.Add(1)))
			<-release
			running.Add(-1)
			g.Leave()
		})
	}
	for busy.Load() < 20 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	g.waiting.Add(-1) // one more may wait, and is cancelled
	if err := g.Enter(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("who gives up: %v", err)
	}
	g.waiting.Add(1)
	close(release)
	group.Wait()
	if busy.Load() != 20 || most.Load() > maxHashing || g.waiting.Load() != 0 || len(g.running) != 0 {
		t.Errorf("%d turned away, %d at once, %d still wait, %d still run", busy.Load(), most.Load(), g.waiting.Load(), len(g.running))
	}
}

// TestCredential checks that a credential depends on the user and the password.
func TestCredential(t *testing.T) {
	u, again := &Set{}, &Set{}
	for _, entry := range []string{"a:one", "b:one", "c:two"} {
		if err := u.Add(entry); err != nil {
			t.Fatal(err)
		}
	}
	for _, entry := range []string{"a:one", "b:three"} {
		if err := again.Add(entry); err != nil {
			t.Fatal(err)
		}
	}
	if u.Credential("a") == u.Credential("b") || u.Credential("a") != again.Credential("a") || u.Credential("b") == again.Credential("b") || u.Credential("nobody") != "" {
		t.Error(u.Credential("a"), u.Credential("b"), again.Credential("b"))
	}
}

// TestMatchesTakesAsLong checks that a password takes the same time for an unknown user.
func TestMatchesTakesAsLong(t *testing.T) {
	u := &Set{}
	u.setCost(cost{memory: 4096, time: 4, threads: 1})
	if err := u.Add("alice:secret"); err != nil {
		t.Fatal(err)
	}
	best := map[string]time.Duration{"alice": time.Hour, "nobody": time.Hour}
	for range 50 { // a busy machine delays some of them
		for name := range best {
			began := time.Now()
			if u.Matches(name, "wrong") {
				t.Fatal("a wrong password is right")
			}
			best[name] = min(best[name], time.Since(began))
		}
		if ratio := float64(best["nobody"]) / float64(best["alice"]); ratio > 0.5 && ratio < 2 {
			return
		}
	}
	t.Errorf("it takes %v", best)
}
