package redact

import (
	"net/textproto"
	"slices"
	"strings"

	"jwt/internal/phrase"
)

// IsPlain reports whether a request header of this name never holds a credential.
func IsPlain(name string) bool {
	switch textproto.CanonicalMIMEHeaderKey(name) {
	case "Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Cache-Control", "Connection", "Content-Encoding",
		"Content-Language", "Content-Length", "Content-Type", "Date", "Expect", "If-Match", "If-Modified-Since", "If-None-Match",
		"If-Unmodified-Since", "Origin", "Pragma", "Range", "Referer", "Te", "Traceparent", "User-Agent":
		return true
	}
	return false
}

// RequestHeader returns the parts of a request header that may be shown. The caller may
// have put a secret into a header of any name.
func RequestHeader(name, value string) string {
	switch textproto.CanonicalMIMEHeaderKey(name) {
	case "Authorization", "Proxy-Authorization", "Cookie":
		return Header(name, value)
	}
	if IsPlain(name) {
		return Header(name, value)
	}
	return lengthOf(value)
}

// TokenHeader returns the parts of a response header that may be shown if the body has
// new tokens. The header may repeat them, and Secrets does not contain them yet.
func TokenHeader(name, value string) string {
	switch textproto.CanonicalMIMEHeaderKey(name) {
	case "Age", "Allow", "Cache-Control", "Connection", "Content-Encoding", "Content-Language", "Content-Length",
		"Content-Location", "Content-Type", "Date", "Expires", "Keep-Alive", "Location", "Pragma", "Retry-After", "Server",
		"Set-Cookie", "Strict-Transport-Security", "Transfer-Encoding", "Vary", "Via", "Www-Authenticate":
		return Header(name, value)
	}
	return lengthOf(value)
}

func lengthOf(value string) string { return "(" + phrase.Count(len(value), "byte") + ")" }

// Header returns the value of a header without its credentials.
func Header(name, value string) string {
	switch textproto.CanonicalMIMEHeaderKey(name) {
	case "Authorization", "Proxy-Authorization":
		scheme, credential, ok := strings.Cut(value, " ")
		if !ok {
			return Credential(value)
		}
		return scheme + " " + Credential(credential)
	case "Cookie":
		var shown []string
		for cookie := range strings.SplitSeq(value, ";") {
			shown = append(shown, pair(strings.TrimSpace(cookie)))
		}
		return strings.Join(shown, "; ")
	case "Set-Cookie":
		cookie, attributes, more := strings.Cut(value, ";")
		if more {
			return pair(cookie) + ";" + bareURLs(Tokens(attributes), ";")
		}
		return pair(cookie)
	case "Location", "Content-Location", "Referer", "Refresh":
		return bareURLs(Tokens(value), "")
	}
	if value != "" && namesSecret(name) {
		return Credential(value)
	}
	return bareURLs(Tokens(value), " \t\">")
}

// namesSecret reports whether the name of a header indicates that its value is a secret.
func namesSecret(name string) bool {
	words := []string{"token", "secret", "password", "key", "auth", "session", "csrf", "xsrf", "signature"}
	name = strings.ToLower(name)
	return name != "www-authenticate" && slices.ContainsFunc(words, func(word string) bool { return strings.Contains(name, word) })
}

// bareURLs removes the user, query and fragment from the URLs in a text. A URL ends
// before one of the characters in ends, or at the end of the text.
func bareURLs(text, ends string) string {
	var b strings.Builder
	for text != "" {
		url, rest := text, ""
		if at := strings.IndexAny(text, ends); at >= 0 {
			url, rest = text[:at], text[at:]
		}
		b.WriteString(bareURL(url))
		if rest != "" {
			b.WriteByte(rest[0])
			rest = rest[1:]
		}
		text = rest
	}
	return b.String()
}

// URL returns a URL without its user, its query, its fragment, and the signatures of tokens in
// its path.
func URL(url string) string { return Tokens(bareURL(url)) }

func bareURL(url string) string {
	if at := strings.IndexAny(url, "?#"); at >= 0 && at+1 < len(url) {
		url = url[:at+1] + "…"
	}
	scheme, rest, ok := strings.Cut(url, "//")
	if !ok {
		return url
	}
	host, path, slash := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		host = host[at+1:]
	}
	if slash {
		path = "/" + path
	}
	return scheme + "//" + host + path
}

// pair returns a cookie with its value redacted.
func pair(cookie string) string {
	name, value, ok := strings.Cut(cookie, "=")
	if !ok || value == "" {
		return cookie
	}
	return name + "=" + Credential(value)
}
