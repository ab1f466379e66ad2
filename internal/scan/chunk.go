package scan

import (
	"bytes"
	"slices"

	"jwt/internal/verdict"
)

const maxChunks = 32 // of one text

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

// label returns the name of the cookie of one chunk.
func (c chunk) label() string { return c.name + "." + string('0'+c.number) }

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
			value(first.value, first.label())
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

// missingChunk returns the error for a cookie of which a chunk is missing: the first, one before
// another that is there, or all but the first. It returns nil if none looks like a part of a token.
func (c *chooser) missingChunk() error {
	for _, part := range c.chunks {
		if len(part.value.b) < shortestBase64 || !isWord(part.value.b) {
			continue
		}
		missing := firstMissing(c.chunks, part.name)
		isFirstAlone := part.number == 0 && missing == 1 && startsLikeHeader(part.value.b[0])
		if missing < part.number || isFirstAlone {
			return verdict.Errorf(verdict.Malformed, "no token found: of the parts of %s, %s is missing", part.name, chunk{name: part.name, number: missing}.label()).
				Hintf("a cookie that is too large for one is sent in parts: copy the whole Cookie line")
		}
	}
	return nil
}

// firstMissing returns the lowest number that no chunk of a cookie has.
func firstMissing(chunks []chunk, name string) byte {
	number := byte(0)
	for {
		if _, ok := findChunk(chunks, name, number); !ok {
			return number
		}
		number++
	}
}
