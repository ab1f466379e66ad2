package scan

import (
	"bytes"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
)

// token returns the token at the start of b.
func (s *Searcher) token(b []byte) (Match, bool) {
	m, ok := s.compact(b)
	if n := len(m.Token); ok && n < len(b) && b[n] == '~' {
		m.Token = b[:n+s.disclosures(b[n:])]
	}
	return m, ok
}

// compact returns the token at the start of b without disclosures.
func (s *Searcher) compact(b []byte) (Match, bool) {
	h, head := s.shape(b)
	if h == nil || !h.ok {
		return Match{}, false
	}
	end, last := head, 0
	for range h.dots {
		if end == len(b) || b[end] != '.' {
			return Match{}, false
		}
		last = end + 1
		end = part(b, last)
	}
	if h.dots == 2 && last == head+2 { // without a payload it is a detached signature
		return Match{}, false
	}
	end = last + h.sizes.cut(b[last:end])
	m := Match{Token: b[:end], Header: h.header, Encrypted: h.dots == 4}
	m.Kind, m.Example = h.kind(b[head+1:last-1], b[last:end])
	return m, true
}

// kind returns the kind of a token with these parts after its header, and where it was published.
func (h *shape) kind(inner, last []byte) (kind Kind, published string) {
	if published = exampleOf(inner); published != "" {
		return Example, published
	}
	if len(h.sizes.last) > 0 && !h.fits(len(last)) || h.dots == 2 && allSame(last) {
		return Placeholder, ""
	}
	return Whole, ""
}

// part returns where the base64url that begins at i ends.
func part(b []byte, i int) int { return i + base64url.Prefix(b[i:]) }

// disclosures returns the length of what an SD-JWT has after its signature.
func (s *Searcher) disclosures(b []byte) int {
	end := 0
	for end < len(b) && b[end] == '~' {
		last := end + 1
		end = part(b, last)
		if binding, ok := s.compact(b[last:]); ok {
			return last + len(binding.Token)
		}
		if end == len(b) || b[end] != '~' {
			return last
		}
	}
	return end
}

// A shape is what a header says about the rest of its token.
type shape struct {
	encoded string
	ok      bool // it is the header of a token
	header  jsonobject.Object
	dots    int // 2, or 4 for a JWE
	rsa     bool
	sizes   sizes
}

// begins reports whether b begins with the header and a dot.
func (h *shape) begins(b []byte) bool {
	n := len(h.encoded)
	return len(b) > n && b[n] == '.' && string(b[:n]) == h.encoded
}

// fits reports whether the last part of a token can have n characters. A signature of RSA has
// the length of its key, which is at least 1024 bits in the wild.
func (h *shape) fits(n int) bool { return h.sizes.fit(n) || h.rsa && n >= 171 }

// maxHeaders is the number of headers that a Searcher remembers.
const maxHeaders = 64

// shape reads the header at the start of b, or remembers it, and returns where it ends. It is nil
// if no dot follows. Most tokens have the header of the one before.
func (s *Searcher) shape(b []byte) (h *shape, end int) {
	if h = s.last; h != nil && h.begins(b) {
		return h, len(h.encoded)
	}
	end = part(b, 0)
	if end == len(b) || b[end] != '.' || end > maxHeader {
		return nil, 0
	}
	h, ok := s.headers[string(b[:end])]
	if !ok {
		h = readShape(b[:end])
		h.encoded = string(b[:end])
		if len(s.headers) >= maxHeaders || s.headers == nil {
			s.headers = make(map[string]*shape)
		}
		s.headers[h.encoded] = h
	}
	s.last = h
	return h, end
}

func readShape(encoded []byte) *shape {
	header, err := jsonobject.Parse(decodeHeader(encoded))
	if err != nil {
		return &shape{}
	}
	if _, encrypted := header.Text("enc"); encrypted {
		return &shape{ok: true, header: header, dots: 4, sizes: sizesFor(header)}
	}
	name, ok := header.Text("alg")
	alg, _ := jwa.Lookup(name)
	return &shape{ok: ok, header: header, dots: 2, rsa: alg.KeyType == "RSA", sizes: sizesFor(header)}
}

// allSame reports whether a signature is one letter: xxxxxx.
func allSame(signature []byte) bool {
	return len(signature) > 0 && bytes.Count(signature, signature[:1]) == len(signature)
}
