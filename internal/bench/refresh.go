package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// How a server is driven: so many clients, each with a session of its own, refresh
// one after the other.
const (
	clients     = 64
	driveFor    = 5 * time.Second
	refreshGoal = 2000 // a second
)

// A target is a server that refreshes.
type target struct {
	url    string
	tokens []string                                             // one refresh token a client
	body   func(token string) (contentType string, body []byte) // of a refresh
	field  string                                               // of the next refresh token in the answer
}

// benchRefresh prints how many refreshes a second the local server holds with its
// durable store, and npm's oidc-provider with its store in memory.
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
			fmt.Printf("  %-21s left out: there is no %s here\n", s.name, missing.Name)
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
	if _, err := t.drive(ctx, time.Second); err != nil { // warms up, node's compiler above all
		return 0, err
	}
	return t.drive(ctx, driveFor)
}

// drive refreshes with all clients for so long and returns how many a second.
func (t target) drive(ctx context.Context, d time.Duration) (float64, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var done atomic.Int64
	var group sync.WaitGroup
	began := time.Now()
	for i := range t.tokens {
		group.Go(func() {
			for time.Since(began) < d && ctx.Err() == nil {
				next, err := t.refresh(ctx, client, t.tokens[i])
				if err != nil {
					cancel(err)
					return
				}
				t.tokens[i] = next
				done.Add(1)
			}
		})
	}
	group.Wait()
	return float64(done.Load()) / time.Since(began).Seconds(), context.Cause(ctx)
}

func (t target) refresh(ctx context.Context, client *http.Client, token string) (string, error) {
	contentType, body := t.body(token)
	answer, err := post(ctx, client, t.url, contentType, body)
	if err != nil {
		return "", err
	}
	next, _ := answer[t.field].(string)
	if next == "" || next == token {
		return "", fmt.Errorf("%s: the refresh token did not rotate", t.url)
	}
	return next, nil
}

func post(ctx context.Context, client *http.Client, url, contentType string, body []byte) (map[string]any, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", contentType)
	response, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	b, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %s", url, response.Status, b)
	}
	var answer map[string]any
	return answer, json.Unmarshal(b, &answer)
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
		url:   address + "/token",
		field: "refreshToken",
		body: func(token string) (string, []byte) {
			return "application/json", []byte(`{"refreshToken":"` + token + `"}`)
		},
	}
	for range clients {
		answer, err := post(ctx, http.DefaultClient, address+"/login", "application/json", []byte(`{"username":"bench","password":"bench"}`))
		if err != nil {
			return c, target{}, err
		}
		token, _ := answer["refreshToken"].(string)
		t.tokens = append(t.tokens, token)
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
