package render

import (
	"slices"
	"strings"

	"jwt/internal/jsonobject"
	"jwt/internal/verdict"
)

// A Report is the answer of verify, the same object for yes and no.
type Report struct {
	Valid   bool
	Checks  []verdict.Check
	Reasons []Reason // why the signature does not verify, as far as can be known
	Key     *UsedKey
	Token   *Contents // nil if the text is not a token
	Error   error     // nil if valid
	Class   verdict.Class
	Message string
	Hint    string
}

// A Reason is one cause of a bad signature, and what to do about it.
type Reason struct{ ID, Detail, Hint string }

// A UsedKey is the key under which the signature verified or the token decrypted.
type UsedKey struct {
	Source, Kid, Thumbprint, Alg string
	Enc                          string // the content encryption; empty for a signature
	HasKid                       bool
}

// Contents holds the header and the payload of a token. Name is "payload", or
// "payload_base64url" for bytes that are not text.
type Contents struct {
	Header  jsonobject.Object
	Name    string
	Payload any
	Beside  Object // what more there is: the disclosures of an SD-JWT
}

// JSON returns the report for stdout. What was verified is under header and payload, the
// rest under unverified, so that no program reads an unverified claim.
func (r Report) JSON() Object {
	o := append(make(Object, 0, 6), Field{"valid", r.Valid}, Field{"checks", r.Checks})
	if len(r.Reasons) > 0 {
		o.Add("diagnosis", reasonsJSON(r.Reasons))
	}
	if r.Key != nil {
		o.Add("key", r.Key.JSON())
	}
	if t := r.Token; t != nil {
		contents := append(Object{{"header", t.Header}, {t.Name, t.Payload}}, t.Beside...)
		if r.Valid {
			o = append(o, contents...)
		} else {
			o.Add("unverified", contents)
		}
	}
	if !r.Valid {
		e := Object{{"class", string(r.Class)}, {"message", r.Message}}
		if r.Hint != "" {
			e.Add("hint", r.Hint)
		}
		o.Add("error", e)
	}
	return o
}

// appendCheck appends a check as a member of "checks". A batch writes ten of them
// a line, so that they are no Objects first.
func appendCheck(dst []byte, c verdict.Check) []byte {
	dst = jsonobject.AppendQuote(append(dst, `{"name":`...), c.Name)
	dst = jsonobject.AppendQuote(append(dst, `,"status":`...), string(c.Status))
	if c.Class != "" {
		dst = jsonobject.AppendQuote(append(dst, `,"class":`...), string(c.Class))
	}
	if c.Expected != nil {
		dst = appendValue(append(dst, `,"expected":`...), c.Expected)
	}
	if c.Actual != nil {
		dst = appendValue(append(dst, `,"actual":`...), c.Actual)
	}
	if c.Detail != "" {
		dst = jsonobject.AppendQuote(append(dst, `,"detail":`...), c.Detail)
	}
	return append(dst, '}')
}

func reasonsJSON(reasons []Reason) []Object {
	list := make([]Object, 0, len(reasons))
	for _, r := range reasons {
		o := Object{{"id", r.ID}, {"detail", r.Detail}}
		if r.Hint != "" {
			o.Add("hint", r.Hint)
		}
		list = append(list, o)
	}
	return list
}

// JSON returns the key for answers.
func (k UsedKey) JSON() Object {
	o := append(make(Object, 0, 5), Field{"source", k.Source})
	if k.HasKid {
		o.Add("kid", k.Kid)
	}
	if k.Thumbprint != "" {
		o.Add("thumbprint", k.Thumbprint)
	}
	o.Add("alg", k.Alg)
	if k.Enc != "" {
		o.Add("enc", k.Enc)
	}
	return o
}

// Text appends the report for people: the verdict, then a line a check.
func (r Report) Text(t *Text) {
	switch {
	case r.Valid:
		t.Styled(Good, "✓ valid").Line()
	case r.Class.IsVerdict():
		t.Styled(Bad, "✗ not valid: "+string(r.Class)).Line()
	default:
		t.Styled(Bad, "✗ not verified: "+string(r.Class)).Line()
	}
	groups := []string{""}
	for _, c := range r.Checks {
		if group, _ := grouped(c.Name); !slices.Contains(groups, group) {
			groups = append(groups, group)
		}
	}
	for _, group := range groups {
		r.group(t, group)
	}
}

// group appends the checks of one group, under its name.
func (r Report) group(t *Text, name string) {
	if name != "" {
		t.Put("  ").Styled(Dim, strings.NewReplacer("_", " ", ":", " ").Replace(name)).Line()
	}
	for _, c := range r.Checks {
		if group, rule := grouped(c.Name); group == name {
			r.check(t, c, rule)
		}
	}
}

// grouped splits the name of a check in a group: profile:NAME:RULE and key_binding:RULE
// are shown under a line with the name of the group.
func grouped(check string) (group, name string) {
	i := strings.LastIndexByte(check, ':')
	if i < 0 || !strings.HasPrefix(check, "profile:") && !strings.HasPrefix(check, "key_binding:") {
		return "", check
	}
	return check[:i], check[i+1:]
}

// Columns of a check: the mark and the name; the detail starts at column detailFrom.
const (
	checkName  = 14
	detailFrom = len("  ✓ ") - len("✓") + 1 + checkName + 1
)

func (r Report) check(t *Text, c verdict.Check, name string) {
	if c.Class == verdict.SecretInArgv {
		return // said on stderr already
	}
	mark, style := "✓", Good
	switch c.Status {
	case verdict.Fail:
		mark, style = "✗", Bad
	case verdict.Warn:
		mark, style = "!", Caution
	case verdict.Skip:
		mark, style = "-", Dim
	}
	t.Put("  ").Styled(style, mark).Put(" ", name)
	if text := detail(c, name); text != "" {
		if n := len([]rune(name)); n <= checkName {
			t.Pad(n, checkName).Put(" ")
		} else {
			t.Line().Pad(0, detailFrom)
		}
		t.Words(detailFrom, text)
	}
	t.Line()
	if c.Name == r.explained() {
		const why = "why: "
		for _, reason := range r.Reasons {
			if reason.Detail != c.Detail {
				t.Pad(0, detailFrom).Styled(Caution, why).Words(detailFrom+len(why), reason.Detail).Line()
			}
		}
	}
}

// explained is the name of the check that the reasons are for.
func (r Report) explained() string {
	for _, c := range r.Checks {
		if c.Status == verdict.Fail && (c.Name == "signature" || c.Name == "key") {
			return c.Name
		}
	}
	return ""
}

// detail returns the text of a check beside its name; where it did not fail, with the hint
// that is nowhere else.
func detail(c verdict.Check, name string) string {
	if c.Detail == "" && c.Actual != nil {
		if s, ok := c.Actual.(string); ok {
			return s
		}
		return string(JSON(c.Actual, false))
	}
	about := name[strings.IndexByte(name, ':')+1:] // of claim:NAME and require:NAME
	detail := strings.TrimPrefix(c.Detail, about+": ")
	if c.Status != verdict.Fail && c.Hint != "" {
		return detail + ": " + c.Hint
	}
	return detail
}
