package keysource

import (
	"slices"
	"strings"

	"jwt/internal/input"
	"jwt/internal/phrase"
)

// isSettings reports whether a text is a file of settings, as .env is.
func isSettings(text []byte) bool {
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		return ok && len(name) > 1 && strings.Trim(value, "=") != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
	}
	return false
}

// telling are words in the names of secrets.
var telling = []string{"SECRET", "JWT", "KEY"}

// noteSettings says which value of a file of settings may be meant, and how to give it.
func noteSettings(read input.Source) string {
	note := read.Name + " has lines NAME=value, and the secret is all of its text"
	names := input.SettingNames(read.Data)
	if read.Mode == 0 || len(names) == 0 { // not a file, of which dotenv: reads one value
		return note
	}
	if len(names) == 1 && !slices.ContainsFunc(telling, func(word string) bool { return strings.Contains(names[0], word) }) {
		names[0] = "NAME" // it may be the beginning of a secret that has a =
	}
	likely := names
	for _, word := range telling {
		if some := slices.DeleteFunc(slices.Clone(likely), func(n string) bool { return !strings.Contains(n, word) }); len(some) > 0 {
			likely = some
		}
	}
	note += ": --secret dotenv:" + read.Name + "#" + likely[0] + " reads one value"
	if len(names) == 1 {
		return note
	}
	return note + ", of " + phrase.List(names)
}
