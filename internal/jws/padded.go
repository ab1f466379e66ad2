package jws

import (
	"encoding/base64"
	"strings"

	"jwt/internal/verdict"
)

// ParsePadded parses a token whose parts are in base64url with padding, and signed with it, as AWS
// load balancers write them. RFC 7515 §2 forbids padding, and a second spelling of a token evades
// lists of revoked ones: this is for a caller that expects such an issuer and no other. Each part
// has exactly one spelling here, too.
func ParsePadded(text string) (Token, error) {
	t, err := split(text)
	if err != nil {
		return Token{}, err
	}
	names := [3]string{"header", "payload", "signature"}
	var parts [3][]byte
	for i, s := range t.Segments() {
		b, err := base64.URLEncoding.Strict().DecodeString(s)
		if err != nil || strings.ContainsAny(s, "\r\n") { // which the decoder ignores
			return Token{}, verdict.Errorf(verdict.Malformed, "the %s is not base64url with padding, as a load balancer writes it", names[i])
		}
		parts[i] = b
	}
	return t.fill(parts)
}
