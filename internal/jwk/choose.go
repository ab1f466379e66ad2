package jwk

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// AnswersTo reports whether kid may select the key. Kids in a set are compared byte for
// byte (RFC 7515 §4.1.4). A single key was chosen by the user, so its kid may differ.
func (k Key) AnswersTo(kid string) bool {
	return !k.InSet || k.HasID && k.ID == kid
}

// Choose returns the keys that kid may select, or all keys if named is false because
// the token has no kid. If none is left the error is key_not_found.
func Choose(keys []Key, kid string, named bool) ([]Key, error) {
	if len(keys) == 0 {
		return nil, verdict.Errorf(verdict.KeyNotFound, "no key was found: the set is empty").
			Hintf("is it the set of the right issuer and tenant? oidc:ISSUER finds it by discovery")
	}
	if !named {
		return keys, nil
	}
	var chosen []Key
	for _, k := range keys {
		if k.AnswersTo(kid) {
			chosen = append(chosen, k)
		}
	}
	switch {
	case len(chosen) > 0:
		return chosen, nil
	case len(IDs(keys)) == 0:
		return nil, verdict.Errorf(verdict.KeyNotFound, "no key has kid %s; the set's keys have none", phrase.Quote(kid))
	case slices.ContainsFunc(IDs(keys), func(id string) bool { return lookAlike(id, kid) }):
		return nil, verdict.Errorf(verdict.KeyNotFound, "no key has kid %s; the set has %s", escaped(phrase.Quote(kid)), escaped(ListIDs(keys)))
	default:
		return nil, verdict.Errorf(verdict.KeyNotFound, "no key has kid %s; the set has %s", phrase.Quote(kid), ListIDs(keys))
	}
}

// lookAlike reports whether two different kids may look the same: with é as one character
// or two, or with invisible characters.
func lookAlike(a, b string) bool {
	x, y := visible(a), visible(b)
	return slices.EqualFunc(x, y, func(p, q rune) bool { return p == q || p >= utf8.RuneSelf || q >= utf8.RuneSelf })
}

// visible returns the characters that occupy a column.
func visible(text string) []rune {
	return slices.DeleteFunc([]rune(text), func(r rune) bool {
		return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf)
	})
}

// escaped returns a quoted text in ASCII.
func escaped(quoted string) string {
	var b strings.Builder
	for _, r := range quoted {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// Unusable returns why the key with that kid in the set cannot be used, or nil if the
// set has no such unusable key.
func (s Set) Unusable(kid string) error {
	for _, skipped := range s.Skipped {
		if skipped.ID == kid && kid != "" {
			class := verdict.ClassOf(skipped.Err)
			if class != verdict.KeyRefused {
				class = verdict.JWKInvalid
			}
			return verdict.Errorf(class, "kid %s is in the set but cannot be used: %w", phrase.Quote(kid), skipped.Err)
		}
	}
	return nil
}

// IDs returns the kids of the keys that have one.
func IDs(keys []Key) []string {
	ids := []string{}
	for _, k := range keys {
		if k.HasID {
			ids = append(ids, k.ID)
		}
	}
	return ids
}

// ListIDs lists the kids of the keys for a message.
func ListIDs(keys []Key) string {
	ids := IDs(keys)
	if len(ids) == 0 {
		return "no kid at all"
	}
	return phrase.QuotedList(ids)
}
