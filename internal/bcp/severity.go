package bcp

import "jwt/internal/verdict"

// A Severity is the importance of a finding. The zero value means no finding.
type Severity int

// The severities, in rising order; their words are the values of --fail-on.
const (
	Info     Severity = iota + 1 // a fact
	Low                          // untidy, or a fault in some cases only
	Medium                       // against a recommendation: an attack needs another weakness
	High                         // against a rule: it may mislead verifiers or expose a secret
	Critical                     // anyone can forge the token, or its private key is exposed
)

// Severities returns the severities in rising order.
func Severities() []Severity { return []Severity{Info, Low, Medium, High, Critical} }

// String returns the word of the severity.
func (s Severity) String() string {
	switch s {
	case Info:
		return "info"
	case Low:
		return "low"
	case Medium:
		return "medium"
	case High:
		return "high"
	case Critical:
		return "critical"
	default:
		return ""
	}
}

// MarshalText returns the word of the severity.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// ParseSeverity returns the severity of a word, or an error of class usage.
func ParseSeverity(word string) (Severity, error) {
	for _, s := range Severities() {
		if s.String() == word {
			return s, nil
		}
	}
	return 0, verdict.Errorf(verdict.Usage, "severity %q: want info, low, medium, high or critical", word)
}
