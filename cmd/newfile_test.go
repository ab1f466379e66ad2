package cmd

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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
func TestNewFilesAllOrNone(t *testing.T) {
	for name, last := range map[string]func(dir string, w *newFiles){
		"one that exists":     func(dir string, w *newFiles) { w.add(filepath.Join(dir, "there"), []byte("new"), publicFile) },
		"no directory":        func(dir string, w *newFiles) { w.add(filepath.Join(dir, "no", "dir"), []byte("new"), publicFile) },
		"the same name twice": func(dir string, w *newFiles) { w.add(filepath.Join(dir, "first"), []byte("new"), publicFile) },
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "there"), []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
		w := newFiles{}
		w.add(filepath.Join(dir, "first"), []byte("secret"), privateFile)
		last(dir, &w)
		if err := w.commit(); err == nil {
			t.Errorf("%s: no error", name)
		}
		if d := cmp.Diff(map[string]string{"there": "old"}, filesIn(t, dir)); d != "" {
			t.Errorf("%s:\n%s", name, d)
		}
	}
}

func TestNewFilesReplace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "there")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	w := newFiles{}
	w.replace(path, []byte("new"), privateFile)
	w.add(filepath.Join(dir, "other"), []byte("other"), publicFile)
	if err := w.commit(); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"there": "new", "other": "other"}, filesIn(t, dir)); d != "" {
		t.Error(d)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != privateFile {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// Without hard links a name is claimed, and one that is taken is not.
func TestClaim(t *testing.T) {
	dir := t.TempDir()
	f := newFile{path: filepath.Join(dir, "key"), content: []byte("secret"), mode: privateFile}
	if err := f.prepare(); err != nil {
		t.Fatal(err)
	}
	if err := f.claim(); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"key": "secret"}, filesIn(t, dir)); d != "" {
		t.Error(d)
	}
	again := newFile{path: f.path, temporary: filepath.Join(dir, "temporary"), mode: privateFile}
	if err := again.claim(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a taken name: %v", err)
	}
	if d := cmp.Diff(map[string]string{"key": "secret"}, filesIn(t, dir)); d != "" {
		t.Error(d)
	}
	lost := newFile{path: filepath.Join(dir, "new"), temporary: filepath.Join(dir, "nothing"), mode: privateFile}
	if err := lost.claim(); err == nil {
		t.Error("claimed a name for a file that is not there")
	}
	if d := cmp.Diff(map[string]string{"key": "secret"}, filesIn(t, dir)); d != "" {
		t.Errorf("a claim that failed leaves:\n%s", d)
	}
}
