package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"jwt/internal/tooltest"
)

// pageDay is the instant at which the commands of the pages run.
var pageDay = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// prose are the pages that need no transcript.
var prose = []string{
	"CHANGELOG.md",
	"CONTRIBUTING.md",
	"SECURITY.md",
	"docs/README.md",
	"docs/cookbook/README.md",
	"docs/install.md",
	"docs/platforms.md",
}

// TestPages runs the console blocks of README.md and of the pages below docs. The blocks of a page are one
// shell, which begins in an empty directory. Each line "$ COMMAND", with the lines "> …" that
// continue it, must print the lines up to the next. JWT_UPDATE=1 rewrites them.
func TestPages(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"sh", "curl", "openssl"} {
		tooltest.Program(t, program)
	}
	var ports atomic.Int32
	ports.Store(4000 + rand.Int32N(5000))
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
			ran := showOutputs(text, newPageShell(t, &ports).run(t, commands))
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
	prompt       = regexp.MustCompile(`(?m)^[$>] ?`)
	pageCommand  = regexp.MustCompile(`(?m)^\$ .*\n(?:>(?: .*)?\n)*`)
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

// A pageShell runs the commands of a page in one shell, on a screen.
type pageShell struct {
	home   string
	screen *os.File
	typed  *strings.Replacer // what a page types → what is run
	shown  *strings.Replacer // what is printed → what a page shows
}

// newPageShell makes an empty home for a page, and gives its servers free ports.
func newPageShell(t *testing.T, ports *atomic.Int32) *pageShell {
	t.Helper()
	s := &pageShell{home: pageHome(t)}
	if err := os.Mkdir(s.work(), 0o700); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.screen, err = os.Create(filepath.Join(s.home, "screen")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.screen.Close() })
	server, proxy := freePort(t, ports), freePort(t, ports)
	s.typed = strings.NewReplacer("jwt session serve ", "jwt session serve --listen 127.0.0.1:"+server+" ", ":3000", ":"+server, ":8080", ":"+proxy)
	s.shown = strings.NewReplacer(":"+server, ":3000", "-"+server, "-3000", ":"+proxy, ":8080", s.home, "/home/alice")
	return s
}

func (s *pageShell) work() string { return filepath.Join(s.home, "work") }

// endOfOutput is printed after each command of a page.
const endOfOutput = "\x1e"

// run runs the commands, and returns what each of them prints.
func (s *pageShell) run(t *testing.T, commands []string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	shell := exec.CommandContext(ctx, "sh", "-c", s.script(commands))
	shell.Dir, shell.Stdout, shell.Stderr = s.work(), s.screen, s.screen
	shell.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.home, "TZ=UTC", "NO_COLOR=1", "GORACE=atexit_sleep_ms=0",
		screenVariable + "=" + s.screen.Name(), "DBUS_SESSION_BUS_ADDRESS=", // nobody's keyring is touched
	}
	if err := shell.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	b, err := os.ReadFile(s.screen.Name())
	if err != nil {
		t.Fatal(err)
	}
	outputs := strings.SplitAfter(s.shown.Replace(string(b)), endOfOutput)
	if len(outputs) != len(commands)+1 {
		t.Fatalf("the shell ended early, at\n%s", commands[min(len(outputs), len(commands))-1])
	}
	for i, output := range outputs {
		outputs[i] = steady(strings.TrimSuffix(output, endOfOutput))
	}
	return outputs
}

// listening matches a command that starts a server in the background.
var listening = regexp.MustCompile(`--listen (127\.0\.0\.1:\d+)[^\n]* &\n$`)

// script returns the commands for a shell. After one that starts a server, it waits for that.
func (s *pageShell) script(commands []string) string {
	var b strings.Builder
	b.WriteString(`trap 'jobs -p > "$HOME/jobs"; kill $(cat "$HOME/jobs") 2>/dev/null; wait' EXIT` + "\n") // dash has no jobs in $(…)
	for _, command := range commands {
		line := s.typed.Replace(prompt.ReplaceAllString(command, ""))
		b.WriteString(line)
		if address := listening.FindStringSubmatch(line); address != nil {
			b.WriteString("await " + address[1] + "\n")
		}
		b.WriteString("printf '\\036'\n")
	}
	return b.String()
}

// How long a request and a run took, which is never the same.
var (
	elapsed = regexp.MustCompile(` +\d+ ms`)
	seconds = regexp.MustCompile(`in \d+\.\d s`)
)

// steady returns an output with a line end, and without what is another one in every run.
func steady(output string) string {
	output = elapsed.ReplaceAllStringFunc(output, func(ms string) string { return fmt.Sprintf("%*s", len(ms), "1 ms") })
	output = seconds.ReplaceAllString(output, "in 0.1 s")
	if output != "" && !strings.HasSuffix(output, "\n") {
		output += "\n"
	}
	return output
}

// pageHome makes the home directory of a page. Its name is as long as /home/alice, which the page shows, so
// that lines break at the same places.
func pageHome(t *testing.T) string {
	t.Helper()
	for range 100 {
		home := fmt.Sprintf("/tmp/j%05d", rand.IntN(100000))
		if err := os.Mkdir(home, 0o700); err == nil {
			t.Cleanup(func() { os.RemoveAll(home) })
			return home
		}
	}
	t.Fatal("no directory can be made below /tmp")
	return ""
}

// freePort returns a free port of four digits, as on the pages, which no other page has.
func freePort(t *testing.T, ports *atomic.Int32) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(int(ports.Add(1)))
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}

// awaitServer waits until a server of a page accepts connections.
func awaitServer(address string) {
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
	}
	os.Exit(1)
}

// screenVariable names the file that is the terminal of a page's commands.
const screenVariable = "JWT_TEST_SCREEN"

// runOnScreen is the program in a page: at pageDay, on a terminal of 80 columns. A stream is the
// terminal unless the shell has redirected it. The clock stands still, so that outputs are the same
// every time, except for session flow, which waits until a token has expired.
func runOnScreen(screen string) int {
	env, began := processEnv(), time.Now()
	env.Now = func() time.Time { return pageDay }
	if slices.Contains(os.Args, "flow") {
		env.Now = func() time.Time { return pageDay.Add(time.Since(began)) }
	}
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
