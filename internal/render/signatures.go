package render

import (
	"errors"
	"strconv"

	"jwt/internal/jsonobject"
	"jwt/internal/verdict"
	"jwt/internal/verify"
)

// Signatures is the output of verify for a token with several signatures.
type Signatures verify.Signatures

// AppendMembers appends the report for stdout: a report for each signature, and the payload if
// enough of them verified.
func (s Signatures) AppendMembers(dst []byte) []byte {
	dst = strconv.AppendBool(appendName(dst, "valid"), s.Valid)
	dst = append(appendName(dst, "signatures"), '[')
	for i := range s.Reports {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append((*Report)(&s.Reports[i]).AppendMembers(append(dst, '{')), '}')
	}
	dst = append(dst, ']')
	if s.Valid {
		dst = appendName(dst, "payload")
		if v, err := jsonobject.ParseValue(s.Payload); err == nil {
			return appendValue(dst, v)
		}
		return jsonobject.AppendQuote(dst, string(s.Payload))
	}
	var e *verdict.Error
	if errors.As(s.Err, &e) {
		dst = append(appendName(dst, "error"), '{')
		dst = jsonobject.AppendQuote(appendName(dst, "class"), string(e.Class))
		dst = jsonobject.AppendQuote(appendName(dst, "message"), e.Message)
		if e.Hint != "" {
			dst = jsonobject.AppendQuote(appendName(dst, "hint"), e.Hint)
		}
		dst = append(dst, '}')
	}
	return dst
}

// Text appends the report for people.
func (s Signatures) Text(t *Text) {
	if s.Valid {
		t.Styled(Good, "✓ valid").Line()
	} else {
		t.Styled(Bad, "✗ not valid").Line()
	}
	for i, r := range s.Reports {
		t.Put("signature " + strconv.Itoa(i+1) + ": ")
		Report(r).Text(t)
	}
}
