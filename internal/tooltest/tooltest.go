// Package tooltest finds the programs and packages that tests need from outside the repository.
// Without them a test is skipped, but in CI, which installs them, it fails.
package tooltest

import (
	"os"
	"os/exec"
	"testing"
)

// Program returns the path of a program.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, err.Error())
	}
	return path
}

// Directory returns the directory that an environment variable names. .ci/run installs a package
// of npm there.
func Directory(t testing.TB, variable string) string {
	t.Helper()
	directory := os.Getenv(variable)
	if directory == "" {
		missing(t, variable+" names no directory; .ci/run installs it")
	}
	return directory
}

func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}
