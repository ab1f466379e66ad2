// Package recipe makes the header and the claims of the tokens that platforms ask for, from
// templates (recipes.toml) and the inputs of the user.
package recipe

import (
	_ "embed"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"jwt/internal/config"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/phrase"
	"jwt/internal/reltime"
	"jwt/internal/verdict"
)

// A Recipe describes one kind of token. recipes.toml documents the fields.
type Recipe struct {
	Name     string   `toml:"-"`
	Title    string   `toml:"title"`
	Page     string   `toml:"page"`
	Algs     []string `toml:"algs"`
	Longest  string   `toml:"longest"`
	Shortest string   `toml:"shortest"`
	Header   string   `toml:"header"`
	Claims   string   `toml:"claims"`
	Inputs   []Input  `toml:"inputs"`

	header, claims    jsonobject.Object
	longest, shortest time.Duration
}

// An Input is a value that the user gives. It is a number if its default is one.
type Input struct {
	Name     string `toml:"name"`
	About    string `toml:"about"`
	Default  any    `toml:"default"` // a string, which may have placeholders, or an integer
	Optional bool   `toml:"optional"`
	Source   bool   `toml:"source"` // a secret, which is read from a source and never typed
}

// Required reports whether the recipe cannot do without the input.
func (i Input) Required() bool { return !i.Optional && i.Default == nil }

//go:embed recipes.toml
var shipped []byte

// All returns the shipped recipes and those of the user, sorted by name. A recipe of the user
// with the name of a shipped one overrides the fields that it has.
func All(c config.File) ([]Recipe, error) {
	fields, err := parse(config.File{Name: "recipes.toml", Text: shipped})
	if err != nil {
		return nil, err
	}
	own, err := parse(c)
	if err != nil {
		return nil, err
	}
	var all []Recipe
	for _, name := range slices.Sorted(maps.Keys(merged(fields, own))) {
		r, err := build(name, fields[name], own[name])
		if err != nil {
			return nil, verdict.Errorf(verdict.Usage, "%s: recipes.%s: %w", c.Name, name, err).
				Hintf("jwt sign --recipes -o json prints the fields of the recipes that exist")
		}
		all = append(all, r)
	}
	return all, nil
}

// Find returns the recipe with this name.
func Find(name string, all []Recipe) (Recipe, error) {
	at := slices.IndexFunc(all, func(r Recipe) bool { return r.Name == name })
	if at < 0 {
		err := verdict.Errorf(verdict.Usage, "unknown recipe %s", phrase.Quote(name)).Hintf("jwt sign --recipes lists them")
		if like := similar(name, all); like != "" {
			err.Hint = "did you mean " + like + "? " + err.Hint
		}
		return Recipe{}, err
	}
	return all[at], nil
}

// similar returns the name of a recipe that has the given one in it, or is in it, or "".
func similar(name string, all []Recipe) string {
	for _, r := range all {
		if len(name) > 2 && (strings.Contains(r.Name, name) || strings.Contains(name, r.Name)) {
			return r.Name
		}
	}
	return ""
}

// parse reads the recipes of a file.
func parse(f config.File) (config.Tables, error) {
	var file struct {
		Recipes config.Tables `toml:"recipes"`
	}
	err := f.Decode(&file)
	return file.Recipes, err
}

func merged(a, b config.Tables) config.Tables {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// build decodes the fields of one recipe, those of the user over the shipped ones.
func build(name string, shipped, own map[string]any) (Recipe, error) {
	fields := maps.Clone(shipped)
	if fields == nil {
		fields = map[string]any{}
	}
	maps.Copy(fields, own)
	r := Recipe{Name: name}
	if err := config.DecodeFields(fields, &r); err != nil {
		if key, ok := config.Unknown(err); ok {
			return Recipe{}, verdict.Errorf(verdict.Usage, "unknown field %q", strings.Join(key, "."))
		}
		return Recipe{}, errors.New(config.Reason(err))
	}
	return r, r.complete()
}

// complete reads the templates and the limits, and checks that each placeholder is known.
func (r *Recipe) complete() error {
	for _, part := range []struct {
		name, text string
		into       *jsonobject.Object
	}{{"header", r.Header, &r.header}, {"claims", r.Claims, &r.claims}} {
		if part.text == "" {
			continue
		}
		o, err := jsonobject.Parse([]byte(part.text))
		if err != nil {
			return verdict.Errorf(verdict.Usage, "%s: is not a JSON object: %w", part.name, err)
		}
		*part.into = o
	}
	for _, alg := range r.Algs {
		if _, ok := jwa.Lookup(alg); !ok {
			return verdict.Errorf(verdict.Usage, "algs: %s is not a signature algorithm", phrase.Quote(alg))
		}
	}
	for _, limit := range []struct {
		name, text string
		into       *time.Duration
	}{{"longest", r.Longest, &r.longest}, {"shortest", r.Shortest, &r.shortest}} {
		if limit.text == "" {
			continue
		}
		d, err := reltime.ParseDuration(limit.text)
		if err != nil {
			return verdict.Errorf(verdict.Usage, "%s: %w", limit.name, err)
		}
		*limit.into = d
	}
	return r.checkPlaceholders()
}

// Takes reports whether the recipe has an input with this name.
func (r Recipe) Takes(name string) bool {
	return slices.ContainsFunc(r.Inputs, func(i Input) bool { return i.Name == name })
}

// CheckLifetime refuses an "exp" later or earlier than the platform accepts. It counts from
// now, or from an "iat" more than a minute ago.
func (r Recipe) CheckLifetime(exp, iat, now time.Time) error {
	start := now.Truncate(time.Second)
	if !iat.IsZero() && iat.Before(start.Add(-time.Minute)) {
		start = iat
	}
	switch d := exp.Sub(start); {
	case r.longest > 0 && d > r.longest:
		return verdict.Errorf(verdict.Usage, "exp: is %s after the start, %s allows %s at most", reltime.Typed(d), r.Name, reltime.Typed(r.longest)).
			Hintf("--exp +%s%s", reltime.Typed(r.longest), r.orSee())
	case r.shortest > 0 && d < r.shortest:
		return verdict.Errorf(verdict.Usage, "exp: is %s after the start, %s requires %s at least", reltime.Typed(d), r.Name, reltime.Typed(r.shortest)).
			Hintf("--exp +%s%s", reltime.Typed(r.shortest), r.orSee())
	}
	return nil
}

// orSee refers to the page, which a recipe of the user may lack.
func (r Recipe) orSee() string {
	if r.Page == "" {
		return ""
	}
	return ", or see " + r.Page
}
