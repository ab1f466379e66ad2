package diagnose

import (
	"bytes"
	"slices"
	"strings"

	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
)

// maxConfig is the number of values that are tried of a file of settings.
const maxConfig = 64

// settings returns the values in a text that is not a secret but a file with one: lines of
// NAME=value, or JSON.
func settings(text []byte) []spelling {
	if o, err := jsonobject.Parse(bytes.TrimSpace(text)); err == nil {
		return jsonSettings(nil, "", o)
	}
	var found []spelling
	for line := range bytes.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(string(line)), "=")
		name = strings.TrimSpace(strings.TrimPrefix(name, "export "))
		if !ok || name == "" || strings.ContainsAny(name, " #\"'") || len(found) >= maxConfig {
			continue
		}
		for _, v := range values(value) {
			found = append(found, setting(name, v))
		}
	}
	return found
}

// values returns what the text after = in a .env file may stand for.
func values(text string) []string {
	text = strings.TrimSpace(text)
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
func jsonSettings(found []spelling, path string, o jsonobject.Object) []spelling {
	for _, m := range o.Members() {
		if len(found) >= maxConfig {
			break
		}
		if inner, ok := m.Value.Object(); ok {
			found = jsonSettings(found, path+m.Name+".", inner)
		} else if text, ok := m.Value.Text(); ok {
			found = append(found, setting(path+m.Name, text))
		}
	}
	return found
}

func setting(name, value string) spelling {
	return spelling{
		"secret_setting", "under the value of " + phrase.Short(name) + " in the secret given, which is a file of settings",
		"give that value only: load the file into the shell, (set -a; . ./FILE; jwt verify TOKEN --secret env:" + variable(name) + ")", []byte(value),
	}
}

// variable returns a setting's name as that of a variable.
func variable(name string) string {
	return strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(phrase.Short(name)))
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
	lower := strings.ToLower(text)
	for _, words := range []string{"your-", "your_", "changeme", "change-me", "change_me", "change this", "change-this", "replace-me", "replace_me", "undefined", "null"} {
		if strings.HasPrefix(lower, words) {
			return true
		}
	}
	return false
}

// isName reports whether text is the name of a setting.
func isName(text string) bool {
	return len(text) > 2 && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.- ") == ""
}
