package scan

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

const (
	maxEncodings   = 3  // Base64 in Base64: a Kubernetes Secret of a Docker configuration
	shortestBase64 = 32 // no token is shorter
	maxChunks      = 32 // of one cookie
)

// readDeep reads the text again for what is found only if nothing else is: tokens in
// Base64, and, with Join, padded tokens in a carrier.
func (f *finder) readDeep(s span, o Options) {
	if f.err != nil || len(f.items) > 0 || len(f.refused) > 0 && !o.Join {
		return
	}
	g := finder{text: s, field: f.field, batch: f.batch, inWords: f.inWords, deep: true, lax: o.Join}
	g.lines(s)
	if len(g.items) == 0 {
		return
	}
	f.items, f.refused = g.items, nil
}

// encoded reads s if it is the Base64 of a token, of JSON, or of user:token: the data of a
// Kubernetes Secret, a cookie of Supabase, the auth of a Docker configuration, Basic.
func (f *finder) encoded(s span, c carrier) bool {
	plain := fromBase64(s)
	if f.encodings == maxEncodings || plain.b == nil {
		return false
	}
	before, level := len(f.items), f.level
	f.encodings, f.level = f.encodings+1, 0 // JSON in Base64 may be a token response
	defer func() { f.encodings, f.level = f.encodings-1, level }()
	_, password, isPair := bytes.Cut(plain.b, []byte{':'})
	switch {
	case plain.b[0] == '{':
		f.jsonUnit(plain)
	case isPair:
		f.value(plain.from(len(plain.b)-len(password)).trim(), c)
	default:
		f.value(plain, c)
	}
	for i := before; i < len(f.items); i++ {
		f.items[i].encoded = true
	}
	return len(f.items) > before
}

// fromBase64 returns the text that s encodes, or an empty span.
func fromBase64(s span) span {
	b := s.b
	if len(b) > len("Basic ") && equalFold(b[:len("Basic ")], "Basic ") {
		b = b[len("Basic "):]
	}
	b = bytes.TrimPrefix(b, []byte("base64-"))
	b = bytes.ReplaceAll(b, []byte("%3D"), []byte{'='})
	if len(b) < shortestBase64 || !isBase64(b) {
		return span{}
	}
	plain := bytes.TrimSpace(decodePart(b))
	if len(plain) == 0 || !utf8.Valid(plain) {
		return span{}
	}
	return span{b: plain, off: s.off}
}

// A chunk is a part of a cookie that is too large for one: session.0, session.1.
type chunk struct {
	name   string
	number byte
	value  span
}

// noteChunk keeps the value of a numbered cookie for joinChunks.
func (f *finder) noteChunk(name string, value span) bool {
	n := len(name)
	if n < 3 || name[n-2] != '.' || name[n-1] < '0' || name[n-1] > '9' || len(f.chunks) == maxChunks || isToken(value.b) && isComplete(value.b) {
		return false
	}
	f.chunks = append(f.chunks, chunk{name[:n-2], name[n-1] - '0', value})
	return true
}

// joinChunks reads the cookies whose chunks are complete: from .0 on, none missing and none
// twice, of which servers may take either.
func (f *finder) joinChunks() {
	chunks := f.chunks
	f.chunks = nil
	for _, first := range chunks {
		if _, ok := findChunk(chunks, first.name, 0); !ok || twice(chunks, first.name) {
			name := first.name + "." + string('0'+first.number)
			f.value(first.value, carrier{name: name, where: "cookie " + name})
		}
		if first.number != 0 || twice(chunks, first.name) {
			continue
		}
		joined := span{off: first.value.off, exact: false}
		for number := byte(0); ; number++ {
			c, ok := findChunk(chunks, first.name, number)
			if !ok {
				break
			}
			joined.b = append(joined.b, c.value.b...)
		}
		f.value(joined, carrier{name: first.name, where: "cookie " + first.name})
	}
}

// twice reports whether a cookie has a chunk twice with different values.
func twice(chunks []chunk, name string) bool {
	return slices.ContainsFunc(chunks, func(c chunk) bool {
		first, _ := findChunk(chunks, name, c.number)
		return c.name == name && !bytes.Equal(c.value.b, first.value.b)
	})
}

func findChunk(chunks []chunk, name string, number byte) (chunk, bool) {
	for _, c := range chunks {
		if c.name == name && c.number == number {
			return c, true
		}
	}
	return chunk{}, false
}
