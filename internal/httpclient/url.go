package httpclient

import (
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Show formats a URL for messages: without user and password, and without the values of
// its query, which may be secrets. The result contains no single quote, so it can be
// quoted in a shell command.
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

// HideUser removes what could be a password from a text that is not a valid URL.
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

// Curl returns the command that shows the answer of the server.
func Curl(u *url.URL) string { return "curl -sSi '" + Show(u) + "'" }

// Origin returns the scheme, host and port of a URL, to which credentials are restricted.
func Origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
