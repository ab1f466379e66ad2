package cmd

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"jwt/internal/verdict"
)

// Clients and servers are killed in turn at random moments of a refresh. After each kill the
// file of the session can be read, and no family has two live refresh tokens. With a grace no
// session is lost; without one, only a session whose refresh token the server has spent, and
// the next refresh says so.
func TestKilledInTurn(t *testing.T) {
	t.Parallel()
	for _, grace := range []string{"1h", "0s"} {
		t.Run(grace, func(t *testing.T) {
			t.Parallel()
			killInTurn(t, grace)
		})
	}
}

func killInTurn(t *testing.T, grace string) {
	rounds := 12
	if os.Getenv("CI") != "" && !testing.Short() {
		rounds = 100
	}
	l := newLogin(t, "--reuse-grace", grace)
	usual := l.mustRefresh()
	under, unanswered, lost := 0, 0, 0
	over := map[string]bool{} // families that were lost
	for round := range rounds {
		c := l.beginRefresh()
		c.waitAt(round/2%3, usual)
		if round%2 == 0 {
			c.Process.Kill()
			c.Wait()
			l.drain() // what the server has begun, it ends
		} else {
			l.server.kill()
			c.mustNotEnd(c.Wait())
		}
		if c.sent() && !c.answered() {
			under++
		}
		family, spent := l.mustBeWhole(over)
		if spent {
			unanswered++
		}
		l.start("--reuse-grace", grace)
		if spent && grace == "0s" {
			lost++
			over[family] = true
			l.mustSayLost()
			l.logIn()
		}
		usual = l.mustRefresh()
	}
	l.drain()
	l.mustBeWhole(over)
	t.Logf("of %d kills %d hit a request under way; after %d the refresh token was spent and its successor not saved; %d sessions were lost, and it was said",
		rounds, under, unanswered, lost)
	if under < rounds/10 || rounds >= 100 && unanswered == 0 {
		t.Error("the kills hit nothing: nothing was tested")
	}
}

// A refreshing is a running `jwt session refresh -v`. It receives the stderr.
type refreshing struct {
	*exec.Cmd
	t       *testing.T
	began   time.Time
	out     strings.Builder
	text    strings.Builder // of stderr; both are to be read when the command has ended
	leaving chan time.Time  // when the request was about to leave
}

func (l *login) beginRefresh() *refreshing {
	l.t.Helper()
	r := &refreshing{Cmd: l.command("refresh", "-v"), t: l.t, leaving: make(chan time.Time, 1)}
	r.Stderr = r
	r.Stdout = &r.out
	r.began = time.Now()
	if err := r.Start(); err != nil {
		l.t.Fatal(err)
	}
	return r
}

func (r *refreshing) Write(p []byte) (int, error) {
	if r.text.Len() == 0 {
		r.leaving <- time.Now()
	}
	return r.text.Write(p)
}

func (r *refreshing) sent() bool     { return strings.HasPrefix(r.text.String(), "> POST ") }
func (r *refreshing) answered() bool { return strings.Contains(r.text.String(), "\n< 200 ") }

// mustNotEnd checks a client whose server was killed: it succeeded, or the server was
// unreachable. The session has not ended.
func (r *refreshing) mustNotEnd(err error) {
	r.t.Helper()
	if status := r.ProcessState.ExitCode(); status != verdict.ExitOK && status != verdict.ExitNetwork {
		r.t.Fatalf("the client of a killed server: %v %s", err, r.text.String())
	}
}

// A timing is the duration of an undisturbed refresh, and of its part before the request is
// sent.
type timing struct{ whole, before time.Duration }

// mustRefresh refreshes without disturbance and tries the access token.
func (l *login) mustRefresh() timing {
	l.t.Helper()
	r := l.beginRefresh()
	err := r.Wait()
	took := time.Since(r.began)
	if err != nil || !r.sent() || !r.answered() {
		l.t.Fatalf("%v %s%s", err, r.out.String(), r.text.String())
	}
	l.must("request", "GET", "/me")
	return timing{took, (<-r.leaving).Sub(r.began)}
}

// waitAt waits for a random moment of the whole refresh, of the time after the request is
// sent, or of the beginning of that time.
func (r *refreshing) waitAt(kind int, usual timing) {
	r.t.Helper()
	span := usual.whole
	if kind > 0 {
		span -= usual.before
		select {
		case <-r.leaving:
		case <-time.After(time.Minute):
			r.t.Fatal("no request leaves")
		}
	}
	if kind > 1 {
		span /= 4
	}
	time.Sleep(rand.N(span))
}

// mustBeWhole checks session and store after a kill, with the server stopped. It returns the
// family of the session and whether its refresh token is spent.
func (l *login) mustBeWhole(over map[string]bool) (family string, spent bool) {
	l.t.Helper()
	stored := l.stored()
	families, held := l.families()
	for id, f := range families {
		if f.live > 1 || over[id] && f.live > 0 {
			l.t.Fatalf("%d live refresh tokens in a family; it was lost: %v", f.live, over[id])
		}
	}
	current := families[held.Session]
	spent = !held.Spent.IsZero()
	switch {
	case current == nil || current.live != 1:
		l.t.Fatalf("the session's family is %+v", current)
	case stored.Ended != nil:
		l.t.Fatalf("the session has ended: %+v", stored.Ended)
	case spent && stored.Pending == nil:
		l.t.Fatal("the refresh token is spent, and no intent says so")
	}
	return held.Session, spent
}

// mustSayLost refreshes a lost session, which must fail.
func (l *login) mustSayLost() {
	l.t.Helper()
	r := l.beginRefresh()
	r.Wait()
	var said struct {
		Error struct{ Class, Message, Hint string }
	}
	if err := json.Unmarshal([]byte(r.out.String()), &said); err != nil {
		l.t.Fatalf("%v: %s", err, r.out.String())
	}
	e := said.Error
	killed := strings.Contains(e.Message, "was cut off before its answer was saved") // the client
	lost := strings.Contains(e.Message, "the answer to a refresh begun ")            // the client lived to see it
	if r.ProcessState.ExitCode() != verdict.ExitSession || e.Class != "session_revoked" || killed == lost || !strings.HasPrefix(e.Hint, "jwt session login ") {
		l.t.Fatalf("lost, and not said: %s", r.out.String())
	}
}
