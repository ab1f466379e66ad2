package bcp

import "strings"

// oneHit returns the hits of a rule that can be broken only once.
func oneHit(part, member, detail string) []hit { return []hit{{part, member, detail}} }

// plain returns a name in lower case and without punctuation. Of a URI it returns the
// last part.
func plain(name string) string {
	if i := strings.LastIndexAny(name, "/#"); i >= 0 && strings.Contains(name, "://") {
		name = name[i+1:]
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '_' || r == '-' || r == ' ' || r == '.':
			return -1
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		default:
			return r
		}
	}, name)
}

// hasControl reports whether s has a character that terminals or logs interpret or hide:
// controls, line and paragraph separators, bidirectional marks, zero-width spaces and tags.
// Joiners are allowed, because scripts need them.
func hasControl(s string) bool {
	for _, r := range s {
		if isControl(r) {
			return true
		}
	}
	return false
}

func isControl(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7F && r <= 0x9F:
		return true
	case r == 0x061C, r == 0x200E, r == 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069: // bidi
		return true
	case r == 0x2028, r == 0x2029:
		return true
	case r == 0x200B, r == 0x2060, r == 0xFEFF, r == 0x00AD: // invisible
		return true
	case r >= 0xE0000 && r <= 0xE007F: // tags
		return true
	}
	return false
}
