package blocks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

// echo writes each block with its place.
func echo(_ *struct{}, b *Block) {
	b.Out = fmt.Appendf(b.Out, "%d:%d@%d ", b.Line, b.Column, b.Offset)
	b.Out = append(b.Out, b.Text[b.Lead:]...)
}

// work returns work that copies texts to out.
func work(t testing.TB, out io.Writer) Work[struct{}] {
	return Work[struct{}]{Workers: 3, Joined: func(c byte) bool { return c == 'x' }, Failed: func(_ any, err error) { t.Error(err) }, Do: func(_ *struct{}, b *Block) {
		b.Out = append(b.Out, b.Text[b.Lead:]...)
	}, Done: func(b *Block) error {
		_, err := out.Write(b.Out)
		return err
	}}
}

// TestRun: texts are passed on whole and in order, whatever their lines.
func TestRun(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "no end": "a\nb", "lines": strings.Repeat("a line\n", 100_000), "a long line": strings.Repeat("é ", 2*blockBytes),
		"nothing to cut": strings.Repeat("x", mostBytes+blockBytes), "long lines": strings.Repeat(strings.Repeat("x y", blockBytes/2)+"\n", 2),
	} {
		readers := []io.Reader{strings.NewReader(text), section(text), iotest.HalfReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))}
		if len(text) > mostBytes {
			readers = readers[:2]
		}
		for _, r := range readers {
			var out strings.Builder
			if err := work(t, &out).Run(t.Context(), One(r, nil)); err != nil || out.String() != text {
				t.Errorf("%s: %d bytes of %d, %v", name, out.Len(), len(text), err)
			}
		}
	}
}

// section returns a text that several workers read at the same time, if it is large.
func section(text string) io.Reader {
	return io.NewSectionReader(strings.NewReader(text), 0, int64(len(text)))
}

// TestParts: a text that several workers read is passed on whole, and its blocks know their places,
// whatever its lines.
func TestParts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, longest := range []int{10, 1000, frontBytes, 2 * frontBytes, blockBytes, 4 * blockBytes, 2 * mostBytes} {
		var text strings.Builder
		for text.Len() < Large+r.IntN(blockBytes) {
			text.WriteString(strings.Repeat([]string{"x", "x y", "é"}[r.IntN(3)], r.IntN(longest)/3+1))
			text.WriteByte('\n')
		}
		w, line, column := work(t, io.Discard), 1, 1
		var got strings.Builder
		w.Held = func(text []byte) int { // one line in two
			if n := bytes.LastIndexByte(text[:len(text)-1], '\n') + 1; n%2 == 0 {
				return n
			}
			return len(text)
		}
		w.Done = func(b *Block) error {
			if p := (Place{line, column}); b.Offset != int64(got.Len()) || p != (Place{b.Line, b.Column}) || !strings.HasSuffix(got.String(), string(b.Text[:b.Lead])) {
				t.Errorf("lines up to %d: block of %d:%d@%d after %v@%d", longest, b.Line, b.Column, b.Offset, p, got.Len())
			}
			for _, c := range string(b.Out) {
				if column++; c == '\n' {
					line, column = line+1, 1
				}
			}
			got.Write(b.Out)
			return nil
		}
		if err := w.Run(t.Context(), One(section(text.String()), nil)); err != nil || got.String() != text.String() {
			t.Errorf("lines up to %d: %d bytes of %d, %v", longest, got.Len(), text.Len(), err)
		}
	}
}

// TestPartsEnd: a text that becomes shorter while it is read ends there, and the next one is read.
func TestPartsEnd(t *testing.T) {
	lines := strings.Repeat("a line\n", Large/7)
	full := errors.New("full")
	for name, c := range map[string]struct {
		io.ReaderAt
		failures int
	}{
		"truncated": {strings.NewReader(lines[:len(lines)/2]), 0},
		"broken":    {brokenAt{strings.NewReader(lines), int64(len(lines) / 2), full}, 1},
	} {
		texts := []Text{{Reader: io.NewSectionReader(c, 0, Large)}, {Reader: strings.NewReader("end")}}
		var out strings.Builder
		w, failures := work(t, &out), 0
		w.Failed = func(_ any, err error) {
			if failures++; !errors.Is(err, full) {
				t.Errorf("%s: %v", name, err)
			}
		}
		err := w.Run(t.Context(), func() (t Text, ok bool) {
			if len(texts) == 0 {
				return Text{}, false
			}
			t, texts = texts[0], texts[1:]
			return t, true
		})
		if want := lines[:len(lines)/2] + "end"; err != nil || out.String() != want || failures != c.failures {
			t.Errorf("%s: %d bytes of %d, %d failures, %v", name, out.Len(), len(want), failures, err)
		}
	}
}

// TestStopAmongParts: an error of Done stops a worker that waits for all parts. None reads on while
// another joins its part, which the race detector sees.
func TestStopAmongParts(t *testing.T) {
	text, full := strings.Repeat("a line\n", 4*Large/7), errors.New("full")
	for written := range 16 {
		w, texts, blocks := work(t, io.Discard), 0, 0
		w.Workers = 6
		w.Done = func(*Block) error {
			if blocks++; blocks > written {
				return full
			}
			return nil
		}
		err := w.Run(t.Context(), func() (Text, bool) {
			texts++
			return Text{Reader: section(text)}, texts <= 2
		})
		if !errors.Is(err, full) || blocks != written+1 {
			t.Errorf("%d blocks written, then %v", blocks-1, err)
		}
	}
}

// A brokenAt fails to read beyond an offset.
type brokenAt struct {
	io.ReaderAt
	end int64
	err error
}

func (r brokenAt) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) <= r.end {
		return r.ReaderAt.ReadAt(p, at)
	}
	n, _ := r.ReaderAt.ReadAt(p[:max(0, r.end-at)], at)
	return n, r.err
}

// TestPlaces: a block knows its line and column.
func TestPlaces(t *testing.T) {
	var out strings.Builder
	w := work(t, &out)
	w.Do = echo
	if err := w.Run(t.Context(), One(strings.NewReader("a\nbé\nc"), nil)); err != nil || out.String() != "1:1@0 a\nbé\n3:1@6 c" {
		t.Errorf("%q, %v", out.String(), err)
	}
	b := Block{Text: []byte("lead\né\n\nab"), Lead: 5, Line: 7, Column: 3}
	b.count()
	placeOf := b.Places()
	for _, c := range []struct {
		at   int
		want Place
	}{{2, Place{7, 3}}, {5, Place{7, 3}}, {7, Place{7, 4}}, {8, Place{8, 1}}, {9, Place{9, 1}}, {10, Place{9, 2}}} {
		if got := placeOf(c.at); got != c.want {
			t.Errorf("byte %d: %v, want %v", c.at, got, c.want)
		}
	}
}

// TestTrickle: a line is passed on before the next one is read.
func TestTrickle(t *testing.T) {
	in, feed := io.Pipe()
	out, lines := io.Pipe()
	go func() { lines.CloseWithError(work(t, lines).Run(t.Context(), One(in, nil))) }()
	for _, line := range []string{"a\n", "b\n"} {
		if _, err := io.WriteString(feed, line); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(line))
		if _, err := io.ReadFull(out, got); err != nil || string(got) != line {
			t.Errorf("got %q, %v, want %q", got, err, line)
		}
	}
	feed.Close()
	if rest, err := io.ReadAll(out); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v", rest, err)
	}
}

// TestEnds: a run ends at an error of Done or ctx, and goes on after a text that cannot be read.
func TestEnds(t *testing.T) {
	full := errors.New("full")
	w := work(t, io.Discard)
	w.Done = func(*Block) error { return full }
	endless := io.MultiReader(strings.NewReader("a\n"), iotest.ErrReader(nil))
	if err := w.Run(t.Context(), One(endless, nil)); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := work(t, io.Discard).Run(ctx, One(strings.NewReader("a\n"), nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	texts := []Text{{Reader: io.MultiReader(strings.NewReader("a"), iotest.ErrReader(full)), Source: 1}, {Reader: strings.NewReader("b")}}
	var out strings.Builder
	var failed []any
	w = work(t, &out)
	w.Failed = func(source any, err error) { failed = append(failed, source, err) }
	err := w.Run(t.Context(), func() (t Text, ok bool) {
		if len(texts) == 0 {
			return Text{}, false
		}
		t, texts = texts[0], texts[1:]
		return t, true
	})
	if err != nil || out.String() != "ab" || len(failed) != 2 || failed[0] != 1 || failed[1] != full {
		t.Errorf("%q, %v, %v", out.String(), failed, err)
	}
}
