package requestlog

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestLogUnread checks that requests do not wait for a log that is not read. When it is
// read later, it has whole lines and the number of dropped ones.
func TestLogUnread(t *testing.T) {
	r, w := io.Pipe()
	l := New(w)
	line := bytes.Repeat([]byte("x"), 1023)
	const lines = 4 * maxQueued / 1024
	for range lines {
		l.write(append(line, '\n'))
	}
	began := time.Now()
	l.Flush(time.Millisecond)
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("flushing takes %s", took)
	}
	go func() {
		l.Flush(10 * time.Second)
		w.Close()
	}()
	got, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	whole, notes, dropped := 0, 0, 0
	for text := range strings.Lines(string(got)) {
		switch {
		case text == string(line)+"\n":
			whole++
		case strings.HasPrefix(text, `note="`) && strings.HasSuffix(text, "lines were dropped here because nothing read the log\"\n"):
			notes++
			number, _, _ := strings.Cut(strings.TrimPrefix(text, `note="`), " ")
			n, err := strconv.Atoi(number)
			if err != nil {
				t.Error(err)
			}
			dropped += n
		default:
			t.Fatalf("%.80q", text)
		}
	}
	if notes == 0 || dropped == 0 || whole+dropped != lines {
		t.Errorf("%d lines and %d notes of %d dropped, of %d", whole, notes, dropped, lines)
	}
	l.write([]byte("after all that\n")) // after an error of the writer
	l.Flush(10 * time.Second)
}
