package session

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"jwt/internal/issuer"
	"jwt/internal/scan"
)

// A tracer writes a line for each request and answer, and their headers, as they
// pass. Bodies, which hold passwords and tokens, are not shown, nor the values of
// a query; credentials in headers are redacted.
type tracer struct {
	base http.RoundTripper
	out  io.Writer
	now  func() time.Time
}

func (t *tracer) RoundTrip(req *http.Request) (*http.Response, error) {
	var b strings.Builder
	b.WriteString("> " + req.Method + " " + issuer.Show(req.URL) + "\n")
	writeHeader(&b, "> ", req.Header)
	io.WriteString(t.out, b.String())
	secrets := issuer.SecretsOf(req)

	start := t.now()
	resp, err := t.base.RoundTrip(req)
	ms := strconv.FormatInt(t.now().Sub(start).Milliseconds(), 10) + " ms"
	b.Reset()
	if err != nil {
		b.WriteString("< no answer after " + ms + "\n")
	} else {
		b.WriteString("< " + printable(resp.Status) + ", " + ms + "\n")
		writeHeader(&b, "< ", resp.Header)
	}
	io.WriteString(t.out, secrets.Hide(b.String()))
	return resp, err
}

func writeHeader(b *strings.Builder, prefix string, h http.Header) {
	var names []string
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range h[name] {
			b.WriteString(prefix + printable(name) + ": " + printable(redactedHeader(name, value)) + "\n")
		}
	}
}

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
			return redactedPair(pair) + ";" + attributes
		}
		return redactedPair(pair)
	case "Location", "Referer":
		before, _, ok := strings.Cut(value, "?")
		if ok {
			return before + "?…"
		}
		return value
	}
	// A name that promises a secret in any other header.
	for _, word := range []string{"token", "secret", "password", "key", "auth", "session", "csrf", "xsrf", "signature"} {
		if strings.Contains(strings.ToLower(name), word) && value != "" && name != "Www-Authenticate" {
			return scan.Redact(value)
		}
	}
	return value
}

func redactedPair(pair string) string {
	name, value, ok := strings.Cut(pair, "=")
	if !ok || value == "" {
		return pair
	}
	return name + "=" + scan.Redact(value)
}

// printable keeps what a server sent from acting on a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}
