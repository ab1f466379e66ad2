// Package trust reads and edits the issuers that a user trusts: the tables [trust."ISSUER"] of
// config.toml. The "iss" of a token selects an entry; nothing in a token adds or changes one.
package trust

import (
	"cmp"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"jwt/internal/config"
	"jwt/internal/jwa"
	"jwt/internal/phrase"
	"jwt/internal/profile"
	"jwt/internal/reltime"
	"jwt/internal/verdict"
)

// An Entry is one issuer and how its tokens are verified. Its name is the issuer's URL, or any
// other name for an issuer whose tokens have no "iss".
type Entry struct {
	Name    string   `toml:"-"`
	Keys    []string `toml:"key,omitempty"`     // sources, as for --key; of a URL without any: oidc:URL
	Secrets []string `toml:"secret,omitempty"`  // sources, as for --secret; never the secret itself
	Issuers []string `toml:"iss,omitempty"`     // the "iss" of its tokens, if it is not the name
	Aud     []string `toml:"aud,omitempty"`     // any of them; none: not checked
	Algs    []string `toml:"alg,omitempty"`     // none: what the keys can do
	Profile string   `toml:"profile,omitempty"` // none: no profile
	Leeway  string   `toml:"leeway,omitempty"`
}

// fields returns the names of the fields of an entry in the file, all or only those of lists.
func fields(lists bool) []string {
	var names []string
	for f := range reflect.TypeFor[Entry]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
		if name != "-" && (!lists || f.Type.Kind() == reflect.Slice) {
			names = append(names, name)
		}
	}
	return names
}

// Entries returns the entries, sorted by name.
func Entries(c config.File) ([]Entry, error) {
	var file struct {
		Trust config.Tables `toml:"trust"`
	}
	if err := c.Decode(&file); err != nil {
		return nil, err
	}
	var all []Entry
	for _, name := range slices.Sorted(maps.Keys(file.Trust)) {
		e, err := decode(name, file.Trust[name])
		if err != nil {
			return nil, verdict.Errorf(verdict.Usage, "%s: trust %s: %w", c.Name, phrase.Quote(name), err)
		}
		all = append(all, e)
	}
	return all, nil
}

// decode reads the fields of an entry. A list may be written as one string.
func decode(name string, table map[string]any) (Entry, error) {
	for _, field := range fields(true) {
		if s, ok := table[field].(string); ok {
			table[field] = []string{s}
		}
	}
	e := Entry{Name: name}
	if err := config.DecodeFields(table, &e); err != nil {
		if key, ok := config.Unknown(err); ok {
			return Entry{}, verdict.Errorf(verdict.Usage, "unknown field %q, known are %s", strings.Join(key, "."), strings.Join(fields(false), ", "))
		}
		return Entry{}, errors.New(config.Reason(err))
	}
	return e, e.Check()
}

// Check refuses an entry without keys, with a secret in it, or with an unknown name.
func (e Entry) Check() error {
	switch {
	case e.Name == "":
		return verdict.Errorf(verdict.Usage, "the name is empty")
	case len(e.KeySources()) == 0 && len(e.Secrets) == 0:
		return verdict.Errorf(verdict.Usage, "the entry has no key: only an issuer that is an https URL has a key source by itself")
	}
	return cmp.Or(e.checkProfile(), e.checkSecrets(), e.checkAlgs(), e.checkLeeway())
}

func (e Entry) checkProfile() error {
	if e.Profile != "" {
		if _, ok := profile.Lookup(e.Profile); !ok {
			return verdict.Errorf(verdict.Usage, "unknown profile %s", phrase.Quote(e.Profile))
		}
	}
	ofLoadBalancer := func(source string) bool { return strings.HasPrefix(source, "alb:") }
	if e.Profile == profile.LoadBalancer || slices.ContainsFunc(e.Keys, ofLoadBalancer) {
		return verdict.Errorf(verdict.Usage, "the tokens of load balancers are not verified under an entry: they are padded, and each names its key").
			Hintf("jwt verify --profile %s --key alb:ARN", profile.LoadBalancer)
	}
	return nil
}

func (e Entry) checkSecrets() error {
	for _, s := range e.Secrets {
		if !isReference(s) {
			return verdict.Errorf(verdict.Usage, "secret: must be a source, not the secret itself").Hintf("@FILE, raw:FILE, dotenv:FILE#NAME, env:NAME, or b64:, b64url:, hex: or nextauth: before one of these")
		}
	}
	return nil
}

func (e Entry) checkAlgs() error {
	for _, a := range e.Algs {
		if _, ok := jwa.Lookup(a); !ok {
			return verdict.Errorf(verdict.Usage, "alg: %s is not a signature algorithm", phrase.Quote(a))
		}
	}
	return nil
}

func (e Entry) checkLeeway() error {
	if e.Leeway == "" {
		return nil
	}
	if _, err := reltime.ParseDuration(e.Leeway); err != nil {
		return verdict.Errorf(verdict.Usage, "leeway: %w", err)
	}
	return nil
}

// isReference reports whether a source of a secret says where the secret is.
func isReference(source string) bool {
	if strings.HasPrefix(source, "@") {
		return true
	}
	scheme, rest, _ := strings.Cut(source, ":")
	switch scheme {
	case "nextauth", "b64", "b64url", "hex":
		return isReference(rest)
	}
	return slices.Contains([]string{"env", "raw", "dotenv"}, scheme) && rest != ""
}

// KeySources returns the sources of its keys.
func (e Entry) KeySources() []string {
	if len(e.Keys) == 0 && len(e.Secrets) == 0 && isURL(e.Name) {
		return []string{"oidc:" + e.Name}
	}
	return e.Keys
}

func isURL(name string) bool {
	return strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "http://")
}

// Iss returns the issuers that its tokens must have in "iss"; none means any, or no "iss".
func (e Entry) Iss() []string {
	if len(e.Issuers) == 0 && isURL(e.Name) {
		return []string{e.Name}
	}
	return e.Issuers
}

// Tolerance returns the leeway of its clock.
func (e Entry) Tolerance() time.Duration {
	d, _ := reltime.ParseDuration(e.Leeway) // Check has read it
	return d
}

// ByName returns the entry of that name.
func ByName(all []Entry, name string) (Entry, error) {
	for _, e := range all {
		if e.Name == name {
			return e, nil
		}
	}
	err := verdict.Errorf(verdict.Usage, "no trust entry is named %s", phrase.Quote(name))
	if len(all) == 0 {
		return Entry{}, err.Hintf("jwt trust add ISSUER adds one")
	}
	return Entry{}, err.Hintf("known are %s", Names(all))
}

// ByIssuer returns the only entry for tokens whose "iss" is exactly iss.
func ByIssuer(all []Entry, iss string) (Entry, error) {
	var found []Entry
	for _, e := range all {
		if slices.Contains(e.Iss(), iss) {
			found = append(found, e)
		}
	}
	quoted := phrase.Quote(iss)
	switch len(found) {
	case 0:
		return Entry{}, unknownIssuer(all, iss, quoted)
	case 1:
		return found[0], nil
	}
	return Entry{}, verdict.Errorf(verdict.KeyNotFound, "iss: is %s, which several trust entries have as their iss: %s", quoted, Names(found)).
		Hintf("--as NAME chooses one")
}

// unknownIssuer returns the error for an issuer that no entry has.
func unknownIssuer(all []Entry, iss, quoted string) error {
	err := verdict.Errorf(verdict.KeyNotFound, "iss: is %s, which no trust entry has as its iss; known are %s", quoted, Names(all))
	switch {
	case slices.ContainsFunc(all, func(e Entry) bool { return e.Name == iss }):
		return err.Hintf("the entry %s has another iss or none: correct it in config.toml", quoted)
	case isURL(iss):
		return err.Hintf("if you trust this issuer: jwt trust add %s", quoted)
	}
	return err.Hintf("if you trust this issuer: jwt trust add NAME --iss %s --key FILE", quoted)
}

// Names lists the names of the entries.
func Names(all []Entry) string {
	var names []string
	for _, e := range all {
		names = append(names, e.Name)
	}
	return phrase.List(names)
}
