package presets

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"jwt/internal/config"
	"jwt/internal/verdict"
)

//go:embed presets.toml
var shipped []byte

type presetFile struct {
	Presets config.Tables `toml:"presets"`
	Recipes any           `toml:"recipes"` // of other commands
	Trust   any           `toml:"trust"`
}

// ErrUnknown is the cause of an error for an unknown preset name.
var ErrUnknown = errors.New("unknown preset")

// Names returns the names of all presets, sorted.
func Names(c config.File) ([]string, error) {
	ours, theirs, err := readPresets(c)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, file := range []presetFile{ours, theirs} {
		for name := range file.Presets {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func readPresets(c config.File) (ours, theirs presetFile, err error) {
	if err := toml.Unmarshal(shipped, &ours); err != nil {
		panic("presets.toml: " + err.Error()) // checked by a test
	}
	if err := c.DecodeStrict(&theirs); err != nil {
		return presetFile{}, presetFile{}, configError(c, err)
	}
	return ours, theirs, nil
}

// Find returns the preset with this name: the shipped one with the user's changes,
// or the user's own.
func Find(name string, c config.File) (Preset, error) {
	ours, theirs, err := readPresets(c)
	if err != nil {
		return Preset{}, err
	}
	p := Preset{Name: name}
	if err := p.fill(name, ours, theirs, c, nil); err != nil {
		return Preset{}, err
	}
	p.Name, p.BasedOn = name, ""
	p.nameSteps()
	return p, p.check(c)
}

// fill sets the fields of the preset in p: first those of its base, then the shipped
// ones, then the user's.
func (p *Preset) fill(name string, ours, theirs presetFile, c config.File, above []string) error {
	if slices.Contains(above, name) {
		return verdict.Errorf(verdict.Usage, "%s: the preset %q is based on itself", c.Name, name)
	}
	shipped, isOurs := ours.Presets[name]
	own, isTheirs := theirs.Presets[name]
	if !isOurs && !isTheirs {
		e := verdict.Errorf(verdict.Usage, "%w %q", ErrUnknown, name)
		names, _ := Names(c)
		if like := nearest(name, names); like != "" {
			return e.Hintf("did you mean %s? jwt session presets lists all", like)
		}
		return e.Hintf("jwt session presets lists all")
	}
	for _, fields := range []map[string]any{shipped, own} {
		if base, ok := fields["based_on"].(string); ok {
			if err := p.fill(base, ours, theirs, c, append(above, name)); err != nil {
				return err
			}
		}
		if err := p.override(fields); err != nil {
			return fieldError(name, c, err)
		}
	}
	return nil
}

// override decodes the fields into p. Missing fields keep their value.
func (p *Preset) override(fields map[string]any) error {
	if fields == nil {
		return nil
	}
	return config.DecodeFields(fields, p)
}

// configError returns the error for an invalid file of presets, with a hint for an unknown field.
func configError(c config.File, err error) error {
	key, ok := config.Unknown(err)
	if !ok {
		return c.Error(err)
	}
	e := verdict.Errorf(verdict.Usage, "%s: unknown field %q", c.Name, strings.Join(key, "."))
	if like := similarField(key); like != "" {
		return e.Hintf("did you mean %s? jwt session presets --help lists the fields", like)
	}
	return e.Hintf("jwt session presets --help lists the fields")
}

// fieldError is configError for the fields of one preset, whose lines are unknown.
func fieldError(name string, c config.File, err error) error {
	var wrong *toml.DecodeError
	if _, unknown := config.Unknown(err); unknown || !errors.As(err, &wrong) {
		return configError(c, err)
	}
	reason := config.Reason(wrong)
	if want := kindOfField(wrong.Key()); want != "" {
		reason = "must be " + want
	}
	return verdict.Errorf(verdict.Usage, "%s: presets.%s.%s: %s", c.Name, name, strings.Join(wrong.Key(), "."), reason)
}

// Fields returns the description of all fields.
func Fields() string {
	text, _, _ := strings.Cut(string(shipped), "\n\n")
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimPrefix(strings.TrimPrefix(line, "#"), " "))
	}
	return b.String()
}

// An Origin says who wrote a preset.
type Origin string

// The origins of a preset.
const (
	BuiltIn Origin = "built in"
	Changed Origin = "built in, changed in" // the user's file
	Own     Origin = "defined in"           // the user's file
)

// OriginOf returns the origin of an existing preset.
func OriginOf(name string, c config.File) (Origin, error) {
	ours, theirs, err := readPresets(c)
	if err != nil {
		return "", err
	}
	_, isOurs := ours.Presets[name]
	_, isTheirs := theirs.Presets[name]
	switch {
	case isOurs && isTheirs:
		return Changed, nil
	case isTheirs:
		return Own, nil
	}
	return BuiltIn, nil
}

// JSON returns the fields of the preset as a JSON object with the names of TOML.
func (p Preset) JSON() []byte {
	var file struct{ Presets map[string]map[string]any }
	if err := toml.Unmarshal(p.TOML(), &file); err != nil {
		panic("presets: " + err.Error())
	}
	text, err := json.Marshal(file.Presets[p.Name])
	if err != nil {
		panic("presets: " + err.Error())
	}
	return text
}

// TOML returns the preset with all its fields, as config.toml may have it.
func (p Preset) TOML() []byte {
	text, err := toml.Marshal(map[string]map[string]Preset{"presets": {p.Name: p}})
	if err != nil {
		panic("presets: " + err.Error()) // the fields are strings, numbers and lists of them
	}
	return bytes.TrimPrefix(text, []byte("[presets]\n"))
}
