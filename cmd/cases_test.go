package cmd

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"jwt/internal/tooltest"
)

// A fieldCase is a situation from the field: a command line in a folder with files, and what
// a helpful answer is. With Setup, it is a bash script and a command in the same shell.
type fieldCase struct {
	ID      string              `json:"id"`
	Title   string              `json:"title"`
	Args    []string            `json:"args"`
	Command string              `json:"command"` // for bash, instead of Args
	Needs   []string            `json:"needs"`   // programs; without them the case is skipped, but not in CI
	Setup   string              `json:"setup"`   // for bash, before Command
	Stdin   string              `json:"stdin"`
	Files   map[string]fileText `json:"files"`
	Env     map[string]string   `json:"env"`
	Serve   map[string]served   `json:"serve"` // by path: a server whose URL is {url} and whose host is {host}
	TLS     bool                `json:"tls"`

	Status int      `json:"status"`
	Says   []string `json:"says"`  // regular expressions that match stdout and stderr
	Never  []string `json:"never"` // texts that neither has
}

// fileText is the content of a file: text, or {"hex":"…"}.
type fileText []byte

func (f *fileText) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err == nil {
		*f = []byte(text)
		return nil
	}
	var coded struct{ Hex string }
	if err := json.Unmarshal(b, &coded); err != nil {
		return err
	}
	var err error
	*f, err = hex.DecodeString(coded.Hex)
	return err
}

// TestCases runs testdata/cases/*.jsonl.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("../testdata/cases/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		for _, c := range loadCases(t, file) {
			t.Run(strings.ReplaceAll(c.ID, "/", "_"), func(t *testing.T) {
				t.Parallel()
				c.run(t)
			})
		}
	}
}

func loadCases(t *testing.T, file string) (cases []fieldCase) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c fieldCase
		d := json.NewDecoder(strings.NewReader(lines.Text()))
		d.DisallowUnknownFields()
		if err := d.Decode(&c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if len(c.Says) == 0 {
			t.Fatalf("%s: %s: says nothing", file, c.ID)
		}
		cases = append(cases, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return cases
}

func (c fieldCase) run(t *testing.T) {
	for _, program := range c.Needs {
		tooltest.Program(t, program)
	}
	dir, place := t.TempDir(), c.serve(t)
	for i, arg := range c.Args {
		c.Args[i] = place.Replace(arg)
	}
	for name, text := range c.Files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	status, out := c.execute(t, dir)
	if status != c.Status {
		t.Errorf("%s: status %d, want %d\n%s", c.Title, status, c.Status, out)
	}
	for _, says := range c.Says {
		if says = place.Replace(says); !regexp.MustCompile(says).MatchString(out) {
			t.Errorf("%s: does not say %q\n%s", c.Title, says, out)
		}
	}
	for _, never := range c.Never {
		if strings.Contains(out, never) {
			t.Errorf("%s: says %q\n%s", c.Title, never, out)
		}
	}
}

// execute runs the case in dir, with this test as jwt in the PATH.
func (c fieldCase) execute(t *testing.T, dir string) (status int, out string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin, home := t.TempDir(), t.TempDir()
	if err := os.Symlink(self, filepath.Join(bin, "jwt")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "jwt"), c.Args...)
	if c.Command != "" {
		const stop = "trap 'kill $(jobs -p) 2>/dev/null' EXIT\n" // the servers that it started
		cmd = exec.CommandContext(ctx, "bash", "-c", stop+c.Setup+"\n"+c.Command)
	}
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(c.Stdin)
	cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + home, "NO_COLOR=1", "TZ=UTC", "TMPDIR=" + t.TempDir()}
	for name, value := range c.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	stdout, err := os.Create(filepath.Join(t.TempDir(), "out")) // no pipe, which a server would hold open
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	cmd.Stdout, cmd.Stderr = stdout, stdout
	var exit *exec.ExitError
	switch err := cmd.Run(); {
	case errors.As(err, &exit):
		status = exit.ExitCode()
	case err != nil:
		t.Fatal(err)
	}
	b, err := os.ReadFile(stdout.Name())
	if err != nil {
		t.Fatal(err)
	}
	return status, string(b)
}
