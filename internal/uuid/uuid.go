// Package uuid recognizes UUIDs (RFC 9562 §4).
package uuid

// Is reports whether text is a UUID in hexadecimal with its four hyphens, and nothing more.
func Is[T string | []byte](text T) bool {
	if len(text) != 36 {
		return false
	}
	for i := range len(text) {
		c := text[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
				return false
			}
		}
	}
	return true
}
