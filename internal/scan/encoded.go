package scan

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxEncodings   = 3  // Base64 in Base64: a Kubernetes Secret of a Docker configuration
	shortestBase64 = 32 // no token is shorter
	maxChunks      = 32 // of one cookie
)

// encoded reads p if it is the Base64 of a token, of JSON, or of user:token: the data of a
// Kubernetes Secret, a cookie of Supabase, the auth of a Docker configuration, Basic.
func (r *reader) encoded(p piece) bool {
	plain := fromBase64(p.span)
	if p.encodings == maxEncodings || plain.b == nil {
		return false
	}
	in := p.nesting
	in.encodings, in.level = p.encodings+1, 0 // JSON in Base64 may be a token response
	before := len(r.pairs)
	r.readAll(r.decoded(plain, p.carrier), in)
	return len(r.pairs) > before
}

// decoded returns what is in Base64.
func (r *reader) decoded(plain span, c carrier) []piece {
	if plain.b[0] == '{' {
		pieces, n, ok := r.json(plain, 0)
		if !ok || n < len(plain.b) {
			return nil
		}
		return pieces
	}
	user, password, isPair := bytes.Cut(plain.b, []byte{':'})
	if !isPair {
		return []piece{{span: plain, carrier: c, form: asValue}}
	}
	named := func(s span, what string) piece {
		own := c
		own.where = strings.TrimSpace(c.where + ", the " + what)
		return piece{span: s.trim(), carrier: own, form: asValue}
	}
	return []piece{named(plain.sub(0, len(user)), "user name"), named(plain.from(len(plain.b)-len(password)), "password")}
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

// isChunk reports whether the value of a name is one of a numbered cookie.
func isChunk(name string, value span) bool {
	n := len(name)
	return n > 2 && name[n-2] == '.' && '0' <= name[n-1] && name[n-1] <= '9' && !(isToken(value.b) && isComplete(value.b))
}

func chunkOf(p piece) chunk {
	n := len(p.name)
	return chunk{p.name[:n-2], p.name[n-1] - '0', p.span}
}

// joinChunks returns the values of the cookies whose chunks are complete: from .0 on, none
// missing and none twice, of which servers may take either.
func joinChunks(chunks []chunk) (pieces []piece) {
	value := func(s span, name string) {
		pieces = append(pieces, piece{span: s, form: asValue, carrier: carrier{name: name, where: "cookie " + name}})
	}
	for _, first := range chunks {
		if _, ok := findChunk(chunks, first.name, 0); !ok || twice(chunks, first.name) {
			value(first.value, first.name+"."+string('0'+first.number))
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
		value(joined, first.name)
	}
	return pieces
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
