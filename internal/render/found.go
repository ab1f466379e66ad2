package render

import (
	"strconv"
	"time"

	"jwt/internal/blocks"
	"jwt/internal/inspect"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/phrase"
	"jwt/internal/redact"
	"jwt/internal/reltime"
	"jwt/internal/scan"
	"jwt/internal/verify"
)

// A Found is one token that scan found, as text, JSON or SARIF.
type Found struct {
	*scan.Match
	File   string // "" for stdin
	Place  blocks.Place
	Offset int          // of its first character, in bytes
	Last   blocks.Place // after its last character, for SARIF

	Request *scan.Request // of an HTTP archive; may be nil

	Claims    jsonobject.Object
	HasClaims bool             // the payload is claims
	Lifetime  inspect.Lifetime // without Issued
	Report    *verify.Report   // nil without a key
	Zone      *time.Location   // of times
	Reveal    bool             // show the token itself
}

// Fingerprint returns what distinguishes the token from others, and is not one.
func (f *Found) Fingerprint() string { return redact.Fingerprint(string(f.Token)) }

// AppendMembers appends the match as the members of an object.
func (f *Found) AppendMembers(dst []byte) []byte {
	dst = appendText(dst, `"file":`, f.File)
	dst = strconv.AppendInt(appendKey(dst, `"line":`), int64(f.Place.Line), 10)
	dst = strconv.AppendInt(appendKey(dst, `"column":`), int64(f.Place.Column), 10)
	dst = appendText(dst, `"kind":`, string(f.Kind))
	dst = appendText(dst, `"example":`, f.Example)
	dst = appendText(dst, `"name":`, f.Name)
	if f.Encoded {
		dst = append(dst, `,"encoded":true`...)
	}
	if f.Wrapped {
		dst = append(dst, `,"wrapped":true`...)
	}
	dst = append(redact.AppendFingerprint(append(dst, `,"fingerprint":"`...), f.Token), '"')
	if f.Reveal {
		dst = appendText(dst, `"token":`, string(f.Token))
	}
	if f.Request != nil {
		dst = appendObject(appendKey(dst, `"request":`), f.requestJSON())
	}
	dst = appendSource(appendKey(dst, `"header":`), f.Header)
	if f.HasClaims {
		dst = appendSource(appendKey(dst, `"payload":`), f.Claims)
		dst = appendText(dst, `"state":`, string(f.Lifetime.State()))
	}
	if f.Lifetime.Expires.Shown {
		dst = f.Lifetime.Expires.At.In(f.Zone).AppendFormat(append(dst, `,"expires":"`...), time.RFC3339)
		dst = append(dst, '"')
	}
	return f.verdictJSON().AppendMembers(dst)
}

// appendKey appends the quoted name of a member and its colon, with a comma unless it is the first.
func appendKey(dst []byte, key string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(dst, key...)
}

// appendText appends a member that is a string, if it is not empty.
func appendText(dst []byte, key, value string) []byte {
	if value == "" {
		return dst
	}
	return jsonobject.AppendQuote(appendKey(dst, key), value)
}

// requestJSON returns the request of an HTTP archive that sent the token or whose response has
// it, and the state of the token at that time.
func (f *Found) requestJSON() Object {
	o := Object{{"method", f.Request.Method}, {"url", redact.URL(f.Request.URL)}, {"time", f.Request.Time}, {"sent", f.Request.Sent(f.Offset)}}
	if then, ok := f.then(); ok {
		o.Add("state", string(then.State()))
	}
	return o
}

// then returns the lifetime of the token at the time of the request.
func (f *Found) then() (inspect.Lifetime, bool) {
	at, err := time.Parse(time.RFC3339, f.Request.Time)
	if err != nil || !f.counts() {
		return inspect.Lifetime{}, false
	}
	l := f.Lifetime
	l.Now = at
	return l, true
}

// requestText appends the request on a line of its own.
func (f *Found) requestText(t *Text) {
	if f.Request == nil {
		return
	}
	verb := "received from "
	if f.Request.Sent(f.Offset) {
		verb = "sent by "
	}
	t.Put("  ", verb, phrase.Short(f.Request.Method), " ", phrase.Short(redact.URL(f.Request.URL)))
	if f.Request.Time != "" {
		t.Put(" at ", phrase.Short(f.Request.Time))
	}
	if then, ok := f.then(); ok && then.Expires.Shown {
		state, when := "before it expired", then.Expires.At
		if then.State() == inspect.Expired {
			state = "after it expired"
		}
		t.Put(", ", reltime.SpanBetween(when, then.Now), " ", state)
	}
	t.Line()
}

func (f *Found) verdictJSON() Object {
	if f.Report == nil {
		return nil
	}
	o := Object{{"valid", f.Report.Valid}}
	if !f.Report.Valid {
		o.Add("error", Object{{"class", string(f.Report.Class)}, {"message", f.Report.Message}})
	}
	return o
}

// Text appends the match on one line: where it is, and what it says.
func (f *Found) Text(t *Text) {
	if f.File != "" {
		t.Styled(Name, f.File).Put(":")
	}
	t.Put(strconv.Itoa(f.Place.Line), ":", strconv.Itoa(f.Place.Column), ": ")
	t.Put(f.what())
	if state, style := f.stateInWords(); state != "" {
		t.Put(", ").Styled(style, state)
	}
	if f.Report != nil {
		t.Put(", ").Styled(f.verdictInWords())
	}
	t.Put(" ").Styled(Dim, "("+f.Fingerprint()+")").Line()
	f.requestText(t)
	if f.Reveal {
		t.Put("  ").Styled(Literal, string(f.Token)).Line()
	}
}

// what says what the match is, without its times.
func (f *Found) what() string {
	s := string(f.Kind)
	switch alg, _ := f.Header.Text("alg"); alg {
	case "":
	case jwa.None:
		s = "unsecured " + s
	default:
		s = phrase.Short(alg) + " " + s
	}
	if f.Encrypted {
		s = "encrypted " + s
	}
	if f.Example != "" {
		s += " of " + f.Example
	}
	if f.Name != "" {
		s += " in " + phrase.Quote(f.Name)
	}
	if f.Encoded {
		s += ", Base64"
	}
	if f.Wrapped {
		s += ", on several lines"
	}
	if !f.counts() {
		return s
	}
	for _, name := range [...]string{"iss", "sub", "aud"} {
		if v, ok := f.Claims.Get(name); ok {
			s += ", " + name + " " + claim(v)
		}
	}
	return s
}

// counts reports whether the match is a token whose claims matter.
func (f *Found) counts() bool {
	return f.Kind == scan.Whole && f.HasClaims
}

// claim returns a claim as a word, if it is text.
func claim(v jsonobject.Value) string {
	if text, ok := v.Text(); ok && text != "" {
		return phrase.Short(text)
	}
	return phrase.JSON(v)
}

func (f *Found) stateInWords() (string, Style) {
	if !f.counts() {
		return "", Plain
	}
	switch l := f.Lifetime; l.State() {
	case inspect.Expired:
		return "expired " + l.Expires.Date.When(l.Now, time.UTC), Dim
	case inspect.NotYetValid:
		return "not valid before " + l.NotBefore.Date.When(l.Now, time.UTC), Caution
	case inspect.Endless:
		return "never expires", Bad
	}
	return "expires " + f.Lifetime.Expires.Date.When(f.Lifetime.Now, time.UTC), Caution
}

func (f *Found) verdictInWords() (Style, string) {
	if f.Report.Valid {
		return Bad, "valid"
	}
	return Good, "not valid: " + string(f.Report.Class)
}
