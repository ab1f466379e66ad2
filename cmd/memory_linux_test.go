package cmd

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"jwt/internal/verdict"
)

// zeros is an endless text that counts how much of it was read.
type zeros struct{ left, taken int }

func (z *zeros) Read(b []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(len(b), z.left)
	for i := range b[:n] {
		b[i] = 'A'
	}
	z.left -= n
	z.taken += n
	return n, nil
}

// peak runs the command and returns its status and its peak memory in bytes. A helper starts
// it, because the peak of a process includes that of its parent, which grows with the tests.
func peak(t *testing.T, stdin io.Reader, name string, args ...string) (status int, memory int64) {
	t.Helper()
	c := exec.Command("peak", append([]string{name}, args...)...)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	c.Stdout = &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	io.Copy(in, stdin) // a closed pipe is what is hoped for
	in.Close()
	err = c.Wait()
	if _, scanned := fmt.Sscan(out.String(), &status, &memory); err != nil || scanned != nil {
		t.Fatalf("%v, %v: %q", err, scanned, out.String())
	}
	return status, memory
}

func init() { programs["peak"] = runPeak }

// runPeak is the helper of peak: it runs a command and prints its status and peak memory.
func runPeak() {
	c := exec.Command(os.Args[1], os.Args[2:]...)
	c.Stdin = os.Stdin
	if err := c.Start(); err != nil {
		fmt.Println(err)
		return
	}
	os.Stdin.Close() // the command alone reads it
	c.Wait()
	fmt.Println(c.ProcessState.ExitCode(), c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss<<10)
}

// An input that is too large is refused before it is read; a large one costs few times its
// size.
func TestMemory(t *testing.T) {
	const mib = 1 << 20
	jwt := filepath.Join(t.TempDir(), "jwt")
	buildJWT(t, jwt)
	_, idle := peak(t, strings.NewReader(""), jwt, "version")
	check := func(what string, memory int64) {
		t.Helper()
		if over := memory - idle; over > 64*mib {
			t.Errorf("%s: %d MiB over idle", what, over/mib)
		}
	}

	const framing = 4096  // what may be around a token
	const readAhead = mib // what a pipe and the copying hold
	for _, args := range [][]string{{"decode"}, {"decode", "-"}, {"verify", "-S", "hex:01"}, {"inspect"}} {
		what := strings.Join(args, " ")
		in := &zeros{left: 100 * mib}
		status, memory := peak(t, in, jwt, args...)
		if status != verdict.ExitMalformed {
			t.Errorf("%s: exit %d, want %d", what, status, verdict.ExitMalformed)
		}
		if in.taken > 2*mib+framing+readAhead {
			t.Errorf("%s: %d bytes were read", what, in.taken)
		}
		check(what, memory)
	}

	in := &zeros{left: 100 * mib}
	status, memory := peak(t, in, jwt, "decode", "--batch") // one line, which is dropped as it comes
	if status != verdict.ExitMalformed || in.left > 0 {
		t.Errorf("decode --batch: exit %d, %d bytes left", status, in.left)
	}
	check("decode --batch", memory)

	claims := []byte(`{"sub":"` + strings.Repeat("a", 1_500_000) + `"}`)
	members := []byte(`{` + strings.Repeat(`"a":1,`, 200_000) + `"b":2}`)
	deep := []byte(`{"a":[` + strings.Repeat(strings.Repeat("[", 98)+strings.Repeat("]", 98)+",", 7_500) + `1]}`)
	for _, payload := range [][]byte{claims, members, deep} {
		token := "eyJhbGciOiJIUzI1NiJ9." + base64.RawURLEncoding.EncodeToString(payload) + ".AAAA"
		for _, args := range [][]string{
			{"decode"}, {"decode", "-o", "text"}, {"decode", "-c", "b"}, {"verify", "-S", "hex:01"}, {"inspect"}, {"inspect", "-o", "text"},
		} {
			_, memory := peak(t, bytes.NewReader([]byte(token)), jwt, args...)
			check(strings.Join(args, " ")+" of 2 MiB", memory)
		}
	}
}

// A batch takes as much memory for many lines as for few.
func TestMemoryOfBatch(t *testing.T) {
	const mib, few, many = 1 << 20, 1000, 15_000
	jwt := filepath.Join(t.TempDir(), "jwt")
	buildJWT(t, jwt)
	for _, args := range [][]string{
		{"decode", "--batch"},
		{"inspect", "--batch", "-q"},
		{"verify", "--batch", "-S", benchSecret, "--aud", "api", "--at", "1700000000"},
		{"verify", "--batch", "-S", "hex:00112233", "--at", "1700000000"},
	} {
		_, first := peak(t, strings.NewReader(strings.Repeat(benchToken+"\n", few)), jwt, args...)
		_, all := peak(t, strings.NewReader(strings.Repeat(benchToken+"\n", many)), jwt, args...)
		if all > first+16*mib || all > 48*mib {
			t.Errorf("%q: %d MiB for %d lines, %d for %d", args, first/mib, few, all/mib, many)
		}
	}
}
