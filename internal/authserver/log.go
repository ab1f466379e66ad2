package authserver

import (
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A requestLog writes one line a request. No line holds a token, a password, a
// query, or a name that is no user's: people type passwords there.
type requestLog struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *requestLog) request(x *exchange, took time.Duration) {
	if l.w == nil {
		return
	}
	b := x.now.AppendFormat(nil, "2006-01-02T15:04:05.000Z07:00")
	b = append(b, ' ')
	b = append(b, x.Method[:min(len(x.Method), maxMethod)]...)
	b = append(b, ' ')
	b = append(b, x.path...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(x.status), 10)
	b = append(b, ' ')
	b = strconv.AppendFloat(b, float64(took.Microseconds())/1000, 'f', 1, 64)
	b = append(b, "ms "...)
	b = append(b, x.address().String()...)
	for _, f := range [...]struct{ name, value string }{{"user", x.user}, {"sid", x.session}, {"note", x.note}} {
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

// note writes a line that belongs to no request.
func (l *requestLog) note(s string) {
	if l.w != nil {
		l.write([]byte("note=" + strconv.QuoteToASCII(s) + "\n"))
	}
}

// write writes a line at once, so that lines never mix.
func (l *requestLog) write(line []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.w.Write(line)
}

const (
	maxMethod  = 16 // bytes
	maxSegment = 16 // bytes of one part of a path: anything longer may be a secret
	maxPath    = 64
)

// redacted returns a path that is none of ours as the log shows it.
func redacted(path string) string {
	segments := strings.Split(path[:min(len(path), maxPath)], "/")
	for i, s := range segments {
		if len(s) > maxSegment || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
			segments[i] = "***"
		}
	}
	return strings.Join(segments, "/")
}
