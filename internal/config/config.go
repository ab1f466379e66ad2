// Package config reads the tables of config.toml, the user's own presets, recipes and trust
// entries, and says what is wrong with them.
package config

import (
	"bytes"
	"errors"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"jwt/internal/verdict"
)

// A File is the user's config.toml: its text, which may be nil, and its name for errors.
type File struct {
	Name string
	Text []byte
}

// Tables is a table of tables, as [recipes.NAME], by name.
type Tables = map[string]map[string]any

// Decode decodes the file into a struct. It ignores tables that the struct does not have: they
// belong to other commands.
func (f File) Decode(into any) error {
	if err := toml.Unmarshal(f.Text, into); err != nil {
		return f.Error(err)
	}
	return nil
}

// DecodeStrict is Decode that refuses tables that the struct does not have. Its errors are those
// of the TOML decoder, for Unknown and Error.
func (f File) DecodeStrict(into any) error { return strict(f.Text, into) }

// Error returns the usage error for an error of the TOML decoder.
func (f File) Error(err error) error {
	var wrong *toml.DecodeError
	if errors.As(err, &wrong) {
		line, _ := wrong.Position()
		return verdict.Errorf(verdict.Usage, "%s: line %d: %s", f.Name, line, Reason(wrong))
	}
	return verdict.Errorf(verdict.Usage, "%s: %w", f.Name, err)
}

// DecodeFields decodes the fields of one table into a struct, and refuses fields that the struct
// does not have. A field that is missing keeps its value. Its errors are those of the TOML decoder.
func DecodeFields(fields map[string]any, into any) error {
	text, err := toml.Marshal(fields)
	if err != nil {
		return err
	}
	return strict(text, into)
}

func strict(text []byte, into any) error {
	return toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(into)
}

// Unknown returns the key of the first field that a strict decoder refused as unknown.
func Unknown(err error) (key []string, ok bool) {
	var unknown *toml.StrictMissingError
	if !errors.As(err, &unknown) || len(unknown.Errors) == 0 {
		return nil, false
	}
	return unknown.Errors[0].Key(), true
}

// Reason returns the text of an error of the TOML decoder, without the decoder's name.
func Reason(err error) string { return strings.TrimPrefix(err.Error(), "toml: ") }
