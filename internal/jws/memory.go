package jws

// A memory keeps what was found out about headers, by their text as sent.
type memory[T any] struct {
	known map[string]*T

	last *T // most tokens have the header of the one before
	text []byte
}

// Bounds on the memory for headers: an attacker may send ever new ones.
const (
	maxKnown      = 64
	maxKnownBytes = 4096 // of one header
)

// of returns what is known of a header, or nil.
func (m *memory[T]) of(header []byte) *T {
	if m.last != nil && string(m.text) == string(header) {
		return m.last
	}
	known := m.known[string(header)]
	if known != nil {
		m.last, m.text = known, append(m.text[:0], header...)
	}
	return known
}

// keep keeps what was found out about a header, unless that is too long.
func (m *memory[T]) keep(header []byte, known *T) {
	if len(header) > maxKnownBytes {
		return
	}
	if m.known == nil || len(m.known) >= maxKnown {
		m.known = map[string]*T{}
	}
	m.known[string(header)], m.last = known, known
	m.text = append(m.text[:0], header...)
}
