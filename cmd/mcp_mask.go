package cmd

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/redact"
	"jwt/internal/render"
)

// The provider of a model may keep its input and show it to others. A token that a server accepts must
// not be in it: fingerprints replace signatures, and what only a recipient can decrypt.

// secretParts are the members, and the names of parts, whose text is replaced.
var secretParts = map[string]bool{"signature": true, "encrypted_key": true, "encrypted key": true, "iv": true, "ciphertext": true, "tag": true}

// fromToken are the members with text of the token, and those that are not a part of it.
var fromToken = map[string]bool{"header": true, "payload": true, "processed": true, "value": true, "certificates": true, "checks": true}

// A maskedObject is the JSON of a command without signatures.
type maskedObject struct {
	object json.RawMessage
	hidden []string // what was replaced, and by what: old, new, old, new
}

// maskSignatures replaces the signatures in what a command printed.
func maskSignatures(command string, o jsonobject.Object) maskedObject {
	var m maskedObject
	v := jsonobject.Value(o.Bytes())
	if command != "diff" { // its signature is a word
		v = m.mask(v)
	}
	m.object = json.RawMessage(render.JSON(redact.Value(v), false))
	return m
}

// text returns what the command printed as text, and its notes, without the same.
func (m maskedObject) text(stdout []byte, stderr string) string {
	text := strings.TrimRight(string(stdout)+"\n"+stderr, "\n")
	text = strings.NewReplacer(m.hidden...).Replace(strings.TrimLeft(text, "\n"))
	if plain := withoutEscapes(text); redact.Tokens(plain) != plain {
		text = plain
	}
	return redact.Tokens(text)
}

// withoutEscapes returns a text in which letters, digits and signs replace their escapes in JSON, which
// may hide a token.
func withoutEscapes(text string) string {
	return regexp.MustCompile(`\\u00[2-7][0-9A-Fa-f]`).ReplaceAllStringFunc(text, func(escape string) string {
		code, err := strconv.ParseUint(escape[len(`\u`):], 16, 8)
		if err != nil || strings.ContainsRune("\"\\\x7f", rune(code)) {
			return escape
		}
		return string(rune(code))
	})
}

// mask returns a value of the output without signatures.
func (m *maskedObject) mask(v jsonobject.Value) jsonobject.Value {
	switch v.Kind() {
	case '{':
		return m.maskObject(v)
	case '[':
		elements, _ := v.Elements()
		masked := []byte("[")
		for i, e := range elements {
			if i > 0 {
				masked = append(masked, ',')
			}
			masked = append(masked, m.mask(e)...)
		}
		return append(masked, ']')
	}
	return v
}

func (m *maskedObject) maskObject(v jsonobject.Value) jsonobject.Value {
	o, err := jsonobject.Parse(v)
	if err != nil {
		return v // it was parsed before, as a part of the whole
	}
	part, _ := o.Text("name")
	var members []jsonobject.Member
	for _, member := range o.Members() {
		secret := secretParts[member.Name] || member.Name == "base64url" && (secretParts[part] || holdsToken(member.Value))
		switch {
		case secret && member.Value.Kind() == '"':
			member.Value = m.hide(member.Value)
		case !fromToken[member.Name]:
			member.Value = m.mask(member.Value)
		}
		members = append(members, member)
	}
	return jsonobject.Join(members)
}

// holdsToken reports whether a part, in base64url, has a token in it.
func holdsToken(part jsonobject.Value) bool {
	encoded, _ := part.Text()
	text, err := base64url.Decode(encoded)
	return err == nil && redact.Tokens(string(text)) != string(text)
}

// hide returns the fingerprint of a text, as JSON.
func (m *maskedObject) hide(v jsonobject.Value) jsonobject.Value {
	text, _ := v.Text()
	if text == "" {
		return v
	}
	const word = 16 // bytes; a shorter text may be in the rest by chance
	fingerprint := redact.Fingerprint(text)
	if len(text) >= word {
		m.hidden = append(m.hidden, text, fingerprint)
	}
	return jsonobject.Quote(fingerprint)
}
