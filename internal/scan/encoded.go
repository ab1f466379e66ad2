package scan

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

const (
	maxEncodings   = 3  // Base64 in Base64: a Kubernetes Secret of a Docker configuration
	shortestBase64 = 32 // no token is shorter
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
	if _, after, ok := bytes.Cut(b, []byte("base64url.bearer.authorization.k8s.io.")); ok { // a WebSocket subprotocol
		b, _, _ = bytes.Cut(after, []byte{','})
	}
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
