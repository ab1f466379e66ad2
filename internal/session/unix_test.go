//go:build unix

package session

import (
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"jwt/internal/verdict"
)

// limitFileSize limits all files to SESSION_FILE_SIZE bytes, like a full disk for one
// process.
func limitFileSize() {
	text, ok := os.LookupEnv("SESSION_FILE_SIZE")
	if !ok {
		return
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		panic(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
		panic(err)
	}
}

// TestReadOnlyDirectory checks that no refresh is sent if the directory is read-only, and
// that the session stays usable. Root could write anyway, so the test runs as another
// user.
func TestReadOnlyDirectory(t *testing.T) {
	w := newWorld(t, nil)
	w.login("cookie", StoreFile)
	w.age(time.Minute, 5*time.Second)
	before := w.file()
	run := w.unprivileged()
	if err := os.Chmod(w.dir, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(w.dir, 0o700)
	if _, err := run("refresh"); !strings.Contains(stderr(err), "io_error "+filepath.Join(w.dir, "default.json")+": permission denied") {
		t.Errorf("%v %s", err, stderr(err))
	}
	if token, err := run("token"); err != nil || !strings.Contains(before, token) {
		t.Errorf("%v %s", err, stderr(err))
	}
	w.mustAsk("/refresh", 0)
	if err := os.Chmod(w.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if w.file() != before {
		t.Error("the session has changed")
	}
}

// unprivileged gives the sessions to a user to whom file modes apply, and returns a
// function that runs a helper as that user.
func (w *world) unprivileged() func(what string) (string, error) {
	w.t.Helper()
	const nobody = 65534
	as := &syscall.SysProcAttr{}
	if os.Getuid() == 0 {
		as.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
		for _, name := range []string{".", "default.json", "default.lock"} {
			if err := os.Chown(filepath.Join(w.dir, name), nobody, nobody); err != nil {
				w.t.Fatal(err)
			}
		}
		for dir := filepath.Dir(w.dir); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
			if err := os.Chmod(dir, 0o755); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	program := w.readable()
	return func(what string) (string, error) {
		c := w.helper(what)
		c.Path, c.Args[0], c.SysProcAttr, c.Dir = program, program, as, "/"
		out, err := c.Output()
		return strings.TrimSpace(string(out)), err
	}
}

// TestLogoutWithoutRights checks that a logout asks the server whatever the modes of its
// files are, and removes the tokens from the disk if possible.
func TestLogoutWithoutRights(t *testing.T) {
	tests := []struct {
		name       string
		modes      map[string]os.FileMode
		says, left string // in the error, and in the file afterwards
	}{
		{"the lock", map[string]os.FileMode{"default.lock": 0}, "revoked true kept <nil>", "gone"},
		{"the directory", map[string]os.FileMode{".": 0o500}, "default.json: could not be removed: permission denied; its content was overwritten\nrevoked true kept <nil>", "wiped"},
		{"the directory and the file", map[string]os.FileMode{"default.json": 0o400, ".": 0o500}, "revoked true kept DIR/default.json: could not be removed: permission denied", "there"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.login("cookie", StoreFile)
			run := w.unprivileged()
			for name, mode := range tt.modes {
				if err := os.Chmod(filepath.Join(w.dir, name), mode); err != nil {
					t.Fatal(err)
				}
			}
			out, err := run("logout")
			os.Chmod(w.dir, 0o700)
			if want := strings.ReplaceAll(tt.says, "DIR", w.dir); err != nil || !strings.HasSuffix(out, want) {
				t.Errorf("%v: says %q, want %q", err, out, want)
			}
			w.mustAsk("/logout", 1)
			left := "gone"
			if b, err := os.ReadFile(filepath.Join(w.dir, "default.json")); err == nil && string(b) == loggedOut {
				left = "wiped"
			} else if err == nil {
				left = "there"
			}
			if out, err := run("token"); left == "wiped" && (err == nil || out != "" || !strings.Contains(stderr(err), "not logged in")) {
				t.Errorf("token afterwards: %v %q %q", err, out, stderr(err))
			}
			if left != tt.left {
				t.Errorf("the file is %s, want %s", left, tt.left)
			}
		})
	}
}

// readable returns a copy of this program that every user may run.
func (w *world) readable() string {
	w.t.Helper()
	self, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := os.ReadFile(self)
	if err != nil {
		w.t.Fatal(err)
	}
	dir := w.t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		w.t.Fatal(err)
	}
	path := filepath.Join(dir, "program")
	if err := os.WriteFile(path, b, 0o755); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// TestSessionThatIsAPipe checks that a named pipe in place of a session or its lock does
// not block, and that a logout removes it.
func TestSessionThatIsAPipe(t *testing.T) {
	w := newWorld(t, nil)
	w.login("cookie", StoreFile)
	path := filepath.Join(w.dir, "pipe.json")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(w.dir, "pipe.lock"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := w.client()
	c.Name = "pipe"
	_, err := c.Token(t.Context(), 0)
	mustFail(t, err, verdict.IO, path+": is not a regular file")
	f, err := c.Logout(t.Context())
	if err != nil || f.Kept != nil {
		t.Errorf("%+v %v", f, err)
	}
	mustFail(t, f.Err, verdict.IO, path+": is not a regular file")
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("the pipe is still there: %v", err)
	}
}

// TestJournalThatIsAPipe checks that a request does not wait for the reader of a pipe.
func TestJournalThatIsAPipe(t *testing.T) {
	st := &Store{Dir: t.TempDir()}
	if err := os.Chmod(st.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(st.Dir, "x.trace"), 0o600); err != nil {
		t.Fatal(err)
	}
	st.record("x", Entry{At: time.Now()})
	if _, err := st.Journal("x"); err == nil {
		t.Error("no error for a pipe")
	}
}
