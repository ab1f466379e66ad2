package store

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"jwt/internal/authserver/store/redistest"
	"jwt/internal/verdict"
)

func openedRedis(t *testing.T, url string) Store {
	t.Helper()
	s, err := openRedis(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// A rotation whose answer is lost was carried out: it is asked for once more, and
// is the same one. Nothing else is sent twice.
func TestRedisLostAnswer(t *testing.T) {
	r := redistest.RelayTo(t, redistest.Start(t), nil)
	s := openedRedis(t, r.URL())
	f, other := begin(t, s, "s1", 1), begin(t, s, "s2", 2)
	rotate(t, s, other.spend(3, 0, 0)) // Redis has the script from now on
	r.LoseAnswerTo("EVALSHA")
	p := f.spend(4, 0, 0)
	rotation, err := s.Rotate(t.Context(), p)
	if err != nil || rotation.Outcome != Rotated {
		t.Errorf("got %+v, %v", rotation, err)
	}
	if sha, text := r.Times("EVALSHA"), r.Times("EVAL"); sha != 2 || text != 0 {
		t.Errorf("EVALSHA was sent %d times, EVAL %d, want 2 and 0", sha, text)
	}
	spent, session, err := s.Find(t.Context(), f.token)
	if err != nil {
		t.Fatal(err)
	}
	if spent.Next != p.Next || !session.Revoked.IsZero() {
		t.Errorf("it is not what one rotation makes of it: %+v %+v", spent, session)
	}

	r.LoseAnswerTo("HGETALL")
	if _, _, err := s.Find(t.Context(), f.token); verdict.ClassOf(err) != verdict.FetchFailed {
		t.Errorf("got %v", err)
	}
	if n := r.Times("HGETALL"); n != 1 {
		t.Errorf("HGETALL was sent %d times", n)
	}
}

// Connections that broke while they idled, as when Redis is started anew, fail no
// request.
func TestRedisBrokenWhileIdle(t *testing.T) {
	r := redistest.RelayTo(t, redistest.Start(t), nil)
	s := openedRedis(t, r.URL())
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
	r.HangUp()
	time.Sleep(redisIdle)
	for i := range 8 {
		if _, _, err := s.Find(t.Context(), Hash{byte(i)}); err != nil {
			t.Error(err)
		}
	}
}

// Whoever finds all connections in use waits no longer than their context.
func TestRedisPoolIsBounded(t *testing.T) {
	s := openedRedis(t, redistest.Start(t)).(*redisStore)
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
	s := openedRedis(t, redistest.Start(t))
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
	behindTLS := redistest.RelayTo(t, redistest.Start(t), &certificate)
	guarded := redistest.RelayTo(t, redistest.Start(t, "--requirepass", "sesame"), nil).Address()
	for _, c := range []struct {
		name, url string
		class     verdict.Class
		want      string
	}{
		{"evicts", redistest.Start(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"), verdict.FetchRefused, "maxmemory-policy is allkeys-lru, must be noeviction"},
		{"not there", "redis://:hush-hush@127.0.0.1:1", verdict.FetchFailed, "redis at 127.0.0.1:1: "},
		{"another password", "redis://:hush-hush@" + guarded, verdict.FetchFailed, "it refuses user and password"},
		{"another user", "redis://alice:hush-hush@" + guarded, verdict.FetchFailed, "it refuses user and password"},
		{"no password", "redis://" + guarded, verdict.FetchFailed, "NOAUTH"},
		{"a database that is not there", "redis://:sesame@" + guarded + "/hush", verdict.Usage, "is no address"},
		{"a database out of range", "redis://:sesame@" + guarded + "/99", verdict.FetchFailed, "out of range"},
		{"a certificate nobody knows", "rediss://:hush-hush@" + behindTLS.Address(), verdict.FetchFailed, "certificate"},
		{"no port", "redis://:hush-hush@127.0.0.1:port", verdict.Usage, "is no address"},
		{"options", "redis://:hush-hush@127.0.0.1:1/0?db=1", verdict.Usage, "is no address"},
		{"user alone", "redis://hush-hush@127.0.0.1:1", verdict.Usage, "is no address"},
		{"opaque", "redis:hush-hush", verdict.Usage, "is no address"},
		{"another scheme", "http://:hush-hush@127.0.0.1:1", verdict.Usage, "is no address"},
		{"no socket", "unix://hush-hush", verdict.Usage, "is no address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := openRedis(t.Context(), c.url)
			if verdict.ClassOf(err) != c.class || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "sesame") {
				t.Errorf("got %s: %v, want %s: %s", verdict.ClassOf(err), err, c.class, c.want)
			}
		})
	}
	if bytes.Contains(behindTLS.Asked(), []byte("hush")) {
		t.Error("the password was sent to a server that nobody vouches for")
	}
}

// What a server says of a command that it does not know quotes it.
func TestRedisQuotesNoPassword(t *testing.T) {
	url := redistest.Start(t, "--rename-command", "AUTH", "")
	server := redisServer{network: "unix", address: strings.TrimPrefix(url, "unix://"), password: "hush-hush"}
	if _, err := openRedisServer(t.Context(), server); verdict.ClassOf(err) != verdict.FetchFailed || strings.Contains(err.Error(), "hush") {
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
	url := redistest.Start(t, "--requirepass", "sesame", "--user", "alice", "on", ">open", "~{jwt}:*", "+@all")
	r := redistest.RelayTo(t, url, &certificate)
	roots := x509.NewCertPool()
	roots.AddCert(certificate.Leaf)
	for _, who := range []string{":sesame", "alice:open"} {
		server, err := parseRedisURL("rediss://" + who + "@" + r.Address() + "/5")
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
		if err != nil || !strings.Contains(space, "db5:keys=2,") || strings.Contains(space, "db0") {
			t.Errorf("%s: %q, %v", who, space, err)
		}
	}
}

// selfSigned returns a certificate for example.com and loopback.
func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	c := s.TLS.Certificates[0]
	c.Leaf = s.Certificate()
	return c
}
