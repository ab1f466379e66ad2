package diagnose

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
)

// maxConfig is the number of values that are tried of a file of settings.
const maxConfig = 256

// A setting is one value of a file of settings. Its hint says how the value alone is given,
// after the decoding that is named.
type setting struct {
	name, value string
	hint        func(decoding string) string
}

// settings returns what a text may stand for that is not a secret but a file with one: JSON, or
// lines of NAME=value or NAME: value, as .env, properties, TOML and YAML files and source code have them.
func settings(text []byte) []spelling {
	var all []setting
	if o, err := jsonobject.Parse(bytes.TrimSpace(text)); err == nil {
		all = jsonSettings(nil, "", o)
	} else {
		all = lineSettings(text)
	}
	var found []spelling
	for _, s := range all[:min(len(all), maxConfig)] {
		found = append(found, s.spellings()...)
	}
	return found
}

// spellings returns the value and the secrets that it may encode.
func (s setting) spellings() []spelling {
	value := "the value of " + phrase.Short(s.name) + " in the secret given, which is a file of settings"
	found := []spelling{{"secret_setting", "under " + value, s.hint(""), []byte(s.value)}}
	bare, laravel := strings.CutPrefix(s.value, "base64:")
	if b, _, err := base64url.DecodeLax(bare); err == nil && len(b) > 0 {
		decoding := "b64:"
		switch {
		case strings.ContainsAny(bare, "-_"):
			decoding = "b64url:"
		case laravel:
			value = "what follows base64: in " + value
		}
		found = append(found, spelling{"secret_setting", "when " + value + ", is Base64-decoded", s.hint(decoding), b})
	}
	if b, err := hex.DecodeString(bare); err == nil && len(b) > 0 {
		found = append(found, spelling{"secret_setting", "when " + value + ", is hex-decoded", s.hint("hex:"), b})
	}
	return found
}

// lineSettings reads lines. A name stands below those of the lines that are indented less.
func lineSettings(text []byte) []setting {
	var found []setting
	var above []indented
	for line := range bytes.Lines(text) {
		if len(found) >= maxConfig {
			return found
		}
		if name, value, ok := quotedPair(string(line)); ok {
			found = append(found, setting{name, value, hintAlone(name)})
		}
		name, value, yaml := assignment(string(line))
		if name == "" {
			continue
		}
		indent := len(line) - len(bytes.TrimLeft(line, " \t-"))
		for len(above) > 0 && above[len(above)-1].indent >= indent {
			above = above[:len(above)-1]
		}
		if value == "" {
			above = append(above, indented{indent, name})
			continue
		}
		hint := hintFile
		if yaml {
			hint = hintAlone
			for _, a := range slices.Backward(above) {
				name = a.name + "." + name
			}
		}
		for _, v := range values(value) {
			found = append(found, setting{name, v, hint(name)})
		}
	}
	return found
}

// indented is a line that has only a name, and how far it is indented.
type indented struct {
	indent int
	name   string
}

// assignment reads a line as NAME=value or NAME: value. The name is the last word before the
// sign, so that what declares a variable in source code is left out.
func assignment(line string) (name, value string, yaml bool) {
	line = strings.TrimSpace(strings.TrimLeft(line, " \t-"))
	if n := len(line); n > 1 && line[0] == line[n-1] && (line[0] == '"' || line[0] == '\'') { // docker compose: - "NAME=value"
		line = line[1 : n-1]
	}
	at := strings.IndexByte(line, '=')
	if colon := strings.Index(line+" ", ": "); at < 0 || colon >= 0 && colon < at {
		at = colon
	}
	if at < 0 || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//") {
		return "", "", false
	}
	words := strings.Fields(strings.Trim(line[:at], " \"'"))
	if len(words) == 0 {
		return "", "", false
	}
	return words[len(words)-1], strings.TrimSpace(line[at+1:]), line[at] == ':'
}

// quotedPair reads a line whose first two quoted texts are a name and its value: a call like
// define('NAME', 'value') of PHP, an element of XML, an entry of an array.
func quotedPair(line string) (name, value string, ok bool) {
	name, rest, ok := quotedText(line)
	if !ok || name == "" {
		return "", "", false
	}
	value, _, ok = quotedText(rest)
	return name, value, ok
}

// quotedText returns the first text in quotes, and what follows it.
func quotedText(line string) (text, rest string, ok bool) {
	i := strings.IndexAny(line, "\"'")
	if i < 0 {
		return "", "", false
	}
	return strings.Cut(line[i+1:], line[i:i+1])
}

// values returns what the text after a name may stand for.
func values(text string) []string {
	if n := len(text); n >= 2 && (text[0] == '"' || text[0] == '\'') {
		if end := strings.IndexByte(text[1:], text[0]); end >= 0 {
			return []string{text[1 : end+1]}
		}
	}
	if bare, _, ok := strings.Cut(text, " #"); ok {
		return []string{strings.TrimSpace(bare), text}
	}
	return []string{text}
}

// jsonSettings adds the strings of an object and of the objects in it.
func jsonSettings(found []setting, path string, o jsonobject.Object) []setting {
	for _, m := range o.Members() {
		if len(found) >= maxConfig {
			break
		}
		if inner, ok := m.Value.Object(); ok {
			found = jsonSettings(found, path+m.Name+".", inner)
		} else if text, ok := m.Value.Text(); ok {
			found = append(found, setting{path + m.Name, text, hintJSON(path + m.Name)})
		}
	}
	return found
}

// hintFile says how to give the value of a line NAME=value.
func hintFile(name string) func(string) string {
	return func(decoding string) string {
		return "give that value only: --secret " + decoding + "dotenv:FILE#" + phrase.Short(name)
	}
}

// hintJSON says how to give the value at a path of JSON.
func hintJSON(path string) func(string) string {
	if strings.Trim(path, nameBytes) != "" {
		return hintAlone(path)
	}
	return func(decoding string) string {
		return "give that value only: jq -r ." + phrase.Short(path) + " FILE | jwt verify TOKEN --secret " + decoding + "-"
	}
}

// hintAlone says to give a value that no source reads out of its file.
func hintAlone(string) func(string) string {
	return func(decoding string) string {
		return "give that value only, from a file or a variable of its own: --secret " + decoding + "@FILE or " + decoding + "env:NAME"
	}
}

// settingNames lists names that settings files use for a secret.
var settingNames = []string{
	"JWT_SECRET", "JWT_SECRET_KEY", "JWT_KEY", "JWT_TOKEN_SECRET", "JWT_ACCESS_SECRET", "JWT_REFRESH_SECRET", "SECRET", "SECRET_KEY",
	"TOKEN_SECRET", "ACCESS_TOKEN_SECRET", "REFRESH_TOKEN_SECRET", "AUTH_SECRET", "NEXTAUTH_SECRET", "APP_SECRET", "APP_KEY", "SESSION_SECRET",
	"SIGNING_KEY", "jwt.secret", "app.jwt.secret", "jwt.secret.key", "spring.security.jwt.secret", "application.security.jwt.secret-key",
}

// settingMarks are the marks between which a name stands for its value.
var settingMarks = [...][2]string{
	{"${", "}"}, {"$", ""}, {"%", "%"}, {"{{", "}}"}, {"{{ ", " }}"}, {"<", ">"}, {"#{", "}"}, {"process.env.", ""}, {"env(", ")"}, {"", ""},
}

// placeholders returns texts that stand for a secret and are signed with if nobody fills them in.
func placeholders() []string {
	var texts []string
	for _, name := range settingNames {
		for _, marks := range settingMarks {
			texts = append(texts, marks[0]+name+marks[1])
		}
	}
	return texts
}

// isSetting reports whether text is one of placeholders with marks. It is asked for each line of a batch.
func isSetting(text string) bool {
	for _, marks := range settingMarks {
		inside, opened := strings.CutPrefix(text, marks[0])
		name, closed := strings.CutSuffix(inside, marks[1])
		if opened && closed && name != text && slices.Contains(settingNames, name) {
			return true
		}
	}
	return false
}

// IsPlaceholder reports whether a secret is a placeholder: a name in the marks of a
// shell or a template, or words of an example that are to be replaced.
func IsPlaceholder(secret []byte) bool {
	text := strings.TrimSpace(string(secret))
	for _, marks := range [...][2]string{{"${", "}"}, {"$(", ")"}, {"{{", "}}"}, {"#{", "}"}, {"%", "%"}, {"<", ">"}, {"env(", ")"}, {"process.env.", ""}, {"$", ""}} {
		inside, opened := strings.CutPrefix(text, marks[0])
		inside, closed := strings.CutSuffix(inside, marks[1])
		if opened && closed && isName(strings.TrimSpace(inside)) {
			return true
		}
	}
	const longest = len("change this")
	lower := strings.ToLower(text[:min(len(text), longest)])
	for _, words := range []string{"your-", "your_", "changeme", "change-me", "change_me", "change this", "change-this", "replace-me", "replace_me", "undefined", "null"} {
		if strings.HasPrefix(lower, words) {
			return true
		}
	}
	return false
}

// nameBytes are the bytes of names that need no quotes in a path.
const nameBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_."

// isName reports whether text is the name of a setting.
func isName(text string) bool {
	return len(text) > 2 && strings.Trim(text, nameBytes+"- ") == ""
}
