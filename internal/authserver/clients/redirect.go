package clients

import (
	"net/url"
	"slices"
	"strings"

	"jwt/internal/loopback"
)

// badRedirect says why a URI must not be registered, or returns "" (RFC 9700 §2.1, RFC 8252
// §7). A fragment would mix with that of the answer; a script URI would run.
func badRedirect(uri string) string {
	u, err := url.Parse(uri)
	switch {
	case err != nil || u.Scheme == "":
		return "must be absolute"
	case strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"<>\^`+"`{|}", r) }):
		return "has a character that a URI must escape (RFC 3986)"
	case strings.Contains(uri, "#"):
		return "must not have a fragment"
	case strings.Contains(uri, "*"):
		return "wildcards are not supported"
	case u.User != nil:
		return "must not have a user name"
	case strings.ContainsAny(u.Host, ";,'"): // it is sent in a policy
		return "has a character that no host name has"
	case u.Scheme == "https" && u.Host != "", u.Scheme == "http" && loopback.Host(u.Hostname()):
		return ""
	case u.Scheme == "http":
		return "must use https, except on loopback"
	case !strings.Contains(u.Scheme, "."):
		return "a scheme of an app must be a reversed domain name, like com.example.app"
	}
	return ""
}

// MayRedirect reports whether a redirect URI belongs to the client: it must equal a registered one,
// except for the port on loopback, which programs cannot choose (RFC 8252 §7.3). A web server
// chooses its port: a client with a secret has the exception only for a URI without one.
func (c Client) MayRedirect(uri string) bool {
	if c.AnyLoopbackRedirect {
		u, err := url.Parse(uri)
		return err == nil && u.Scheme == "http" && loopback.Host(u.Hostname()) && badRedirect(uri) == ""
	}
	return slices.ContainsFunc(c.RedirectURIs, func(registered string) bool {
		host, port, rest := splitLoopback(registered)
		anyPort := host != "" && (port == "" || c.IsPublic())
		givenHost, _, givenRest := splitLoopback(uri)
		return registered == uri || anyPort && host == givenHost && rest == givenRest
	})
}

// splitLoopback splits a loopback URI. The host is empty for any other URI.
func splitLoopback(uri string) (host, port, rest string) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" || u.User != nil || !loopback.Host(u.Hostname()) {
		return "", "", ""
	}
	return u.Hostname(), u.Port(), strings.TrimPrefix(uri, "http://"+u.Host)
}
