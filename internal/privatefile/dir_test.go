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

// newDir returns a Dir whose directory does not exist yet.
func newDir(t *testing.T, forbid fs.FileMode) Dir {
	t.Helper()
	return Dir{Path: filepath.Join(t.TempDir(), "a", "b"), Forbid: forbid, Sync: true}
}

func mustMake(t *testing.T, d Dir) *Root {
	t.Helper()
	root, err := d.Make()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

func TestMadeForTheOwnerAlone(t *testing.T) {
	d := newDir(t, NoAccess)
	if _, err := d.Open(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open: %v", err)
	}
	root := mustMake(t, d)
	f, err := root.Create("x.json", 100)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Commit([]byte("content")); err != nil {
		t.Fatal(err)
	}
	f.Abandon()
	if d := cmp.Diff(map[string]string{"x.json": "content"}, filesIn(t, d.Path)); d != "" {
		t.Error(d)
	}
	if data, err := root.Read("x.json", 7); string(data) != "content" || err != nil {
		t.Errorf("%q %v", data, err)
	}
	if _, err := root.Read("x.json", 6); !errors.Is(err, ErrTooLarge) {
		t.Errorf("of a file over the limit: %v", err)
	}
	if runtime.GOOS == "windows" {
		return // there are no such modes
	}
	for path, want := range map[string]fs.FileMode{filepath.Dir(d.Path): fs.ModeDir | 0o700, d.Path: fs.ModeDir | 0o700, filepath.Join(d.Path, "x.json"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v %v, want %v", path, info.Mode(), err, want)
		}
	}
}

// An abandoned file leaves nothing, and a killed writer's is removed by the next, that
// of another file left alone.
func TestTemporaryFiles(t *testing.T) {
	d := newDir(t, NoAccess)
	root := mustMake(t, d)
	abandoned, err := root.Create("x.json", 10)
	if err != nil {
		t.Fatal(err)
	}
	abandoned.Abandon()
	for _, name := range []string{"x.json", "x.y.json"} {
		killed, err := root.Create(name, 0)
		if err != nil {
			t.Fatal(err)
		}
		killed.file.Close() // with its writer
	}
	if got := filesIn(t, d.Path); len(got) != 2 {
		t.Errorf("%q", got)
	}
	root.RemoveTemporary("x.json")
	got := filesIn(t, d.Path)
	if len(got) != 1 {
		t.Errorf("%q", got)
	}
	for name := range got {
		if ok, _ := filepath.Match(".x.y.*.tmp", name); !ok {
			t.Errorf("%s is left", name)
		}
	}
}

func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // there are no such modes
	}
	for _, tt := range []struct {
		forbid, dir, file fs.FileMode
		dirOK, fileOK     bool
	}{
		{NoAccess, 0o700, 0o600, true, true},
		{NoAccess, 0o750, 0o600, false, false},
		{NoAccess, 0o700, 0o640, true, false},
		{NoAccess, 0o700, 0o604, true, false},
		{NoWrite, 0o755, 0o644, true, true},
		{NoWrite, 0o775, 0o644, false, false},
		{NoWrite, 0o755, 0o646, true, false},
	} {
		d := newDir(t, tt.forbid)
		if err := errors.Join(os.MkdirAll(d.Path, 0o700), os.WriteFile(filepath.Join(d.Path, "x"), nil, 0o600),
			os.Chmod(filepath.Join(d.Path, "x"), tt.file), os.Chmod(d.Path, tt.dir)); err != nil {
			t.Fatal(err)
		}
		var access *AccessError
		root, err := d.Open()
		if (err == nil) != tt.dirOK || err != nil && (!errors.As(err, &access) || access.Name != "." || access.Mode != tt.dir) {
			t.Errorf("directory %04o: %v", tt.dir, err)
		}
		if err != nil {
			continue
		}
		_, err = root.Read("x", 10)
		if (err == nil) != tt.fileOK || err != nil && (!errors.As(err, &access) || access.Name != "x" || access.Mode != tt.file) {
			t.Errorf("file %04o: %v", tt.file, err)
		}
		root.Close()
	}
}

// Nothing outside the directory is read, and nothing but regular files.
func TestReadRefuses(t *testing.T) {
	d := newDir(t, NoAccess)
	root := mustMake(t, d)
	outside := filepath.Join(filepath.Dir(d.Path), "outside")
	if err := errors.Join(os.WriteFile(outside, []byte("x"), 0o600), os.Symlink(outside, filepath.Join(d.Path, "link")), os.Mkdir(filepath.Join(d.Path, "dir"), 0o700)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"link", "../outside", "dir", "nothing"} {
		if data, err := root.Read(name, 10); err == nil || data != nil {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	if _, err := root.Read("dir", 10); !errors.Is(err, ErrNotRegular) {
		t.Errorf("of a directory: %v", err)
	}
}

func TestOverwriteAndRemove(t *testing.T) {
	d := newDir(t, NoAccess)
	root := mustMake(t, d)
	if err := os.WriteFile(filepath.Join(d.Path, "x"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := root.Overwrite("x", "gone"); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"x": "gone"}, filesIn(t, d.Path)); d != "" {
		t.Error(d)
	}
	if err := root.Remove("x"); err != nil {
		t.Fatal(err)
	}
	if err := root.Remove("x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a file that is not there: %v", err)
	}
}
