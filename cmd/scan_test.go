package cmd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
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

// largeText returns a text that several workers read, with tokens: some on several lines, and some
// in lines that are longer than what a worker reads.
func largeText(r *rand.Rand) []byte {
	const token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6MTcwMDAwMzYwMH0.ql9yVt01fafn51sFcb9cS7wz8wN70i1uacuFCZp_WiI"
	var b bytes.Buffer
	for b.Len() < 5<<20 {
		length := 1 + r.IntN(3000)
		if r.IntN(400) == 0 {
			length = 1 << 20
		}
		b.WriteString(strings.Repeat([]string{"a b c. ", "é ", "0123456789-_ "}[r.IntN(3)], 1+length/10))
		switch r.IntN(6) {
		case 0:
			b.WriteString("token=" + token)
		case 1:
			b.WriteString("\nv: " + token[:50] + "\n  " + token[50:90] + "\n  " + token[90:])
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// TestScanLarge: a large file gives what the same text gives through a pipe, and each place is that
// of a token.
func TestScanLarge(t *testing.T) {
	text := largeText(rand.New(rand.NewPCG(1, 2)))
	name := filepath.Join(t.TempDir(), "large.log")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	scan := func(stdin io.Reader, args ...string) string {
		var out bytes.Buffer
		env := &cli.Env{Stdin: stdin, Stdout: &out, Stderr: io.Discard, Now: time.Now, LookupEnv: func(string) (string, bool) { return "", false }}
		if status := Run(t.Context(), env, append([]string{"scan"}, args...)); status != 0 {
			t.Errorf("%v: status %d", args, status)
		}
		return out.String()
	}
	opened := func(from int) io.Reader {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { file.Close() })
		if _, err := file.Seek(int64(from), io.SeekStart); err != nil {
			t.Fatal(err)
		}
		return file
	}
	found := scan(bytes.NewReader(text), "-j")
	if got := strings.ReplaceAll(scan(nil, "-j", name), `"file":`+strconv.Quote(name)+",", ""); got != found {
		t.Error("the file gives other tokens than the text")
	}
	if scan(opened(0), "-j") != found {
		t.Error("the file as stdin gives other tokens than the text")
	}
	const begun = 1000
	if scan(opened(begun), "-j") != scan(bytes.NewReader(text[begun:]), "-j") {
		t.Error("the file as stdin, with a part read before, gives other tokens than the text")
	}
	if masked := scan(bytes.NewReader(text), "--redact"); masked == string(text) || scan(nil, "--redact", name) != masked {
		t.Error("the file is masked in another way than the text")
	}
	lines := strings.Split(string(text), "\n")
	places := 0
	for line := range strings.Lines(found) {
		var place struct{ Line, Column int }
		if err := json.Unmarshal([]byte(line), &place); err != nil {
			t.Fatal(err)
		}
		if rest := string([]rune(lines[place.Line-1])[place.Column-1:]); !strings.HasPrefix(rest, "eyJhbGci") {
			t.Errorf("no token at %d:%d", place.Line, place.Column)
		}
		places++
	}
	if want := bytes.Count(text, []byte("eyJhbGci")); places != want {
		t.Errorf("%d places, want %d", places, want)
	}
}
