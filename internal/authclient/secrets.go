package authclient

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"jwt/internal/cookie"
	"jwt/internal/presets"
	"jwt/internal/redact"
)

// leastCookie is the minimum length of a cookie that is a secret. A shorter one is a
// setting, which occurs in any sentence.
const leastCookie = 16

type secretsKey struct{}

// A sent is what a Client put into a request.
type sent struct {
	secrets redact.Secrets
	fields  []string
	step    string // that of the preset, or what an OAuth 2.0 request is for
}

// StepOf returns the step of a request that a Client makes: login, refresh, …
func StepOf(req *http.Request) string {
	s, _ := req.Context().Value(secretsKey{}).(sent)
	return cmp.Or(s.step, "server")
}

// FieldsOf returns the names of the fields in the body of a request that a Client makes.
func FieldsOf(req *http.Request) []string {
	s, _ := req.Context().Value(secretsKey{}).(sent)
	return s.fields
}

// SecretsOf returns the secrets of a request: the credentials in its header, and those
// that a Client put into its body.
func SecretsOf(req *http.Request) redact.Secrets {
	var s redact.Secrets
	if from, ok := req.Context().Value(secretsKey{}).(sent); ok {
		s = slices.Clone(from.secrets)
	}
	if _, credential, ok := strings.Cut(req.Header.Get("Authorization"), " "); ok {
		s.Add(credential)
	}
	for _, c := range cookie.Read(req.Header) {
		s.AddLong(leastCookie, c.Value, strings.Trim(c.Value, `"`))
	}
	return s
}

// IsExchange reports whether a Client makes the request, so that the answer may have new
// tokens.
func IsExchange(req *http.Request) bool { return req.Context().Value(secretsKey{}) != nil }

// sentBy returns what the request of a step sends with these values.
func sentBy(step presets.Step, values map[string]string) sent {
	var s redact.Secrets
	for _, name := range []string{"$password", "$access_token", "$refresh_token"} {
		s.Add(values[name])
		s.AddLong(leastCookie, strings.Trim(values[name], `"`))
	}
	var names []string
	for _, field := range step.Fields {
		name, _, _ := presets.CutField(field)
		names = append(names, name)
	}
	return sent{secrets: s, fields: names}
}
