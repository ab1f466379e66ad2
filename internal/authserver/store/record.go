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
	b = b[1:]
	for _, t := range []*time.Time{&r.Issued, &r.Expires, &r.Spent} {
		ms, n := binary.Varint(b)
		if n <= 0 {
			return errRecord
		}
		if ms != 0 {
			*t = time.UnixMilli(ms).UTC()
		}
		b = b[n:]
	}
	var session, next []byte
	for _, field := range []*[]byte{&session, &next, &r.Sealed} {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return errRecord
		}
		end := n + int(size)
		if size > 0 {
			*field = append([]byte(nil), b[n:end]...) // b is the file, which changes
		}
		b = b[end:]
	}
	if len(b) > 0 || len(next) != 0 && copy(r.Next[:], next) != len(next) {
		return errRecord
	}
	r.Session = string(session)
	return nil
}
