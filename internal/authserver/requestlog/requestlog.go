// Package requestlog writes the log of the local server: one line per request.
package requestlog

import (
	"io"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Log writes one line per request. Requests do not wait for its reader, which may be slow or gone.
type Log struct {
	w io.Writer

	mu      sync.Mutex
	queue   []byte        // lines to be written
	dropped int           // number of lines that did not fit into the queue
	writing chan struct{} // closed when the queue is written; nil while it is empty
}

const (
	maxQueued = 1 << 20 // bytes
	maxMethod = 16      // bytes
)

// New returns a log that w gets. It is not written if w is nil.
func New(w io.Writer) *Log { return &Log{w: w} }

// An Entry is what the log says of a request: neither a token, a password or a query, nor the name of
// an unknown user, because people type passwords into that field.
type Entry struct {
	At                  time.Time
	Method, Path        string
	Status              int
	Took                time.Duration
	From                netip.Addr
	User, Session, Note string
}

// Request writes the line of a request.
func (l *Log) Request(e Entry) {
	if l.w == nil {
		return
	}
	b := e.At.AppendFormat(nil, "2006-01-02T15:04:05.000Z07:00")
	b = append(b, ' ')
	b = append(b, e.Method[:min(len(e.Method), maxMethod)]...)
	b = append(b, ' ')
	b = append(b, e.Path...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(e.Status), 10)
	b = append(b, ' ')
	b = strconv.AppendFloat(b, float64(e.Took.Microseconds())/1000, 'f', 1, 64)
	b = append(b, "ms "...)
	b = append(b, e.From.String()...)
	for _, f := range [...]struct{ name, value string }{{"user", e.User}, {"sid", e.Session}, {"note", e.Note}} {
		if f.value == "" {
			continue
		}
		b = append(append(append(b, ' '), f.name...), '=')
		if f.name == "note" || strings.ContainsFunc(f.value, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' }) {
			b = strconv.AppendQuoteToASCII(b, f.value)
		} else {
			b = append(b, f.value...)
		}
	}
	l.write(append(b, '\n'))
}

// Note writes a line about the server itself.
func (l *Log) Note(s string) {
	if l.w != nil {
		l.write(noteLine(s))
	}
}

func noteLine(s string) []byte { return []byte("note=" + strconv.QuoteToASCII(s) + "\n") }

// write queues a line and starts a goroutine that writes the queue, unless one is
// running.
func (l *Log) write(line []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue)+len(line) > maxQueued {
		l.dropped++
		return
	}
	l.queue = append(l.queue, line...)
	if l.writing == nil {
		l.writing = make(chan struct{})
		go l.drain()
	}
}

// drain writes the queue until it is empty, in whole lines. It ignores errors, because
// the server must run without its log.
func (l *Log) drain() {
	var lines []byte
	for {
		l.mu.Lock()
		if len(l.queue) == 0 {
			close(l.writing)
			l.writing = nil
			l.mu.Unlock()
			return
		}
		lines, l.queue = l.queue, lines[:0]
		dropped := l.dropped
		l.dropped = 0
		l.mu.Unlock()
		if dropped > 0 {
			lines = append(lines, noteLine(strconv.Itoa(dropped)+" lines were dropped here because nothing read the log")...)
		}
		l.w.Write(lines)
	}
}

// Flush waits until the queue is written, for at most patience.
func (l *Log) Flush(patience time.Duration) {
	l.mu.Lock()
	writing := l.writing
	l.mu.Unlock()
	if writing == nil {
		return
	}
	select {
	case <-writing:
	case <-time.After(patience):
	}
}
