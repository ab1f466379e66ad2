package scan

import (
	"bytes"
	"strings"
)

const dashes = "-----"

// armour reads a block between BEGIN and END lines at the start of s, as in the credentials
// of NATS, and returns where it ends. A block of another kind, such as a seed, is skipped
// unless a token is in it.
func (f *finder) armour(s span) (n int, ok bool) {
	if !bytes.HasPrefix(s.b, []byte(dashes+"BEGIN ")) || f.attempts == maxAttempts {
		return 0, false
	}
	line, start := cutLine(s)
	label := strings.Trim(string(line.b), "- ")
	label = strings.TrimPrefix(label, "BEGIN ")
	stop := bytes.Index(s.b[start:], []byte("\n"+dashes))
	if stop < 0 {
		f.attempts++
		return 0, false
	}
	body := s.sub(start, start+stop).trim()
	end, length := cutLine(s.from(start + stop + 1))
	if !strings.Contains(string(end.b), "END "+label) {
		f.attempts++
		return 0, false
	}
	if !f.value(body, carrier{name: label, where: label}) && carriesToken(body.b) {
		return 0, false
	}
	return start + stop + 1 + length, true
}
