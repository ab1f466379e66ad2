// Package worktree lists the files below a directory as git would add them: without .git, what
// a .gitignore excludes, symbolic links and special files.
package worktree

import (
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
)

// Options change what is listed.
type Options struct {
	All    bool        // also what a .gitignore excludes
	Failed func(error) // is called for each directory that cannot be read
}

// Files returns the names of the files below a directory, in the order of their names.
func Files(dir string, o Options) iter.Seq[string] {
	return func(yield func(string) bool) {
		w := walk{Options: o, yield: yield}
		if !o.All {
			dir := dir
			if abs, err := filepath.Abs(dir); err == nil {
				dir = abs
			}
			w.root = repositoryOf(dir)
			w.above(dir)
		}
		w.dir(dir)
	}
}

type walk struct {
	Options
	root    string     // what the paths of patterns are relative to
	ignores []patterns // from the root down to the current directory
	yield   func(string) bool
}

// repositoryOf returns the directory at or above dir that has a .git, or dir.
func repositoryOf(dir string) string {
	for up := dir; ; up = filepath.Dir(up) {
		if _, err := os.Lstat(filepath.Join(up, ".git")); err == nil {
			return up
		}
		if up == filepath.Dir(up) {
			return dir
		}
	}
}

// above reads the patterns of the repository that hold in dir: those of its own file, and of
// the directories above dir.
func (w *walk) above(dir string) {
	w.read(filepath.Join(w.root, ".git", "info", "exclude"), w.root)
	var up []string
	for d := dir; d != w.root; d = filepath.Dir(d) {
		up = append(up, filepath.Dir(d))
	}
	slices.Reverse(up)
	for _, d := range up {
		w.read(filepath.Join(d, ".gitignore"), d)
	}
}

// maxIgnore is the largest size of a .gitignore, in bytes.
const maxIgnore = 1 << 20

// read adds the patterns of a file, which apply below dir. It ignores a file that cannot be read.
func (w *walk) read(file, dir string) {
	info, err := os.Lstat(file)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxIgnore {
		return
	}
	if text, err := os.ReadFile(file); err == nil {
		w.ignores = append(w.ignores, parsePatterns(w.relative(dir), text))
	}
}

// relative returns a path with slashes, relative to the root; "" for the root.
func (w *walk) relative(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	rel, err := filepath.Rel(w.root, path)
	if err != nil || rel == "." {
		return ""
	}
	return filepath.ToSlash(rel)
}

// dir lists a directory, and reports whether to go on.
func (w *walk) dir(dir string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		w.Failed(err)
	}
	before := len(w.ignores)
	defer func() { w.ignores = w.ignores[:before] }()
	below := ""
	if !w.All {
		w.read(filepath.Join(dir, ".gitignore"), dir)
		below = w.relative(dir)
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case e.Name() == ".git", !e.IsDir() && !e.Type().IsRegular(), !w.All && w.ignored(join(below, e.Name()), e):
		case e.IsDir():
			if !w.dir(path) {
				return false
			}
		case !w.yield(path):
			return false
		}
	}
	return true
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// ignored reports whether the patterns exclude a path. Those of the nearest directory decide.
func (w *walk) ignored(path string, e fs.DirEntry) bool {
	for i := len(w.ignores) - 1; i >= 0; i-- {
		if ignored, decided := w.ignores[i].decide(path, e.IsDir()); decided {
			return ignored
		}
	}
	return false
}
