package cmd

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"jwt/internal/cli"
)

// The instant at which the commands of the README run.
var readmeDay = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// TestREADME runs every console block of README.md: each line "$ COMMAND" is run and must
// print the lines up to the next. A command without a pipe runs on a
// terminal of 80 columns, the others in a shell. JWT_UPDATE=1 rewrites them.
func TestREADME(t *testing.T) {
	file, err := filepath.Abs("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	bin := filepath.Join(home, "bin")
	buildJWT(t, filepath.Join(bin, "jwt"))
	work := filepath.Join(home, "work")
	if err := os.MkdirAll(work, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(work)
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("HOME", home)

	commands := 0
	ran := consoleBlock.ReplaceAllFunc(text, func(block []byte) []byte {
		var out bytes.Buffer
		out.WriteString("```console\n")
		for _, line := range strings.SplitAfter(string(block), "\n") {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				commands++
				out.WriteString(line)
				out.Write(readmeRun(t, strings.TrimSpace(command)))
			}
		}
		out.WriteString("```\n")
		return out.Bytes()
	})
	if commands < 10 {
		t.Fatalf("%d commands found in README.md", commands)
	}
	if bytes.Equal(ran, text) {
		return
	}
	if os.Getenv("JWT_UPDATE") != "" {
		if err := os.WriteFile(file, ran, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("README.md shows what the program does not print (JWT_UPDATE=1 go test ./cmd -run README rewrites it):\n%s", firstDifference(string(text), string(ran)))
}

var consoleBlock = regexp.MustCompile("(?ms)^```console\n.*?^```\n")

func readmeRun(t *testing.T, command string) []byte {
	t.Helper()
	args := strings.Fields(command)
	if args[0] != "jwt" || strings.ContainsAny(command, "|<>;&$'") {
		c := exec.Command("sh", "-c", command)
		c.Env = append(os.Environ(), "TZ=UTC")
		out, err := c.CombinedOutput()
		if err != nil && len(out) == 0 {
			t.Errorf("%s: %v", command, err)
		}
		return out
	}
	var screen bytes.Buffer
	env := &cli.Env{
		Stdin: strings.NewReader(""), Stdout: &screen, Stderr: &screen,
		StdinTTY: true, StdoutTTY: true, StderrTTY: true, Width: 80,
		LookupEnv: func(name string) (string, bool) {
			if name == "NO_COLOR" {
				return "1", true
			}
			return os.LookupEnv(name)
		},
		Now:    func() time.Time { return readmeDay },
		Secret: func(string) ([]byte, error) { return nil, os.ErrClosed },
	}
	Run(context.Background(), env, args[1:])
	return screen.Bytes()
}

// buildJWT builds the program as users build it.
func buildJWT(t *testing.T, file string) {
	t.Helper()
	c := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file, "..")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
}

func firstDifference(a, b string) string {
	before, after := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(before), len(after)) {
		if before[i] != after[i] {
			return "README: " + before[i] + "\nprints: " + after[i]
		}
	}
	return "one is longer than the other"
}
