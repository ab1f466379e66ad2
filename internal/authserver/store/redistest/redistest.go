// Package redistest runs Redis servers for tests.
package redistest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"jwt/internal/tooltest"
)

// Start runs a Redis until the test ends and returns its URL.
func Start(t *testing.T, arguments ...string) string {
	t.Helper()
	program := tooltest.Program(t, "redis-server")
	dir, err := os.MkdirTemp("", "redis") // t.TempDir is too long for a socket's name
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	c := exec.Command(program, append([]string{"--port", "0", "--unixsocket", socket, "--save", "", "--dir", dir, "--maxmemory-policy", "noeviction"}, arguments...)...)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	var said strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(strings.ToLower(lines.Text()), "ready to accept connections") {
			go io.Copy(io.Discard, out)
			return "unix://" + socket
		}
		said.WriteString(lines.Text() + "\n")
	}
	t.Fatalf("redis-server did not start: %s", &said)
	return ""
}

// A Relay forwards TCP between a store and its Redis.
type Relay struct {
	net.Listener
	socket string

	mu    sync.Mutex
	open  []net.Conn
	gone  bool
	mute  bool   // nothing is carried any more, and connections stay open
	lose  string // the answer to the next command with this in it is lost, with its connection
	asked []byte // all that was sent to Redis
}

// RelayTo makes a relay, which speaks TLS if it has a certificate.
func RelayTo(t *testing.T, url string, certificate *tls.Certificate) *Relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if certificate != nil {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*certificate}})
	}
	r := &Relay{Listener: l, socket: strings.TrimPrefix(url, "unix://")}
	var group sync.WaitGroup
	group.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			group.Go(func() { r.carry(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		r.HangUp()
		group.Wait()
	})
	return r
}

// Address returns the relay's HOST:PORT.
func (r *Relay) Address() string { return r.Addr().String() }

// URL returns the relay's address as the URL of a Redis.
func (r *Relay) URL() string { return "redis://" + r.Address() }

// Asked returns all that was sent to Redis.
func (r *Relay) Asked() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Clone(r.asked)
}

func (r *Relay) carry(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("unix", r.socket)
	if err != nil {
		return
	}
	defer server.Close()
	r.mu.Lock()
	r.open = append(r.open, client, server)
	gone := r.gone
	r.mu.Unlock()
	if gone {
		return
	}
	losing := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer client.Close()
		b := make([]byte, 64<<10)
		for {
			n, err := server.Read(b)
			select {
			case <-losing: // it is carried out by now
				return
			default:
			}
			if err != nil {
				return
			}
			client.Write(b[:n])
		}
	}()
	b := make([]byte, 64<<10)
	for {
		n, err := client.Read(b)
		if err != nil {
			break
		}
		if r.muted() {
			continue
		}
		if r.heard(b[:n]) {
			close(losing)
			server.Write(b[:n])
			<-done
			return
		}
		server.Write(b[:n])
	}
	server.Close()
	<-done
}

// Mute makes the relay swallow what is sent, without closing a connection.
func (r *Relay) Mute() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mute = true
}

func (r *Relay) muted() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mute
}

// heard notes what is sent, and says whether its answer is to be lost.
func (r *Relay) heard(b []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, b...)
	lost := r.lose != "" && bytes.Contains(b, []byte(r.lose))
	if lost {
		r.lose = ""
	}
	return lost
}

// LoseAnswerTo forgets what was sent until now.
func (r *Relay) LoseAnswerTo(command string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lose, r.asked = command, nil
}

// Times returns how often a command was sent since LoseAnswerTo was called.
func (r *Relay) Times(command string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Count(r.asked, []byte("\r\n"+command+"\r\n"))
}

// HangUp closes the open connections.
func (r *Relay) HangUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.open {
		c.Close()
	}
	r.open = nil
}

// Away makes the relay close every connection, those to come too.
func (r *Relay) Away(gone bool) {
	r.mu.Lock()
	r.gone = gone
	r.mu.Unlock()
	if gone {
		r.HangUp()
	}
}
