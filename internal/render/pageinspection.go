package render

import (
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"jwt/internal/bcp"
	"jwt/internal/compact"
	"jwt/internal/inspect"
	"jwt/internal/jsonobject"
	"jwt/internal/markup"
	"jwt/internal/phrase"
	"jwt/internal/redact"
)

// Characters of a value and of a part that a page shows, unless it shows everything.
const (
	pageValue = 600
	pagePart  = 4096
)

// Nodes returns the inspection as elements of a page. level is that of its heading.
func (a Inspection) Nodes(level int) []markup.Node {
	nodes := []markup.Node{el("header", "", heading(level, a.title(), ""), words("p", "dim", a.origin()))}
	add := func(n ...markup.Node) { nodes = append(nodes, n...) }
	if l := a.Token.Lifetime; l.Issued.Given || l.NotBefore.Given || l.Expires.Given {
		add(section(level+1, "Lifetime", "", a.lifetimeNodes()...))
	}
	add(a.payloadNode(level + 1))
	if d := a.Token.Disclosures; d != nil {
		about := phrase.Count(len(d.Disclosures), "disclosure")
		if d.Fit() {
			about += "; " + undisclosed(d.Processed)
		}
		list := a.memberNodes(inspect.Disclosed)
		if d.Err != nil {
			list = append(list, words("p", "bad", d.Err.Error()))
		}
		add(section(level+1, "Disclosed", about, list...))
	}
	add(section(level+1, "Header", phrase.Count(len(a.Token.Header.Members()), "member"), a.memberNodes(bcp.Header)...))
	add(a.findingsNode(level+1), a.partsNode(level+1))
	if len(a.Token.Certificates) > 0 || a.Token.CertificatesErr != nil {
		add(section(level+1, "Certificates", "in x5c; nothing vouches for them", a.certificateNodes()...))
	}
	return append(nodes, a.nestedNodes(level+1)...)
}

// masked returns a text without the signatures of the tokens in it, if they are to be masked.
func (a Inspection) masked(text string) string {
	if a.Mask {
		return redact.Tokens(text)
	}
	return text
}

// safe is masked for a value.
func (a Inspection) safe(v jsonobject.Value) jsonobject.Value {
	if a.Mask {
		return redact.Value(v)
	}
	return v
}

// limit returns how many characters are shown.
func (a Inspection) limit(most int) int {
	if a.Full {
		return 0
	}
	return most
}

// lifetimeNodes returns the bar, its dates and a description in words.
func (a Inspection) lifetimeNodes() []markup.Node {
	word, style := a.lifeInWords(a.Token.Lifetime)
	nodes := []markup.Node{words("p", "life "+style.class(), word)}
	b := barOf(a.Token.Lifetime)
	if !b.begun || !b.ends {
		return nodes
	}
	const whole = 1000
	class := "good"
	if b.before || style != Plain {
		class = style.class()
	}
	gone := 0
	if !b.before {
		gone = b.place(b.Now, whole+1)
	}
	progress := el("progress", class).With("max", strconv.Itoa(whole)).With("value", strconv.Itoa(gone)).With("aria-label", "elapsed part of the lifetime")
	dates := el("p", "ends", words("span", "", b.from+" "+a.Show(b.start)), words("span", "", b.to+" "+a.Show(b.Expires.At)))
	return append([]markup.Node{progress, dates}, nodes...)
}

// payloadNode returns the claims, or the payload if it is not claims.
func (a Inspection) payloadNode(level int) markup.Node {
	k := a.Token
	size := phrase.Count(len(k.Payload), "byte")
	switch {
	case k.IsSealed():
		about := words("p", "caution", "Only the recipient's key decrypts it.")
		if who := k.Opener(); who != "" {
			return section(level, "Payload", "encrypted", about, words("p", "dim", who))
		}
		return section(level, "Payload", "encrypted", about)
	case k.HasClaims():
		return section(level, "Payload", phrase.Count(len(k.Claims.Members()), "claim"), a.memberNodes(bcp.Payload)...)
	case k.IsDetached():
		return section(level, "Payload", "detached: it is sent beside the token (RFC 7515 appendix F)")
	case len(k.Payload) == 0:
		return section(level, "Payload", "empty")
	case len(k.Nested) > 0 && k.Nested[len(k.Nested)-1].Path == "":
		return section(level, "Payload", size+", a token itself: it is opened below")
	}
	if v, err := jsonobject.ParseValue(k.Payload); err == nil {
		return section(level, "Payload", size+" of JSON, but not an object, so no claims", a.textNode(string(spelledOut(JSON(a.safe(v), false)))))
	}
	if !utf8.Valid(k.Payload) {
		return section(level, "Payload", size+", not text; in hexadecimal", a.textNode(hex.EncodeToString(k.Payload)))
	}
	return section(level, "Payload", size+" of text, not JSON", a.textNode(string(k.Payload)))
}

// textNode returns a text of the token.
func (a Inspection) textNode(text string) markup.Node {
	return el("p", "value block", shortened(a.masked(text), a.limit(pagePart))...)
}

// memberNodes lists the members of one part: name, value, meaning.
func (a Inspection) memberNodes(part string) []markup.Node {
	most := memberRows
	if a.Full {
		most = math.MaxInt
	}
	var rows []markup.Node
	n := 0
	for m := range a.rows(part) {
		if n++; n <= most {
			rows = append(rows, a.memberNode(m))
		}
	}
	if n == 0 {
		return []markup.Node{words("p", "dim", "none")}
	}
	nodes := []markup.Node{el("dl", "members", rows...)}
	if n > most {
		nodes = append(nodes, words("p", "dim", "… and "+strconv.Itoa(n-most)+" more"))
	}
	return nodes
}

func (a Inspection) memberNode(m inspect.Member) markup.Node {
	name := el("code", "", shortened(a.masked(label(m)), a.limit(pageValue))...)
	about, spec := a.meaning(m)
	if spec != "" {
		about += " · " + spec
	}
	var value []markup.Node
	if !m.Opened {
		value = append(value, el("code", "value", shortened(a.value(m), a.limit(pageValue))...))
	}
	if r := a.remark(m); r.Text != "" {
		value = append(value, plain(" "), words("span", "remark "+r.Style.class(), r.Text))
	}
	if about != "" {
		value = append(value, words("small", "", about))
	}
	return row("depth"+strconv.Itoa(m.Depth), name, el("div", "", value...))
}

// value returns the value of a member as it is in the token.
func (a Inspection) value(m inspect.Member) string {
	if a.Mask && m.Holds > 0 { // also of a misspelled token
		return redact.Fingerprint(string(JSON(m.Value, false)))
	}
	return string(spelledOut(JSON(a.safe(m.Value), false)))
}

// findingsNode lists the findings, the most severe first, with advice on each.
func (a Inspection) findingsNode(level int) markup.Node {
	findings := a.Token.Findings
	switch {
	case len(findings) == 0 && a.Token.IsSealed():
		return section(level, "Findings", "none in what can be seen of it")
	case len(findings) == 0:
		return section(level, "Findings", "none; it may be forged anyway")
	}
	var items []markup.Node
	for _, f := range findings {
		title := el("p", "title", words("span", "severity "+f.Severity.String(), f.Severity.String()), plain(" "+f.Title+" "), words("code", "dim", f.Rule))
		item := el("li", "", title)
		if f.Detail != "" {
			item.Content = append(item.Content, words("p", "", a.masked(f.Detail)))
		}
		items = append(items, el("li", "", append(item.Content, words("p", "dim", f.Advice+" ("+f.Section+")"))...))
	}
	return section(level, "Findings", tally(findings), el("ul", "findings", items...))
}

// partsNode shows the token as it was sent, each part in its colour, and the sizes of the parts.
func (a Inspection) partsNode(level int) markup.Node {
	var text, sizes []markup.Node
	for i, p := range a.Token.Parts {
		name := strings.ReplaceAll(p.Name, "_", " ")
		if i > 0 {
			separator := "."
			if p.Name == "disclosure" {
				separator = "~"
			}
			text = append(text, plain(separator), el("wbr", ""))
		}
		size := phrase.Count(len(p.Text), "character") + ", " + phrase.Count(len(p.Bytes), "byte")
		if a.hides(i, p) {
			text = append(text, words("span", "part"+strconv.Itoa(i%5)+" masked", redact.Fingerprint(p.Text)))
			size += ", masked"
		} else {
			text = append(text, el("span", "part"+strconv.Itoa(i%5), shortened(p.Text, a.limit(pagePart))...))
		}
		sizes = append(sizes, row("", words("span", "part"+strconv.Itoa(i%5), name), plain(size)))
	}
	return section(level, "Parts", "as sent", el("p", "token", text...), el("dl", "sizes", sizes...))
}

// hides reports whether a part is masked: the signature, a part with another token in it, and of an
// encrypted token everything but its header.
func (a Inspection) hides(i int, p inspect.Part) bool {
	if !a.Mask || p.Text == "" {
		return false
	}
	sealed := a.Token.Kind == compact.JWE && i > 0
	holds := slices.ContainsFunc(a.Token.Nested, func(n inspect.Nested) bool { return n.Part == p.Name || n.Part == inspect.Disclosed && i > 2 })
	return sealed || holds || p.Name == bcp.Signature || a.masked(string(p.Bytes)) != string(p.Bytes)
}

func (a Inspection) certificateNodes() []markup.Node {
	var nodes []markup.Node
	for _, c := range a.Token.Certificates {
		issuer := c.Issuer
		if c.Issuer == c.Subject {
			issuer = "itself"
		}
		state, style := stateInWords(c.State)
		nodes = append(nodes, el("dl", "sizes",
			row("", plain("subject"), words("code", "value", c.Subject)),
			row("", plain("issued by"), plain(issuer)),
			row("", plain("valid"), plain(a.Show(c.NotBefore)+" to "+a.Show(c.NotAfter)+", "), words("span", style.class(), state)),
			row("", plain("key"), plain(c.Key)),
			row("", plain("SHA-256"), words("code", "value", c.SHA256))))
	}
	if err := a.Token.CertificatesErr; err != nil {
		nodes = append(nodes, words("p", "caution", err.Error()))
	}
	return nodes
}

// nestedNodes shows the tokens inside.
func (a Inspection) nestedNodes(level int) []markup.Node {
	var nodes []markup.Node
	for _, n := range a.Token.Nested {
		where := whereInside(n)
		if n.Path != "" {
			where += ", " + a.masked(n.Path)
		}
		inner := a
		inner.Token = n.Token
		nodes = append(nodes, section(level, "Token inside", where, el("div", "inside", inner.Nodes(level+1)...)))
	}
	if n := a.Token.LeftClosed; n > 0 {
		nodes = append(nodes, words("p", "caution", phrase.Count(n, "token")+" inside left closed"))
	}
	return nodes
}
