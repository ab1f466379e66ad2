package bcp

import (
	"net/netip"
	"net/url"
	"strings"

	"jwt/internal/loopback"
)

// insecureURL says why a key must not be fetched from there, whoever asks, or "".
func insecureURL(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil, u.Scheme == "", u.Host == "" && u.Opaque == "":
		return "is not an absolute URL"
	case u.Scheme != "https": // url.Parse has made it lower case
		return "is not https"
	case u.User != nil:
		return "hides its host behind a user name"
	case isLocal(u.Hostname()):
		return "points into the server's own network"
	}
	return ""
}

// isLocal reports whether the host is an address or a name that is not of the
// public internet.
func isLocal(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if loopback.Host(host) {
		return true
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		addr = addr.Unmap()
		return !addr.IsGlobalUnicast() || addr.IsPrivate()
	}
	if !strings.Contains(host, ".") || strings.Trim(host, "0123456789.") == "" {
		return true // a bare name, or an address in an old spelling
	}
	for _, suffix := range [...]string{".local", ".internal", ".localhost", ".lan", ".home.arpa"} {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return false
}
