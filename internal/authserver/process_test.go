package authserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"jwt/internal/authserver/refreshtoken"
	"jwt/internal/authserver/store"
	"jwt/internal/authserver/store/redistest"
	"jwt/internal/authserver/users"
	"jwt/internal/authserver/users/userstest"
)

// serverEnv is the variable that makes the test binary a server. Its value is the store
// and the grace.
const serverEnv = "AUTHSERVER_TEST"

func TestMain(m *testing.M) {
	if arguments := os.Getenv(serverEnv); arguments != "" {
		if err := runServer(arguments); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// runServer serves until SIGTERM, like the command.
func runServer(arguments string) error {
	where, graceText, _ := strings.Cut(arguments, " ")
	grace, err := time.ParseDuration(graceText)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	state, err := store.Open(ctx, where)
	if err != nil {
		return err
	}
	defer state.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	u := &users.Set{}
	if err := u.Add(alice + ":" + userstest.CheapHash(password)); err != nil {
		return err
	}
	address := "http://" + l.Addr().String()
	s, err := New(ctx, Options{Issuer: "http://shared.example", Hosts: []string{l.Addr().String()}, Store: state, Users: u, ReuseGrace: grace, Now: time.Now})
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Println(address)
	return s.Serve(ctx, l, nil)
}

// A process is a server that runs in its own process.
type process struct {
	site
	*exec.Cmd
}

func start(t *testing.T, state string, grace time.Duration) *process {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), serverEnv+"="+state+" "+grace.String())
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the server did not start: %v", err)
	}
	return &process{site{t: t, url: strings.TrimSpace(line)}, c}
}

// TestTwoProcessesRace sends a hundred requests with one refresh token to two processes
// with one Redis.
func TestTwoProcessesRace(t *testing.T) {
	for name, url := range map[string]string{
		"redis":    redistest.Start(t),
		"cluster":  redistest.Cluster(t).URL,
		"sentinel": redistest.Sentinel(t).URL,
	} {
		for _, grace := range []time.Duration{0, time.Minute} {
			t.Run(name+" grace="+grace.String(), func(t *testing.T) { raceProcesses(t, url, grace) })
		}
	}
}

func raceProcesses(t *testing.T, url string, grace time.Duration) {
	const racers = 100
	servers := []*process{start(t, url, grace), start(t, url, grace)}
	token := servers[0].login().RefreshToken
	answers := make([]answer, racers)
	var group sync.WaitGroup
	for i := range racers {
		group.Go(func() { answers[i] = servers[i%2].spend(token) })
	}
	group.Wait()
	good, successors := 0, map[string]bool{}
	for _, a := range answers {
		switch a.status {
		case http.StatusOK:
			good++
			successors[a.tokens(t).RefreshToken] = true
		case http.StatusUnauthorized:
		default:
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	want := 1
	if grace > 0 {
		want = racers
	}
	if good != want || len(successors) != 1 {
		t.Errorf("%d succeeded with %d successors, want %d with 1", good, len(successors), want)
	}
	for successor := range successors { // valid for one more refresh, unless the race was treated as theft
		a := servers[1].spend(successor)
		if (a.status == http.StatusOK) != (grace > 0) {
			t.Errorf("the successor: %d %s", a.status, a.body)
		}
	}
}

// TestKilledServerLosesNoRotation kills a server. It must keep every rotation that it
// answered, and no family may have two live tokens. A rotation that was committed but not
// answered is repeated within the grace.
func TestKilledServerLosesNoRotation(t *testing.T) {
	const least, most = 20, 200
	path := filepath.Join(t.TempDir(), "state.db")
	var token string
	rotations, replays, round := 0, 0, 0
	for ; round < least || rotations == 0 && round < most; round++ {
		p := start(t, path, time.Hour)
		if token == "" {
			token = p.login().RefreshToken
		}
		span := 30 * time.Millisecond * time.Duration(1+round/least) // longer if the machine is slow
		time.AfterFunc(rand.N(span), func() { p.Process.Kill() })
		var chain []string // the last token of the previous round, and those that were answered
		for first := true; ; first = false {
			chain = append(chain, token)
			a, err := p.try("POST", "/token", refreshBody(token))
			if err != nil {
				break // killed
			}
			if a.status != http.StatusOK {
				t.Fatalf("round %d: %d %s", round, a.status, a.body)
			}
			token = a.tokens(t).RefreshToken
			if !first {
				rotations++
			}
		}
		p.Wait()
		replays += checkFile(t, path, chain)
	}
	t.Logf("%d rotations were answered in %d lives of the server; %d were committed and not answered", rotations, round, replays)
	if rotations == 0 {
		t.Error("no rotation was answered: nothing was tested")
	}
}

// checkFile checks the file of a killed server: each token of the chain except the last
// is spent for the next. It returns 1 if the last is spent too.
func checkFile(t *testing.T, path string, chain []string) (unanswered int) {
	t.Helper()
	state := openStore(t, path)
	id := func(text string) store.TokenID {
		token, ok := refreshtoken.Parse(text)
		if !ok {
			t.Fatalf("no refresh token: %q", text)
		}
		return token.ID()
	}
	for i, text := range chain {
		r, session, err := state.Find(t.Context(), id(text))
		switch {
		case err != nil:
			t.Fatalf("token %d of %d is lost: %v", i, len(chain), err)
		case !session.Revoked.IsZero():
			t.Fatalf("the session was revoked")
		case i < len(chain)-1 && r.Next != id(chain[i+1]).Hash:
			t.Fatalf("rotation %d of %d is lost: %+v", i, len(chain), r)
		case i == len(chain)-1 && !r.Spent.IsZero():
			unanswered = 1
		}
	}
	state.Close()
	if live := liveTokens(t, path); live != 1 {
		t.Fatalf("%d live tokens in the family", live)
	}
	return unanswered
}

// liveTokens counts the tokens of a store that were never spent.
func liveTokens(t *testing.T, path string) (live int) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("tokens")).ForEach(func(_, v []byte) error {
			var r store.Refresh
			if err := r.UnmarshalBinary(v); err != nil {
				return err
			}
			if r.Spent.IsZero() {
				live++
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return live
}

// TestTermDrains checks that running requests finish after SIGTERM, and that no new ones
// are accepted.
func TestTermDrains(t *testing.T) {
	t.Parallel()
	p := start(t, filepath.Join(t.TempDir(), "state.db"), 0)
	c, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	body := loginBody(alice, password)
	fmt.Fprintf(c, "POST /login HTTP/1.1\r\nHost: shared.example\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:5])
	time.Sleep(500 * time.Millisecond) // until the server reads the rest of the body
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	refused := func() bool {
		_, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		return errors.Is(err, syscall.ECONNREFUSED)
	}
	for began := time.Now(); !refused(); {
		if time.Since(began) > time.Minute {
			t.Fatal("it takes new connections")
		}
		time.Sleep(time.Millisecond)
	}
	fmt.Fprint(c, body[5:])
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("the running request: %+v, %v", response, err)
	}
	response.Body.Close()
	if err := p.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}
