// Package sshwire reads and writes the data types of SSH (RFC 4251 §5).
package sshwire

import "encoding/binary"

// A Reader reads values one after another. After a truncated one it returns zeros, and Short is
// true.
type Reader struct {
	Rest  []byte
	Short bool
}

// Uint32 reads a uint32.
func (r *Reader) Uint32() uint32 {
	if len(r.Rest) < 4 {
		r.Rest, r.Short = nil, true
		return 0
	}
	n := binary.BigEndian.Uint32(r.Rest)
	r.Rest = r.Rest[4:]
	return n
}

// Octets reads a string. It shares the bytes of Rest.
func (r *Reader) Octets() []byte {
	n := r.Uint32()
	if uint64(n) > uint64(len(r.Rest)) {
		r.Rest, r.Short = nil, true
		return nil
	}
	b := r.Rest[:n]
	r.Rest = r.Rest[n:]
	return b
}

// AppendOctets appends a string.
func AppendOctets(dst, b []byte) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(b))), b...)
}
