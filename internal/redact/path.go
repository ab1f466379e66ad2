package redact

import "strings"

const (
	maxSegment = 16 // bytes of a segment: a longer one may be a secret
	MaxPath    = 64 // bytes that are shown
)

// Path returns the parts of the path of an unknown URL that may be shown. A truncated
// segment is always hidden, because its length is unknown.
func Path(path string) string {
	segments := strings.Split(path[:min(len(path), MaxPath)], "/")
	for i, s := range segments {
		cut := i == len(segments)-1 && len(path) > MaxPath
		if cut || len(s) > maxSegment || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
			segments[i] = "***"
		}
	}
	return strings.Join(segments, "/")
}
