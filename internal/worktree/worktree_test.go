package worktree

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/tooltest"
)

// layout makes files below a temporary directory. A name that ends with a slash is a directory.
func layout(t testing.TB, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func list(t testing.TB, dir string, o Options) []string {
	t.Helper()
	if o.Failed == nil {
		o.Failed = func(err error) { t.Error(err) }
	}
	names := []string{}
	for name := range Files(dir, o) {
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, filepath.ToSlash(rel))
	}
	return names
}

// ignoreFiles has every kind of pattern, in nested files.
var ignoreFiles = map[string]string{
	".gitignore": "\xef\xbb\xbf# comment\n*.log\r\n!keep.log\n/top\nbuild/\n\\#hash\n\\!bang\nspace \\ \ntrailing   \na/**/z\n**/deep/x\nout/**\n[a-c][!0-9].txt\n[[:digit:]]x\nq?.md\nmid/dle\nstar*end\n[unclosed\n/\n\nfoo/*\n!foo/bar\n*.[oa]\nnode_modules\n",
	"a.log":      "", "keep.log": "", "sub/b.log": "", "sub/keep.log": "", "top": "", "sub/top": "", "build/x": "", "sub/build/x": "", "sub2/build": "",
	"#hash": "", "!bang": "", "space  ": "", "space": "", "trailing": "", "a/z": "", "a/b/z": "", "a/b/c/z": "", "b/a/z": "", "deep/x": "", "p/deep/x": "", "p/deep/y": "",
	"out/x": "", "out/y/z": "", "ax.txt": "", "a1.txt": "", "dx.txt": "", "5x": "", "xx": "", "qa.md": "", "qab.md": "", "mid/dle": "", "x/mid/dle": "", "star--end": "", "[unclosed": "",
	"foo/bar/in": "", "foo/qux": "", "m.o": "", "m.a": "", "m.c": "", "node_modules/p/i.js": "", "sub/.hidden": "", ".env": "",
	"sub/.gitignore": "!b.log\n/local\nkeep.log\n", "sub/local": "", "sub/in/local": "",
}

func TestFiles(t *testing.T) {
	root := layout(t, ignoreFiles)
	got := list(t, root, Options{})
	for _, want := range []string{"keep.log", "sub/b.log", "sub/top", "sub2/build", "b/a/z", "p/deep/y", "a1.txt", "foo/bar/in", ".env", "sub/.hidden", "sub/in/local", "x/mid/dle"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, not := range []string{"a.log", "sub/keep.log", "top", "build/x", "#hash", "a/b/c/z", "out/y/z", "ax.txt", "5x", "foo/qux", "sub/local", "node_modules/p/i.js", "mid/dle"} {
		if slices.Contains(got, not) {
			t.Errorf("%s is listed", not)
		}
	}
	if all := list(t, root, Options{All: true}); len(all) != len(ignoreFiles) && runtime.GOOS != "windows" { // where names do not end with spaces
		t.Errorf("%d files of %d", len(all), len(ignoreFiles))
	}
}

// Git lists the same files.
func TestAsGit(t *testing.T) {
	git := tooltest.Program(t, "git")
	root := layout(t, ignoreFiles)
	for _, args := range [][]string{{"init", "-q"}, {"-c", "core.excludesFile=", "ls-files", "-z", "--cached", "--others", "--exclude-standard"}} {
		c := exec.Command(git, args...)
		c.Dir = root
		c.Env = append(os.Environ(), "HOME="+root, "XDG_CONFIG_HOME="+root, "GIT_CONFIG_NOSYSTEM=1")
		out, err := c.Output()
		if err != nil {
			t.Fatal(err)
		}
		if args[0] == "init" {
			continue
		}
		want := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
		got := list(t, root, Options{})
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-git +got)\n%s", diff)
		}
	}
}

// A directory below a repository has the patterns of those above it, and of the repository.
func TestAbove(t *testing.T) {
	root := layout(t, map[string]string{
		".gitignore": "*.log\n/a/b/no\n", ".git/info/exclude": "secret\n", ".git/config": "", "a/.gitignore": "!yes.log\n",
		"a/b/x.log": "", "a/b/yes.log": "", "a/b/no": "", "a/b/secret": "", "a/b/c": "",
	})
	if diff := cmp.Diff([]string{"c", "yes.log"}, list(t, filepath.Join(root, "a", "b"), Options{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{".gitignore", "a/.gitignore", "a/b/c", "a/b/yes.log"}, list(t, root, Options{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Links lead nowhere, and a directory that cannot be read is reported.
func TestLinks(t *testing.T) {
	root, outside := layout(t, map[string]string{"a": "", "d/b": ""}), layout(t, map[string]string{"secret": ""})
	for name, target := range map[string]string{"file": filepath.Join(outside, "secret"), "dir": outside, "loop": root, "inside": "a", "dangling": "nothing"} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"a", "d/b"}, list(t, root, Options{All: true})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var failed error
	list(t, filepath.Join(root, "nothing"), Options{Failed: func(err error) { failed = err }})
	if failed == nil {
		t.Error("no error for a directory that does not exist")
	}
}

// Every pattern ends, however many wildcards it has, and a name whose bytes are escaped matches
// itself alone.
func FuzzMatch(f *testing.F) {
	f.Add("*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false)
	f.Add("**/a/**/a/**/b", "a/a/a/a/a/a/a/a/a/a/a", true)
	f.Add("[z-a]\\", "x", false)
	f.Fuzz(func(t *testing.T, line, path string, isDir bool) {
		if p, ok := parsePattern(line); ok {
			p.matches(path, isDir)
		}
		var escaped strings.Builder
		for i := range len(path) {
			escaped.WriteString(`\` + path[i:i+1])
		}
		if !matchName(escaped.String(), path) || matchName(escaped.String(), path+"x") || !matchName(escaped.String()+"*", path+"x") {
			t.Errorf("%q does not match itself alone", path)
		}
	})
}
