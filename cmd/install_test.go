package cmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"jwt/internal/tooltest"
)

// TestInstall runs `make install` with an install that refuses the flags which only GNU's has.
func TestInstall(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	tooltest.Program(t, "make")
	real := tooltest.Program(t, "install")
	bin, dest := t.TempDir(), t.TempDir()
	bsd := "#!/bin/sh\nfor a; do case $a in -D*|-t*|--*) echo \"install: illegal option $a\"; exit 64;; esac; done\nexec " + real + " \"$@\"\n"
	if err := os.WriteFile(filepath.Join(bin, "install"), []byte(bsd), 0o755); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("make", "install", "DESTDIR="+dest, "PREFIX=/usr")
	c.Dir = ".."
	c.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, file := range []string{
		"bin/jwt",
		"share/man/man1/jwt.1",
		"share/man/man1/jwt-verify.1",
		"share/bash-completion/completions/jwt",
		"share/zsh/site-functions/_jwt",
		"share/fish/vendor_completions.d/jwt.fish",
	} {
		info, err := os.Stat(filepath.Join(dest, "usr", file))
		if err != nil || info.Size() == 0 {
			t.Errorf("%s is not installed: %v", file, err)
		}
	}
}
