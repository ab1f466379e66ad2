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

// If the answer to a rotation is lost, the rotation is sent again and gives the same
// result. Nothing else is sent twice.
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
		t.Errorf("not the result of one rotation: %+v %+v", spent, session)
	}

	r.LoseAnswerTo("HGETALL")
	if _, _, err := s.Find(t.Context(), f.token); verdict.ClassOf(err) != verdict.FetchFailed {
		t.Errorf("got %v", err)
	}
	if n := r.Times("HGETALL"); n != 1 {
		t.Errorf("HGETALL was sent %d times", n)
	}
}

// Connections that broke while idle, as after a restart of Redis, do not make a request
// fail.
func TestRedisBrokenWhileIdle(t *testing.T) {
	r := redistest.RelayTo(t, redistest.Start(t), nil)
	s := openedRedis(t, r.URL())
	f := begin(t, s, "s1", 1)
	var group sync.WaitGroup
	for i := range 8 { // several connections
		group.Go(func() {
			if err := s.Begin(context.Background(), f.session, TokenID{Hash{byte(i)}, "s1"}, f.refresh); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	r.HangUp()
	time.Sleep(100 * time.Millisecond)
	for i := range 8 {
		if _, _, err := s.Find(t.Context(), TokenID{Hash{byte(i)}, "s1"}); err != nil {
			t.Error(err)
		}
	}
}

// If the server hangs, a request fails when its context ends, and every method fails
// within its timeout.
func TestRedisHangs(t *testing.T) {
	t.Parallel()
	r := redistest.RelayTo(t, redistest.Start(t), nil)
	s := openedRedis(t, r.URL())
	f := begin(t, s, "s1", 1)
	r.Mute()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := s.Session(ctx, "s1"); !errors.Is(err, context.DeadlineExceeded) || verdict.ClassOf(err) != verdict.FetchFailed {
		t.Errorf("got %v", err)
	}
	began := time.Now()
	var group sync.WaitGroup
	for name, call := range map[string]func() error{
		"Begin":   func() error { return s.Begin(t.Context(), f.session, f.token, f.refresh) },
		"Rotate":  func() error { _, err := s.Rotate(t.Context(), f.spend(2, 0, 0)); return err },
		"Find":    func() error { _, _, err := s.Find(t.Context(), f.token); return err },
		"Session": func() error { _, err := s.Session(t.Context(), "s1"); return err },
		"Revoke":  func() error { return s.Revoke(t.Context(), "s1", epoch) },
		"Keys":    func() error { _, err := s.Keys(t.Context()); return err },
		"ChangeKeys": func() error {
			return s.ChangeKeys(t.Context(), func(k []SigningKey) []SigningKey { return k })
		},
	} {
		group.Go(func() {
			err := call()
			if took := time.Since(began); verdict.ClassOf(err) != verdict.FetchFailed || took > redisTimeout+time.Second {
				t.Errorf("%s: %v after %s", name, err, took)
			}
		})
	}
	group.Wait()
}

func TestRedisForgets(t *testing.T) {
	s := openedRedis(t, redistest.Start(t)).(*redisStore)
	f := begin(t, s, "s1", 1)
	rotate(t, s, f.spend(2, time.Minute, time.Second))
	rotate(t, s, f.spend(3, 2*time.Minute, time.Second)) // reused: creates no successor and no key
	want := map[string]time.Duration{
		redisToken("s1", Hash{1}): time.Second + keepSpent,
		redisToken("s1", Hash{2}): 2*time.Hour + keepExpired,
		redisSession("s1"):        2*time.Hour + keepExpired,
	}
	for key, most := range want {
		ms, err := s.client.Do(t.Context(), s.client.B().Pttl().Key(key).Build()).AsInt64()
		if ttl := time.Duration(ms) * time.Millisecond; err != nil || ttl > most || ttl < most-time.Minute {
			t.Errorf("%s is forgotten in %s (%v), want %s", key, ttl, err, most)
		}
	}
	keys, err := s.client.Do(t.Context(), s.client.B().Keys().Pattern("*").Build()).AsStrSlice()
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
		{"a database that is not a number", "redis://:sesame@" + guarded + "/hush", verdict.Usage, "not a Redis URL"},
		{"a database out of range", "redis://:sesame@" + guarded + "/99", verdict.FetchFailed, "out of range"},
		{"an unknown certificate", "rediss://:hush-hush@" + behindTLS.Address(), verdict.FetchFailed, "certificate"},
		{"no port", "redis://:hush-hush@127.0.0.1:port", verdict.Usage, "not a Redis URL"},
		{"options", "redis://:hush-hush@127.0.0.1:1/0?db=1", verdict.Usage, "not a Redis URL"},
		{"user alone", "redis://hush-hush@127.0.0.1:1", verdict.Usage, "not a Redis URL"},
		{"opaque", "redis:hush-hush", verdict.Usage, "not a Redis URL"},
		{"another scheme", "http://:hush-hush@127.0.0.1:1", verdict.Usage, "not a Redis URL"},
		{"an unknown parameter", "redis://127.0.0.1:1?hush=hush", verdict.Usage, "not a Redis URL"},
		{"a node without a port", "redis://127.0.0.1:1?addr=hush", verdict.Usage, "not a Redis URL"},
		{"a parameter twice", "redis://127.0.0.1:1?wait=1&wait=2", verdict.Usage, "not a Redis URL"},
		{"half a replica", "redis://127.0.0.1:1?wait=0.5", verdict.Usage, "not a Redis URL"},
		{"a Sentinel's password without a master set", "redis://127.0.0.1:1?sentinel_password=hush", verdict.Usage, "not a Redis URL"},
		{"Sentinel over a socket", "unix:///hush?master_set=hush", verdict.Usage, "not a Redis URL"},
		{"no socket", "unix://hush-hush", verdict.Usage, "not a Redis URL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, err := parseRedisURL(c.url)
			if err == nil {
				o.Dialer.Timeout = time.Minute // a busy machine may need longer for TLS, and the answer would be another
				_, err = o.connect(t.Context())
			}
			if verdict.ClassOf(err) != c.class || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "sesame") {
				t.Errorf("got %s: %v, want %s: %s", verdict.ClassOf(err), err, c.class, c.want)
			}
		})
	}
	if bytes.Contains(behindTLS.Asked(), []byte("hush")) {
		t.Error("the password was sent to a server with an unknown certificate")
	}
}

// The error of a server that does not know a command quotes the command.
func TestRedisQuotesNoPassword(t *testing.T) {
	socket := strings.TrimPrefix(redistest.Start(t, "--rename-command", "AUTH", "", "--rename-command", "HELLO", ""), "unix://")
	_, err := openRedis(t.Context(), "unix://:hush-hush@"+socket)
	if verdict.ClassOf(err) != verdict.FetchFailed || !strings.Contains(err.Error(), "it refuses user and password") || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v", err)
	}
}

func TestRedisURLs(t *testing.T) {
	type parts struct {
		Name, User, Password string
		Nodes                []string
		DB                   int
		MasterSet            string
		Replicas             int64
		TLS                  bool
	}
	for url, want := range map[string]parts{
		"redis://":                             {Name: "localhost:6379", Nodes: []string{"localhost:6379"}},
		"redis://example.com":                  {Name: "example.com:6379", Nodes: []string{"example.com:6379"}},
		"valkey://[::1]:7000/":                 {Name: "[::1]:7000", Nodes: []string{"[::1]:7000"}},
		"redis://:p%40ss@127.0.0.1:6380/3":     {Name: "127.0.0.1:6380", Nodes: []string{"127.0.0.1:6380"}, Password: "p@ss", DB: 3},
		"redis://alice:p:ss@127.0.0.1:6380/15": {Name: "127.0.0.1:6380", Nodes: []string{"127.0.0.1:6380"}, User: "alice", Password: "p:ss", DB: 15},
		"unix:///run/redis.sock":               {Name: "/run/redis.sock", Nodes: []string{"/run/redis.sock"}},
		"rediss://example.com?wait=2":          {Name: "example.com:6379", Nodes: []string{"example.com:6379"}, TLS: true, Replicas: 2},
		"redis://a:1?addr=b:2&addr=[::1]:3":    {Name: "a:1", Nodes: []string{"a:1", "b:2", "[::1]:3"}},
		"redis://a:1?master_set=m&addr=b:2":    {Name: "a:1", Nodes: []string{"a:1", "b:2"}, MasterSet: "m"},
	} {
		o, err := parseRedisURL(url)
		got := parts{o.name, o.Username, o.Password, o.InitAddress, o.SelectDB, o.Sentinel.MasterSet, o.replicas, o.TLSConfig != nil}
		if err != nil {
			t.Error(url, err)
		}
		same(t, url, got, want)
	}
}

// User, password, database and TLS reach the server.
func TestRedisSaysWhoItIs(t *testing.T) {
	certificate := selfSigned(t)
	url := redistest.Start(t, "--requirepass", "sesame", "--user", "alice", "on", ">open", "~jwt:*", "+@all")
	r := redistest.RelayTo(t, url, &certificate)
	roots := x509.NewCertPool()
	roots.AddCert(certificate.Leaf)
	for _, who := range []string{":sesame", "alice:open"} {
		o, err := parseRedisURL("rediss://" + who + "@" + r.Address() + "/5")
		if err != nil {
			t.Fatal(err)
		}
		o.TLSConfig.RootCAs = roots
		opened, err := openRedisAt(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		s := opened.(*redisStore)
		begin(t, s, "s1", 1)
		space, err := s.client.Do(t.Context(), s.client.B().Info().Section("keyspace").Build()).ToString()
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
