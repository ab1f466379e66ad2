package jwt

import (
	"strings"
	"unicode/utf8"

	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// ParseMember reads NAME=TEXT, with TEXT as a JSON string, or NAME:=JSON. The first "="
// ends the name. The errors are of class usage.
func ParseMember(s string) (jsonobject.Member, error) {
	name, value, ok := strings.Cut(s, "=")
	bare, isJSON := strings.CutSuffix(name, ":")
	switch {
	case !ok:
		return jsonobject.Member{}, memberError("%s has no =, want NAME=TEXT or NAME:=JSON", phrase.Quote(s))
	case bare == "":
		return jsonobject.Member{}, memberError("%s has no name, want NAME=TEXT or NAME:=JSON", phrase.Quote(s))
	case !utf8.ValidString(s):
		return jsonobject.Member{}, memberError("%s is not UTF-8", phrase.Quote(s))
	case !isJSON:
		return jsonobject.Member{Name: name, Value: jsonobject.Quote(value)}, nil
	}
	v, err := jsonobject.ParseValue([]byte(value))
	if err != nil {
		return jsonobject.Member{}, verdict.Errorf(verdict.Usage, "%s: %s is not JSON: %w", phrase.Short(bare), phrase.Quote(value), err).
			Hintf("%s=%s is text, %s:='%s' the same in JSON", phrase.Short(bare), phrase.Short(value), phrase.Short(bare), phrase.Quote(value))
	}
	if twice := v.Duplicates(); len(twice) > 0 {
		return jsonobject.Member{}, memberError("%s: the JSON has %s more than once", phrase.Short(bare), phrase.List(twice))
	}
	return jsonobject.Member{Name: bare, Value: v}, nil
}

func memberError(format string, args ...any) error {
	return verdict.Errorf(verdict.Usage, format, args...).
		Hintf(`for example role=admin, or role:='["admin","user"]' for anything but text`)
}
