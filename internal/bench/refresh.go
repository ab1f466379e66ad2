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
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The load on a server: each client has its own session and refreshes it again and again.
const (
	clients     = 64
	driveFor    = 5 * time.Second
	refreshGoal = 2000 // per second
)

// A target is a server that refreshes.
type target struct {
	url    string
	tokens []string                                             // one refresh token per client
	body   func(token string) (contentType string, body []byte) // of a refresh
}

// benchRefresh prints the refreshes per second of the local server with its durable
// store, and of npm's oidc-provider with its store in memory.
func benchRefresh(jwt, dir string) error {
	fmt.Printf("refreshes a second from %d clients over HTTP, server and clients on this machine\n", clients)
	for _, s := range []struct {
		name  string
		start func(ctx context.Context, dir string) (*exec.Cmd, target, error)
		note  string
	}{
		{"jwt session serve", func(ctx context.Context, dir string) (*exec.Cmd, target, error) { return startJWT(ctx, jwt, dir) }, fmt.Sprintf("each fsynced, goal %d", refreshGoal)},
		{oidcProvider, startOIDCProvider, "in memory"},
	} {
		rate, err := measure(dir, s.start)
		var missing *exec.Error
		switch {
		case errors.As(err, &missing):
			fmt.Printf("  %-21s skipped: %s is not installed\n", s.name, missing.Name)
		case err != nil:
			return fmt.Errorf("%s: %w", s.name, err)
		default:
			fmt.Printf("  %-21s %.0f/s (%s)\n", s.name, rate, s.note)
		}
	}
	return nil
}

func measure(dir string, start func(context.Context, string) (*exec.Cmd, target, error)) (float64, error) {
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
		return 0, err
	}
	if _, err := t.drive(ctx, time.Second); err != nil { // warms up, mainly the compiler of node
		return 0, err
	}
	return t.drive(ctx, driveFor)
}

// drive refreshes with all clients for d and returns the number of refreshes per second.
func (t target) drive(ctx context.Context, d time.Duration) (float64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var done atomic.Int64
	var group sync.WaitGroup
	began := time.Now()
	for i := range t.tokens {
		group.Go(func() {
			n, err := t.refreshFor(ctx, &t.tokens[i], began.Add(d))
			done.Add(n)
			if err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	return float64(done.Load()) / time.Since(began).Seconds(), context.Cause(ctx)
}

// refreshFor refreshes as one client until the deadline and returns the number of
// refreshes.
func (t target) refreshFor(ctx context.Context, token *string, deadline time.Time) (n int64, err error) {
	c, err := dial(ctx, t.url)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	for time.Now().Before(deadline) && ctx.Err() == nil {
		answer, err := c.post(t.body(*token))
		if err != nil {
			return n, err
		}
		next := answer.RefreshToken + answer.RefreshTokenOAuth
		if next == "" || next == *token {
			return n, fmt.Errorf("%s: the refresh token did not rotate", t.url)
		}
		*token = next
		n++
	}
	return n, nil
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

func startJWT(ctx context.Context, jwt, dir string) (*exec.Cmd, target, error) {
	c := exec.Command(jwt, "session", "serve", "--listen", "127.0.0.1:0", "--store", filepath.Join(dir, "bench.db"), "--user", "bench:bench", "--quiet")
	c.Stderr = os.Stderr
	line, err := firstLine(c)
	if err != nil {
		return c, target{}, err
	}
	address := strings.TrimPrefix(line, "listening on ")
	t := target{
		url: address + "/token",
		body: func(token string) (string, []byte) {
			return "application/json", []byte(`{"refreshToken":"` + token + `"}`)
		},
	}
	login, err := dial(ctx, address+"/login")
	if err != nil {
		return c, target{}, err
	}
	defer login.Close()
	for range clients {
		answer, err := login.post("application/json", []byte(`{"username":"bench","password":"bench"}`))
		if err != nil {
			return c, target{}, err
		}
		t.tokens = append(t.tokens, answer.RefreshToken)
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
