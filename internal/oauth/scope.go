package oauth

import (
	"slices"
	"strings"
)

// HasScope reports whether a scope parameter, a list separated by spaces (RFC 6749 §3.3), has the
// scope.
func HasScope(list, scope string) bool { return slices.Contains(strings.Fields(list), scope) }
