package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// bareProxy is the floor of session proxy: a program that is only an httputil.ReverseProxy.
const bareProxy = "reverse-proxy"

// proxy measures what session proxy adds to the time of a call. Both proxies are programs of their
// own, and the calls alternate between them.
func (b *bench) proxy() error {
	const calls = 3000
	server := httptest.NewServer(protected())
	defer server.Close()
	bare, stopBare, err := listening(exec.Command(b.self, "-floor", bareProxy, "-dir", server.URL))
	if err != nil {
		return err
	}
	defer stopBare()
	home := filepath.Join(b.dir, "home") // b.dir has a file named jwt
	environ := append(os.Environ(), "XDG_STATE_HOME="+home, "XDG_CONFIG_HOME="+home, "DBUS_SESSION_BUS_ADDRESS=", "PASSWORD=x")
	login := exec.Command(b.jwt, "session", "login", server.URL, "--user", "demo", "--password-env", "PASSWORD", "--store", "file")
	login.Env = environ
	if out, err := login.CombinedOutput(); err != nil {
		return fmt.Errorf("session login: %w: %s", err, out)
	}
	ours := exec.Command(b.jwt, "session", "proxy")
	ours.Env = environ
	own, stopOwn, err := listening(ours)
	if err != nil {
		return err
	}
	defer stopOwn()
	addresses := [2]string{bare, own}
	var took [2][]float64
	for i := range calls {
		for j := range took {
			j = (i + j) % len(took) // each is first in every other round
			began := time.Now()
			if err := get(addresses[j] + "/me"); err != nil {
				return err
			}
			if i >= calls/10 { // the first calls warm up
				took[j] = append(took[j], time.Since(began).Seconds())
			}
		}
	}
	ratio := sorted(took[1]).median() / sorted(took[0]).median()
	b.table.add(figure{what: "session proxy / a bare ReverseProxy, p50 of a call", value: ratio, unit: "×", goal: atMost(1.15)})
	return nil
}

// protected is a server with a login and a call that needs its token.
func protected() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"accessToken":"the-access-token","expiresIn":3000}`)
	})
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, strings.Repeat("x", 500))
	})
	return mux
}

// listening starts a program that says where it listens.
func listening(c *exec.Cmd) (address string, stop func(), err error) {
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		return "", nil, err
	}
	stop = func() {
		c.Process.Kill()
		c.Wait()
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("%s does not listen: %w", c.Path, err)
	}
	return strings.TrimSpace(strings.TrimPrefix(line, "listening on ")), stop, nil
}

func get(address string) error {
	r, err := http.Get(address)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	_, err = io.Copy(io.Discard, r.Body)
	return err
}

// runBareProxy is the floor: it proxies to a server until it is killed.
func runBareProxy(server string) error {
	target, err := url.Parse(server)
	if err != nil {
		return err
	}
	s := httptest.NewServer(httputil.NewSingleHostReverseProxy(target))
	fmt.Println("listening on " + s.URL)
	select {}
}
