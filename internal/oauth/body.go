package oauth

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"jwt/internal/jsonobject"
)

// ParseError reads the body of an unsuccessful response. It knows the members of OAuth, of
// problem details (RFC 9457) and of the usual frameworks, and plain text. The texts are
// those of the server and may repeat what it was sent.
func ParseError(status int, body []byte) *Error {
	e := &Error{Status: status}
	value, err := jsonobject.ParseValue(body)
	if err != nil {
		e.Description = plainText(body)
	} else if text, ok := value.Text(); ok {
		e.Description = oneLine(text)
	} else {
		e.read(value)
	}
	if strings.EqualFold(strings.TrimRight(e.Description, "."), http.StatusText(status)) {
		e.Description = "" // repeats the status
	}
	return e
}

// The members that have a code or a sentence, the most specific first.
var (
	codeMembers     = []string{"error", "error_code", "errorCode", "code", "type"}
	sentenceMembers = []string{"error_description", "detail", "message", "msg", "error_message", "non_field_errors", "title", "errors", "error"}
)

// read sets Code and Description from the members of an object.
func (e *Error) read(v jsonobject.Value) {
	o, ok := v.Object()
	if !ok {
		e.Description = sentence(v, 0)
		return
	}
	for _, name := range codeMembers {
		member, _ := o.Get(name)
		if e.Code = codeIn(member, e.Status); e.Code != "" {
			break
		}
	}
	if list, _ := o.Get("errors"); e.Code == "" {
		e.Code = codeIn(firstOf(list), e.Status)
	}
	for _, name := range sentenceMembers {
		member, _ := o.Get(name)
		text := oneLine(sentence(member, 0))
		if text == "" && name == "errors" {
			text = oneLine(firstSentence(member))
		}
		if text != "" && text != e.Code && !strings.EqualFold(text, http.StatusText(e.Status)) {
			e.Description = text
			return
		}
	}
	if text := oneLine(firstSentence(v)); strings.Count(text, " ") > 1 { // a field and its error
		e.Description = text
	}
}

// codeIn returns the code that a member is, or that an object in it has. Some servers put
// the code into message, others the status's own words into error.
func codeIn(v jsonobject.Value, status int) string {
	if text, ok := v.Text(); ok {
		return asCode(text, status)
	}
	o, ok := v.Object()
	if !ok {
		return ""
	}
	for _, name := range []string{"code", "error", "message", "type", "status"} {
		member, _ := o.Get(name)
		text, _ := member.Text()
		if code := asCode(text, status); code != "" {
			return code
		}
	}
	extensions, _ := o.Get("extensions") // GraphQL
	inner, _ := extensions.Object()
	member, _ := inner.Get("code")
	text, _ := member.Text()
	return asCode(text, status)
}

// asCode returns the text if it is a code: one word, or the last part of the URI of a
// problem type.
func asCode(text string, status int) string {
	const longest = 80
	code, _, _ := strings.Cut(text, " : ") // Firebase appends a sentence
	if strings.Contains(code, "://") || strings.HasPrefix(code, "urn:") {
		code = strings.TrimRight(code, "/#")
		code = code[strings.LastIndexAny(code, "/#:")+1:]
	}
	switch {
	case len(code) > longest || strings.ContainsAny(code, " \t\r\n\"<>{}") || code == "about:blank",
		strings.EqualFold(code, strings.ReplaceAll(http.StatusText(status), " ", "")), strings.EqualFold(code, "error"), strings.Trim(code, "0123456789") == "":
		return ""
	}
	return code
}

// sentence returns the text in a member: a string, or the first in an array or object.
func sentence(v jsonobject.Value, depth int) string {
	const deepest = 4
	if text, ok := v.Text(); ok || depth > deepest {
		return text
	}
	if o, ok := v.Object(); ok {
		for _, name := range sentenceMembers {
			if member, ok := o.Get(name); ok {
				return sentence(member, depth+1)
			}
		}
	}
	return sentence(firstOf(v), depth+1)
}

// firstSentence returns the first member of an object like {"email": ["is unknown"]}, with
// its text.
func firstSentence(v jsonobject.Value) string {
	o, ok := v.Object()
	if !ok || len(o.Members()) == 0 {
		return ""
	}
	first := o.Members()[0]
	text := sentence(first.Value, 0)
	if text == "" {
		return ""
	}
	return first.Name + ": " + text
}

func firstOf(v jsonobject.Value) jsonobject.Value {
	if all, ok := v.Elements(); ok && len(all) > 0 {
		return all[0]
	}
	return nil
}

// plainText returns a text that is not JSON, or "" if it is a page or binary.
func plainText(body []byte) string {
	const most = 4 << 10
	body = body[:min(len(body), most)]
	for len(body) > 0 && !utf8.Valid(body) && len(body) >= most-utf8.UTFMax {
		body = body[:len(body)-1] // a character cut off
	}
	text := strings.TrimSpace(string(body))
	if !utf8.ValidString(text) || strings.HasPrefix(text, "<") || strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") || strings.ContainsRune(text, 0) {
		return ""
	}
	return oneLine(text)
}

// oneLine returns the text with single spaces.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
