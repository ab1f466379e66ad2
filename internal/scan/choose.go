package scan

import (
	"fmt"
	"slices"
	"strings"

	"jwt/internal/verdict"
)

// A chooser takes the one token of a text.
type chooser struct {
	findings
	Options
	text span
}

// choose returns the one token of the text.
func (c *chooser) choose() (Found, error) {
	switch {
	case c.err != nil:
		return Found{}, c.err
	case c.Field != "":
		return c.chooseField()
	}
	if slices.ContainsFunc(c.pairs, func(p pair) bool { return !p.inProse }) {
		c.pairs = slices.DeleteFunc(c.pairs, func(p pair) bool { return p.inProse })
	}
	chosen, others, err := c.chooseAny()
	if err != nil {
		return Found{}, err
	}
	found := chosen.found()
	found.Others = others
	if other, ok := c.rival(chosen); ok {
		found.Opaque = other.where
		if !c.Join {
			return Found{}, c.besideOpaque(chosen, other)
		}
	}
	return found, nil
}

// chooseAny returns the one token, and the names of others that it precedes.
func (c *chooser) chooseAny() (chosen pair, others []string, err error) {
	if best, ok := c.response(); ok {
		return c.chooseResponse(best)
	}
	if access, proof, ok := c.withProof(); ok && len(c.refused) == 0 {
		return access, []string{proof.name}, nil
	}
	switch found := len(c.pairs); {
	case found == 0 && len(c.refused) < 2:
		return pair{}, nil, c.noToken()
	case distinct(c.pairs) > 1, len(c.refused) > 0, !c.Join && found > 1 && slices.ContainsFunc(c.pairs, pair.isBare):
		return pair{}, nil, c.several(c.pairs)
	}
	return c.pairs[0], nil, nil
}

// isBare reports whether the token has no carrier. Two of them are not one token where
// trust is decided (RFC 7515 §5.2).
func (p pair) isBare() bool { return p.name == "" }

// response returns the best of the members of a JSON token response.
func (c *chooser) response() (best pair, ok bool) {
	for _, p := range c.pairs {
		if p.rank > 0 && (!ok || p.precedes(best.carrier)) {
			best, ok = p, true
		}
	}
	return best, ok
}

func (c carrier) precedes(other carrier) bool {
	if c.rank != other.rank {
		return c.rank < other.rank
	}
	return c.depth < other.depth
}

// chooseResponse returns the best member of a token response, and the names of the others. It
// fails if equally good members differ, or if a better member is damaged.
func (c *chooser) chooseResponse(best pair) (chosen pair, others []string, err error) {
	for _, o := range c.opaque {
		if o.isDamaged() && o.precedes(best.carrier) {
			return pair{}, nil, notAToken(o)
		}
	}
	var equal []pair
	for _, p := range c.pairs {
		switch {
		case p.rank == best.rank && p.depth == best.depth:
			equal = append(equal, p)
		case p.token != best.token && len(others) < maxListed && !slices.Contains(others, p.label()):
			others = append(others, p.label())
		}
	}
	if distinct(equal) > 1 {
		return pair{}, nil, c.several(equal)
	}
	return best, others, nil
}

// rival returns a value that should be an access token and is not a JWT, so that the chosen
// token is not the one that a server would check. The user name and the password of a client
// are no rival to the response that they ask for (RFC 6749 §2.3.1).
func (c *chooser) rival(chosen pair) (opaqueValue, bool) {
	for _, o := range c.opaque {
		asks := chosen.rank > 0 && len(o.value.b) > len("Basic ") && equalFold(o.value.b[:len("Basic ")], "Basic ")
		again := isAccessToken(o.name) && isAccessToken(chosen.name) || isAuthorization(o.name) && isAuthorization(chosen.name)
		if !asks && !again {
			return o, true
		}
	}
	return opaqueValue{}, false
}

// besideOpaque returns the error for a token beside such a value.
func (c *chooser) besideOpaque(chosen pair, o opaqueValue) error {
	where := chosen.where
	if where == "" {
		where = "a token"
	}
	e := verdict.Errorf(verdict.Malformed, "%s (byte %d) is not a JWT, and %s (byte %d) is one: which is meant?", o.where, o.value.off, where, chosen.off)
	if label := chosen.label(); label != "" && !c.Pasted {
		return e.Hintf("%s", "the second is chosen with --field "+label)
	}
	return e.Hintf("pass only the token that you want")
}

func (c *chooser) chooseField() (Found, error) {
	// A member of the root whose name contains dots precedes a path, and a name in the
	// given case precedes the same name in another.
	var member, byPath, byName, bySound []pair
	for _, p := range c.pairs {
		switch {
		case p.depth == 1 && p.name == c.Field:
			member = append(member, p)
		case p.path == c.Field:
			byPath = append(byPath, p)
		case p.name == c.Field, p.alias == c.Field:
			byName = append(byName, p)
		case p.hasNameFold(c.Field):
			bySound = append(bySound, p)
		}
	}
	matches := member
	for _, others := range [][]pair{byPath, byName, bySound} {
		if len(matches) == 0 {
			matches = others
		}
	}
	switch {
	case len(matches) == 0 && c.invalid != nil:
		return Found{}, notAToken(*c.invalid)
	case len(matches) == 0:
		return Found{}, c.noField()
	case distinct(matches) > 1:
		return Found{}, c.several(matches)
	}
	return matches[0].found(), nil
}

func (p pair) hasName(field string) bool {
	return p.name == field || p.alias == field || p.fold && strings.EqualFold(p.name, field)
}

// hasNameFold is hasName without case for names of headers, variables and HAR entries.
// Names of cookies and JSON members are case-sensitive.
func (p pair) hasNameFold(field string) bool {
	return strings.EqualFold(p.alias, field) || (p.fold || p.where == p.name) && strings.EqualFold(p.name, field)
}

func (p pair) found() Found {
	return Found{Token: p.token, Where: p.where, Offset: p.off, Encoded: p.encoded, GitHub: p.prefixed, Quoted: p.quoted}
}

// withProof returns the access token of a request that also has a DPoP proof (RFC 9449 §7.1).
func (c *chooser) withProof() (access, proof pair, ok bool) {
	var tokens, proofs []pair
	for _, p := range c.pairs {
		if p.fold && strings.EqualFold(p.name, "DPoP") {
			proofs = append(proofs, p)
		} else {
			tokens = append(tokens, p)
		}
	}
	if len(proofs) == 0 || distinct(tokens) != 1 {
		return pair{}, pair{}, false
	}
	return tokens[0], proofs[0], true
}

// label returns the --field value that selects this token.
func (p pair) label() string {
	switch {
	case p.alias != "":
		return p.alias
	case p.path != "":
		return p.path
	}
	return p.name
}

// place names a token in a list.
func (p pair) place() string {
	place := fmt.Sprintf("byte %d", p.off)
	switch label := p.label(); {
	case p.where != "" && label != "" && p.path == "":
		return p.where + " (" + place + ")"
	case label != "":
		return label + " (" + place + ")"
	}
	return place
}

func distinct(pairs []pair) int {
	if len(pairs) < 2 {
		return len(pairs)
	}
	seen := make(map[string]bool, len(pairs))
	for _, p := range pairs {
		seen[p.token] = true
	}
	return len(seen)
}
