package recipe

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/phrase"
	"jwt/internal/reltime"
	"jwt/internal/verdict"
)

// Values are what a template is filled with.
type Values struct {
	Inputs map[string]jsonobject.Value // by the name of the input
	Key    jwk.Key                     // the signing key, for values that are made of it
	Now    time.Time
	UUID   func() string // returns a new one at each call
}

// Missing returns the required inputs that have no value.
func (r Recipe) Missing(inputs map[string]jsonobject.Value) []Input {
	return slices.DeleteFunc(slices.Clone(r.Inputs), func(i Input) bool {
		_, given := inputs[i.Name]
		return given || !i.Required()
	})
}

// Fill returns the header and the claims with the values in their places. A member whose
// optional input has no value is left out.
func (r Recipe) Fill(v Values) (header, claims jsonobject.Object, err error) {
	f := filler{recipe: r, values: v}
	for _, part := range []struct{ from, to *jsonobject.Object }{{&r.header, &header}, {&r.claims, &claims}} {
		filled, _ := f.value(part.from.Bytes())
		if f.err != nil {
			return header, claims, f.err
		}
		if *part.to, err = jsonobject.Parse(filled); err != nil {
			return header, claims, err
		}
	}
	return header, claims, nil
}

// A filler fills templates until the first error.
type filler struct {
	recipe Recipe
	values Values
	err    error
}

// value returns the template with its placeholders replaced, and false for a value that is left
// out.
func (f *filler) value(template jsonobject.Value) (jsonobject.Value, bool) {
	switch template.Kind() {
	case '{':
		return f.object(template)
	case '[':
		elements, _ := template.Elements()
		var texts []string
		for _, e := range elements {
			if filled, ok := f.value(e); ok {
				texts = append(texts, string(filled))
			}
		}
		return jsonobject.Value("[" + strings.Join(texts, ",") + "]"), len(texts) > 0
	case '"':
		text, _ := template.Text()
		return f.text(text)
	}
	return template, true
}

func (f *filler) object(template jsonobject.Value) (jsonobject.Value, bool) {
	members, _ := template.Members()
	var filled []jsonobject.Member
	for _, m := range members {
		name, named := f.text(m.Name)
		value, ok := f.value(m.Value)
		if named && ok {
			text, _ := name.Text()
			filled = append(filled, jsonobject.Member{Name: text, Value: value})
		}
	}
	return jsonobject.Join(filled), true
}

// text fills a string. A string that is one placeholder becomes the value itself, which may
// be a number or an array.
func (f *filler) text(template string) (jsonobject.Value, bool) {
	parts := splitTemplate(template)
	if len(parts) == 1 && parts[0].placeholder {
		return f.placeholder(parts[0].text)
	}
	var b strings.Builder
	for _, p := range parts {
		if !p.placeholder {
			b.WriteString(p.text)
			continue
		}
		v, ok := f.placeholder(p.text)
		if !ok {
			return nil, false
		}
		if text, isText := v.Text(); isText {
			b.WriteString(text)
		} else {
			b.Write(v)
		}
	}
	return jsonobject.Quote(b.String()), true
}

// A part is a piece of a template: literal text, or the inside of {…}.
type part struct {
	text        string
	placeholder bool
}

func splitTemplate(text string) []part {
	var parts []part
	for text != "" {
		open := strings.IndexByte(text, '{')
		end := strings.IndexByte(text, '}')
		if open < 0 || end < open {
			return append(parts, part{text: text})
		}
		if open > 0 {
			parts = append(parts, part{text: text[:open]})
		}
		parts = append(parts, part{text: text[open+1 : end], placeholder: true})
		text = text[end+1:]
	}
	return parts
}

// placeholder returns the value of one placeholder, and false if its input is optional and has
// no value.
func (f *filler) placeholder(text string) (jsonobject.Value, bool) {
	name, change, _ := strings.Cut(text, "|")
	v, ok := f.named(name)
	if !ok || change == "" {
		return v, ok
	}
	s, _ := v.Text()
	return jsonobject.Quote(changes[change](s)), true
}

// changes are what |NAME does to a text.
var changes = map[string]func(string) string{
	"upper": strings.ToUpper,
	"s256": func(s string) string { // RFC 9449 §4.2 "ath"
		sum := sha256.Sum256([]byte(s))
		return base64url.Encode(sum[:])
	},
}

func (f *filler) named(name string) (jsonobject.Value, bool) {
	if made, ok := values[name]; ok {
		v, err := made(f.values)
		f.fail(err)
		return v, err == nil
	}
	if d, ok := offset(name); ok {
		return jsonobject.Int(f.values.Now.Add(d).Unix()), true
	}
	i := slices.IndexFunc(f.recipe.Inputs, func(i Input) bool { return i.Name == name })
	if i < 0 {
		return nil, false
	}
	return f.input(f.recipe.Inputs[i])
}

// input returns the value of an input, or its default.
func (f *filler) input(i Input) (jsonobject.Value, bool) {
	given, ok := f.values.Inputs[i.Name]
	switch byDefault := i.Default.(type) {
	case string:
		if !ok {
			return f.text(byDefault)
		}
	case int64:
		if !ok {
			return jsonobject.Int(byDefault), true
		}
		if text, isText := given.Text(); isText {
			given, _ = jsonobject.ParseValue([]byte(text))
		}
		if given.Kind() != '0' {
			f.fail(verdict.Errorf(verdict.Usage, "%s: is not a number: %s", i.Name, i.About))
		}
	}
	return given, ok
}

// fail keeps the first error.
func (f *filler) fail(err error) { f.err = cmp.Or(f.err, err) }

// values are the placeholders that are not inputs.
var values = map[string]func(Values) (jsonobject.Value, error){
	"uuid": func(v Values) (jsonobject.Value, error) { return jsonobject.Quote(v.UUID()), nil },
	"key.jwk": func(v Values) (jsonobject.Value, error) {
		o := v.Key.JWK(false)
		for _, name := range []string{"kid", "alg", "use", "key_ops", "x5c", "x5t", "x5t#S256"} {
			o.Delete(name)
		}
		return o.Bytes(), nil
	},
	"key.spki": func(v Values) (jsonobject.Value, error) {
		der, err := v.Key.DER(false)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(der)
		return jsonobject.Quote(base64.StdEncoding.EncodeToString(sum[:])), nil
	},
}

// offset reads now, now+DURATION or now-DURATION.
func offset(name string) (time.Duration, bool) {
	rest, ok := strings.CutPrefix(name, "now")
	if !ok || rest == "" {
		return 0, ok
	}
	d, err := reltime.ParseDuration(rest[1:])
	if rest[0] == '-' {
		d = -d
	}
	return d, err == nil && (rest[0] == '+' || rest[0] == '-')
}

// checkPlaceholders refuses placeholders without a meaning, so that none ends up in a token.
func (r *Recipe) checkPlaceholders() error {
	for _, text := range r.templates() {
		for _, p := range splitTemplate(text) {
			name, change, changed := strings.Cut(p.text, "|")
			_, isValue := values[name]
			_, isTime := offset(name)
			switch {
			case !p.placeholder:
			case !isValue && !isTime && !r.Takes(name):
				return verdict.Errorf(verdict.Usage, "{%s} is not an input, a time or a value of the key", phrase.Short(name))
			case changed && changes[change] == nil:
				return verdict.Errorf(verdict.Usage, "{%s}: unknown change %s", phrase.Short(p.text), strconv.Quote(change))
			}
		}
	}
	return nil
}

// templates returns all texts that may have placeholders. Braces in the JSON of an object never
// look like one, because the strings are taken apart first.
func (r *Recipe) templates() []string {
	var texts []string
	var walk func(jsonobject.Value)
	walk = func(v jsonobject.Value) {
		switch v.Kind() {
		case '"':
			text, _ := v.Text()
			texts = append(texts, text)
		case '[':
			elements, _ := v.Elements()
			for _, e := range elements {
				walk(e)
			}
		case '{':
			members, _ := v.Members()
			for _, m := range members {
				texts = append(texts, m.Name)
				walk(m.Value)
			}
		}
	}
	walk(r.header.Bytes())
	walk(r.claims.Bytes())
	for _, i := range r.Inputs {
		if text, ok := i.Default.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}
