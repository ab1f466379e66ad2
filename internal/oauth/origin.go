package oauth

import (
	"net/url"
	"strings"
)

// WebOrigin returns the origin of a URL as browsers write it (RFC 6454 §6.2): in lower case,
// without a path and without the port of the scheme.
func WebOrigin(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "http":
		host = strings.TrimSuffix(host, ":80")
	case "https":
		host = strings.TrimSuffix(host, ":443")
	}
	return u.Scheme + "://" + host
}
