package authserver

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"jwt/internal/authserver/signing"
	"jwt/internal/authserver/store"
	"jwt/internal/oauth"
)

// A keyScenario is a server with events of its clock and keys. After each event check
// must succeed.
type keyScenario struct {
	*site
	history []string
	offset  offset
	retired map[string]bool // kids that rotate-key has replaced
	fresh   []issued        // tokens since the last jump of the clock
}

type issued struct {
	access  string
	expires time.Time
}

const scenarioPeriod = 30 * 24 * time.Hour

func newKeyScenario(t *testing.T) *keyScenario {
	k := &keyScenario{retired: map[string]bool{}}
	k.site = serve(t, func(o *Options) {
		o.Replace, o.KeyPeriod, o.RefreshTTL = k.offset.replace, scenarioPeriod, 365*24*time.Hour
	})
	return k
}

func (k *keyScenario) now() time.Time { return k.clock.Now().Add(time.Duration(k.offset.Load())) }

// An event changes the clock or the keys.
type event struct {
	name  string
	value time.Duration
}

func (e event) String() string {
	if e.value == 0 {
		return e.name
	}
	return e.name + " " + e.value.String()
}

// do applies an event and checks the invariants.
func (k *keyScenario) do(e event) {
	k.t.Helper()
	k.history = append(k.history, e.String())
	switch e.name {
	case "pass":
		k.clock.Advance(e.value)
	case "step": // the clock is set
		k.clock.Advance(e.value)
		k.fresh = nil
	case "clock-offset":
		k.offset.Store(int64(e.value))
		k.fresh = nil
	case "no offset":
		k.offset.Store(0)
		k.fresh = nil
	case "rotate-key":
		k.retired[kidOf(k.t, k.login().AccessToken)] = true
		if err := k.server.RotateKey(k.t.Context()); err != nil {
			k.t.Fatalf("%v: %v", k.history, err)
		}
	case "schedule":
		if err := k.server.keys.RotateIfOld(k.t.Context(), scenarioPeriod, k.now()); err != nil {
			k.t.Fatal(err)
		}
	default:
		k.t.Fatalf("what is %q?", e.name)
	}
	k.check()
}

// check checks that a login works, and that no token is refused before its expiry.
func (k *keyScenario) check() {
	k.t.Helper()
	tokens := k.login()
	kid := kidOf(k.t, tokens.AccessToken)
	if a := k.me(tokens.AccessToken); a.status != 200 {
		k.t.Fatalf("%v: a fresh token: %d %s", k.history, a.status, a.body)
	}
	if !slices.Contains(k.published(), kid) {
		k.t.Fatalf("%v: its key is not published", k.history)
	}
	if k.retired[kid] {
		k.t.Fatalf("%v: a key that was rotated away signs", k.history)
	}
	// No token is refused before its expiry, as long as the clock does not jump.
	k.fresh = slices.DeleteFunc(k.fresh, func(i issued) bool { return !k.now().Before(i.expires) })
	for _, i := range k.fresh {
		if a := k.me(i.access); a.status != 200 {
			k.t.Fatalf("%v: a token of %s to come: %d %s", k.history, i.expires.Sub(k.now()), a.status, a.body)
		}
	}
	k.fresh = append(k.fresh, k.issued(tokens))
	k.fresh = k.fresh[max(0, len(k.fresh)-3):]
}

func (k *keyScenario) issued(tokens oauth.Tokens) issued {
	return issued{tokens.AccessToken, k.now().Truncate(time.Second).Add(time.Duration(tokens.ExpiresIn) * time.Second)}
}

// TestKeysAndTheClock runs scenarios in which a retired key signed, or a key that was not
// published.
func TestKeysAndTheClock(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		name   string
		events []event
	}{
		{"the next key is rotated away before it signs", []event{
			{"pass", scenarioPeriod},
			{"schedule", 0},
			{"pass", time.Minute},
			{"rotate-key", 0},
			{"pass", 4 * time.Minute},
			{"pass", time.Hour},
			{"pass", 25 * time.Hour},
			{"pass", scenarioPeriod},
			{"schedule", 0},
			{"pass", 2 * day},
		}},
		{"rotated while the clock was slow", []event{
			{"clock-offset", -time.Hour},
			{"rotate-key", 0},
			{"no offset", 0},
			{"pass", 25 * time.Hour},
		}},
		{"rotated while the clock was fast", []event{
			{"clock-offset", time.Hour},
			{"rotate-key", 0},
			{"no offset", 0},
			{"pass", 25 * time.Hour},
		}},
		{"the clock is set back after a rotation", []event{
			{"pass", day},
			{"rotate-key", 0},
			{"step", -2 * day},
			{"pass", 3 * day},
		}},
		{"the clock is set back while the next key waits", []event{
			{"pass", scenarioPeriod},
			{"schedule", 0},
			{"step", -scenarioPeriod},
			{"pass", 2 * day},
			{"step", 2 * scenarioPeriod},
			{"step", -scenarioPeriod},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newKeyScenario(t)
			for _, e := range c.events {
				k.do(e)
			}
		})
	}
}

// TestKeyTooOldForItsTokens starts a server with longer-lived tokens while the next key
// waits. It must not sign with the current key, which is published for less time than
// they live.
func TestKeyTooOldForItsTokens(t *testing.T) {
	const period = 24 * time.Hour
	state := store.NewMemory()
	first := serve(t, func(o *Options) { o.Store, o.KeyPeriod = state, period })
	first.clock.Advance(period)
	if err := first.server.keys.RotateIfOld(t.Context(), period, first.clock.Now()); err != nil {
		t.Fatal(err)
	}
	kids := first.published()
	same(t, "signs", kidOf(t, first.login().AccessToken), kids[0])
	second := serve(t, func(o *Options) { o.Store, o.AccessTTL = state, 3*period })
	second.clock.Advance(period)
	access := second.login().AccessToken
	same(t, "signs then", kidOf(t, access), kids[1])
	second.clock.Advance(3*period - time.Second)
	if a := second.me(access); a.status != 200 {
		t.Errorf("its token, a second before its end: %d %s", a.status, a.body)
	}
}

// TestKeysAtRandomEvents runs random events of the clock and the keys.
func TestKeysAtRandomEvents(t *testing.T) {
	const scenarios, length = 24, 40
	names := []string{"pass", "pass", "pass", "step", "clock-offset", "no offset", "rotate-key", "schedule", "schedule"}
	spans := []time.Duration{time.Second, time.Minute, signing.MaxAge, time.Hour, cartTTL, 26 * time.Hour, scenarioPeriod, 2 * scenarioPeriod}
	for seed := range uint64(scenarios) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			k, dice := newKeyScenario(t), rand.New(rand.NewPCG(seed, 0))
			for range length {
				e := event{name: names[dice.IntN(len(names))]}
				switch span := spans[dice.IntN(len(spans))]; e.name {
				case "pass":
					e.value = span
				case "step", "clock-offset": // forwards or backwards
					e.value = span * time.Duration(1-2*dice.IntN(2))
				}
				k.do(e)
			}
		})
	}
}
