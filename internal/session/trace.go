package session

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"jwt/internal/authclient"
	"jwt/internal/httpclient"
	"jwt/internal/scan"
)

// A tracer writes a line for each request and answer, and their headers, as they
// pass. Bodies, which hold passwords and tokens, are not shown, nor what stands in
// a URL beside the host and the path; credentials in headers are redacted, and what
// the session holds or a request took along is hidden wherever it comes back.
type tracer struct {
	base http.RoundTripper
	out  io.Writer
	now  func() time.Time
	held atomic.Pointer[Session] // the one that is used
}

// conceal says which session's secrets are not to be shown.
func (c *Client) conceal(s *Session) {
	if t, ok := c.base().(*tracer); ok {
		held := *s
		t.held.Store(&held)
	}
}

func (t *tracer) RoundTrip(req *http.Request) (*http.Response, error) {
	secrets := t.secrets(req)
	var b strings.Builder
	b.WriteString("> " + req.Method + " " + httpclient.Show(req.URL) + "\n")
	writeHeader(&b, "> ", req.Header, requestHeader)
	io.WriteString(t.out, secrets.Hide(b.String()))

	start := t.now()
	resp, err := t.base.RoundTrip(req)
	ms := strconv.FormatInt(t.now().Sub(start).Milliseconds(), 10) + " ms"
	b.Reset()
	if err != nil {
		b.WriteString("< no answer after " + ms + "\n")
	} else {
		b.WriteString("< " + printable(resp.Status) + ", " + ms + "\n")
		shown := redactedHeader
		if authclient.IsExchange(req) {
			shown = replyHeader
		}
		writeHeader(&b, "< ", resp.Header, shown)
		for _, c := range resp.Cookies() {
			addLong(&secrets, c.Value)
		}
	}
	io.WriteString(t.out, secrets.Hide(b.String()))
	return resp, err
}

// secrets are the texts that the lines of an exchange must not show.
func (t *tracer) secrets(req *http.Request) authclient.Secrets {
	secrets := authclient.SecretsOf(req)
	if s := t.held.Load(); s != nil {
		secrets.Add(s.AccessToken, s.RefreshToken)
		for _, c := range s.Cookies {
			addLong(&secrets, c.Value)
		}
	}
	for name, values := range req.Header {
		if !harmless(name) {
			addLong(&secrets, values...)
		}
	}
	for _, c := range req.Cookies() {
		addLong(&secrets, c.Value)
	}
	for _, values := range req.URL.Query() {
		addLong(&secrets, values...)
	}
	return secrets
}

// addLong adds the values that are no mere settings: hiding those would make every
// line unreadable.
func addLong(secrets *authclient.Secrets, values ...string) {
	const least = 6
	for _, v := range values {
		if len(v) >= least {
			secrets.Add(v)
		}
	}
}

func writeHeader(b *strings.Builder, prefix string, h http.Header, shown func(name, value string) string) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			b.WriteString(prefix + printable(name) + ": " + printable(shown(name, value)) + "\n")
		}
	}
}

// harmless tells the headers of a request that say how it is made, and never as
// whom.
func harmless(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Cache-Control", "Connection", "Content-Encoding",
		"Content-Language", "Content-Length", "Content-Type", "Date", "Expect", "If-Match", "If-Modified-Since", "If-None-Match",
		"If-Unmodified-Since", "Origin", "Pragma", "Range", "Referer", "Te", "Traceparent", "User-Agent":
		return true
	}
	return false
}

// requestHeader returns the value of a header that is sent as it is shown: what
// the caller gave may be a secret, whatever its name.
func requestHeader(name, value string) string {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Proxy-Authorization", "Cookie":
		return redactedHeader(name, value)
	}
	if harmless(name) {
		return redactedHeader(name, value)
	}
	return lengthOf(value)
}

// replyHeader returns the value of a header that came with a body of tokens as it is
// shown: they are not known yet, and may stand in it too.
func replyHeader(name, value string) string {
	switch http.CanonicalHeaderKey(name) {
	case "Age", "Allow", "Cache-Control", "Connection", "Content-Encoding", "Content-Language", "Content-Length",
		"Content-Location", "Content-Type", "Date", "Expires", "Keep-Alive", "Location", "Pragma", "Retry-After", "Server",
		"Set-Cookie", "Strict-Transport-Security", "Transfer-Encoding", "Vary", "Via", "Www-Authenticate":
		return redactedHeader(name, value)
	}
	return lengthOf(value)
}

func lengthOf(value string) string { return "(" + strconv.Itoa(len(value)) + " bytes)" }

// redactedHeader returns the value of a header without the secrets in it.
func redactedHeader(name, value string) string {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Proxy-Authorization":
		scheme, credential, ok := strings.Cut(value, " ")
		if !ok {
			return scan.Redact(value)
		}
		return scheme + " " + scan.Redact(credential)
	case "Cookie":
		var shown []string
		for pair := range strings.SplitSeq(value, ";") {
			shown = append(shown, redactedPair(strings.TrimSpace(pair)))
		}
		return strings.Join(shown, "; ")
	case "Set-Cookie":
		pair, attributes, more := strings.Cut(value, ";")
		if more {
			return redactedPair(pair) + ";" + bareURLs(withoutTokens(attributes), ";")
		}
		return redactedPair(pair)
	case "Location", "Content-Location", "Referer", "Refresh":
		return bareURLs(withoutTokens(value), "")
	}
	// A name that promises a secret in any other header.
	for _, word := range []string{"token", "secret", "password", "key", "auth", "session", "csrf", "xsrf", "signature"} {
		if strings.Contains(strings.ToLower(name), word) && value != "" && name != "Www-Authenticate" {
			return scan.Redact(value)
		}
	}
	return bareURLs(withoutTokens(value), " \t\">")
}

// bareURLs takes the user, query and fragment out of the URLs in a text. Each ends
// before one of those characters, or with the text.
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

// withoutTokens redacts the signed and encrypted tokens in a text.
func withoutTokens(text string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
	var b strings.Builder
	for text != "" {
		at := strings.Index(text, "eyJ") // {" in Base64
		if at < 0 {
			break
		}
		b.WriteString(text[:at])
		text = text[at:]
		token := strings.TrimRight(text[:len(text)-len(strings.TrimLeft(text, alphabet))], ".")
		text = text[len(token):]
		if strings.Count(token, ".") >= 2 {
			token = scan.Redact(token)
		}
		b.WriteString(token)
	}
	b.WriteString(text)
	return b.String()
}

func redactedPair(pair string) string {
	name, value, ok := strings.Cut(pair, "=")
	if !ok || value == "" {
		return pair
	}
	return name + "=" + scan.Redact(value)
}

// printable keeps what a server sent on its line. What else a terminal would act
// on is its writer's to escape.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}
