package presets

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"jwt/internal/config"
	"jwt/internal/cookie"
	"jwt/internal/httpclient"
	"jwt/internal/verdict"
)

// Steps returns all steps in the order in which they are used.
func (p *Preset) Steps() []*Step {
	return []*Step{&p.Prepare, &p.Login, &p.Exchange, &p.Refresh, &p.Logout, &p.Userinfo}
}

// nameSteps sets the names of the steps.
func (p *Preset) nameSteps() {
	for i, name := range []string{"prepare", "login", "exchange", "refresh", "logout", "userinfo"} {
		p.Steps()[i].Name = name
	}
}

// Section returns the table of a step in the file of presets.
func (p Preset) Section(s Step) string {
	return strings.TrimSuffix("presets."+p.Name+"."+s.Name, ".")
}

// Ready refuses a preset with a value that the user has to set first.
func (p Preset) Ready() error {
	for name, value := range p.Values {
		if value == "" {
			return verdict.Errorf(verdict.Usage, "preset %s: the value %s is not set", p.Name, name).
				Hintf(`write %s = "…" under [presets.%s.values] in config.toml`, name, p.Name)
		}
	}
	return nil
}

// check refuses an incomplete or invalid preset.
func (p Preset) check(c config.File) error {
	field, why := p.flaw()
	if why == "" {
		return nil
	}
	return verdict.Errorf(verdict.Usage, "preset %s: %s: %s", p.Name, field, why).Hintf("see [presets.%s] in %s", p.Name, c.Name)
}

// flaw returns the first field that is missing or invalid, and why.
func (p Preset) flaw() (field, why string) {
	switch isOAuth := p.OAuth.given(); {
	case !isOAuth && len(p.Tokens.Access) == 0:
		return "tokens.access", "is empty: it says where the answer has the access token"
	case !isOAuth && p.Login.Path == "":
		return "login.path", "is empty"
	}
	for _, place := range p.Tokens.all() {
		if !isPlace(place) {
			return "tokens", `"` + place + `" is not json:POINTER, cookie:NAME, header:NAME or text:body`
		}
	}
	if field, why := p.answersFlaw(); why != "" {
		return field, why
	}
	for _, s := range p.Steps() {
		if why := s.flaw(p); s.Path != "" && why != "" {
			return s.Name, why
		}
	}
	return "call", p.headersFlaw(p.Call.Headers)
}

// answersFlaw returns the first description of an answer that is not valid, and why.
func (p Preset) answersFlaw() (field, why string) {
	for field, answers := range map[string][]Answer{"expired": p.Expired, "dead": p.Dead} {
		for _, a := range answers {
			if why := a.wrong(); why != "" {
				return field, why
			}
		}
	}
	return "", ""
}

// all returns every place.
func (p Places) all() []string {
	return slices.Concat(p.Access, p.Refresh, p.ExpiresIn, p.ExpiresInMS, p.ExpiresAt, p.RefreshExpiresIn, p.RefreshExpiresAt, p.Type)
}

func isPlace(place string) bool {
	kind, name, _ := strings.Cut(place, ":")
	switch kind {
	case "json", "cookie", "header":
		return name != ""
	}
	return place == WholeBody
}

// flaw returns why a step cannot be meant.
func (s Step) flaw(p Preset) string {
	methods := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete}
	switch {
	case !strings.HasPrefix(s.Path, "/") || strings.HasPrefix(s.Path, "//"):
		return `the path "` + s.Path + `" does not begin with one /`
	case !slices.Contains(methods, s.Method):
		return `the method "` + s.Method + `" is not GET, POST, PUT or DELETE`
	case !slices.Contains([]string{BodyJSON, BodyForm, BodyNone}, s.Body):
		return `the body "` + s.Body + `" is not json, form or none`
	case s.RefreshCookie && p.Tokens.RefreshCookie() == "":
		return "sends the refresh token's cookie, but tokens.refresh names no cookie"
	case s.RefreshCookie && s.Server != "":
		return "a cookie is not sent to another server"
	}
	if _, err := httpclient.ParseServer(s.Server); s.Server != "" && err != nil {
		return err.Error()
	}
	for _, pair := range slices.Concat(s.Query, s.Fields) {
		if why := p.pairFlaw(pair); why != "" {
			return why
		}
	}
	return p.headersFlaw(s.Headers)
}

// pairFlaw returns why a field or a part of the query is not valid.
func (p Preset) pairFlaw(pair string) string {
	name, value, isJSON := CutField(pair)
	switch {
	case name == "" || !strings.Contains(pair, "="):
		return `the field "` + pair + `" is not NAME=VALUE`
	case isJSON && !json.Valid([]byte(value)):
		return `the field "` + pair + `" is not NAME:=JSON`
	case !isJSON && !p.isKnown(value):
		return `the field "` + pair + `" has an unknown variable: ` + strings.Join(p.variableNames(), ", ") + ` exist`
	}
	return ""
}

// headersFlaw returns why a header is not valid. The client sets those of HTTP itself, and
// the cookies.
func (p Preset) headersFlaw(headers []string) string {
	own := []string{"Host", "Cookie", "Connection", "Content-Length", "Transfer-Encoding", "Upgrade"}
	const inName = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for _, header := range headers {
		name, value, ok := strings.Cut(header, ":")
		switch {
		case !ok || name == "" || strings.Trim(name, inName) != "" || strings.TrimSpace(value) == "" || cookie.HasControl(value):
			return `the header "` + header + `" is not NAME: VALUE`
		case slices.Contains(own, http.CanonicalHeaderKey(name)):
			return "the header " + name + " is set by the client itself"
		}
		for word := range strings.FieldsSeq(value) {
			if !p.isKnown(word) {
				return `the header "` + header + `" has an unknown variable: ` + strings.Join(p.variableNames(), ", ") + ` exist`
			}
		}
	}
	return ""
}

// CookieVariable begins the variable of a cookie that the server set.
const CookieVariable = "$cookie:"

// variableNames returns the variables of a preset.
func (p Preset) variableNames() []string {
	names := []string{"$username", "$password", "$refresh_token", "$access_token", "$origin", CookieVariable + "NAME"}
	var own []string
	for name := range p.Values {
		own = append(own, "$"+name)
	}
	slices.Sort(own)
	return append(names, own...)
}

// isKnown reports whether a value is literal text or a variable that exists.
func (p Preset) isKnown(value string) bool {
	if name, ok := strings.CutPrefix(value, CookieVariable); ok {
		return name != ""
	}
	return !strings.HasPrefix(value, "$") || slices.Contains(p.variableNames(), value)
}

// NeedsCookies reports whether a session of this preset needs cookies besides that of the
// refresh token: it copies some into headers, or a request before the login sets them.
func (p Preset) NeedsCookies() bool {
	return p.Prepare.Path != "" || slices.ContainsFunc(p.Steps(), func(s *Step) bool {
		return slices.ContainsFunc(s.Headers, func(h string) bool { return strings.Contains(h, CookieVariable) })
	})
}
