package render

import (
	"strconv"
	"strings"
	"time"

	"jwt/internal/inspect"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// Keys is the output of key inspect and key set list, as JSON or as text. It has nothing
// private.
type Keys struct {
	Keys    []inspect.Key
	Skipped []SkippedKey
	Show    func(time.Time) string // formats a time as RFC 3339
	Width   int
}

// A SkippedKey is one of a set that cannot be used.
type SkippedKey struct {
	jwk.Skipped
	Source string
}

// JSON returns the keys for stdout.
func (k Keys) JSON() Object {
	keys, skipped := []Object{}, []Object{}
	for _, key := range k.Keys {
		keys = append(keys, k.keyJSON(key))
	}
	for _, s := range k.Skipped {
		o := Object{{"source", s.Source}, {"index", s.Index}}
		if s.ID != "" {
			o.Add("kid", s.ID)
		}
		o.Add("class", string(verdict.ClassOf(s.Err)))
		o.Add("message", s.Err.Error())
		skipped = append(skipped, o)
	}
	return Object{{"keys", keys}, {"skipped", skipped}}
}

func (k Keys) keyJSON(key inspect.Key) Object {
	o := Object{
		{"source", key.Key.Source},
		{"format", key.Key.Format},
		{"kind", key.Key.Kind()},
	}
	if bits := key.Key.Bits(); bits > 0 {
		o.Add("bits", bits)
	}
	o.Add("private", key.Key.IsPrivate())
	if key.Key.HasID {
		o.Add("kid", key.Key.ID)
	}
	if key.Thumbprint != "" {
		o.Add("thumbprint", key.Thumbprint)
	}
	o.Add("signs", texts(key.Signs))
	o.Add("encrypts", texts(key.Encrypts))
	o.Add("jwk", key.Key.JWK(false))
	o.Add("masked", texts(key.Masked))
	if len(key.Certificates) > 0 {
		o.Add("certificates", certificatesJSON(key.Certificates, k.Show))
	}
	o.Add("warnings", key.Warnings)
	return o
}

// texts returns a list that is [] in JSON if it is empty, not null.
func texts(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// Text appends the keys as text, one paragraph per key.
func (k Keys) Text(t *Text) {
	for i, key := range k.Keys {
		if i > 0 {
			t.Line()
		}
		k.key(t, key)
	}
	for i, s := range k.Skipped {
		if i > 0 || len(k.Keys) > 0 {
			t.Line()
		}
		t.Styled(Bad, "keys["+strconv.Itoa(s.Index)+"] cannot be used")
		if s.ID != "" {
			t.Put("  kid ", s.ID)
		}
		t.Line()
		k.wrapped(t, 2, Plain, s.Err.Error())
	}
}

const keyColumn = 14 // where the descriptions begin

func (k Keys) key(t *Text, key inspect.Key) {
	about := key.Key
	heading, origin := kindAndSize(about), half(about)+", "+about.Format+" from "+about.Source
	t.Styled(Bold, heading)
	if Columns(heading)+2+Columns(Escape(origin)) > k.Width {
		t.Line()
	}
	t.Put("  ", origin).Line()
	if about.HasID {
		k.line(t, "kid", Literal, about.ID)
	}
	for _, m := range []struct{ name, value string }{
		{"use", about.Use}, {"alg", about.Alg}, {"key_ops", strings.Join(about.Ops, ", ")},
	} {
		if m.value != "" {
			k.line(t, m.name, Literal, m.value)
		}
	}
	if key.Thumbprint != "" {
		k.line(t, "thumbprint", Literal, key.Thumbprint)
	}
	k.algorithms(t, key)
	if len(key.Masked) > 0 {
		k.line(t, "not shown", Dim, strings.Join(key.Masked, ", "))
	}
	for _, c := range key.Certificates {
		k.certificate(t, c)
	}
	for _, w := range key.Warnings {
		k.warning(t, w)
	}
}

// algorithms appends what the key can do.
func (k Keys) algorithms(t *Text, key inspect.Key) {
	signing, encrypting := "verifying", "encrypting"
	if key.Key.IsPrivate() {
		signing, encrypting = "signing", "decrypting"
	}
	if len(key.Signs) > 0 {
		k.line(t, signing, Plain, strings.Join(key.Signs, ", "))
	}
	if len(key.Encrypts) > 0 {
		k.line(t, encrypting, Plain, strings.Join(key.Encrypts, ", "))
	}
	if len(key.Signs)+len(key.Encrypts) == 0 {
		k.line(t, "good for", Caution, "nothing: no algorithm here is for it")
	}
}

func (k Keys) warning(t *Text, w verdict.Check) {
	mark := "!"
	for _, line := range fold(Escape(w.Detail+" ("+string(w.Class)+")"), max(k.Width-4, 16)) {
		t.Put("  ").Styled(Caution, mark).Put(" ", line).Line()
		mark = " "
	}
}

func (k Keys) certificate(t *Text, c inspect.Certificate) {
	k.line(t, "certificate", Literal, c.Subject)
	issued := "issued by " + c.Issuer
	if c.Issuer == c.Subject {
		issued = "issued by itself"
	}
	k.wrapped(t, keyColumn, Plain, issued)
	t.Pad(0, keyColumn).Put(k.Show(c.NotBefore), " to ", k.Show(c.NotAfter), ", ")
	word, style := stateInWords(c.State)
	t.Styled(style, word).Line()
}

// line appends a name and its description, which may need several lines.
func (k Keys) line(t *Text, name string, style Style, text string) {
	t.Put("  ").Styled(Name, name).Pad(2+Columns(name), keyColumn)
	for i, line := range fold(Escape(text), max(k.Width-keyColumn, 16)) {
		if i > 0 {
			t.Pad(0, keyColumn)
		}
		t.Styled(style, line).Line()
	}
}

func (k Keys) wrapped(t *Text, column int, style Style, text string) {
	for _, line := range fold(Escape(text), max(k.Width-column, 16)) {
		t.Pad(0, column).Styled(style, line).Line()
	}
}

func kindAndSize(k jwk.Key) string {
	switch k.Type {
	case "oct":
		return "secret of " + strconv.Itoa(k.Bits()/8) + " bytes"
	case "RSA":
		return "RSA, " + strconv.Itoa(k.Bits()) + " bits"
	default:
		return k.Kind()
	}
}

func half(k jwk.Key) string {
	switch {
	case k.IsSecret():
		return "symmetric"
	case k.IsPrivate():
		return "private"
	default:
		return "public"
	}
}

// List appends the keys as text, one line per key.
func (k Keys) List(t *Text) {
	const rest = 32 // columns after the kid
	width := 0
	for _, key := range k.Keys {
		width = max(width, Columns(listedID(key.Key.ID)))
	}
	for _, s := range k.Skipped {
		width = max(width, Columns(listedID(s.ID)))
	}
	width = min(width, max(k.Width-rest, 16))
	for _, key := range k.Keys {
		k.listed(t, key.Key.ID, width)
		kind := shortKind(key.Key)
		t.Put(kind).Pad(Columns(kind), 10).Put(half(key.Key))
		if use := strings.TrimSpace(key.Key.Use + " " + key.Key.Alg); use != "" {
			t.Pad(Columns(half(key.Key)), 11).Put(use)
		}
		t.Line()
	}
	for _, s := range k.Skipped {
		k.listed(t, s.ID, width)
		for i, line := range fold(Escape("not used: "+s.Err.Error()), max(k.Width-width-2, 16)) {
			if i > 0 {
				t.Pad(0, width+2)
			}
			t.Styled(Caution, line).Line()
		}
	}
}

func (k Keys) listed(t *Text, id string, width int) {
	style := Literal
	if id == "" {
		style = Dim
	}
	id = Middle(listedID(id), width)
	t.Styled(style, id).Pad(Columns(id), width+2)
}

// listedID returns the kid for a list, or a note that the key has no kid.
func listedID(id string) string {
	if id == "" {
		return "(no kid)"
	}
	return Escape(id)
}

func shortKind(k jwk.Key) string {
	switch {
	case k.Curve != "":
		return k.Curve
	case k.Bits() == 0:
		return k.Kind()
	}
	return k.Type + " " + strconv.Itoa(k.Bits())
}
