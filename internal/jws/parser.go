package jws

import (
	"bytes"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
)

// A Parser parses many tokens, and reads each header once. The bytes of a token are valid until the
// next one. Only one goroutine may use it.
type Parser struct {
	buffer  []byte
	headers memory[jsonobject.Object]
}

// Parse is the function Parse.
func (p *Parser) Parse(text string) (Token, error) {
	if t, ok := p.ParseKnown(text); ok {
		return t, nil
	}
	t, err := p.parse(text)
	if err != nil {
		return t, err
	}
	if header, err := jsonobject.Parse(bytes.Clone(t.Header.Bytes())); err == nil {
		p.headers.keep(text[:t.firstDot], &header)
	}
	return t, nil
}

// ParseKnown parses a text that is a token whose header was read before. It reports false for any
// other.
func (p *Parser) ParseKnown(text string) (t Token, ok bool) {
	first := p.headerOf(text)
	if first < 0 {
		return Token{}, false
	}
	known := p.headers.of(text[:first])
	size := strings.IndexByte(text[first+1:], '.')
	if known == nil || size < 0 {
		return Token{}, false
	}
	t = Token{Text: text, Header: *known, firstDot: first, lastDot: first + 1 + size}
	var parts [2][]byte
	if err := p.decode(t, parts[:]); err != nil { // in a further dot or a tilde, too
		return Token{}, false
	}
	t.Payload, t.Signature = parts[0], parts[1]
	return t, true
}

// headerOf returns where the header of a text ends, or -1. Most texts begin as the one before.
func (p *Parser) headerOf(text string) int {
	last := p.headers.text
	if last != "" && len(text) > len(last) && text[len(last)] == '.' && text[:len(last)] == last {
		return len(last)
	}
	return strings.IndexByte(text, '.')
}

func (p *Parser) parse(text string) (Token, error) {
	t, err := split(text)
	if err != nil {
		return Token{}, err
	}
	var parts [3][]byte
	if err := p.decode(t, parts[:]); err != nil {
		return Token{}, err
	}
	return t.fill(parts)
}

// decode decodes the last segments of a token, as many as parts has.
func (p *Parser) decode(t Token, parts [][]byte) error {
	if p.buffer == nil {
		p.buffer = make([]byte, 0, len(t.Text))
	}
	names, segments := [3]string{"header", "payload", "signature"}, t.Segments()
	var ends [3]int
	b := p.buffer[:0]
	for i := len(segments) - len(parts); i < len(segments); i++ {
		var err error
		if b, err = base64url.AppendDecode(b, segments[i]); err != nil {
			return t.notBase64url(names[i], i, err)
		}
		ends[i] = len(b)
	}
	start := 0
	for i := range parts {
		end := ends[len(segments)-len(parts)+i]
		parts[i], start = b[start:end:end], end
	}
	if p.buffer = b; cap(b) > maxBuffer {
		p.buffer = nil
	}
	return nil
}

// maxBuffer is the size of a buffer that is kept for the next token.
const maxBuffer = 64 << 10
