package cmd

import (
	"bufio"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"jwt/internal/cli"
)

// TestScanStreams: a line is written before the next one is read, masked or reported.
func TestScanStreams(t *testing.T) {
	const head = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6MTcwMDAwMzYwMH0."
	const token = head + "ql9yVt01fafn51sFcb9cS7wz8wN70i1uacuFCZp_WiI"
	for _, args := range [][]string{{"scan", "--redact", "-"}, {"scan", "-j"}} {
		in, feed := io.Pipe()
		out, written := io.Pipe()
		env := &cli.Env{
			Stdin: in, Stdout: written, Stderr: io.Discard, Now: time.Now, LookupEnv: func(string) (string, bool) { return "", false },
		}
		status := make(chan int, 1)
		go func() { status <- Run(context.Background(), env, args); written.Close() }()
		lines := bufio.NewReader(out)
		for range 3 {
			if _, err := io.WriteString(feed, "a "+token+"\n"); err != nil {
				t.Fatal(err)
			}
			line, err := lines.ReadString('\n')
			if err != nil || !strings.Contains(line, "sha256:") || strings.Contains(line, token) {
				t.Errorf("%v: %q, %v", args, line, err)
			}
		}
		feed.Close()
		if rest, _ := io.ReadAll(lines); len(rest) > 0 || <-status != 0 {
			t.Errorf("%v: %q", args, rest)
		}
	}
}
