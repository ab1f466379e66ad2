package authclient

import (
	"bytes"
	_ "embed"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"jwt/internal/verdict"
)

// A Preset describes how a server works: the request of each step, the places of tokens
// in answers, and the answers that mean an expired token or an ended session.
// presets.toml documents the fields.
type Preset struct {
	Name     string `toml:"-"`
	BasedOn  string `toml:"based_on"`
	About    string `toml:"about"`
	Login    Step   `toml:"login"`
	Refresh  Step   `toml:"refresh"`
	Logout   Step   `toml:"logout"`
	Userinfo Step   `toml:"userinfo"`
	Tokens   Places `toml:"tokens"`

	Expired []Answer `toml:"expired"`
	Alive   []Answer `toml:"alive"`
	Dead    []Answer `toml:"dead"`
}

// A Step is one request. A step without a path is not supported by the server.
type Step struct {
	Method string   `toml:"method"`
	Path   string   `toml:"path"`
	Body   string   `toml:"body"`   // BodyJSON, BodyForm, BodyNone
	Fields []string `toml:"fields"` // NAME=VALUE
	Bearer bool     `toml:"bearer"` // send the access token
	// RefreshCookie sends the refresh token in its cookie.
	RefreshCookie bool `toml:"refresh_cookie"`
}

// The encodings of a step's body.
const (
	BodyJSON = "json"
	BodyForm = "form"
	BodyNone = "none"
)

// Places are the places of tokens in an answer. Each is json:POINTER, cookie:NAME or
// header:NAME. The first one of a list that exists is used.
type Places struct {
	Access    []string `toml:"access"`
	Refresh   []string `toml:"refresh"`
	ExpiresIn []string `toml:"expires_in"` // seconds, of the access token
	ExpiresAt []string `toml:"expires_at"` // the time of its end, used if there is no lifetime
	// RefreshExpiresIn is the same for a refresh token that is not in a cookie. A cookie
	// has its own Max-Age or Expires.
	RefreshExpiresIn []string `toml:"refresh_expires_in"`
	RefreshExpiresAt []string `toml:"refresh_expires_at"`
	Type             []string `toml:"type"`
}

// RefreshCookie returns the name of the cookie that holds the refresh token, or "".
func (p Places) RefreshCookie() string {
	for _, place := range p.Refresh {
		if name, ok := strings.CutPrefix(place, "cookie:"); ok {
			return name
		}
	}
	return ""
}

// IsRefreshCookie reports whether the refresh token may be in the cookie of this name.
func (p Places) IsRefreshCookie(name string) bool { return slices.Contains(p.Refresh, "cookie:"+name) }

// An Answer matches answers by status, path and a part of the body. Empty fields match
// all.
type Answer struct {
	Status int    `toml:"status"`
	Path   string `toml:"path"` // relative to the server's URL
	Body   string `toml:"body"`
}

func (a Answer) matches(status int, path string, body []byte) bool {
	return (a.Status == 0 || a.Status == status) && (a.Path == "" || a.Path == path) &&
		(a.Body == "" || bytes.Contains(body, []byte(a.Body)))
}

// wrong returns why the entry cannot be meant.
func (a Answer) wrong() string {
	switch {
	case a.Status != 0 && (a.Status < 200 || a.Status > 599):
		return "the status " + strconv.Itoa(a.Status) + " is not 200 to 599"
	case a.Body == "" && a.Status < 300:
		return `an entry needs a status of 300 or more, or a part of the body`
	}
	return ""
}

func anyMatches(answers []Answer, status int, path string, body []byte) bool {
	return slices.ContainsFunc(answers, func(a Answer) bool { return a.matches(status, path, body) })
}

// MayExpire reports whether an answer with this status may mean that the access token of
// a call has expired, so that its body must be read.
func (p Preset) MayExpire(status int) bool {
	return slices.ContainsFunc(p.Expired, func(a Answer) bool { return a.Status == 0 || a.Status == status })
}

// SaysExpired reports whether the answer to a call means that its access token has
// expired. path is that of the call, relative to the server's URL.
func (p Preset) SaysExpired(status int, path string, body []byte) bool {
	return anyMatches(p.Expired, status, path, body) && !anyMatches(p.Alive, status, path, body)
}

// SaysDead reports whether the answer to a refresh means that the session has ended.
func (p Preset) SaysDead(status int, body []byte) bool {
	return anyMatches(p.Dead, status, p.Refresh.Path, body)
}

// describesDead reports whether the text of the answer to a refresh is one that means, by
// the preset, that the session has ended.
func (p Preset) describesDead(status int, body []byte) bool {
	return slices.ContainsFunc(p.Dead, func(a Answer) bool { return a.Body != "" && a.matches(status, p.Refresh.Path, body) })
}

//go:embed presets.toml
var shipped []byte

type presetFile struct {
	Presets map[string]map[string]any `toml:"presets"`
	Recipes any                       `toml:"recipes"` // of another command
}

// A Config is the user's own file of presets: its text, which may be nil, and its name
// for errors.
type Config struct {
	Name string
	Text []byte
}

// ErrNoPreset is the cause of an error for an unknown preset name.
var ErrNoPreset = errors.New("unknown preset")

// PresetNames returns the names of all presets, sorted.
func PresetNames(c Config) ([]string, error) {
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

func readPresets(c Config) (ours, theirs presetFile, err error) {
	if err := toml.Unmarshal(shipped, &ours); err != nil {
		panic("authclient: presets.toml: " + err.Error()) // checked by a test
	}
	d := toml.NewDecoder(bytes.NewReader(c.Text))
	if err := d.DisallowUnknownFields().Decode(&theirs); err != nil {
		return presetFile{}, presetFile{}, configError(c, err)
	}
	return ours, theirs, nil
}

// FindPreset returns the preset with this name: the shipped one with the user's changes,
// or the user's own.
func FindPreset(name string, c Config) (Preset, error) {
	ours, theirs, err := readPresets(c)
	if err != nil {
		return Preset{}, err
	}
	p := Preset{Name: name}
	if err := p.fill(name, ours, theirs, c, nil); err != nil {
		return Preset{}, err
	}
	p.Name, p.BasedOn = name, ""
	return p, p.check(c)
}

// fill sets the fields of the preset in p: first those of its base, then the shipped
// ones, then the user's.
func (p *Preset) fill(name string, ours, theirs presetFile, c Config, above []string) error {
	if slices.Contains(above, name) {
		return verdict.Errorf(verdict.Usage, "%s: the preset %q is based on itself", c.Name, name)
	}
	shipped, isOurs := ours.Presets[name]
	own, isTheirs := theirs.Presets[name]
	if !isOurs && !isTheirs {
		names, _ := PresetNames(c)
		return verdict.Errorf(verdict.Usage, "%w %q", ErrNoPreset, name).Hintf("--preset %s", strings.Join(names, ", --preset "))
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
	text, err := toml.Marshal(fields)
	if err != nil {
		return err
	}
	return toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(p)
}

// configError returns the error for an invalid file of presets.
func configError(c Config, err error) error {
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) && len(unknown.Errors) > 0 {
		return verdict.Errorf(verdict.Usage, "%s: unknown field %q", c.Name, strings.Join(unknown.Errors[0].Key(), ".")).
			Hintf("the fields of a preset are those of [presets.cookie]")
	}
	var wrong *toml.DecodeError
	if errors.As(err, &wrong) {
		line, _ := wrong.Position()
		return verdict.Errorf(verdict.Usage, "%s: line %d: %s", c.Name, line, strings.TrimPrefix(wrong.Error(), "toml: "))
	}
	return verdict.Errorf(verdict.Usage, "%s: %w", c.Name, err)
}

// fieldError is configError for the fields of one preset, whose lines are unknown.
func fieldError(name string, c Config, err error) error {
	var unknown *toml.StrictMissingError
	var wrong *toml.DecodeError
	if !errors.As(err, &unknown) && errors.As(err, &wrong) {
		return verdict.Errorf(verdict.Usage, "%s: presets.%s.%s: %s", c.Name, name, strings.Join(wrong.Key(), "."), strings.TrimPrefix(wrong.Error(), "toml: "))
	}
	return configError(c, err)
}

// check refuses an incomplete or invalid preset.
func (p Preset) check(c Config) error {
	wrong := func(field, why string) error {
		return verdict.Errorf(verdict.Usage, "preset %s: %s: %s", p.Name, field, why).Hintf("see [presets.%s] in %s", p.Name, c.Name)
	}
	if len(p.Tokens.Access) == 0 {
		return wrong("tokens.access", "is empty: it says where the answer has the access token")
	}
	for _, places := range [][]string{p.Tokens.Access, p.Tokens.Refresh, p.Tokens.ExpiresIn, p.Tokens.ExpiresAt, p.Tokens.RefreshExpiresIn, p.Tokens.RefreshExpiresAt, p.Tokens.Type} {
		for _, place := range places {
			if kind, name, ok := strings.Cut(place, ":"); !ok || name == "" || !slices.Contains([]string{"json", "cookie", "header"}, kind) {
				return wrong("tokens", `"`+place+`" is not json:POINTER, cookie:NAME or header:NAME`)
			}
		}
	}
	for field, answers := range map[string][]Answer{"expired": p.Expired, "dead": p.Dead} {
		for _, a := range answers {
			if why := a.wrong(); why != "" {
				return wrong(field, why)
			}
		}
	}
	if p.Login.Path == "" {
		return wrong("login.path", "is empty")
	}
	for name, s := range map[string]Step{"login": p.Login, "refresh": p.Refresh, "logout": p.Logout, "userinfo": p.Userinfo} {
		if s.Path == "" {
			continue
		}
		if why := s.wrong(); why != "" {
			return wrong(name, why)
		}
		if s.RefreshCookie && p.Tokens.RefreshCookie() == "" {
			return wrong(name, "sends the refresh token's cookie, but tokens.refresh names no cookie")
		}
	}
	return nil
}

// section returns the table of a step in the file of presets.
func (p Preset) section(s Step) string {
	for name, known := range map[string]Step{"login": p.Login, "refresh": p.Refresh, "logout": p.Logout, "userinfo": p.Userinfo} {
		if known.Path == s.Path && known.Method == s.Method && slices.Equal(known.Fields, s.Fields) {
			return "presets." + p.Name + "." + name
		}
	}
	return "presets." + p.Name
}

func (s Step) wrong() string {
	switch {
	case !strings.HasPrefix(s.Path, "/") || strings.HasPrefix(s.Path, "//"):
		return `the path "` + s.Path + `" does not begin with one /`
	case s.Method != http.MethodGet && s.Method != http.MethodPost && s.Method != http.MethodPut && s.Method != http.MethodDelete:
		return `the method "` + s.Method + `" is not GET, POST, PUT or DELETE`
	case s.Body != BodyJSON && s.Body != BodyForm && s.Body != BodyNone:
		return `the body "` + s.Body + `" is not json, form or none`
	}
	for _, field := range s.Fields {
		name, value, ok := strings.Cut(field, "=")
		if !ok || name == "" {
			return `the field "` + field + `" is not NAME=VALUE`
		}
		if strings.HasPrefix(value, "$") && !slices.Contains(variables, value) {
			return `the field "` + field + `" has an unknown variable: ` + strings.Join(variables, ", ") + ` exist`
		}
	}
	return ""
}

// variables lists the variables that a field's value may be.
var variables = []string{"$username", "$password", "$refresh_token", "$access_token"}
