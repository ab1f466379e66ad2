package privatefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// filesIn returns the names and contents in a directory.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(b)
	}
	return files
}

// Whatever fails, no file is written, changed or left behind.
func TestFilesAllOrNone(t *testing.T) {
	for name, last := range map[string]func(dir string, w *Files){
		"one that exists":     func(dir string, w *Files) { w.Add(filepath.Join(dir, "there"), []byte("new"), Public) },
		"no directory":        func(dir string, w *Files) { w.Add(filepath.Join(dir, "no", "dir"), []byte("new"), Public) },
		"the same name twice": func(dir string, w *Files) { w.Add(filepath.Join(dir, "first"), []byte("new"), Public) },
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "there"), []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
		w := Files{}
		w.Add(filepath.Join(dir, "first"), []byte("secret"), Private)
		last(dir, &w)
		if err := w.Commit(); err == nil {
			t.Errorf("%s: no error", name)
		}
		if d := cmp.Diff(map[string]string{"there": "old"}, filesIn(t, dir)); d != "" {
			t.Errorf("%s:\n%s", name, d)
		}
	}
}

func TestFilesReplace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "there")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	w := Files{}
	w.Replace(path, []byte("new"), Private)
	w.Add(filepath.Join(dir, "other"), []byte("other"), Public)
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"there": "new", "other": "other"}, filesIn(t, dir)); d != "" {
		t.Error(d)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != Private && runtime.GOOS != "windows" {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// Without hard links a name is claimed, and one that is taken is not.
func TestClaim(t *testing.T) {
	dir := t.TempDir()
	f := newFile{path: filepath.Join(dir, "key"), content: []byte("secret"), mode: Private}
	if err := f.prepare(); err != nil {
		t.Fatal(err)
	}
	if err := f.claim(); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"key": "secret"}, filesIn(t, dir)); d != "" {
		t.Error(d)
	}
	again := newFile{path: f.path, temporary: filepath.Join(dir, "temporary"), mode: Private}
	if err := again.claim(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a taken name: %v", err)
	}
	if d := cmp.Diff(map[string]string{"key": "secret"}, filesIn(t, dir)); d != "" {
		t.Error(d)
	}
	lost := newFile{path: filepath.Join(dir, "new"), temporary: filepath.Join(dir, "nothing"), mode: Private}
	if err := lost.claim(); err == nil {
		t.Error("claimed a name for a file that is not there")
	}
	if d := cmp.Diff(map[string]string{"key": "secret"}, filesIn(t, dir)); d != "" {
		t.Errorf("a claim that failed leaves:\n%s", d)
	}
}
