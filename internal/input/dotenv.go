package input

import (
	"slices"
	"strings"

	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// dotenv reads the value of one name from a file of settings: dotenv:PATH#NAME. The last
// assignment counts, as in a shell.
func dotenv(source string, limit int) (Source, error) {
	path, name, ok := cutLast(source, "#")
	if !ok || path == "" || name == "" {
		return Source{}, verdict.Errorf(verdict.Usage, "a value of a file of settings is dotenv:PATH#NAME").Hintf("--secret dotenv:.env#JWT_SECRET")
	}
	file, err := readFile(path, limit)
	if err != nil {
		return Source{}, err
	}
	value, found, err := setting(string(file.Data), name)
	switch {
	case err != nil:
		return Source{}, verdict.Errorf(verdict.KeyUnreadable, "%s: %s: %w", path, name, err)
	case !found:
		e := verdict.Errorf(verdict.KeyUnreadable, "%s: has no %s", path, name)
		if names := SettingNames(file.Data); len(names) > 0 {
			return Source{}, e.Hintf("it has %s", phrase.List(names))
		}
		return Source{}, e
	}
	return Source{Data: []byte(value), Name: path + "#" + name, Mode: file.Mode}, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// setting returns the value that the lines NAME=value of a text give to name.
func setting(text, name string) (value string, found bool, err error) {
	eachSetting(text, func(n, v string, wrong error) {
		if n == name {
			value, found, err = v, true, wrong
		}
	})
	return value, found, err
}

// SettingNames returns the names in a text of lines NAME=value, each once: those in capitals, as
// variables have, because any other word before an equals sign may be a part of a secret.
func SettingNames(text []byte) (names []string) {
	eachSetting(string(text), func(name, value string, _ error) {
		if isVariableName(name) && strings.Trim(value, "=") != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	})
	return names
}

// eachSetting visits the lines NAME=value of a text, with the value as a shell would read it, or why
// it cannot be read.
func eachSetting(text string, visit func(name, value string, err error)) {
	text = strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n")
	for text != "" {
		line, _, _ := strings.Cut(text, "\n")
		left, _, ok := strings.Cut(line, "=")
		left = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(left), "export "))
		if !ok || strings.HasPrefix(left, "#") {
			text = text[min(len(line)+1, len(text)):]
			continue
		}
		right := text[strings.IndexByte(text, '=')+1:]
		value, n, err := word(right)
		visit(left, value, err)
		text = right[n:]
		_, text, _ = strings.Cut(text, "\n")
	}
}

// A settingError is why a value cannot be read. It does not quote the value, which is a secret.
type settingError string

func (e settingError) Error() string { return string(e) }

// word reads a value as a shell reads a word, and returns how many bytes it takes. Blanks may
// stand before it, as some programs write them.
func word(text string) (value string, length int, err error) {
	start := len(text) - len(strings.TrimLeft(text, " \t"))
	var b strings.Builder
	for i := start; i < len(text); i++ {
		switch c := text[i]; c {
		case ' ', '\t', '\n':
			return b.String(), i, err
		case '\'':
			end := strings.IndexByte(text[i+1:], '\'')
			if end < 0 {
				return "", len(text), settingError("a quote is not closed")
			}
			b.WriteString(text[i+1 : i+1+end])
			i += 1 + end
		case '"':
			n, wrong := quotedWord(&b, text[i+1:])
			if wrong != nil && err == nil {
				err = wrong
			}
			i += n
		case '\\':
			if i++; i < len(text) {
				b.WriteByte(text[i])
			}
		case '$', '`':
			err = settingError("the value uses " + string(c) + ", which is not expanded here")
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), len(text), err
}

// quotedWord reads the rest of a "…" part. In it \n is a newline, as programs that read such
// files have it, and a backslash protects ", \, $ and `.
func quotedWord(b *strings.Builder, text string) (length int, err error) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return i + 1, err
		case c == '\\' && i+1 < len(text):
			i++
			switch next := text[i]; next {
			case 'n':
				b.WriteByte('\n')
			case '"', '\\', '$', '`':
				b.WriteByte(next)
			default:
				b.WriteString(`\` + string(next))
			}
		case c == '$' || c == '`':
			err = settingError("the value uses " + string(c) + ", which is not expanded here")
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return len(text), settingError("a quote is not closed")
}
