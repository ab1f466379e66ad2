package render

import (
	"slices"
	"strings"

	"jwt/internal/diagnose"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/token"
	"jwt/internal/verdict"
	"jwt/internal/verify"
)

// A Report is the output of verify, as JSON or as text.
type Report verify.Report

// JSON returns the report for stdout. What was verified is under header and payload, the
// rest under unverified, so that no program reads an unverified claim.
func (r Report) JSON() Object {
	o := append(make(Object, 0, 6), Field{"valid", r.Valid}, Field{"checks", r.Checks})
	if len(r.Causes) > 0 {
		o.Add("diagnosis", causesJSON(r.Causes))
	}
	if r.Alg != "" {
		o.Add("key", KeyJSON(r.Key, r.Alg, ""))
	}
	if r.Token != nil {
		contents := contentsJSON(r.Token)
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

// contentsJSON returns the header and the payload, that of an SD-JWT with what is disclosed.
func contentsJSON(t *token.Token) Object {
	payload, disclosures := PayloadField(t), t.Disclosures
	if disclosures.Fit() {
		payload.Value = t.Content()
	}
	o := append(make(Object, 0, 4), Field{"header", t.Header}, payload)
	if disclosures != nil {
		o = append(o, presentedJSON(t)...)
	}
	return o
}

// appendCheck appends a check as an element of "checks". It does not make an Object first,
// because a batch writes ten checks per line.
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

func causesJSON(causes []diagnose.Cause) []Object {
	list := make([]Object, 0, len(causes))
	for _, c := range causes {
		o := Object{{"id", c.ID}, {"detail", c.Detail}}
		if c.Hint != "" {
			o.Add("hint", c.Hint)
		}
		list = append(list, o)
	}
	return list
}

// KeyJSON returns the key under which a token verified, or decrypted with enc.
func KeyJSON(key jwk.Key, alg, enc string) Object {
	o := append(make(Object, 0, 5), Field{"source", key.Source})
	if key.HasID {
		o.Add("kid", key.ID)
	}
	if !key.IsSecret() { // the thumbprint of a secret is a hash of it
		o.Add("thumbprint", key.Thumbprint())
	}
	o.Add("alg", alg)
	if enc != "" {
		o.Add("enc", enc)
	}
	return o
}

// Text appends the report as text: the verdict, then one line per check.
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
		for _, cause := range r.Causes {
			if cause.Detail != c.Detail {
				t.Pad(0, detailFrom).Styled(Caution, why).Words(detailFrom+len(why), cause.Detail).Line()
			}
		}
	}
}

// explained returns the name of the check that the causes are for.
func (r Report) explained() string {
	for _, c := range r.Checks {
		if c.Status == verdict.Fail && (c.Name == "signature" || c.Name == "key") {
			return c.Name
		}
	}
	return ""
}

// detail returns the text of a check beside its name, with its hint unless it failed: the
// hints of failed checks are shown elsewhere.
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
