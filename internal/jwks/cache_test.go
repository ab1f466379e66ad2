package jwks

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// files returns the names in the directory, and none if it does not exist.
func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// skipModes skips cases of a system with modes and its words on others.
func skipModes(t *testing.T, name string) {
	t.Helper()
	if runtime.GOOS == "windows" && (strings.Contains(name, "by others") || strings.Contains(name, "instead of the directory")) {
		t.Skip("the system has no such modes")
	}
}

func TestCacheFileModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // the system has no such modes
	}
	w := newWorld(t, serve(jwks("a")))
	f, err := w.process().Keys(t.Context(), w.URL)
	mustHave(t, f, err, "a")
	for path, want := range map[string]fs.FileMode{
		filepath.Dir(w.dir):                   fs.ModeDir | 0o700,
		w.dir:                                 fs.ModeDir | 0o700,
		filepath.Join(w.dir, fileName(w.URL)): 0o600,
	} {
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s is %v, want %v", path, info.Mode(), want)
		}
	}
	if got := files(t, w.dir); len(got) != 1 {
		t.Errorf("the cache holds %q, want one file", got)
	}
}

// TestInvalidCacheFileIsIgnored writes invalid files, and an answer with another user's key,
// to the cache.
func TestInvalidCacheFileIsIgnored(t *testing.T) {
	for _, test := range []struct {
		name  string
		plant func(w *world, path string) error
	}{
		{"empty", func(_ *world, path string) error { return os.WriteFile(path, nil, 0o600) }},
		{"cut off", func(_ *world, path string) error { return os.Truncate(path, 50) }},
		{"rubbish", func(_ *world, path string) error { return os.WriteFile(path, []byte("\x00\xff{}"), 0o600) }},
		{"null", func(_ *world, path string) error { return os.WriteFile(path, []byte("null"), 0o600) }},
		{"another URL's", func(w *world, path string) error {
			return plant(path, answer{URL: w.URL + "/other", Checked: w.Now(), Expires: w.Now().Add(time.Hour), Body: []byte(jwks("evil"))}, 0o600)
		}},
		{"no key set in it", func(w *world, path string) error {
			return plant(path, answer{URL: w.URL, Checked: w.Now(), Expires: w.Now().Add(time.Hour), ETag: `"1"`, Body: []byte("<html>")}, 0o600)
		}},
		{"too large", func(w *world, path string) error {
			body := append([]byte(jwks("evil")), make([]byte, jwk.MaxBytes)...)
			return plant(path, answer{URL: w.URL, Checked: w.Now(), Expires: w.Now().Add(time.Hour), Body: body}, 0o600)
		}},
		{"fresh for ever", func(w *world, path string) error {
			return plant(path, answer{URL: w.URL, Checked: w.Now().Add(-25 * time.Hour), Expires: w.Now().Add(1e6 * time.Hour), Body: []byte(jwks("evil"))}, 0o600)
		}},
		{"from the future", func(w *world, path string) error {
			return plant(path, answer{URL: w.URL, Checked: w.Now().Add(time.Hour), Expires: w.Now().Add(2 * time.Hour), Body: []byte(jwks("evil"))}, 0o600)
		}},
		{"writable by others", func(w *world, path string) error {
			return plant(path, answer{URL: w.URL, Checked: w.Now(), Expires: w.Now().Add(time.Hour), Body: []byte(jwks("evil"))}, 0o666)
		}},
		{"a link", func(w *world, path string) error {
			target := filepath.Join(filepath.Dir(filepath.Dir(path)), "target")
			if err := plant(target, answer{URL: w.URL, Checked: w.Now(), Expires: w.Now().Add(time.Hour), Body: []byte(jwks("evil"))}, 0o600); err != nil {
				return err
			}
			return errors.Join(os.Remove(path), os.Symlink(target, path))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			skipModes(t, test.name)
			w := newWorld(t, serve(jwks("a"), "Cache-Control: max-age=3600"))
			f, err := w.process().Keys(t.Context(), w.URL)
			mustHave(t, f, err, "a")
			if err := test.plant(w, filepath.Join(w.dir, fileName(w.URL))); err != nil {
				t.Fatal(err)
			}
			f, err = w.process().Keys(t.Context(), w.URL)
			mustHave(t, f, err, "a")
			if len(f.Warnings) != 0 {
				t.Errorf("warnings are %q", f.Warnings)
			}
			mustCount(t, w.server, 2)
			if got := w.last().Header.Get("If-None-Match"); got != "" {
				t.Errorf("If-None-Match: %s was sent for what is not there", got)
			}
			f, err = w.process().Keys(t.Context(), w.URL) // the file was replaced
			mustHave(t, f, err, "a")
			mustCount(t, w.server, 2)
		})
	}
}

func plant(path string, a answer, mode fs.FileMode) error {
	data, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(path, data, mode), os.Chmod(path, mode))
}

// TestUnusableCacheDirectory checks that without a usable cache every process sends a
// request and reports a warning.
func TestUnusableCacheDirectory(t *testing.T) {
	for _, test := range []struct {
		name    string
		spoil   func(dir string) error
		warning string
	}{
		{"a file instead of the directory", func(dir string) error { return os.WriteFile(filepath.Dir(dir), nil, 0o600) }, "not a directory"},
		{"a directory instead of the file", func(dir string) error { return os.MkdirAll(filepath.Join(dir, fileName("URL"), "x"), 0o700) }, ""},
		{"writable by others", func(dir string) error { return errors.Join(os.MkdirAll(dir, 0o700), os.Chmod(dir, 0o777)) }, "others may write"},
	} {
		t.Run(test.name, func(t *testing.T) {
			skipModes(t, test.name)
			w := newWorld(t, serve(jwks("a"), "Cache-Control: max-age=3600"))
			if test.warning == "" {
				test.spoil = func(dir string) error { return os.MkdirAll(filepath.Join(dir, fileName(w.URL), "x"), 0o700) }
			}
			if err := test.spoil(w.dir); err != nil {
				t.Fatal(err)
			}
			for n := 1; n <= 2; n++ {
				f, err := w.process().Keys(t.Context(), w.URL)
				mustHave(t, f, err, "a")
				if len(f.Warnings) != 1 || !strings.Contains(f.Warnings[0], test.warning) || !strings.Contains(f.Warnings[0], w.dir) {
					t.Errorf("warnings are %q", f.Warnings)
				}
				mustCount(t, w.server, n)
			}
			for _, name := range files(t, filepath.Dir(filepath.Dir(w.dir))) {
				if strings.HasSuffix(name, ".tmp") {
					t.Errorf("%s was left", name)
				}
			}
		})
	}
}

func TestNoCacheDirectory(t *testing.T) {
	w := newWorld(t, serve(jwks("a"), "Cache-Control: max-age=3600"))
	t.Chdir(t.TempDir())
	for n := 1; n <= 2; n++ {
		c := w.process()
		c.CacheDir = ""
		f, err := c.Keys(t.Context(), w.URL)
		mustHave(t, f, err, "a")
		if len(f.Warnings) != 0 {
			t.Errorf("warnings are %q", f.Warnings)
		}
		mustCount(t, w.server, n)
	}
	if got := append(files(t, "."), files(t, w.dir)...); len(got) != 0 {
		t.Errorf("written without a cache: %q", got)
	}
	c := w.offline()
	c.CacheDir = ""
	_, err := c.Keys(t.Context(), w.URL)
	mustFail(t, err, verdict.FetchFailed, w.URL, "offline")
}

func TestPruneRemovesTheOldestFiles(t *testing.T) {
	dir := t.TempDir()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	touch := func(name string, age time.Duration) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, start.Add(-age), start.Add(-age))); err != nil {
			t.Fatal(err)
		}
	}
	for i := range maxEntries {
		touch(fileName(fmt.Sprint(i)), time.Duration(i)*time.Minute)
	}
	dead := strings.TrimSuffix(fileName("dead"), "json") + "X.tmp"
	touch(dead, 1000*time.Hour)
	touch("notes.txt", 1000*time.Hour)
	a := &answer{URL: "https://example.com/", Body: []byte("{}")}
	if err := diskAt(dir).write(a); err != nil {
		t.Fatal(err)
	}
	if got := len(files(t, dir)); got != maxEntries+1 {
		t.Errorf("%d files are left, want %d and notes.txt", got, maxEntries)
	}
	for name, want := range map[string]bool{
		fileName(a.URL): true, "notes.txt": true, fileName("0"): true,
		dead: false, fileName(fmt.Sprint(maxEntries - 1)): false,
	} {
		_, err := os.Stat(filepath.Join(dir, name))
		if got := err == nil; got != want {
			t.Errorf("%s is there: %v, want %v", name, got, want)
		}
	}
}

func FuzzDiskRead(f *testing.F) {
	const address = "https://example.com/jwks"
	good, err := json.Marshal(answer{URL: address, Checked: time.Unix(1, 0), Body: []byte(jwks("a"))})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"url":"https://example.com/jwks","checked":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.Chmod(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fileName(address)), data, 0o600); err != nil {
			t.Fatal(err)
		}
		a := diskAt(dir).read(address)
		if a != nil && (a.URL != address || len(a.Body) > jwk.MaxBytes || a.secret || a.noStore) {
			t.Errorf("read %+v", a)
		}
	})
}
