package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The load on a server: each client has its own session and refreshes it again and again.
const (
	clients  = 64
	driveFor = 5 * time.Second
)

// A target is a server that refreshes.
type target struct {
	url    string
	store  string                                               // the file of its store, or ""
	tokens []string                                             // one refresh token per client
	body   func(token string) (contentType string, body []byte) // of a refresh
}

// A load is what a server did, and what it cost.
type load struct {
	took      time.Duration
	cpu       time.Duration   // of the server; 0 if it is not known
	latencies []time.Duration // of each refresh, sorted
	stored    int64           // bytes of the store
}

// serve measures the local server with its durable store, and npm's oidc-provider with its
// store in memory.
func (b *bench) serve() error {
	loads := map[string]load{}
	for _, s := range []struct {
		name  string
		start func(ctx context.Context, dir string) (*exec.Cmd, target, error)
		rate  goal
		cpu   goal // µs
		note  string
	}{
		{plainServer, startJWT(b.jwt, plainFace()), atLeast(2000), atMost(250), "each fsynced"},
		{oauthServer, startJWT(b.jwt, oauthFace()), atLeast(2000), atMost(250), "each fsynced"},
		{oidcProvider, startOIDCProvider, goal{}, goal{}, "in memory"},
	} {
		l, err := serveLoad(b.dir, s.start)
		var missing *exec.Error
		switch {
		case errors.As(err, &missing):
			b.table.skip(s.name, missing.Name+" is not installed (make bench-peers)")
			continue
		case err != nil:
			return fmt.Errorf("%s: %w", s.name, err)
		}
		loads[s.name] = l
		b.table.add(figure{what: fmt.Sprintf("%s: refreshes from %d clients", s.name, clients), value: l.rate(), unit: "/s", goal: s.rate, note: s.note})
		if l.cpu > 0 {
			b.table.add(figure{what: s.name + ": server CPU of a refresh", value: l.cost(), unit: "µs", goal: s.cpu})
		}
		for _, q := range []float64{0.5, 0.99} {
			b.table.add(figure{what: fmt.Sprintf("%s: p%.0f of a refresh", s.name, 100*q), value: quantile(l.latencies, q).Seconds() * 1000, unit: "ms"})
		}
		if l.stored > 0 {
			b.table.add(figure{what: s.name + ": the store", value: float64(l.stored) / (1 << 20), unit: "MiB"})
		}
	}
	plain, oauth := loads[plainServer], loads[oauthServer]
	b.table.add(figure{what: "OAuth / plain: refreshes", value: oauth.rate() / plain.rate(), unit: "×", goal: atLeast(0.90)})
	if plain.cpu > 0 && oauth.cpu > 0 {
		b.table.add(figure{what: "OAuth / plain: server CPU of a refresh", value: oauth.cost() / plain.cost(), unit: "×", goal: atMost(1.10)})
	}
	return nil
}

// The local server, by the face that its clients use.
const (
	plainServer = "session serve"
	oauthServer = "session serve, OAuth"
)

// rate returns the refreshes of a second.
func (l load) rate() float64 { return float64(len(l.latencies)) / l.took.Seconds() }

// cost returns the CPU time of a refresh, in µs.
func (l load) cost() float64 { return l.cpu.Seconds() * 1e6 / float64(len(l.latencies)) }

// serveLoad starts a server and returns its load of driveFor.
func serveLoad(dir string, start func(context.Context, string) (*exec.Cmd, target, error)) (load, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	c, t, err := start(ctx, dir)
	if c != nil {
		defer func() {
			c.Process.Kill()
			c.Wait()
		}()
	}
	if err != nil {
		return load{}, err
	}
	if _, err := t.drive(ctx, time.Second); err != nil { // warms up, mainly the compiler of node
		return load{}, err
	}
	before := processCPU(c.Process.Pid)
	l, err := t.drive(ctx, driveFor)
	l.cpu = processCPU(c.Process.Pid) - before
	if info, err := os.Stat(t.store); err == nil {
		l.stored = info.Size()
	}
	return l, err
}

// processCPU returns the CPU time of a running process, or 0 where there is no /proc.
func processCPU(pid int) (spent time.Duration) {
	const tick, user, system = 10 * time.Millisecond, 11, 12 // of the fields after the name
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	if len(fields) <= system {
		return 0
	}
	for _, field := range []string{fields[user], fields[system]} {
		n, err := strconv.Atoi(field)
		if err != nil {
			return 0
		}
		spent += time.Duration(n) * tick
	}
	return spent
}

// drive refreshes with all clients for d.
func (t target) drive(ctx context.Context, d time.Duration) (load, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	latencies := make([][]time.Duration, len(t.tokens))
	var group sync.WaitGroup
	began := time.Now()
	for i := range t.tokens {
		group.Go(func() {
			var err error
			if latencies[i], err = t.refreshFor(ctx, &t.tokens[i], began.Add(d)); err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	l := load{took: time.Since(began), latencies: slices.Concat(latencies...)}
	slices.Sort(l.latencies)
	return l, context.Cause(ctx)
}

// refreshFor refreshes as one client until the deadline and returns how long each refresh
// took.
func (t target) refreshFor(ctx context.Context, token *string, deadline time.Time) (latencies []time.Duration, err error) {
	c, err := dial(ctx, t.url)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	for began := time.Now(); began.Before(deadline) && ctx.Err() == nil; began = time.Now() {
		answer, err := c.post(t.body(*token))
		if err != nil {
			return nil, err
		}
		latencies = append(latencies, time.Since(began))
		next := answer.RefreshToken + answer.RefreshTokenOAuth
		if next == "" || next == *token {
			return nil, fmt.Errorf("%s: the refresh token did not rotate", t.url)
		}
		*token = next
	}
	return latencies, nil
}

// An answer contains the refresh token under the name that either server uses.
type answer struct {
	RefreshToken      string `json:"refreshToken"`
	RefreshTokenOAuth string `json:"refresh_token"`
}

// A connection is kept alive by one client. http.Client does more: its two goroutines per
// connection would take CPU time from the server.
type connection struct {
	net.Conn
	url    *url.URL
	buffer *bufio.Reader
}

func dial(ctx context.Context, address string) (*connection, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	return &connection{c, u, bufio.NewReader(c)}, nil
}

const patience = 30 * time.Second // for one answer

func (c *connection) post(contentType string, body []byte) (a answer, err error) {
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return a, err
	}
	request := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		c.url.RequestURI(), c.url.Host, contentType, len(body), body)
	if _, err := c.Write(request); err != nil {
		return a, err
	}
	response, err := http.ReadResponse(c.buffer, nil)
	if err != nil {
		return a, err
	}
	defer response.Body.Close()
	b, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return a, err
	}
	if response.StatusCode != http.StatusOK {
		return a, fmt.Errorf("%s: %s: %s", c.url, response.Status, b)
	}
	return a, json.Unmarshal(b, &a)
}

// A face is how clients log in and refresh.
type face struct {
	name, media  string
	path, login  string // of the login, and its body
	before, last string // of the body of a refresh, around the token
}

func plainFace() face {
	return face{"plain", "application/json", "/login", `{"username":"bench","password":"bench"}`, `{"refreshToken":"`, `"}`}
}

func oauthFace() face {
	return face{
		"oauth", "application/x-www-form-urlencoded", "/token",
		"grant_type=password&client_id=native&username=bench&password=bench", "grant_type=refresh_token&client_id=native&refresh_token=", "",
	}
}

// startJWT returns what starts the local server, with the clients logged in.
func startJWT(jwt string, f face) func(context.Context, string) (*exec.Cmd, target, error) {
	return func(ctx context.Context, dir string) (*exec.Cmd, target, error) { return f.start(ctx, jwt, dir) }
}

func (f face) start(ctx context.Context, jwt, dir string) (*exec.Cmd, target, error) {
	store := filepath.Join(dir, f.name+".db")
	c := exec.Command(jwt, "session", "serve", "--listen", "127.0.0.1:0", "--store", store, "--user", "bench:bench", "--allow-password-grant", "--quiet")
	c.Stderr = os.Stderr
	line, err := firstLine(c)
	if err != nil {
		return c, target{}, err
	}
	address := strings.TrimPrefix(line, "listening on ")
	t := target{
		url:   address + "/token",
		store: store,
		body:  func(token string) (string, []byte) { return f.media, []byte(f.before + token + f.last) },
	}
	login, err := dial(ctx, address+f.path)
	if err != nil {
		return c, target{}, err
	}
	defer login.Close()
	for range clients {
		answer, err := login.post(f.media, []byte(f.login))
		if err != nil {
			return c, target{}, err
		}
		t.tokens = append(t.tokens, answer.RefreshToken+answer.RefreshTokenOAuth)
	}
	return c, t, nil
}

// firstLine starts a server and returns the first line that it prints.
func firstLine(c *exec.Cmd) (string, error) {
	out, err := c.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := c.Start(); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	return strings.TrimSuffix(line, "\n"), err
}
