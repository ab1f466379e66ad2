package session

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/httpclient"
	"jwt/internal/verdict"
)

// leftovers returns the unexpected files in the directory.
func (w *world) leftovers() []string {
	w.t.Helper()
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.Name() != "default.json" && e.Name() != "default.lock" {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestStoredPrivately(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the system has no such modes")
	}
	w := newWorld(t, nil)
	w.login("cookie", StoreFile)
	for name, want := range map[string]fs.FileMode{".": fs.ModeDir | 0o700, "default.json": 0o600, "default.lock": 0o600} {
		info, err := os.Stat(filepath.Join(w.dir, name))
		if err != nil || info.Mode() != want {
			t.Errorf("%s: %v %v, want %v", name, info.Mode(), err, want)
		}
	}
	if names := w.leftovers(); len(names) != 0 {
		t.Errorf("files left: %v", names)
	}
}

func TestSaveAndLoad(t *testing.T) {
	st := &Store{Dir: t.TempDir()}
	if err := os.Chmod(st.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	want := &Session{
		Name: "work", ID: "X", Server: "https://a.example/b", Preset: "cookie", User: "ä\"\n", Store: StoreFile,
		LoggedIn: noon, Obtained: noon.Add(time.Minute), AccessExpires: noon.Add(time.Hour), RefreshExpires: noon.Add(2 * time.Hour),
		Pending: &Pending{At: noon}, Failed: &Failure{At: noon.Add(time.Second), Class: verdict.FetchFailed, Reason: "no answer"},
		Ended:       &Ended{At: noon, Class: verdict.SessionRevoked, Reason: "why"},
		AccessToken: "a.b.c", RefreshToken: "r",
		Cookies: []Cookie{{Name: "cart", Value: `x"y`, Path: "/", Expires: noon, Secure: true, HTTPOnly: true, Quoted: true}, {Name: "b", Path: "/b"}},
	}
	want.hasRefresh = true
	if err := st.save(want); err != nil {
		t.Fatal(err)
	}
	got, err := st.Load("work")
	if d := cmp.Diff(want, got, cmp.AllowUnexported(Session{})); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	small := &Session{Name: "small", ID: "Y", Server: "https://a.example", Store: StoreFile}
	if err := st.save(small); err != nil {
		t.Fatal(err)
	}
	got, err = st.Load("small")
	if d := cmp.Diff(small, got, cmp.AllowUnexported(Session{})); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	names, err := st.List()
	if d := cmp.Diff([]string{"small", "work"}, names); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
}

func TestNoSession(t *testing.T) {
	w := newWorld(t, nil)
	_, err := w.client().Token(t.Context(), 0)
	mustFail(t, err, verdict.NotLoggedIn, "not logged in")
	if _, err := os.Stat(w.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("looking made the directory: %v", err)
	}
	if names, err := w.client().Store.List(); len(names) != 0 || err != nil {
		t.Errorf("%v %v", names, err)
	}
	_, err = (&Store{}).Load(DefaultName)
	mustFail(t, err, verdict.IO, "no directory for sessions")
}

func TestCorruptFile(t *testing.T) {
	w := newWorld(t, nil)
	w.login("cookie", StoreFile)
	whole := w.file()
	path := filepath.Join(w.dir, "default.json")
	for _, text := range []string{
		"", "{", whole[:len(whole)/2], whole + "x", "[]", `"x"`, "\x00\x01",
		strings.Replace(whole, `"version": 1`, `"version": 2`, 1),
		strings.Replace(whole, `"version": 1`, `"version": "1"`, 1),
		strings.Replace(whole, `"server"`, `"Server"`, 1),
		strings.Replace(whole, `"server"`, `"server": "https://evil.example", "server"`, 1),
		strings.Replace(whole, `"secret": {`, `"other": {`, 1),
		strings.Replace(whole, `"secret": {`, `"sealed": "AAAA", "secret": {`, 1),
		strings.Replace(whole, `"access_token": "`, `"access_token": 3, "x": "`, 1),
		strings.Repeat(" ", maxFile+1),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := w.client().Token(t.Context(), 0)
		mustFail(t, err, verdict.IO, path)
		if _, err := w.client().Store.Peek(DefaultName); err == nil && !strings.Contains(text, `"x": "`) {
			t.Errorf("%.40q is a session", text)
		}
		_, _, err = w.client().Refresh(t.Context(), &Session{}, 0)
		mustFail(t, err, verdict.IO, path)
	}
	if f, err := w.client().Logout(t.Context()); err != nil || f.Err == nil {
		t.Errorf("logout does not remove it, or claims too much: %+v %v", f, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	w.mustAsk("/refresh", 0)
	w.login("cookie", StoreFile)
	w.stored()
}

func TestFilesReadableByOthersAreRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // the system has no such modes
	}
	w := newWorld(t, nil)
	seen := w.login("cookie", StoreFile)
	path := filepath.Join(w.dir, "default.json")
	for _, tt := range []struct {
		path string
		mode fs.FileMode
	}{{path, 0o644}, {path, 0o660}, {path, 0o602}, {w.dir, 0o755}, {w.dir, 0o770}} {
		good := fs.FileMode(0o600)
		if tt.path == w.dir {
			good = 0o700
		}
		if err := os.Chmod(tt.path, tt.mode); err != nil {
			t.Fatal(err)
		}
		_, err := w.client().Token(t.Context(), 0)
		mustFail(t, err, verdict.IO, tt.path, seen.AccessToken)
		_, _, err = w.client().Refresh(t.Context(), seen, 0)
		mustFail(t, err, verdict.IO, tt.path, seen.AccessToken)
		if err := os.Chmod(tt.path, good); err != nil {
			t.Fatal(err)
		}
	}
	w.mustAsk("/refresh", 0)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := w.client().Token(t.Context(), 0)
	mustFail(t, err, verdict.IO, path)
}

// TestDiskFull checks that no refresh is sent if the disk is full, and that the session
// is unchanged.
func TestDiskFull(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the system cannot limit the size of files")
	}
	w := newWorld(t, nil)
	w.login("cookie", StoreFile)
	w.age(time.Hour, 25*time.Second) // stale, and valid for longer than a busy machine needs
	before := w.file()
	for _, size := range []string{"0", "100", "3000"} { // not even the pending mark; a part of it; not the reserved space
		helper := w.helper("refresh")
		helper.Env = append(helper.Env, "SESSION_FILE_SIZE="+size)
		_, err := helper.Output()
		if said := stderr(err); !strings.Contains(said, "io_error") || !strings.Contains(said, "default.json") {
			t.Errorf("with %s bytes: %v %s", size, err, said)
		}
		helper = w.helper("token") // its token is still valid
		helper.Env = append(helper.Env, "SESSION_FILE_SIZE="+size)
		if out, err := helper.Output(); err != nil || strings.TrimSpace(string(out)) != w.stored().AccessToken {
			t.Errorf("with %s bytes: %v %s", size, err, stderr(err))
		}
	}
	w.mustAsk("/refresh", 0)
	if w.file() != before {
		t.Errorf("the session has changed:\n%s", cmp.Diff(before, w.file()))
	}
	if names := w.leftovers(); len(names) != 0 {
		t.Errorf("files left: %v", names)
	}
}

// TestLoginThatCannotBeStored checks that the password is not sent if the session cannot
// be stored.
func TestLoginThatCannotBeStored(t *testing.T) {
	w := newWorld(t, nil)
	notADirectory := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(notADirectory, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := w.client()
	c.Store.Dir = filepath.Join(notADirectory, "sessions")
	u, err := httpclient.ParseServer(w.url)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Login(t.Context(), Login{Server: u, Preset: "cookie", User: user, Password: []byte(password), Store: StoreFile})
	mustFail(t, err, verdict.IO, c.Store.Dir)
	w.mustAsk("/login", 0)
}

func FuzzParseRecord(f *testing.F) {
	f.Add([]byte(`{"version":1,"id":"x","server":"https://a.example","secret":{"access_token":"a"}}`))
	f.Add([]byte(`{"version":1,"id":"x","server":"s","sealed":"AAAA","intent":{"at":"2026-01-01T00:00:00Z"},"ended":null,"obtained":null}`))
	f.Add([]byte(`{"version":1,"id":"x","server":"s","secret":{"cookies":[{"name":"a","expires":"x"}]}}`))
	f.Add([]byte(`{"version":1,"id":"x","server":"s","oauth":{"flow":"client-credentials","metadata":{"issuer":"s"}},"secret":{"oauth":{"client_secret":"y"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseRecord(data)
		if err != nil {
			return
		}
		if r.Version != version || r.Server == "" || (r.Secret == nil) == (len(r.Sealed) == 0) {
			t.Fatalf("%q is accepted as a session: %+v", data, r)
		}
		s, err := r.session("x")
		if err != nil {
			return
		}
		if r.Secret != nil {
			s.setSecret(*r.Secret)
			if _, err := (&Store{}).encode(s); err != nil && len(data) < 1000 && s.LoggedIn.Year() < 9999 {
				t.Fatalf("%q cannot be written again: %v", data, err)
			}
		}
	})
}
