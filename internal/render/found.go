package render

import (
	"net/url"
	"path"
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
	scan.Match
	File   string // "" for stdin
	Place  blocks.Place
	Offset int          // of its first character, in bytes
	Last   blocks.Place // after its last character

	Request   scan.Request // of an HTTP archive
	InRequest bool         // there is one

	Claims    jsonobject.Object
	HasClaims bool // the payload is claims
	Lifetime  inspect.Lifetime
	Report    *verify.Report // nil without a key
	Show      func(time.Time) string
	Reveal    bool // show the token itself
}

// Fingerprint returns what distinguishes the token from others, and is not one.
func (f Found) Fingerprint() string { return redact.Fingerprint(f.Token) }

// JSON returns the match as an object.
func (f Found) JSON() Object {
	o := make(Object, 0, 16)
	if f.File != "" {
		o.Add("file", f.File)
	}
	o = append(o, Field{"line", f.Place.Line}, Field{"column", f.Place.Column}, Field{"kind", string(f.Kind)})
	if f.Example != "" {
		o.Add("example", f.Example)
	}
	if f.Name != "" {
		o.Add("name", f.Name)
	}
	if f.Encoded {
		o.Add("encoded", true)
	}
	if f.Wrapped {
		o.Add("wrapped", true)
	}
	o.Add("fingerprint", f.Fingerprint())
	if f.Reveal {
		o.Add("token", f.Token)
	}
	if f.InRequest {
		o.Add("request", f.requestJSON())
	}
	o.Add("header", f.Header)
	if f.HasClaims {
		o.Add("payload", f.Claims)
		o.Add("state", string(f.Lifetime.State()))
	}
	if f.Lifetime.Expires.Shown {
		o.Add("expires", f.Show(f.Lifetime.Expires.At))
	}
	return append(o, f.verdictJSON()...)
}

// requestJSON returns the request of an HTTP archive that sent the token or whose response has
// it, and the state of the token at that time.
func (f Found) requestJSON() Object {
	o := Object{{"method", f.Request.Method}, {"url", redact.URL(f.Request.URL)}, {"time", f.Request.Time}, {"sent", f.Request.Sent(f.Offset)}}
	if then, ok := f.then(); ok {
		o.Add("state", string(then.State()))
	}
	return o
}

// then returns the lifetime of the token at the time of the request.
func (f Found) then() (inspect.Lifetime, bool) {
	at, err := time.Parse(time.RFC3339, f.Request.Time)
	if err != nil || !f.InRequest || !f.counts() {
		return inspect.Lifetime{}, false
	}
	l := f.Lifetime
	l.Now = at
	return l, true
}

// requestText appends the request on a line of its own.
func (f Found) requestText(t *Text) {
	if !f.InRequest {
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

func (f Found) verdictJSON() Object {
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
func (f Found) Text(t *Text) {
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
		t.Put("  ").Styled(Literal, f.Token).Line()
	}
}

// what says what the match is, without its times.
func (f Found) what() string {
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
func (f Found) counts() bool {
	return f.Kind == scan.Whole && f.HasClaims
}

// claim returns a claim as a word, if it is text.
func claim(v jsonobject.Value) string {
	if text, ok := v.Text(); ok && text != "" {
		return phrase.Short(text)
	}
	return phrase.JSON(v)
}

func (f Found) stateInWords() (string, Style) {
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

func (f Found) verdictInWords() (Style, string) {
	if f.Report.Valid {
		return Bad, "valid"
	}
	return Good, "not valid: " + string(f.Report.Class)
}

// Sarif returns the parts of a SARIF 2.1.0 log before and after its results, which commas
// separate.
func Sarif(version string) (before, after []byte) {
	rules := make([]Object, 0, len(sarifRules))
	for _, r := range sarifRules {
		rules = append(rules, Object{
			{"id", r.id},
			{"shortDescription", Object{{"text", r.short}}},
			{"fullDescription", Object{{"text", r.full}}},
			{"help", Object{{"text", r.help}}},
			{"defaultConfiguration", Object{{"level", r.level}}},
			{"properties", Object{{"tags", []string{"security", "credentials"}}}},
		})
	}
	driver := Object{{"name", "jwt"}, {"version", version}, {"rules", rules}}
	log := Object{
		{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
		{"version", "2.1.0"},
		{"runs", []Object{{{"tool", Object{{"driver", driver}}}, {"columnKind", "unicodeCodePoints"}, {"results", []any{}}}}},
	}
	const end = "]}]}" // of the results, the run, the runs and the log
	text := JSON(log, false)
	return text[:len(text)-len(end)], append([]byte("\n"+end), '\n')
}

var sarifRules = [...]struct{ id, level, short, full, help string }{
	{"jwt-live", "error", "Token that has not expired", "A JSON Web Token that is valid by its own times is in the text. Its holder can use it until it expires.", "Revoke the token at its issuer, then remove it from the text and from its history."},
	{"jwt-expired", "warning", "Expired token", "A JSON Web Token that has expired is in the text. Its claims may be personal data.", "Remove the token from the text, and look for a newer one where it came from."},
	{"jwt-example", "note", "Published example of a token", "The token is an example that specifications or jwt.io publish.", "Nothing needs to be done."},
	{"jwt-placeholder", "note", "Placeholder or cut-off token", "The text has the form of a JSON Web Token without a possible signature.", "Nothing needs to be done, unless the rest of a token is elsewhere."},
}

func (f Found) sarifRule() string {
	switch {
	case f.Kind != scan.Whole:
		return "jwt-" + string(f.Kind)
	case f.HasClaims && f.Lifetime.State() == inspect.Expired:
		return "jwt-expired"
	}
	return "jwt-live"
}

// uri returns the file as SARIF has it: relative to the directory that was scanned from, or with
// its scheme.
func (f Found) uri() string {
	switch {
	case f.File == "":
		return "stdin"
	case path.IsAbs(f.File):
		return (&url.URL{Scheme: "file", Path: f.File}).String()
	}
	return (&url.URL{Path: f.File}).EscapedPath()
}

// SarifResult returns the match as a result of a SARIF log.
func (f Found) SarifResult() Object {
	t := NewText(false)
	t.Put(f.what())
	if state, _ := f.stateInWords(); state != "" {
		t.Put(", ", state)
	}
	location := Object{{"artifactLocation", Object{{"uri", f.uri()}}}}
	location.Add("region", Object{{"startLine", f.Place.Line}, {"startColumn", f.Place.Column}, {"endLine", f.Last.Line}, {"endColumn", f.Last.Column}})
	level := ""
	for _, r := range sarifRules {
		if r.id == f.sarifRule() {
			level = r.level
		}
	}
	return Object{
		{"ruleId", f.sarifRule()},
		{"level", level},
		{"message", Object{{"text", string(t.Bytes())}}},
		{"locations", []Object{{{"physicalLocation", location}}}},
		{"partialFingerprints", Object{{"token/v1", f.Fingerprint()}}},
	}
}
