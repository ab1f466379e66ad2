package httpclient

import (
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Show writes a URL for people: without user and password, and without the
// values of its query, any of which may be a secret. Its result holds no single
// quote, so that it can be quoted in a shell command.
func Show(u *url.URL) string {
	if u.Opaque != "" {
		return u.Scheme + ":" + HideUser(u.Opaque)
	}
	s := u.Scheme + "://" + u.Host + u.EscapedPath()
	if u.RawQuery != "" {
		s += "?…"
	}
	return strings.ReplaceAll(s, "'", "%27")
}

// HideUser cuts off what could be a password in a text that is not a valid URL.
func HideUser(text string) string {
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		return "…" + text[at:]
	}
	return text
}

// Status returns a status code with its text, if it has one: "404 Not Found".
func Status(code int) string {
	return strings.TrimSpace(strconv.Itoa(code) + " " + http.StatusText(code))
}

// Curl returns the command that shows what the server answers.
func Curl(u *url.URL) string { return "curl -sSi '" + Show(u) + "'" }

// Origin returns the scheme, host and port of a URL: what credentials are bound to.
func Origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
