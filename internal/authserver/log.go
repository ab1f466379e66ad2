package authserver

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A requestLog writes one line per request. No line has a token, a password or a query,
// or the name of an unknown user, because people type passwords into that field. Requests
// do not wait for the reader of the log, which may be slow or gone.
type requestLog struct {
	w io.Writer

	mu      sync.Mutex
	queue   []byte        // lines to be written
	dropped int           // number of lines that did not fit into the queue
	writing chan struct{} // closed when the queue is written; nil while it is empty
}

const (
	maxQueued   = 1 << 20     // bytes
	logPatience = time.Second // time limit for the last lines
	maxMethod   = 16          // bytes
)

func (l *requestLog) request(a *Answer, r *http.Request, took time.Duration) {
	if l.w == nil {
		return
	}
	b := a.now.AppendFormat(nil, "2006-01-02T15:04:05.000Z07:00")
	b = append(b, ' ')
	b = append(b, r.Method[:min(len(r.Method), maxMethod)]...)
	b = append(b, ' ')
	b = append(b, a.path...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(a.Status), 10)
	b = append(b, ' ')
	b = strconv.AppendFloat(b, float64(took.Microseconds())/1000, 'f', 1, 64)
	b = append(b, "ms "...)
	b = append(b, address(r).String()...)
	for _, f := range [...]struct{ name, value string }{{"user", a.user}, {"sid", a.session}, {"note", a.Note}} {
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

// note writes a line about the server itself.
func (l *requestLog) note(s string) {
	if l.w != nil {
		l.write(noteLine(s))
	}
}

func noteLine(s string) []byte { return []byte("note=" + strconv.QuoteToASCII(s) + "\n") }

// write queues a line and starts a goroutine that writes the queue, unless one is
// running.
func (l *requestLog) write(line []byte) {
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
func (l *requestLog) drain() {
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

// flush waits until the queue is written, for at most patience.
func (l *requestLog) flush(patience time.Duration) {
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
