package cmd

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"jwt/internal/tooltest"
)

// pageDay is the instant at which the commands of the pages run.
var pageDay = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// prose are the pages that need no transcript.
var prose = []string{"CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs/README.md"}

// TestPages runs the console blocks of README.md and of the pages below docs. The blocks of a page are one
// shell, which begins in an empty directory. Each line "$ COMMAND", with the lines "> …" that
// continue it, must print the lines up to the next. JWT_UPDATE=1 rewrites them.
func TestPages(t *testing.T) {
	t.Parallel()
	tooltest.Program(t, "sh")
	for _, name := range pages(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join("..", filepath.FromSlash(name))
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			commands := pageCommands(text)
			if len(commands) == 0 {
				if !slices.Contains(prose, name) {
					t.Errorf("%s shows no command: add a ```console block, or the page to the list of prose", name)
				}
				return
			}
			ran := showOutputs(text, runPage(t, commands))
			switch {
			case bytes.Equal(ran, text):
			case os.Getenv("JWT_UPDATE") != "":
				if err := os.WriteFile(file, ran, 0o644); err != nil {
					t.Fatal(err)
				}
			default:
				t.Errorf("%s shows what the program does not print (JWT_UPDATE=1 go test ./cmd -run Pages rewrites it):\n%s", name, firstDifference(string(text), string(ran)))
			}
		})
	}
}

// pages returns the pages for users: those at the top and all below docs, by their paths with slashes.
func pages(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"../*.md", "../docs/*.md", "../docs/*/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			all = append(all, strings.TrimPrefix(filepath.ToSlash(file), "../"))
		}
	}
	if !slices.Contains(all, "README.md") || !slices.Contains(all, "docs/README.md") {
		t.Fatalf("the pages are %q", all)
	}
	return all
}

var (
	consoleBlock = regexp.MustCompile("(?ms)^```console\n.*?^```\n")
	pageCommand  = regexp.MustCompile(`(?m)^\$ .*\n(?:> .*\n)*`)
)

// pageCommands returns the commands of a page with their prompts.
func pageCommands(text []byte) []string {
	var all []string
	for _, block := range consoleBlock.FindAll(text, -1) {
		for _, command := range pageCommand.FindAll(block, -1) {
			all = append(all, string(command))
		}
	}
	return all
}

// showOutputs returns the page with the outputs of its commands.
func showOutputs(text []byte, outputs []string) []byte {
	return consoleBlock.ReplaceAllFunc(text, func(block []byte) []byte {
		var b bytes.Buffer
		b.WriteString("```console\n")
		for _, command := range pageCommand.FindAll(block, -1) {
			b.Write(command)
			b.WriteString(outputs[0])
			outputs = outputs[1:]
		}
		b.WriteString("```\n")
		return b.Bytes()
	})
}

// endOfOutput is printed after each command of a page.
const endOfOutput = "\x1e"

// runPage runs the commands in one shell, and returns what each of them prints.
func runPage(t *testing.T, commands []string) []string {
	t.Helper()
	home := t.TempDir()
	work := filepath.Join(home, "work")
	if err := os.Mkdir(work, 0o700); err != nil {
		t.Fatal(err)
	}
	screen, err := os.Create(filepath.Join(home, "screen"))
	if err != nil {
		t.Fatal(err)
	}
	defer screen.Close()
	var script strings.Builder
	script.WriteString("trap 'kill $(jobs -p) 2>/dev/null' EXIT\n") // what a page leaves in the background
	for _, command := range commands {
		lines := strings.Split(strings.TrimPrefix(command, "$ "), "\n> ")
		script.WriteString(strings.Join(lines, "\n") + "printf '\\036'\n")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	shell := exec.CommandContext(ctx, "sh", "-c", script.String())
	shell.Dir, shell.Stdout, shell.Stderr = work, screen, screen
	shell.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TZ=UTC", "NO_COLOR=1", "GORACE=atexit_sleep_ms=0",
		screenVariable + "=" + screen.Name(), "DBUS_SESSION_BUS_ADDRESS=", // nobody's keyring is touched
	}
	if err := shell.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	b, err := os.ReadFile(screen.Name())
	if err != nil {
		t.Fatal(err)
	}
	outputs := strings.SplitAfter(string(b), endOfOutput)
	if len(outputs) != len(commands)+1 {
		t.Fatalf("the shell ended early, at\n%s%s", commands[min(len(outputs), len(commands))-1], outputs[len(outputs)-1])
	}
	for i, output := range outputs {
		output = strings.TrimSuffix(output, endOfOutput)
		if output != "" && !strings.HasSuffix(output, "\n") {
			output += "\n"
		}
		outputs[i] = output
	}
	return outputs
}

// screenVariable names the file that is the terminal of a page's commands.
const screenVariable = "JWT_TEST_SCREEN"

// runOnScreen is the program in a page: at pageDay, on a terminal of 80 columns. A stream is the
// terminal unless the shell has redirected it.
func runOnScreen(screen string) int {
	env := processEnv()
	env.Now = func() time.Time { return pageDay }
	env.StdinTTY = sameFile(os.Stdin, os.DevNull)
	env.StdoutTTY = sameFile(os.Stdout, screen)
	env.StderrTTY = sameFile(os.Stderr, screen)
	env.Width = 80
	env.Secret = func(string) ([]byte, error) { return nil, os.ErrClosed }
	return Run(context.Background(), env, os.Args[1:])
}

func sameFile(stream *os.File, name string) bool {
	a, err := stream.Stat()
	if err != nil {
		return false
	}
	b, err := os.Stat(name)
	return err == nil && os.SameFile(a, b)
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
			return "page:   " + before[i] + "\nprints: " + after[i]
		}
	}
	return "one is longer than the other"
}
