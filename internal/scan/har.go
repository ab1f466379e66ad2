package scan

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// A Request is one entry of an HTTP archive (HAR 1.2), which browsers export.
type Request struct {
	Method, URL string
	Time        string // when it was sent, as the archive says it

	start, end int // the entry in the text
	from, to   int // the request in the entry; the rest is about the response
}

// Sent reports whether what is at an offset of the archive is in the request.
func (r Request) Sent(offset int) bool { return r.from <= offset && offset < r.to }

// Requests are the entries of an archive in their order.
type Requests []Request

// At returns the entry that has the byte at an offset, or nil.
func (r Requests) At(offset int) *Request {
	i, _ := slices.BinarySearchFunc(r, offset, func(r Request, offset int) int {
		if r.end <= offset {
			return -1
		}
		return 1
	})
	if i < len(r) && r[i].start <= offset {
		return &r[i]
	}
	return nil
}

// IsHAR reports whether a text that begins like this is an HTTP archive.
func IsHAR(start []byte) bool {
	start = bytes.TrimLeft(bytes.TrimPrefix(start, byteOrderMark), whiteSpace)
	rest, ok := bytes.CutPrefix(start, []byte{'{'})
	return ok && bytes.HasPrefix(bytes.TrimLeft(rest, whiteSpace), []byte(`"log"`))
}

// ReadHAR returns the requests of an archive. In one that is damaged, they are those before the
// damage.
func ReadHAR(text []byte) Requests {
	mark := len(text) - len(bytes.TrimPrefix(text, byteOrderMark))
	h := har{offset: mark, dec: jsontext.NewDecoder(bytes.NewBuffer(text[mark:]), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
	_ = h.object(func(name string) error { // an error ends the list
		if name != "log" {
			return h.dec.SkipValue()
		}
		return h.object(func(name string) error {
			if name != "entries" {
				return h.dec.SkipValue()
			}
			return h.entries()
		})
	})
	return h.requests
}

type har struct {
	dec      *jsontext.Decoder
	offset   int // of what dec reads
	requests Requests
}

// object calls member at the value of each member. What is not an object is skipped.
func (h *har) object(member func(name string) error) error {
	if h.dec.PeekKind() != '{' {
		return h.dec.SkipValue()
	}
	if _, err := h.dec.ReadToken(); err != nil {
		return err
	}
	for h.dec.PeekKind() != '}' {
		name, err := h.dec.ReadToken()
		if err != nil {
			return err
		}
		if err := member(name.String()); err != nil {
			return err
		}
	}
	_, err := h.dec.ReadToken()
	return err
}

func (h *har) entries() error {
	if h.dec.PeekKind() != '[' {
		return h.dec.SkipValue()
	}
	if _, err := h.dec.ReadToken(); err != nil {
		return err
	}
	for h.dec.PeekKind() != ']' {
		r := Request{start: h.at()}
		if err := h.entry(&r); err != nil {
			return err
		}
		r.end = h.at()
		h.requests = append(h.requests, r)
	}
	_, err := h.dec.ReadToken()
	return err
}

func (h *har) at() int { return h.offset + int(h.dec.InputOffset()) }

func (h *har) entry(r *Request) error {
	return h.object(func(name string) error {
		switch name {
		case "startedDateTime":
			return h.text(&r.Time)
		case "request":
			r.from = h.at()
			err := h.object(func(name string) error {
				switch name {
				case "method":
					return h.text(&r.Method)
				case "url":
					return h.text(&r.URL)
				}
				return h.dec.SkipValue()
			})
			r.to = h.at()
			return err
		}
		return h.dec.SkipValue()
	})
}

// text reads a string. What is not a string is skipped.
func (h *har) text(into *string) error {
	if h.dec.PeekKind() != '"' {
		return h.dec.SkipValue()
	}
	token, err := h.dec.ReadToken()
	if err == nil {
		*into = token.String()
	}
	return err
}
