// Package presets describes how servers log in, refresh and log out: as data, in presets.toml and in
// the user's config.toml.
package presets

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
)

// A Preset describes how a server works: the request of each step, the places of tokens
// in answers, and the answers that mean an expired token or an ended session.
// presets.toml documents the fields.
type Preset struct {
	Name    string            `toml:"-"`
	BasedOn string            `toml:"based_on,omitempty"`
	About   string            `toml:"about,omitempty"`
	Values  map[string]string `toml:"values,omitempty"` // of variables that the user sets; "" is not set

	Expired   []Answer `toml:"expired,omitempty,inline"`
	Alive     []Answer `toml:"alive,omitempty,inline"`
	Dead      []Answer `toml:"dead,omitempty,inline"`
	Temporary []Answer `toml:"temporary,omitempty,inline"`

	Prepare  Step `toml:"prepare,omitempty"`
	Login    Step `toml:"login,omitempty"`
	Exchange Step `toml:"exchange,omitempty"`
	Refresh  Step `toml:"refresh,omitempty"`
	Logout   Step `toml:"logout,omitempty"`
	Userinfo Step `toml:"userinfo,omitempty"`
	Call     Call `toml:"call,omitempty"`

	Tokens Places `toml:"tokens,omitempty"`
	OAuth  OAuth  `toml:"oauth,omitempty"`
}

// An OAuth describes an OAuth 2.0 server: it has metadata, or the preset names its
// endpoints, whose paths are relative to the server's URL. Names are those of RFC 8414.
type OAuth struct {
	Metadata              bool     `toml:"metadata,omitempty"`
	Scope                 string   `toml:"scope,omitempty"`
	Params                []string `toml:"params,omitempty"` // NAME=VALUE
	AuthorizationEndpoint string   `toml:"authorization_endpoint,omitempty"`
	TokenEndpoint         string   `toml:"token_endpoint,omitempty"`
	DeviceEndpoint        string   `toml:"device_authorization_endpoint,omitempty"`
	RevocationEndpoint    string   `toml:"revocation_endpoint,omitempty"`
	IntrospectionEndpoint string   `toml:"introspection_endpoint,omitempty"`
	UserinfoEndpoint      string   `toml:"userinfo_endpoint,omitempty"`
}

// IsOAuth reports whether the server has an OAuth 2.0 login and no login step.
func (p Preset) IsOAuth() bool { return p.OAuth.given() && p.Login.Path == "" }

// given reports whether the server has an OAuth login.
func (o OAuth) given() bool { return o.Metadata || o.TokenEndpoint != "" }

// A Step is one request. A step without a path is not supported by the server.
type Step struct {
	Name    string   `toml:"-"`                // of its table
	Server  string   `toml:"server,omitempty"` // "" for that of the session
	Method  string   `toml:"method,omitempty"`
	Path    string   `toml:"path,omitempty"`
	Query   []string `toml:"query,omitempty"`   // NAME=VALUE
	Headers []string `toml:"headers,omitempty"` // NAME: VALUE
	Body    string   `toml:"body,omitempty"`    // BodyJSON, BodyForm, BodyNone
	Fields  []string `toml:"fields,omitempty"`  // NAME=VALUE or NAME:=JSON
	Bearer  bool     `toml:"bearer,omitempty"`  // send the access token
	// RefreshCookie sends the refresh token in its cookie.
	RefreshCookie bool `toml:"refresh_cookie,omitempty"`
}

// A Call is what calls need besides the access token.
type Call struct {
	Headers []string `toml:"headers,omitempty"` // NAME: VALUE
}

// The encodings of a step's body.
const (
	BodyJSON = "json"
	BodyForm = "form"
	BodyNone = "none"
)

// Places are the places of tokens in an answer. Each is json:POINTER, cookie:NAME,
// header:NAME or text:body. The first one of a list that exists is used.
type Places struct {
	Access      []string `toml:"access,omitempty"`
	Refresh     []string `toml:"refresh,omitempty"`
	ExpiresIn   []string `toml:"expires_in,omitempty"`    // seconds, of the access token
	ExpiresInMS []string `toml:"expires_in_ms,omitempty"` // milliseconds
	ExpiresAt   []string `toml:"expires_at,omitempty"`    // the time of its end, used if there is no lifetime
	// RefreshExpiresIn is the same for a refresh token that is not in a cookie. A cookie
	// has its own Max-Age or Expires.
	RefreshExpiresIn []string `toml:"refresh_expires_in,omitempty"`
	RefreshExpiresAt []string `toml:"refresh_expires_at,omitempty"`
	Type             []string `toml:"type,omitempty"`
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

// An Answer matches answers by status, path, error code and a part of the body. Empty fields
// match all.
type Answer struct {
	Status int    `toml:"status,omitempty"`
	Path   string `toml:"path,omitempty"` // relative to the server's URL
	Code   string `toml:"code,omitempty"` // the error code in the body
	At     string `toml:"at,omitempty"`   // the JSON pointer of the code, where it is not in a usual place
	Body   string `toml:"body,omitempty"`
}

func (a Answer) matches(status int, path string, body []byte) bool {
	return (a.Status == 0 || a.Status == status) && (a.Path == "" || a.Path == path) &&
		(a.Body == "" || bytes.Contains(body, []byte(a.Body))) && (a.Code == "" || a.Code == a.codeIn(status, body))
}

// codeIn returns the error code in a body.
func (a Answer) codeIn(status int, body []byte) string {
	if a.At == "" {
		return oauth.ParseError(status, body).Code
	}
	value, err := jsonobject.ParseValue(body)
	if err != nil {
		return ""
	}
	found, _ := Lookup(value, a.At)
	if text, ok := found.Text(); ok {
		return text
	}
	return string(found) // a number, as it is spelled
}

// hasText reports whether the entry says more of an answer than its status and path.
func (a Answer) hasText() bool { return a.Body != "" || a.Code != "" }

// wrong returns why the entry cannot be meant.
func (a Answer) wrong() string {
	switch {
	case a.Status != 0 && (a.Status < 200 || a.Status > 599):
		return "the status " + strconv.Itoa(a.Status) + " is not 200 to 599"
	case !a.hasText() && a.Status < 300:
		return `an entry needs a status of 300 or more, a code, or a part of the body`
	case a.At != "" && (a.Code == "" || !strings.HasPrefix(a.At, "/")):
		return `"at" is the JSON pointer of a code, like at = "/code", code = "E17"`
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
	return anyMatches(p.Dead, status, p.Refresh.Path, body) && !p.SaysTemporary(status, body)
}

// SaysTemporary reports whether the answer to a refresh refuses it only for now.
func (p Preset) SaysTemporary(status int, body []byte) bool {
	return anyMatches(p.Temporary, status, p.Refresh.Path, body)
}

// DescribesDead reports whether the text of the answer to a refresh is one that means, by
// the preset, that the session has ended.
func (p Preset) DescribesDead(status int, body []byte) bool {
	return slices.ContainsFunc(p.Dead, func(a Answer) bool { return a.hasText() && a.matches(status, p.Refresh.Path, body) })
}

// WholeBody is the place of a token that is the whole body.
const WholeBody = "text:body"

// CutField splits NAME=VALUE and NAME:=JSON.
func CutField(field string) (name, value string, isJSON bool) {
	name, value, _ = strings.Cut(field, "=")
	name, isJSON = strings.CutSuffix(name, ":")
	return name, value, isJSON
}
