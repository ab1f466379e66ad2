package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"
)

// echo answers "number:line".
func echo(dst, line []byte, number int, tooLong error) []byte {
	if tooLong != nil {
		return fmt.Appendf(dst, "%d!\n", number)
	}
	return fmt.Appendf(dst, "%d:%s\n", number, line)
}

func run(t *testing.T, input io.Reader, o Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := Run(context.Background(), input, &out, o, func() Work { return echo }); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestLines(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"none", "", ""},
		{"one without an end", "a", "1:a\n"},
		{"line ends", "a\nb\r\nc\n", "1:a\n2:b\n3:c\n"},
		{"empty lines are counted, not answered", "a\n\n\r\nb\n", "1:a\n4:b\n"},
		{"too long", "aaaaaaaaaaa\nb\n", "1!\n2:b\n"},
		{"just fits", "aaaaaaaaaa\n", "1:aaaaaaaaaa\n"},
		{"too long at the end", "b\naaaaaaaaaaa", "1:b\n2!\n"},
		{"just fits, with the line end of Windows", "aaaaaaaaaa\r\nb", "1:aaaaaaaaaa\n2:b\n"},
		{"too long by a byte, with the line end of Windows", "aaaaaaaaaaa\r\nb", "1!\n2:b\n"},
		{"line ends that are too long", "aaaaaaaaaa\r\r\nb\n\r", "1!\n2:b\n"},
		{"much too long, twice", strings.Repeat("a", 3*blockBytes) + "\n" + strings.Repeat("b", 3*blockBytes) + "\nc", "1!\n2!\n3:c\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, cut := range []func(io.Reader) io.Reader{
				func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader,
			} {
				if got := run(t, cut(strings.NewReader(c.in)), Options{Workers: 2, MaxLine: 10}); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
			}
		})
	}
}

// TestLongLineInSmallReads checks that a long line is searched for its end once, and not again after
// each read.
func TestLongLineInSmallReads(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	line := strings.Repeat("a", 2<<20)
	var out bytes.Buffer
	err := Run(ctx, iotest.OneByteReader(strings.NewReader(line+"\nb")), &out, Options{Workers: 2, MaxLine: len(line)}, func() Work { return echo })
	if want := "1:" + line + "\n2:b\n"; err != nil || out.String() != want {
		t.Errorf("got %d bytes and %v, want %d bytes", out.Len(), err, len(want))
	}
}

// TestOrder checks that the order is kept whatever the timing of the workers, and that a
// line longer than all buffers is complete or discarded.
func TestOrder(t *testing.T) {
	var in, want strings.Builder
	for i := 1; i <= 20000; i++ {
		n := rand.IntN(40)
		if i%1000 == 0 {
			n = 2 * blockBytes
		}
		line := strings.Repeat("x", n)
		in.WriteString(line + "\n")
		switch {
		case n > blockBytes:
			fmt.Fprintf(&want, "%d!\n", i)
		case n > 0:
			fmt.Fprintf(&want, "%d:%s\n", i, line)
		}
	}
	if got := run(t, strings.NewReader(in.String()), Options{Workers: 8, MaxLine: blockBytes}); got != want.String() {
		t.Errorf("the lines came out changed or out of order")
	}
}

// TestTrickle checks that a line is answered before the next one is read.
func TestTrickle(t *testing.T) {
	in, feed := io.Pipe()
	answers, out := io.Pipe()
	go func() {
		out.CloseWithError(Run(context.Background(), in, out, Options{Workers: 2, MaxLine: 10}, func() Work { return echo }))
	}()
	buf := make([]byte, 64)
	for i := 1; i <= 3; i++ {
		fmt.Fprintln(feed, "x")
		n, err := answers.Read(buf)
		if got, want := string(buf[:n]), fmt.Sprintf("%d:x\n", i); err != nil || got != want {
			t.Fatalf("got %q, %v, want %q", got, err, want)
		}
	}
	feed.Close()
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestWriteErrorStops(t *testing.T) {
	full := errors.New("disk full")
	endless := readFunc(func(p []byte) (int, error) { return copy(p, "x\n"), nil })
	err := Run(context.Background(), endless, failing{full}, Options{Workers: 2, MaxLine: 10}, func() Work { return echo })
	if !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

func TestLinesBeforeReadErrorAreAnswered(t *testing.T) {
	broken := errors.New("broken")
	var out bytes.Buffer
	r := io.MultiReader(strings.NewReader("a\nb\n"), readFunc(func([]byte) (int, error) { return 0, broken }))
	err := Run(context.Background(), r, &out, Options{Workers: 2, MaxLine: 10}, func() Work { return echo })
	if !errors.Is(err, broken) || out.String() != "1:a\n2:b\n" {
		t.Errorf("got %v, %q", err, out.String())
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	endless := readFunc(func(p []byte) (int, error) { return copy(p, "x\n"), nil })
	if err := Run(ctx, endless, io.Discard, Options{Workers: 2, MaxLine: 10}, func() Work { return echo }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// TestMemoryIsBounded checks that the read-ahead is limited while the writer blocks.
func TestMemoryIsBounded(t *testing.T) {
	var read atomic.Int64
	line := append(bytes.Repeat([]byte("x"), 1023), '\n')
	endless := readFunc(func(p []byte) (int, error) {
		n := copy(p, line)
		read.Add(int64(n))
		return n, nil
	})
	ctx, cancel := context.WithCancel(context.Background())
	answers, out := io.Pipe()
	ended := make(chan error)
	go func() {
		ended <- Run(ctx, endless, out, Options{Workers: 2, MaxLine: 2048}, func() Work { return echo })
	}()
	var last int64
	for { // until the reader blocks
		time.Sleep(20 * time.Millisecond)
		if n := read.Load(); n == last && n > 0 {
			break
		} else {
			last = n
		}
	}
	if limit := int64(16 * blockBytes); last > limit {
		t.Errorf("%d bytes read ahead, want at most %d", last, limit)
	}
	cancel()
	answers.Close()
	if err := <-ended; err == nil {
		t.Error("no error after the writer went away")
	}
}

type readFunc func(p []byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// TestBuffersAreReused checks that four times the lines do not cost four times the allocations.
func TestBuffersAreReused(t *testing.T) {
	copied := func(dst, line []byte, _ int, _ error) []byte { return append(append(dst, line...), '\n') }
	const lineBytes = 128
	garbage := func(blocks int) float64 {
		in := strings.Repeat(strings.Repeat("x", lineBytes-1)+"\n", blocks*blockBytes/lineBytes)
		return testing.AllocsPerRun(3, func() {
			if err := Run(context.Background(), strings.NewReader(in), io.Discard, Options{Workers: 2, MaxLine: lineBytes}, func() Work { return copied }); err != nil {
				t.Fatal(err)
			}
		})
	}
	const blocks = 200
	if few, many := garbage(blocks), garbage(4*blocks); many > 2*few {
		t.Errorf("%d blocks: %.0f allocations; %d: %.0f", blocks, few, 4*blocks, many)
	}
}
