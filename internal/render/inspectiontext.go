package render

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"

	"jwt/internal/bcp"
	"jwt/internal/compact"
	"jwt/internal/inspect"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/phrase"
	"jwt/internal/redact"
)

// Text appends the inspection as text.
func (a Inspection) Text(t *Text) {
	a.headline(t)
	a.section(t, "Parts", "")
	a.partsText(t)
	a.section(t, "Header", phrase.Count(len(a.Token.Header.Members()), "member"))
	a.membersText(t, bcp.Header)
	a.payloadText(t)
	a.disclosuresText(t)
	if a.Token.Kind != compact.JWE {
		t.Line().Styled(Bold, "Signature").Put("  ")
		Signature(t, a.Token.Header, len(a.Token.Parts[2].Bytes))
	}
	if l := a.Token.Lifetime; l.Issued.Given || l.NotBefore.Given || l.Expires.Given {
		a.section(t, "Lifetime", "")
		a.lifetime(t)
	}
	a.certificatesText(t)
	a.nestedText(t)
	a.findingsText(t)
}

// section appends the heading of a part of the output.
func (a Inspection) section(t *Text, name, about string) {
	t.Line().Styled(Bold, name)
	if about != "" {
		t.Put("  ").Styled(Dim, about)
	}
	t.Line()
}

func (a Inspection) headline(t *Text) { t.Styled(Bold, a.title()).Put(", " + a.origin()).Line() }

// title returns the kind of the token.
func (a Inspection) title() string {
	k := a.Token
	switch {
	case k.Kind == compact.JWE:
		return "Encrypted token (JWE)"
	case strings.EqualFold(k.Alg, jwa.None):
		return "Unsecured token (JWS)"
	case k.Disclosures != nil:
		return "Signed token with disclosures (SD-JWT)"
	}
	return "Signed token (JWS)"
}

// origin returns the size of the token and its vendor.
func (a Inspection) origin() string {
	about := phrase.Count(len(a.Token.Text()), "byte")
	if a.Token.Vendor != "" {
		about += ", by its looks from " + a.Token.Vendor
	}
	return about
}

// readable is the largest number of columns for prose.
const readable = 100

// partsText shows each part as it was sent, shortened in the middle, and its
// size as sent and decoded.
func (a Inspection) partsText(t *Text) {
	var names, sizes []string
	nameWidth, sizeWidth := 0, 0
	for _, p := range a.Token.Parts {
		name, size := strings.ReplaceAll(p.Name, "_", " "), phrase.Count(len(p.Text), "char")+" → "+phrase.Count(len(p.Bytes), "byte")
		names, sizes = append(names, name), append(sizes, size)
		nameWidth, sizeWidth = max(nameWidth, Columns(name)), max(sizeWidth, Columns(size))
	}
	width := a.Width - 2 - nameWidth - 2 - 2 - sizeWidth
	for i, p := range a.Token.Parts {
		t.Put("  ").Styled(Name, names[i]).Pad(Columns(names[i]), nameWidth+2)
		sent := p.Text
		if a.hides(i, p) {
			sent = redact.Fingerprint(sent)
		}
		switch {
		case p.Text == "":
			t.Styled(Dim, "empty").Line()
		case a.Full:
			t.Styled(Dim, sizes[i]).Line()
			a.block(t, Escape(sent))
		case width < 8: // a terminal too narrow for both
			t.Styled(Dim, sizes[i]).Line()
		default:
			text := Middle(Escape(sent), width)
			t.Put(text).Pad(Columns(text), width+2).Pad(Columns(sizes[i]), sizeWidth).Styled(Dim, sizes[i]).Line()
		}
	}
}

// payloadText shows the claims, or the payload if it is not claims.
func (a Inspection) payloadText(t *Text) {
	k := a.Token
	switch {
	case k.IsSealed():
		t.Line().Styled(Bold, "Payload").Put("  encrypted; ").Styled(Caution, "only the recipient's key decrypts it").Line()
		if who := k.Opener(); who != "" {
			a.hanging(t, len("Payload  "), Plain, who)
		}
		return
	case k.HasClaims():
		a.section(t, "Payload", phrase.Count(len(k.Claims.Members()), "claim"))
		a.membersText(t, bcp.Payload)
		return
	}
	size := phrase.Count(len(k.Payload), "byte")
	v, err := jsonobject.ParseValue(k.Payload)
	switch {
	case k.IsDetached():
		a.section(t, "Payload", "detached: it is sent beside the token (RFC 7515 appendix F)")
		return
	case len(k.Payload) == 0:
		a.section(t, "Payload", "empty")
		return
	case len(k.Nested) > 0 && k.Nested[len(k.Nested)-1].Path == "":
		a.section(t, "Payload", size+", a token itself: it is opened below")
		return
	case err == nil:
		a.section(t, "Payload", size+" of JSON, but not an object, so no claims")
		a.block(t, string(JSON(a.safe(v), false)))
	case !utf8.Valid(k.Payload):
		a.section(t, "Payload", size+", not text; in hexadecimal")
		a.block(t, hex.EncodeToString(k.Payload))
	default:
		a.section(t, "Payload", size+" of text, not JSON")
		a.lines(t, string(k.Payload))
	}
}

// blockLines is the number of lines shown of a value that does not fit the columns.
const blockLines = 8

// block shows a text of the token that has no line breaks.
func (a Inspection) block(t *Text, text string) {
	most := blockLines
	if a.Full {
		most = 0
	}
	for _, line := range chop(text, max(a.Width-4, 16), most) {
		t.Put("    ").Styled(Literal, line).Line()
	}
}

// lines shows a text that has line breaks.
func (a Inspection) lines(t *Text, text string) {
	shown := 0
	for line := range strings.Lines(a.masked(text)) {
		if shown++; shown > blockLines && !a.Full {
			t.Put("    ").Styled(Caution, "…").Styled(Dim, " (--full shows all)").Line()
			return
		}
		most := 2
		if a.Full {
			most = 0
		}
		for _, piece := range chop(Escape(strings.TrimSuffix(line, "\n")), max(a.Width-4, 16), most) {
			t.Put("    ").Styled(Literal, piece).Line()
		}
	}
}

func (a Inspection) certificatesText(t *Text) {
	k := a.Token
	if len(k.Certificates) == 0 && k.CertificatesErr == nil {
		return
	}
	a.section(t, "Certificates", "in x5c; nothing vouches for them")
	for i, c := range k.Certificates {
		number := strconv.Itoa(i + 1)
		t.Put("  ").Pad(len(number), 2).Put(number, "  ")
		for j, line := range fold(Escape(c.Subject), max(a.Width-6, 16)) {
			if j > 0 {
				t.Put("      ")
			}
			t.Styled(Literal, line).Line()
		}
		issued := "issued by " + c.Issuer
		if c.Issuer == c.Subject {
			issued = "issued by itself"
		}
		a.hanging(t, 6, Plain, issued)
		t.Put("      ", c.Key, "; ", a.Show(c.NotBefore), " to ", a.Show(c.NotAfter))
		switch word, style := stateInWords(c.State); {
		case 6+Columns(c.Key)+46+Columns(word) > a.Width:
			t.Line().Put("      ").Styled(style, word).Line()
		default:
			t.Put(", ").Styled(style, word).Line()
		}
		t.Put("      ").Styled(Dim, "SHA-256 "+c.SHA256).Line()
	}
	if err := k.CertificatesErr; err != nil {
		a.hanging(t, 2, Caution, err.Error())
	}
}

// nestedText shows the nested tokens, with a vertical line at their left.
func (a Inspection) nestedText(t *Text) {
	const side = "│ "
	for _, n := range a.Token.Nested {
		where := whereInside(n)
		if n.Path != "" {
			where += ", " + Middle(Escape(a.masked(n.Path)), max(a.Width-30, 16))
		}
		a.section(t, "Token inside", where)
		inner := a
		inner.Token, inner.Width = n.Token, a.Width-Columns(side)
		text := NewText(t.color)
		inner.Text(text)
		for line := range bytes.Lines(text.Bytes()) {
			if len(line) == 1 {
				t.Styled(Dim, strings.TrimSpace(side)).Line()
				continue
			}
			t.Styled(Dim, side)
			t.buf.Write(line) // what Text wrote is safe
		}
	}
	if n := a.Token.LeftClosed; n > 0 {
		t.Line().Styled(Caution, phrase.Count(n, "token")+" inside left closed").Line()
	}
}

// whereInside returns the part that a nested token is in.
func whereInside(n inspect.Nested) string {
	if n.Part == inspect.KeyBinding {
		return "the key binding, by whom the outer one was issued to"
	}
	return "in the " + strings.ReplaceAll(n.Part, "_", " ")
}

// hanging appends prose that starts every line at the same column.
func (a Inspection) hanging(t *Text, column int, style Style, prose string) {
	for _, line := range fold(Escape(prose), max(min(a.Width, readable)-column, 16)) {
		t.Pad(0, column).Styled(style, line).Line()
	}
}

// Signature appends the length of the signature, and that it was not verified. It ends the
// line.
func Signature(t *Text, header jsonobject.Object, size int) {
	alg := "no alg"
	if v, ok := header.Get("alg"); ok {
		if alg, ok = v.Text(); !ok {
			alg = string(v)
		}
	}
	alg = Middle(Escape(alg), 24) // it may be any text
	switch {
	case size > 0:
		t.Put(alg, ", ", phrase.Count(size, "byte"), "; ").Styled(Caution, "signature not verified").Line()
	case strings.EqualFold(alg, "none"):
		t.Put("none; ").Styled(Bad, "the token is unsecured, signature not verified").Line()
	default:
		t.Styled(Bad, "empty, though alg is "+alg+"; signature not verified").Line()
	}
}
