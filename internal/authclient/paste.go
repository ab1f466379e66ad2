package authclient

import (
	"net/url"
	"strings"

	"jwt/internal/verdict"
)

// parsePasted reads the URL to which the login page redirected, or the code alone. A URL is
// checked like a request to the loopback port. The code alone has neither state nor iss: the
// user vouches that it comes from the page just visited.
func (z authorization) parsePasted(text string) (url.Values, error) {
	refuse := func(what string) error {
		return verdict.Errorf(verdict.Usage, "%s", what).
			Hintf("paste the whole URL that the browser ends at, with code= and state= in it, or the code that the page shows")
	}
	text = strings.TrimSpace(text)
	switch isURL := strings.Contains(text, "://"); {
	case text == "":
		return nil, refuse("nothing was pasted")
	case isURL || hasParameters(text):
	case isCode(text):
		return url.Values{"code": {text}, "state": {z.state}, "iss": {z.issuer}}, nil
	default:
		return nil, refuse("what was pasted is neither the URL of an answer nor a code")
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, refuse("what was pasted is not a URL")
	}
	query := u.RawQuery
	if query == "" && u.Scheme == "" { // only the parameters
		query = text
	}
	values, err := url.ParseQuery(query)
	switch {
	case err != nil || len(values) == 0:
		return nil, refuse("the pasted URL has no parameters")
	case values.Has("response_type") || values.Has("request_uri"):
		return nil, refuse("the pasted URL is that of the login page, not the one at which the login ends")
	}
	return values, nil
}

// hasParameters reports whether a text has parameters of an authorization response.
func hasParameters(text string) bool {
	for _, name := range [...]string{"code=", "state=", "error="} {
		if strings.Contains(text, name) {
			return true
		}
	}
	return false
}

// isCode reports whether a text can be an authorization code: printable characters of ASCII (RFC 6749
// §A.11), but none that separate or quote what surrounds a code.
func isCode(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\"<>\\^`{}?#", r) })
}
