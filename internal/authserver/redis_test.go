package authserver

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"jwt/internal/verdict"
)

func openRedis(t *testing.T, url string) Store {
	t.Helper()
	s, err := OpenRedis(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// startRedis runs a Redis of the test's own and returns its URL. Where there is no
// redis-server the test is left out, unless CI is to see all of them.
func startRedis(t *testing.T, arguments ...string) string {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("no redis-server, and CI=true")
		}
		t.Skipf("without redis-server (a Debian package of that name) the Redis store is not tested: %v", err)
	}
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
		if contains(strings.ToLower(lines.Text()), "ready to accept connections") {
			go io.Copy(io.Discard, out)
			return "unix://" + socket
		}
		said.WriteString(lines.Text() + "\n")
	}
	t.Fatalf("redis-server did not start: %s", &said)
	return ""
}

// A relay stands between a store and its Redis, over TCP.
type relay struct {
	net.Listener
	socket string

	mu    sync.Mutex
	open  []net.Conn
	gone  bool
	lose  string // the answer to the next command with this in it is lost, with its connection
	asked []byte // all that was sent to Redis
}

// relayTo makes a relay, which speaks TLS if it has a certificate.
func relayTo(t *testing.T, url string, certificate *tls.Certificate) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if certificate != nil {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*certificate}})
	}
	r := &relay{Listener: l, socket: strings.TrimPrefix(url, "unix://")}
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
		r.hangUp()
		group.Wait()
	})
	return r
}

func (r *relay) address() string { return r.Addr().String() }
func (r *relay) url() string     { return "redis://" + r.address() }

func (r *relay) carry(client net.Conn) {
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

// heard notes what is sent, and says whether its answer is to be lost.
func (r *relay) heard(b []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, b...)
	lost := r.lose != "" && bytes.Contains(b, []byte(r.lose))
	if lost {
		r.lose = ""
	}
	return lost
}

// loseAnswerTo forgets what was sent until now.
func (r *relay) loseAnswerTo(command string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lose, r.asked = command, nil
}

func (r *relay) times(command string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Count(r.asked, []byte("\r\n"+command+"\r\n"))
}

// hangUp closes the connections there are.
func (r *relay) hangUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.open {
		c.Close()
	}
	r.open = nil
}

// away makes the relay close every connection, those to come too.
func (r *relay) away(gone bool) {
	r.mu.Lock()
	r.gone = gone
	r.mu.Unlock()
	if gone {
		r.hangUp()
	}
}

// A rotation whose answer is lost was carried out: it is asked for once more, and
// is the same one. Nothing else is sent twice.
func TestRedisLostAnswer(t *testing.T) {
	r := relayTo(t, startRedis(t), nil)
	s := openRedis(t, r.url())
	f, other := begin(t, s, "s1", 1), begin(t, s, "s2", 2)
	rotate(t, s, other.spend(3, 0, 0)) // Redis has the script from now on
	r.loseAnswerTo("EVALSHA")
	p := f.spend(4, 0, 0)
	rotation, err := s.Rotate(t.Context(), p)
	if err != nil || rotation.Outcome != Rotated {
		t.Errorf("got %+v, %v", rotation, err)
	}
	if sha, text := r.times("EVALSHA"), r.times("EVAL"); sha != 2 || text != 0 {
		t.Errorf("EVALSHA was sent %d times, EVAL %d, want 2 and 0", sha, text)
	}
	spent, session, err := s.Find(t.Context(), f.token)
	if err != nil {
		t.Fatal(err)
	}
	if spent.Next != p.Next || !session.Revoked.IsZero() {
		t.Errorf("it is not what one rotation makes of it: %+v %+v", spent, session)
	}

	r.loseAnswerTo("HGETALL")
	if _, _, err := s.Find(t.Context(), f.token); verdict.ClassOf(err) != verdict.FetchFailed {
		t.Errorf("got %v", err)
	}
	if n := r.times("HGETALL"); n != 1 {
		t.Errorf("HGETALL was sent %d times", n)
	}
}

// Connections that broke while they idled, as when Redis is started anew, fail no
// request.
func TestRedisBrokenWhileIdle(t *testing.T) {
	r := relayTo(t, startRedis(t), nil)
	s := openRedis(t, r.url())
	f := begin(t, s, "s1", 1)
	var group sync.WaitGroup
	for i := range 8 { // several connections
		group.Go(func() {
			if err := s.Begin(context.Background(), f.session, Hash{byte(i)}, f.refresh); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	r.hangUp()
	time.Sleep(redisIdle)
	for i := range 8 {
		if _, _, err := s.Find(t.Context(), Hash{byte(i)}); err != nil {
			t.Error(err)
		}
	}
}

// Whoever finds all connections in use waits no longer than their context.
func TestRedisPoolIsBounded(t *testing.T) {
	s := openRedis(t, startRedis(t)).(*redisStore)
	for range redisPoolSize {
		c, err := s.pool.get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := s.Session(ctx, "s1"); !errors.Is(err, context.DeadlineExceeded) || verdict.ClassOf(err) != verdict.FetchFailed {
		t.Errorf("got %v", err)
	}
}

func TestRedisForgets(t *testing.T) {
	s := openRedis(t, startRedis(t))
	f := begin(t, s, "s1", 1)
	rotate(t, s, f.spend(2, time.Minute, 0))
	want := map[string]time.Duration{
		redisTokens + Hash{1}.hex(): time.Hour + keepExpired,
		redisTokens + Hash{2}.hex(): time.Hour + keepExpired,
		redisSessions + "s1":        2*time.Hour + keepExpired,
	}
	r := s.(*redisStore)
	for key, most := range want {
		reply, err := r.do(t.Context(), "PTTL", key)
		ms, _ := reply.(int64)
		if ttl := time.Duration(ms) * time.Millisecond; err != nil || ttl > most || ttl < most-time.Minute {
			t.Errorf("%s is forgotten in %s (%v), want %s", key, ttl, err, most)
		}
	}
	keys, err := redisTexts(r.do(t.Context(), "KEYS", "*"))
	if err != nil || len(keys) != len(want) {
		t.Errorf("keys: %q (%v)", keys, err)
	}
}

func TestRedisRefused(t *testing.T) {
	certificate := selfSigned(t)
	behindTLS := relayTo(t, startRedis(t), &certificate)
	guarded := relayTo(t, startRedis(t, "--requirepass", "sesame"), nil).address()
	for _, c := range []struct {
		name, url string
		class     verdict.Class
		want      string
	}{
		{"evicts", startRedis(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"), verdict.FetchRefused, "maxmemory-policy is allkeys-lru, must be noeviction"},
		{"not there", "redis://:hush-hush@127.0.0.1:1", verdict.FetchFailed, "redis at 127.0.0.1:1: "},
		{"another password", "redis://:hush-hush@" + guarded, verdict.FetchFailed, "it refuses user and password"},
		{"another user", "redis://alice:hush-hush@" + guarded, verdict.FetchFailed, "it refuses user and password"},
		{"no password", "redis://" + guarded, verdict.FetchFailed, "NOAUTH"},
		{"a database that is not there", "redis://:sesame@" + guarded + "/hush", verdict.Usage, "is no address"},
		{"a database out of range", "redis://:sesame@" + guarded + "/99", verdict.FetchFailed, "out of range"},
		{"a certificate nobody knows", "rediss://:hush-hush@" + behindTLS.address(), verdict.FetchFailed, "certificate"},
		{"no port", "redis://:hush-hush@127.0.0.1:port", verdict.Usage, "is no address"},
		{"options", "redis://:hush-hush@127.0.0.1:1/0?db=1", verdict.Usage, "is no address"},
		{"user alone", "redis://hush-hush@127.0.0.1:1", verdict.Usage, "is no address"},
		{"opaque", "redis:hush-hush", verdict.Usage, "is no address"},
		{"another scheme", "http://:hush-hush@127.0.0.1:1", verdict.Usage, "is no address"},
		{"no socket", "unix://hush-hush", verdict.Usage, "is no address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := OpenRedis(t.Context(), c.url)
			if verdict.ClassOf(err) != c.class || !contains(err.Error(), c.want) || contains(err.Error(), "hush") || contains(err.Error(), "sesame") {
				t.Errorf("got %s: %v, want %s: %s", verdict.ClassOf(err), err, c.class, c.want)
			}
		})
	}
	if bytes.Contains(behindTLS.asked, []byte("hush")) {
		t.Error("the password was sent to a server that nobody vouches for")
	}
}

// What a server says of a command that it does not know quotes it.
func TestRedisQuotesNoPassword(t *testing.T) {
	url := startRedis(t, "--rename-command", "AUTH", "")
	server := redisServer{network: "unix", address: strings.TrimPrefix(url, "unix://"), password: "hush-hush"}
	if _, err := openRedisServer(t.Context(), server); verdict.ClassOf(err) != verdict.FetchFailed || contains(err.Error(), "hush") {
		t.Errorf("got %v", err)
	}
}

func TestRedisAddresses(t *testing.T) {
	for url, want := range map[string]redisServer{
		"redis://":                             {network: "tcp", address: "localhost:6379"},
		"redis://example.com":                  {network: "tcp", address: "example.com:6379"},
		"redis://[::1]:7000/":                  {network: "tcp", address: "[::1]:7000"},
		"redis://:p%40ss@127.0.0.1:6380/3":     {network: "tcp", address: "127.0.0.1:6380", password: "p@ss", db: 3},
		"redis://alice:p:ss@127.0.0.1:6380/15": {network: "tcp", address: "127.0.0.1:6380", user: "alice", password: "p:ss", db: 15},
		"unix:///run/redis.sock":               {network: "unix", address: "/run/redis.sock"},
	} {
		got, err := parseRedisURL(url)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", url, got, err, want)
		}
	}
	got, err := parseRedisURL("rediss://example.com")
	if err != nil || got.tls == nil || got.address != "example.com:6379" {
		t.Errorf("rediss: %+v, %v", got, err)
	}
}

// User, password, database and TLS reach the server.
func TestRedisSaysWhoItIs(t *testing.T) {
	certificate := selfSigned(t)
	url := startRedis(t, "--requirepass", "sesame", "--user", "alice", "on", ">open", "~{jwt}:*", "+@all")
	r := relayTo(t, url, &certificate)
	roots := x509.NewCertPool()
	roots.AddCert(certificate.Leaf)
	for _, who := range []string{":sesame", "alice:open"} {
		server, err := parseRedisURL("rediss://" + who + "@" + r.address() + "/5")
		if err != nil {
			t.Fatal(err)
		}
		server.tls.RootCAs = roots
		s, err := openRedisServer(t.Context(), server)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		begin(t, s, "s1", 1)
		space, err := redisText(s.(*redisStore).do(t.Context(), "INFO", "keyspace"))
		if err != nil || !contains(space, "db5:keys=2,") || contains(space, "db0") {
			t.Errorf("%s: %q, %v", who, space, err)
		}
	}
}
