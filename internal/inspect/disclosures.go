package inspect

import (
	"strings"

	"jwt/internal/token"
)

// Parts of an SD-JWT (RFC 9901) besides those of its Issuer-signed JWT.
const (
	Disclosed  = "disclosed"   // the claims that were disclosed
	KeyBinding = "key_binding" // the Key Binding JWT
)

// disclosures lists the disclosed claims, by their paths if the disclosures match the token.
func (w *walker) disclosures(d *token.Disclosures) bool {
	if d == nil {
		return true
	}
	for i, one := range d.Disclosures {
		m := Member{Part: Disclosed, Path: one.Name, Name: one.Name, Value: one.Value}
		if d.Err == nil {
			m.Path = d.Processed.Disclosed[i].Path
			m.Name = m.Path
		}
		if !w.visit(m, steps(m.Path)) {
			return false
		}
	}
	return true
}

// steps returns the names in a path, without array indexes.
func steps(path string) []string {
	var names []string
	for name := range strings.SplitSeq(path, ".") {
		name, _, _ = strings.Cut(name, "[")
		names = append(names, name)
	}
	return names
}
