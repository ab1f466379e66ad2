package blocks

import (
	"context"
	"errors"
	"fmt"
	"io"
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
		readers := []io.Reader{strings.NewReader(text), iotest.HalfReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))}
		if len(text) > mostBytes {
			readers = readers[:1]
		}
		for _, r := range readers {
			var out strings.Builder
			if err := work(t, &out).Run(t.Context(), One(r, nil)); err != nil || out.String() != text {
				t.Errorf("%s: %d bytes of %d, %v", name, out.Len(), len(text), err)
			}
		}
	}
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
