package render

import (
	"slices"
	"strconv"
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

// AppendMembers appends the report for stdout. What was verified is under header and payload, the
// rest under unverified, so that no program reads an unverified claim.
func (r *Report) AppendMembers(dst []byte) []byte {
	dst = strconv.AppendBool(appendName(dst, "valid"), r.Valid)
	dst = append(appendChecks(append(dst, `,"checks":[`...), r.Checks), ']')
	if len(r.Causes) > 0 {
		dst = appendValue(appendName(dst, "diagnosis"), causesJSON(r.Causes))
	}
	if r.Signed != nil {
		dst = appendObject(appendName(dst, "key"), KeyJSON(r.Signed.Key(), r.Signed.Alg().Name, ""))
	}
	return r.appendContents(dst)
}

// appendAgain is AppendMembers of a report with a known opening, and so without causes. The result
// needs no escaping.
func (r *Report) appendAgain(dst []byte, known *opening) []byte {
	dst = strconv.AppendBool(appendName(dst, "valid"), r.Valid)
	dst = appendChecks(append(dst, known.checks...), r.Checks[known.count:])
	dst = append(dst, known.key...)
	if r.Valid {
		dst = append(dst, known.header...)
		start := len(dst)
		return escapedFrom(appendPayload(dst, r.Token), start)
	}
	start := len(dst)
	return escapedFrom(r.appendContents(dst), start)
}

// appendContents appends what is in the token, and the error of one that is not valid.
func (r *Report) appendContents(dst []byte) []byte {
	switch {
	case r.Token == nil:
	case r.Valid:
		dst = appendContents(dst, r.Token)
	default:
		dst = append(appendName(dst, "unverified"), '{')
		dst = append(appendContents(dst, r.Token), '}')
	}
	if r.Valid {
		return dst
	}
	dst = append(appendName(dst, "error"), '{')
	dst = jsonobject.AppendQuote(appendName(dst, "class"), string(r.Class))
	dst = jsonobject.AppendQuote(appendName(dst, "message"), r.Message)
	if r.Hint != "" {
		dst = jsonobject.AppendQuote(appendName(dst, "hint"), r.Hint)
	}
	return append(dst, '}')
}

// appendContents appends the header and the payload, that of an SD-JWT with what is disclosed.
func appendContents(dst []byte, t *token.Token) []byte {
	dst = appendSource(appendName(dst, "header"), t.Header)
	disclosures := t.Disclosures
	switch {
	case disclosures.Fit():
		dst = appendSource(appendName(dst, "payload"), t.Content())
	default:
		dst = appendPayload(dst, t)
	}
	if disclosures != nil {
		dst = presentedJSON(t).AppendMembers(dst)
	}
	return dst
}

// Reports renders the reports of one goroutine, what their openings have in common only once.
type Reports struct{ report *Report }

// An opening is what reports with the same beginning have in common, rendered.
type opening struct {
	count  int    // of the checks
	checks []byte // the beginning of the member
	key    []byte // the end of the checks, and the member
	header []byte // the member of a token that is valid
}

// Of returns the members of a report.
func (r *Reports) Of(report *verify.Report) Members {
	r.report = (*Report)(report)
	return r
}

// AppendMembers appends the members of the last report.
func (r *Reports) AppendMembers(dst []byte) []byte {
	if known := r.opening(); known != nil {
		return r.report.appendAgain(dst, known)
	}
	return r.report.AppendMembers(dst)
}

// areEscaped reports whether the members need no escaping.
func (r *Reports) areEscaped() bool { return r.report.Opening != nil }

// opening returns the opening of the report, or nil if it has none.
func (r *Reports) opening() *opening {
	of := r.report.Opening
	if of == nil {
		return nil
	}
	if known, ok := of.Rendered.(*opening); ok {
		return known
	}
	o := &opening{count: len(of.Checks), checks: appendChecks([]byte(`,"checks":[`), of.Checks)}
	o.key = EscapeJSON(appendObject([]byte(`],"key":`), KeyJSON(r.report.Signed.Key(), r.report.Signed.Alg().Name, "")))
	o.header = EscapeJSON(appendSource([]byte(`,"header":`), r.report.Token.Header))
	of.Rendered = o
	return o
}

// appendChecks appends the checks, escaped.
func appendChecks(dst []byte, checks []verdict.Check) []byte {
	for i := range checks { // each ends with a brace
		if n := len(dst); n > 0 && dst[n-1] == '}' {
			dst = append(dst, ',')
		}
		dst = appendCheck(dst, &checks[i])
	}
	return dst
}

func appendCheck(dst []byte, c *verdict.Check) []byte {
	switch kept := c.Kept; {
	case kept == nil:
		dst = escapedFrom(appendConstant(dst, c), len(dst))
	case len(kept.Rendered) == 0:
		kept.Rendered = escapedFrom(appendConstant(kept.Rendered, c), 0)
		fallthrough
	default:
		dst = append(dst, kept.Rendered...)
	}
	if text, ok := c.Actual.(verdict.Text); ok {
		dst = appendWritten(append(dst, `,"actual":`...), text)
	}
	if c.Says != nil {
		dst = appendWritten(append(dst, `,"detail":`...), c.Says)
	}
	return append(dst, '}')
}

// appendConstant appends what is not in a text. Actual is one only if Says replaces Detail.
func appendConstant(dst []byte, c *verdict.Check) []byte {
	dst = append(jsonobject.AppendQuote(append(dst, `{"name":`...), c.Name), `,"status":"`...)
	dst = append(append(dst, c.Status...), '"')
	if c.Class != "" {
		dst = append(append(append(dst, `,"class":"`...), c.Class...), '"')
	}
	if c.Expected != nil {
		dst = appendValue(append(dst, `,"expected":`...), c.Expected)
	}
	if _, isText := c.Actual.(verdict.Text); c.Actual != nil && !isText {
		dst = appendValue(append(dst, `,"actual":`...), c.Actual)
	}
	if c.Says == nil && c.Detail != "" {
		dst = jsonobject.AppendQuote(append(dst, `,"detail":`...), c.Detail)
	}
	return dst
}

func appendWritten(dst []byte, text verdict.Text) []byte {
	return append(text.AppendText(append(dst, '"')), '"')
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
