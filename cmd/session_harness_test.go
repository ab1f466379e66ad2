package cmd

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"jwt/internal/authserver/store"
	"jwt/internal/base64url"
	"jwt/internal/session"
)

// The user of the servers in these tests. Its password hash costs microseconds, not the usual
// 20 ms.
const (
	testPassword = "correct horse"
	testUser     = "demo:$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$H9YweMwoZaKj+u6urw6adAxV6iLhNwQ/DYbynE6J72M"
)

// A server is `jwt session serve` in a process of its own.
type server struct {
	*exec.Cmd
	url   string
	lines *bufio.Scanner // of its stdout, after the first
}

// startServer starts one in dir and waits for its address. It listens on a free
// port unless the flags say otherwise.
func startServer(dir string, environ []string, log *os.File, flags ...string) (*server, error) {
	c := exec.Command("jwt", append([]string{"session", "serve", "--listen", "127.0.0.1:0"}, flags...)...)
	c.Dir, c.Env, c.Stderr = dir, environ, log
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	s := &server{Cmd: c, lines: bufio.NewScanner(out)}
	if s.url, err = s.says("listening on "); err != nil {
		s.kill()
	}
	return s, err
}

// says returns the rest of the next line on stdout, which must begin with prefix.
func (s *server) says(prefix string) (string, error) {
	s.lines.Scan()
	rest, ok := strings.CutPrefix(s.lines.Text(), prefix)
	if !ok {
		return "", errors.New("the server says " + strconv.Quote(s.lines.Text()) + ", want " + prefix + "…")
	}
	return rest, nil
}

func (s *server) kill() {
	s.Process.Kill()
	s.Wait()
}

// A login is a session at its own server.
type login struct {
	keeping sync.Once // of kept
	kept    string    // where the outputs of commands are
	t       *testing.T
	home    string
	log     *os.File // of the server, whichever it is
	server  *server
}

// newLogin starts a server with a store on the disk and logs in.
func newLogin(t *testing.T, flags ...string) *login {
	t.Helper()
	l := &login{t: t, home: t.TempDir()}
	var err error
	if l.log, err = os.Create(filepath.Join(l.home, "server.log")); err != nil {
		t.Fatal(err)
	}
	l.start(flags...)
	t.Cleanup(func() { l.server.kill(); l.log.Close() })
	l.logIn()
	return l
}

func (l *login) logIn() {
	l.t.Helper()
	l.must("login", l.server.url, "--user", "demo", "--password-env", "PASSWORD")
}

// start starts the server, or starts it again on the same store and port. Another process may
// have the port for a moment.
func (l *login) start(flags ...string) {
	l.t.Helper()
	flags = append([]string{"--store", l.store(), "--user", testUser}, flags...)
	if l.server != nil {
		flags = append(flags, "--listen", strings.TrimPrefix(l.server.url, "http://"))
	}
	s, err := startServer(l.home, nil, l.log, flags...)
	for began := time.Now(); err != nil && l.server != nil && time.Since(began) < time.Minute; {
		time.Sleep(20 * time.Millisecond)
		s, err = startServer(l.home, nil, l.log, flags...)
	}
	if err != nil {
		log, _ := os.ReadFile(l.log.Name())
		l.t.Fatalf("%v: %s", err, log)
	}
	l.server = s
}

func (l *login) store() string { return filepath.Join(l.home, "server.db") }

// drain ends the server after the requests in progress.
func (l *login) drain() {
	l.t.Helper()
	l.server.Process.Signal(syscall.SIGTERM)
	if err := l.server.Wait(); err != nil {
		l.t.Fatalf("the server ended with %v", err)
	}
}

// command returns `jwt session ARGS`, not started.
func (l *login) command(args ...string) *exec.Cmd {
	c := exec.Command("jwt", append([]string{"session"}, args...)...)
	c.Env = append(os.Environ(), "XDG_STATE_HOME="+l.home, "XDG_CONFIG_HOME="+l.home, "DBUS_SESSION_BUS_ADDRESS=", "PASSWORD="+testPassword)
	c.Env = append(c.Env, outputsVariable+"="+l.outputs())
	c.Dir = l.home
	return c
}

// outputs returns the directory for what the commands print. At the end of the test it is held against
// the schemas.
func (l *login) outputs() string {
	l.keeping.Do(func() {
		dir := l.t.TempDir()
		l.kept = filepath.Join(dir, l.t.Name())
		if err := os.MkdirAll(l.kept, 0o700); err != nil {
			l.t.Error(err)
		}
		l.t.Cleanup(func() { checkOutputs(l.t, filepath.Dir(l.kept)) })
	})
	return l.kept
}

// must runs a command that must succeed, and returns its output.
func (l *login) must(args ...string) string {
	l.t.Helper()
	c := l.command(args...)
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		l.t.Fatalf("jwt session %v: %v %s%s", args, err, out, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// asked counts the requests that were answered with that status, or with "" all requests.
func (l *login) asked(request, status string) int {
	l.t.Helper()
	b, err := os.ReadFile(l.log.Name())
	if err != nil {
		l.t.Fatal(err)
	}
	if status != "" {
		status += " "
	}
	return strings.Count(string(b), " "+request+" "+status)
}

// stored returns the session as stored on disk.
func (l *login) stored() *session.Session {
	l.t.Helper()
	s, err := (&session.Store{Dir: filepath.Join(l.home, "jwt", "sessions")}).Load(session.DefaultName)
	if err != nil {
		l.t.Fatal(err)
	}
	return s
}

// A family is one login in the store of a stopped server.
type family struct {
	store.Session
	live int // refresh tokens that buy a successor
}

// families reads the store of the stopped server: each family by its ID, and the entry of the
// refresh token that the session has.
func (l *login) families() (map[string]*family, store.Refresh) {
	l.t.Helper()
	db, err := bolt.Open(l.store(), 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		l.t.Fatal(err)
	}
	defer db.Close()
	all := map[string]*family{}
	var held store.Refresh
	now, token := time.Now(), l.held()
	err = db.View(func(tx *bolt.Tx) error {
		sessions := tx.Bucket([]byte("sessions")).ForEach(func(id, record []byte) error {
			f := &family{}
			all[string(id)] = f
			return json.Unmarshal(record, &f.Session)
		})
		return errors.Join(sessions, tx.Bucket([]byte("tokens")).ForEach(func(hash, record []byte) error {
			var r store.Refresh
			if err := r.UnmarshalBinary(record); err != nil {
				return err
			}
			f := all[r.Session]
			if f == nil {
				return errors.New("a token of no family: " + r.Session)
			}
			if r.Spent.IsZero() && f.Revoked.IsZero() && now.Before(r.Expires) {
				f.live++
			}
			if bytes.Equal(hash, token[:]) {
				held = r
			}
			return nil
		}))
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return all, held
}

// held returns the hash under which the server stores the refresh token of the session.
func (l *login) held() store.Hash {
	l.t.Helper()
	b, err := base64url.Decode(l.stored().RefreshToken)
	if err != nil {
		l.t.Fatal(err)
	}
	return sha256.Sum256(b)
}
