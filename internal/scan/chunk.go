package scan

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"jwt/internal/verdict"
)

const maxChunks = 32 // of one text

// A chunk is a part of a cookie that is too large for one: session.0, session.1 of NextAuth, Supabase and
// others, session__0, session__1 of Auth0.
type chunk struct {
	series string // the name without its number: "session."
	number int
	value  span
}

// separators precede the number of a chunk.
var separators = [...]string{".", "__"}

// chunkOf reads the name of a chunk.
func chunkOf(name string, value span) (c chunk, ok bool) {
	series := strings.TrimRight(name, "0123456789")
	digits := name[len(series):]
	number, err := strconv.Atoi(digits)
	if err != nil || number >= maxChunks || digits != strconv.Itoa(number) {
		return chunk{}, false
	}
	c = chunk{series, number, value}
	return c, len(c.cookie()) > 0 && len(c.cookie()) < len(series)
}

// cookie returns the name of the cookie of all chunks.
func (c chunk) cookie() string {
	for _, s := range separators {
		if name, ok := strings.CutSuffix(c.series, s); ok {
			return name
		}
	}
	return c.series
}

// label returns the name of the chunk with this number.
func (c chunk) label(number int) string { return c.series + strconv.Itoa(number) }

// isChunk reports whether the value of a name is one of a numbered cookie.
func isChunk(name string, value span) bool {
	_, ok := chunkOf(name, value)
	return ok && !(isToken(value.b) && isComplete(value.b))
}

// joinChunks returns the values of the cookies whose chunks are complete: from 0 on, none
// missing and none twice, of which servers may take either.
func joinChunks(chunks []chunk) (pieces []piece) {
	value := func(s span, name string) {
		pieces = append(pieces, piece{span: s, form: asValue, carrier: carrier{name: name, where: "cookie " + name}})
	}
	for _, first := range chunks {
		if _, ok := first.sibling(chunks, 0); !ok || first.isTwice(chunks) {
			value(first.value, first.label(first.number))
		}
		if first.number != 0 || first.isTwice(chunks) {
			continue
		}
		joined := span{off: first.value.off, exact: false}
		for number := range first.missing(chunks) {
			c, _ := first.sibling(chunks, number)
			joined.b = append(joined.b, c.value.b...)
		}
		value(joined, first.cookie())
	}
	return pieces
}

// isTwice reports whether the cookie has a chunk twice with different values.
func (c chunk) isTwice(chunks []chunk) bool {
	return slices.ContainsFunc(chunks, func(other chunk) bool {
		first, _ := c.sibling(chunks, other.number)
		return other.series == c.series && !bytes.Equal(other.value.b, first.value.b)
	})
}

// sibling returns the first chunk of the same cookie with this number.
func (c chunk) sibling(chunks []chunk, number int) (chunk, bool) {
	for _, other := range chunks {
		if other.series == c.series && other.number == number {
			return other, true
		}
	}
	return chunk{}, false
}

// missing returns the lowest number that no chunk of the cookie has.
func (c chunk) missing(chunks []chunk) int {
	number := 0
	for {
		if _, ok := c.sibling(chunks, number); !ok {
			return number
		}
		number++
	}
}

// missingChunk returns the error for a cookie of which a chunk is missing: the first, one before
// another that is there, or all but the first. It returns nil if none looks like a part of a token.
func (c *chooser) missingChunk() error {
	for _, part := range c.chunks {
		if len(part.value.b) < shortestBase64 || !isWord(part.value.b) {
			continue
		}
		missing := part.missing(c.chunks)
		isFirstAlone := part.number == 0 && missing == 1 && startsLikeHeader(part.value.b[0])
		if missing < part.number || isFirstAlone {
			return verdict.Errorf(verdict.Malformed, "no token found: of the parts of %s, %s is missing", part.cookie(), part.label(missing)).
				Hintf("a cookie that is too large for one is sent in parts: copy the whole Cookie line")
		}
	}
	return nil
}
