package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"time"
)

// binaryRecord is the first byte of a Refresh in a file. Earlier versions wrote JSON, whose
// first byte is '{'.
const binaryRecord = 1

// MarshalBinary returns the record for a file: a busy file has many of them.
func (r Refresh) MarshalBinary() ([]byte, error) {
	b := []byte{binaryRecord}
	for _, t := range []time.Time{r.Issued, r.Expires, r.Spent} {
		var ms int64
		if !t.IsZero() {
			ms = t.UnixMilli()
		}
		b = binary.AppendVarint(b, ms)
	}
	var next []byte
	if r.Next != (Hash{}) {
		next = r.Next[:]
	}
	for _, field := range [][]byte{[]byte(r.Session), next, r.Sealed} {
		b = append(binary.AppendUvarint(b, uint64(len(field))), field...)
	}
	return b, nil
}

var errRecord = errors.New("the record of a token is damaged")

// UnmarshalBinary reads a record, also in the JSON of earlier versions.
func (r *Refresh) UnmarshalBinary(b []byte) error {
	*r = Refresh{}
	if len(b) > 0 && b[0] == '{' {
		return json.Unmarshal(b, r)
	}
	if len(b) == 0 || b[0] != binaryRecord {
		return errRecord
	}
	d := recordReader{rest: b[1:]}
	r.Issued, r.Expires, r.Spent = d.time(), d.time(), d.time()
	r.Session = string(d.field())
	next := d.field()
	r.Sealed = d.field()
	if d.damaged || len(d.rest) > 0 || len(next) != 0 && copy(r.Next[:], next) != len(next) {
		return errRecord
	}
	return nil
}

// A recordReader reads the parts of a record one after another. After one that is damaged it returns
// zero values.
type recordReader struct {
	rest    []byte
	damaged bool
}

func (d *recordReader) time() time.Time {
	ms, n := binary.Varint(d.rest)
	if n <= 0 {
		d.rest, d.damaged = nil, true
		return time.Time{}
	}
	d.rest = d.rest[n:]
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// field returns a copy of a field, or nil if it is empty: the bytes of the file change.
func (d *recordReader) field() []byte {
	size, n := binary.Uvarint(d.rest)
	if n <= 0 || size > uint64(len(d.rest)-n) {
		d.rest, d.damaged = nil, true
		return nil
	}
	end := n + int(size)
	field := append([]byte(nil), d.rest[n:end]...)
	d.rest = d.rest[end:]
	return field
}
