// Package scan finds the one token that a text carries: a header line, a cookie,
// a URL, a JSON response, a curl transcript (RFC 6750 §2, RFC 6749 §4.2.2 and
// §5.1, RFC 6265 §4). A token that does not end where its carrier ends is an error,
// never a shorter token, unless its last part has the length of its algorithm
// (isComplete): such a token may be in any text.
//
// It works in two phases. A reader splits the text by its carriers into pairs of a name and a
// value; then choose takes one of the pairs, or says why none. A Searcher finds every token of a
// text that is too long for that, by the shape of tokens alone.
package scan

import (
	"bytes"
	"strings"

	"jwt/internal/compact"
	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// A Found is the token of a text and its position.
type Found struct {
	Token   string   // exactly as in the text; joined, if Wrapped
	Where   string   // for messages: "Authorization header", "cookie session"; "" for a bare token
	Offset  int      // bytes from the start of the text
	Wrapped bool     // it was on several lines and is joined here
	Encoded bool     // it was in Base64 and is decoded here
	GitHub  bool     // it followed a prefix of GitHub
	Quoted  bool     // it was in quotes inside a header
	Others  []string // the names of other members of the JSON response that carry tokens
	Opaque  string   // where an access token should be and something else is, with Join
}

// Options select the token and the forms that are accepted.
type Options struct {
	// Field names the JSON member (dots descend), header, cookie or parameter
	// that carries the token. If it is empty, the text must have one token.
	Field string
	// Join accepts more, for commands that show a token but do not trust it: a token
	// wrapped over lines, a token in prose, padding and the standard Base64 alphabet.
	// The parser reports the last two.
	Join bool
	// Batch lets hints name --batch, which the command has.
	Batch bool
	// Pasted is set where a person pastes the text into a page, which has no flags for a hint to name.
	Pasted bool
}

// One returns the token of text. Its errors are malformed, unless the text is the JSON
// serialization of a JWS or JWE (unsupported_serialization) or exceeds a limit
// (limit_exceeded).
func One(text []byte, o Options) (Found, error) {
	found, err := one(text, o)
	switch {
	case err != nil:
		return found, err
	case isGlued(found.Token):
		header, _ := jsonobject.Parse(decodeHeader([]byte(found.Token))) // without a header there is no alg to name
		alg, _ := header.Text("alg")
		return Found{}, verdict.Errorf(verdict.Malformed, "no token found: two tokens run together: 5 parts, and a header with alg %s, no enc", phrase.Quote(alg)).
			Hintf("pass one of them")
	case mayBeOther(found.Token):
		if other, ok := formatOf([]byte(found.Token)); ok {
			return Found{}, other.notJWT()
		}
	}
	return found, nil
}

// IsAlone reports whether One returns text as it is, if it is a signed token with a JSON object as
// its header.
func IsAlone(text []byte) bool {
	header, rest, _ := bytes.Cut(text, []byte{'.'})
	return bytes.HasPrefix(header, []byte("eyJ")) && !mayBeTime(bytes.IndexByte(rest, '.'))
}

// isGlued reports whether two signed tokens are written as one, which then has the five parts of
// an encrypted one.
func isGlued(token string) bool {
	return strings.Count(token, ".") == 4 && strings.Count(token, "eyJ") > 2 && !strings.Contains(token, "~") && !isEncrypted([]byte(token))
}

// mayBeOther reports whether a text with the separators of a token may be another
// credential: it begins differently, or its second part is the time of a cookie.
func mayBeOther(token string) bool {
	header, rest, _ := strings.Cut(token, ".")
	return !strings.HasPrefix(header, "eyJ") || mayBeTime(strings.IndexByte(rest, '.'))
}

func mayBeTime(size int) bool { return size == 6 || size == 7 }

func one(text []byte, o Options) (Found, error) {
	text = fromUTF16(text)
	s := span{b: text, exact: true}
	if bytes.HasPrefix(text, byteOrderMark) {
		s = s.from(len(byteOrderMark))
	}
	s = s.trim()
	if len(s.b) == 0 {
		return Found{}, verdict.Errorf(verdict.Malformed, "no token found: the input is empty")
	}
	plain := withoutColour(s)
	if o.Field == "" {
		if found, ok, err := alone(s, plain, o); ok || err != nil {
			return found, err
		}
	}
	r := reader{text: plain, field: o.Field, inWords: o.Join}
	r.lines(plain)
	if found, ok, err := r.joinLines(plain, o); ok || err != nil {
		return found, err
	}
	r.lookDeeper(o)
	c := chooser{findings: r.findings, Options: o, text: s}
	found, err := c.choose()
	if err == nil && found.Encoded && found.Where == "" && !o.Join {
		return Found{}, verdict.Errorf(verdict.Malformed, "no token found: this is the Base64 of a token").Hintf("%s", onceMore)
	}
	return found, err
}

// alone returns the token of a text that has nothing else but its carrier. plain is the text
// without colour.
func alone(s, plain span, o Options) (found Found, ok bool, err error) {
	switch {
	case !compact.Is(s.b):
	case looksLikeFile(s.b) && !hasHeader(s.b):
		return Found{}, false, notToken(s.b)
	case vendorPrefix(s.b) == 0:
		return Found{Token: string(s.b), Offset: s.off}, true, nil
	}
	return onlyCarrier(plain, o)
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// lookDeeper reads the text again for what counts only if nothing else is found: tokens in
// Base64, and, with Join, padded tokens in a carrier.
func (r *reader) lookDeeper(o Options) {
	if r.err != nil || len(r.pairs) > 0 || len(r.refused) > 0 && !o.Join {
		return
	}
	deep := reader{text: r.text, field: r.field, inWords: r.inWords, deep: true, lax: o.Join}
	deep.lines(r.text)
	if r.chunks = deep.chunks; len(deep.pairs) > 0 {
		r.pairs, r.refused = deep.pairs, nil
	}
}

// joinLines returns the only token of a text if it is wrapped inside its carrier.
func (r *reader) joinLines(s span, o Options) (found Found, ok bool, err error) {
	if r.err != nil || r.field != "" || len(r.pairs) > 0 {
		return Found{}, false, nil
	}
	all := r.wrapped
	if len(all) == 0 {
		all = wrappings(s)
	}
	if len(all) != 1 {
		return Found{}, false, nil
	}
	found, err = all[0].take(o)
	return found, err == nil, err
}
