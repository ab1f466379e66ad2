package bcp

import (
	"net/netip"
	"net/url"
	"strings"

	"jwt/internal/loopback"
)

// insecureURL returns why a key must not be fetched from a URL, or "".
func insecureURL(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil, u.Scheme == "", u.Host == "" && u.Opaque == "":
		return "is not an absolute URL"
	case u.Scheme != "https": // url.Parse has made it lower case
		return "is not https"
	case u.User != nil:
		return "has a user name, which hides its host"
	case isLocal(u.Hostname()):
		return "points into the server's own network"
	}
	return ""
}

// isLocal reports whether a host is not on the public internet.
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
		return true // a name without a domain, or an IPv4 address in another notation
	}
	for _, suffix := range [...]string{".local", ".internal", ".localhost", ".lan", ".home.arpa"} {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return false
}
