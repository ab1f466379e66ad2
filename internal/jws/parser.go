package jws

import (
	"bytes"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
)

// A Parser parses many tokens, and reads each header once. The bytes of a token are valid until the
// next one. Only one goroutine may use it.
type Parser struct {
	buffer  []byte
	token   Token
	headers memory[jsonobject.Object]
}

// Parse is the function Parse.
func (p *Parser) Parse(text string) (Token, error) {
	t, err := p.parse(text)
	if err != nil {
		return t, err
	}
	if header, err := jsonobject.Parse(bytes.Clone(t.Header.Bytes())); err == nil {
		p.headers.keep(t.text[:t.firstDot], &header)
	}
	return t, nil
}

// ParseKnown parses a text that is a token whose header was read before. It reports false for any
// other. The token is valid until the next one, and only as long as text does not change.
func (p *Parser) ParseKnown(text []byte) (t *Token, ok bool) {
	first := p.headerOf(text)
	if first < 0 {
		return nil, false
	}
	known := p.headers.of(text[:first])
	size := bytes.IndexByte(text[first+1:], '.')
	if known == nil || size < 0 {
		return nil, false
	}
	t = &p.token
	t.text, t.Header, t.firstDot, t.lastDot = text, *known, first, first+1+size
	b, payloadErr := base64url.AppendDecode(p.buffer[:0], text[first+1:t.lastDot])
	payload := len(b)
	b, signatureErr := base64url.AppendDecode(b, text[t.lastDot+1:]) // fails at a further dot or a tilde
	p.keep(b)
	t.Payload, t.Signature = b[:payload:payload], b[payload:]
	return t, payloadErr == nil && signatureErr == nil
}

// headerOf returns where the header of a text ends, or -1. Most texts begin as the one before.
func (p *Parser) headerOf(text []byte) int {
	n := len(p.headers.text)
	if n > 0 && len(text) > n && text[n] == '.' && string(text[:n]) == string(p.headers.text) {
		return n
	}
	return bytes.IndexByte(text, '.')
}

func (p *Parser) parse(text string) (Token, error) {
	t, err := split(text)
	if err != nil {
		return Token{}, err
	}
	if p.buffer == nil {
		p.buffer = make([]byte, 0, len(text))
	}
	b, at := p.buffer[:0], [4]int{}
	for i, segment := range t.segments() {
		if b, err = base64url.AppendDecode(b, segment); err != nil {
			return Token{}, t.notBase64url([3]string{"header", "payload", "signature"}[i], i, err)
		}
		at[i+1] = len(b)
	}
	p.keep(b)
	var parts [3][]byte
	for i := range parts {
		parts[i] = b[at[i]:at[i+1]:at[i+1]]
	}
	return t.fill(parts)
}

// keep keeps a buffer for the next token, unless it is large.
func (p *Parser) keep(buffer []byte) {
	const most = 64 << 10
	if p.buffer = buffer; cap(buffer) > most {
		p.buffer = nil
	}
}
