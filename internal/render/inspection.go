package render

import (
	"slices"
	"time"
	"unicode/utf8"

	"jwt/internal/base64url"
	"jwt/internal/bcp"
	"jwt/internal/inspect"
	"jwt/internal/jsonobject"
	"jwt/internal/reltime"
	"jwt/internal/token"
)

// An Inspection is the output of inspect, as JSON or as text.
type Inspection struct {
	Token inspect.Token
	Now   time.Time
	Show  func(time.Time) string // formats a time as RFC 3339
	Width int                    // columns of the terminal
	Full  bool                   // shorten nothing
	Mask  bool                   // show no signature, also of the tokens inside; JSON has all
}

// AppendMembers appends the members of JSON.
func (a Inspection) AppendMembers(dst []byte) []byte { return a.JSON().AppendMembers(dst) }

// JSON returns the inspection for stdout. The header and the payload are those of the token;
// the explanations are beside them.
func (a Inspection) JSON() Object {
	t := a.Token
	o := Object{{"kind", string(t.Kind)}, {"verified", false}, {"size", len(t.Text())}}
	if t.Vendor != "" {
		o.Add("vendor", t.Vendor)
	}
	o.Add("parts", partsJSON(t.Parts))
	o.Add("header", t.Header)
	if !t.IsSealed() {
		o = append(o, PayloadField(t.Token))
	}
	if t.Disclosures != nil {
		o = append(o, a.disclosuresJSON()...)
	}
	o.Add("members", members{a})
	if t.HasClaims() {
		o.Add("lifetime", a.lifetimeJSON())
	} else {
		o.Add("lifetime", nil)
	}
	o.Add("certificates", a.certificatesJSON())
	o.Add("nested", a.nestedJSON())
	if t.LeftClosed > 0 {
		o.Add("nested_left_closed", t.LeftClosed)
	}
	o.Add("findings", findingsJSON(t.Findings))
	return o
}

// PayloadField returns the payload of a token for JSON: JSON as it is, text as a string, and
// other bytes in base64url under another name.
func PayloadField(t *token.Token) Field {
	if t.HasClaims() {
		return Field{"payload", t.Claims}
	}
	if v, err := jsonobject.ParseValue(t.Payload); err == nil {
		return Field{"payload", v}
	}
	if utf8.Valid(t.Payload) {
		return Field{"payload", string(t.Payload)}
	}
	return Field{"payload_base64url", base64url.Encode(t.Payload)}
}

func partsJSON(parts []inspect.Part) []Object {
	list := []Object{}
	for _, p := range parts {
		list = append(list, Object{{"name", p.Name}, {"base64url", p.Text}, {"size", len(p.Text)}, {"bytes", len(p.Bytes)}})
	}
	return list
}

// members writes the members of a token as JSON. They are not Objects first, because a
// token can have a quarter of a million.
type members struct {
	Inspection
}

func (l members) append(dst []byte) []byte {
	const least = 32 // bytes of a row
	dst = slices.Grow(dst, least*(len(l.Token.Header.Members())+len(l.Token.Claims.Members())))
	dst = append(dst, '[')
	first := true
	for m := range l.Token.Members() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = l.appendMember(dst, m)
	}
	return append(dst, ']')
}

func (l members) appendMember(dst []byte, m inspect.Member) []byte {
	field := func(name, text string) {
		dst = append(jsonobject.AppendQuote(append(dst, ','), name), ':')
		dst = jsonobject.AppendQuote(dst, text)
	}
	dst = jsonobject.AppendQuote(append(dst, `{"part":`...), m.Part)
	field("path", m.Path)
	if known := m.Meaning; known.Meaning != "" {
		field("meaning", known.Meaning)
		field("spec", known.Spec)
		if known.Vendor != "" {
			field("vendor", known.Vendor)
		}
	}
	if at, ok := timeOf(m); ok {
		field("time", l.Show(at))
		field("relative", reltime.Ago(at, l.Now))
	}
	if m.Key != "" {
		field("key", m.Key)
	}
	return append(dst, '}')
}

func (a Inspection) lifetimeJSON() Object {
	l := a.Token.Lifetime
	o := Object{{"state", string(l.State())}, {"now", a.Show(a.Now)}}
	for _, m := range []struct {
		name string
		at   inspect.Moment
	}{{"issued", l.Issued}, {"not_before", l.NotBefore}, {"expires", l.Expires}} {
		if m.at.Shown {
			o.Add(m.name, a.Show(m.at.At))
		}
	}
	start, begun := l.Start()
	if begun && l.Expires.Shown {
		o.Add("seconds", l.Expires.At.Unix()-start.Unix())
	}
	if begun {
		o.Add("elapsed", a.Now.Unix()-start.Unix())
	}
	if l.Expires.Shown {
		o.Add("remaining", l.Expires.At.Unix()-a.Now.Unix())
	}
	return o
}

func (a Inspection) certificatesJSON() []Object {
	return certificatesJSON(a.Token.Certificates, a.Show)
}

func certificatesJSON(certificates []inspect.Certificate, show func(time.Time) string) []Object {
	list := []Object{}
	for _, c := range certificates {
		list = append(list, Object{
			{"subject", c.Subject},
			{"issuer", c.Issuer},
			{"serial", c.Serial},
			{"not_before", show(c.NotBefore)},
			{"not_after", show(c.NotAfter)},
			{"state", string(c.State)},
			{"key", c.Key},
			{"signature", c.Signature},
			{"sha256", c.SHA256},
		})
	}
	return list
}

func (a Inspection) nestedJSON() []Object {
	list := []Object{}
	for _, n := range a.Token.Nested {
		inner := a
		inner.Token = n.Token
		list = append(list, Object{{"part", n.Part}, {"path", n.Path}, {"token", inner.JSON()}})
	}
	return list
}

func findingsJSON(findings []bcp.Finding) []Object {
	list := []Object{}
	for _, f := range findings {
		list = append(list, Object{
			{"rule", f.Rule},
			{"severity", f.Severity.String()},
			{"part", f.Part},
			{"member", f.Member},
			{"title", f.Title},
			{"detail", f.Detail},
			{"advice", f.Advice},
			{"section", f.Section},
		})
	}
	return list
}
