package scan

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf16"
)

// fromUTF16 converts UTF-16 with a byte order mark to UTF-8, because PowerShell writes
// such files. It returns other text unchanged. A token and its carrier begin with ASCII.
func fromUTF16(b []byte) []byte {
	var order binary.ByteOrder
	switch {
	case len(b) < 4 || len(b)%2 != 0:
		return b
	case b[0] == 0xff && b[1] == 0xfe && b[3] == 0:
		order = binary.LittleEndian
	case b[0] == 0xfe && b[1] == 0xff && b[2] == 0:
		order = binary.BigEndian
	default:
		return b
	}
	units := make([]uint16, 0, len(b)/2-1)
	for i := 2; i < len(b); i += 2 {
		units = append(units, order.Uint16(b[i:]))
	}
	return []byte(string(utf16.Decode(units)))
}

// hasUTF16Mark reports whether b begins with the byte order mark of UTF-16.
func hasUTF16Mark(b []byte) bool {
	return bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff"))
}

// withoutColour replaces escape sequences that change the colour (ECMA-48 SGR), or clear
// the line after that, as grep writes them, with blanks.
func withoutColour(s span) span {
	if bytes.IndexByte(s.b, 0x1b) < 0 {
		return s
	}
	plain := bytes.Clone(s.b)
	for i := 0; i+1 < len(plain); i++ {
		if plain[i] != 0x1b || plain[i+1] != '[' {
			continue
		}
		end := i + 2
		for end < len(plain) && (plain[end] >= '0' && plain[end] <= '9' || plain[end] == ';' || plain[end] == ':') {
			end++
		}
		if end < len(plain) && (plain[end] == 'm' || plain[end] == 'K') {
			for ; i <= end; i++ {
				plain[i] = ' '
			}
			i--
		}
	}
	return span{plain, s.off, s.exact}.trim()
}

// NewReader returns a reader of the text of r in UTF-8, if r begins with the byte order mark of
// UTF-16, and otherwise r. r must have that many bytes buffered.
func NewReader(r *bufio.Reader) io.Reader {
	mark, _ := r.Peek(2) // an error comes again with the next read
	switch {
	case bytes.Equal(mark, []byte("\xff\xfe")):
		return &utf16Reader{r: r, order: binary.LittleEndian}
	case bytes.Equal(mark, []byte("\xfe\xff")):
		return &utf16Reader{r: r, order: binary.BigEndian}
	}
	return r
}

// A utf16Reader decodes UTF-16. A surrogate pair that a read cuts becomes two replacement
// characters, which no token has.
type utf16Reader struct {
	r     *bufio.Reader
	order binary.ByteOrder
	units []uint16
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	const longest = 3 // bytes in UTF-8 of one unit
	u.units = u.units[:0]
	for len(u.units) < max(len(p)/longest, 1) && (len(u.units) == 0 || u.r.Buffered() >= 2) {
		var unit [2]byte
		if _, err := io.ReadFull(u.r, unit[:]); err != nil {
			if len(u.units) == 0 {
				return 0, endOf(err)
			}
			break
		}
		u.units = append(u.units, u.order.Uint16(unit[:]))
	}
	return copy(p, string(utf16.Decode(u.units))), nil
}

// endOf returns io.EOF for half a character at the end of a text, too.
func endOf(err error) error {
	if err == io.ErrUnexpectedEOF {
		return io.EOF
	}
	return err
}
