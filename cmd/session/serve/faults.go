package serve

import (
	"fmt"
	"strings"

	"jwt/internal/authserver/faulty"
)

// faultLines lists the faults as help shows them.
func faultLines() string {
	var b strings.Builder
	all, width := faulty.All(), 0
	for _, k := range all {
		width = max(width, len(k.Usage()))
	}
	for _, k := range all {
		fmt.Fprintf(&b, "\n  %-*s  %s", width, k.Usage(), k.Help)
	}
	return b.String()[1:]
}

// completeFault returns the names of the faults, each with its help.
func completeFault() []string {
	var names []string
	for _, k := range faulty.All() {
		name := k.Name
		if k.Value != "" {
			name += "="
		}
		names = append(names, name+"\t"+k.Help)
	}
	return names
}
