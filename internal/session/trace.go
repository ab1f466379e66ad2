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
	"jwt/internal/cookie"
	"jwt/internal/httpclient"
	"jwt/internal/redact"
)

// A tracer writes the requests and answers with their headers. It does not show bodies,
// which contain passwords and tokens, or the queries of URLs. It redacts credentials in
// headers, and hides every secret of the session or request wherever it occurs.
type tracer struct {
	base http.RoundTripper
	out  io.Writer
	now  func() time.Time
	held *atomic.Pointer[Session] // the session in use
}

// Traced returns a transport that writes whole lines about its requests to out.
func Traced(base http.RoundTripper, out io.Writer, now func() time.Time) http.RoundTripper {
	return &tracer{base: base, out: out, now: now, held: &atomic.Pointer[Session]{}}
}

// leastSecret is the minimum length of a value that is hidden, in bytes. A shorter one is
// a setting, and hiding it would make every line unreadable.
const leastSecret = 6

// conceal sets the session whose secrets are hidden.
func (c *Client) conceal(s *Session) {
	if t, ok := c.base().(*tracer); ok {
		held := *s
		t.held.Store(&held)
	}
}

// around returns a tracer of another transport with the same lines and secrets.
func (t *tracer) around(base http.RoundTripper) *tracer {
	return &tracer{base: base, out: t.out, now: t.now, held: t.held}
}

func (t *tracer) RoundTrip(req *http.Request) (*http.Response, error) {
	secrets := t.secrets(req)
	var b strings.Builder
	b.WriteString("> " + req.Method + " " + secrets.HideInOurs(httpclient.Show(req.URL)) + "\n")
	writeHeader(&b, "> ", req.Header, secrets, redact.RequestHeader)
	if fields := authclient.FieldsOf(req); len(fields) > 0 {
		b.WriteString("> (fields: " + printable(strings.Join(fields, ", ")) + ")\n")
	}
	io.WriteString(t.out, b.String())

	start := t.now()
	resp, err := t.base.RoundTrip(req)
	ms := strconv.FormatInt(t.now().Sub(start).Milliseconds(), 10) + " ms"
	b.Reset()
	if err != nil {
		b.WriteString("< no answer after " + ms + "\n")
	} else {
		b.WriteString("< " + httpclient.Status(resp.StatusCode) + ", " + ms + "\n")
		shown := redact.Header
		if authclient.IsExchange(req) {
			shown = redact.TokenHeader
		}
		for _, c := range cookie.ReadSet(resp.Header) {
			secrets.AddLong(leastSecret, c.Value)
		}
		writeHeader(&b, "< ", resp.Header, secrets, shown)
	}
	io.WriteString(t.out, b.String())
	return resp, err
}

// secrets returns the texts that must not appear in lines about a request.
func (t *tracer) secrets(req *http.Request) redact.Secrets {
	secrets := authclient.SecretsOf(req)
	if s := t.held.Load(); s != nil {
		secrets.Add(s.AccessToken, s.RefreshToken)
		if s.OAuth != nil {
			secrets.AddLong(leastSecret, s.OAuth.Texts()...)
		}
		for _, c := range s.Cookies {
			secrets.AddLong(leastSecret, c.raw())
		}
	}
	for name, values := range req.Header {
		if !redact.IsPlain(name) {
			secrets.AddLong(leastSecret, values...)
		}
	}
	for _, c := range cookie.Read(req.Header) {
		secrets.AddLong(leastSecret, c.Value)
	}
	for _, values := range req.URL.Query() {
		secrets.AddLong(leastSecret, values...)
	}
	return secrets
}

// writeHeader writes one line for each value. In a header like Accept, short secrets are
// not hidden: stars in a known value would spell them.
func writeHeader(b *strings.Builder, prefix string, h http.Header, secrets redact.Secrets, shown func(name, value string) string) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		hide := secrets.Hide
		if redact.IsPlain(name) {
			hide = secrets.HideInOurs
		}
		for _, value := range h[name] {
			b.WriteString(prefix + printable(secrets.HideInOurs(name)) + ": " + printable(hide(shown(name, value))) + "\n")
		}
	}
}

// printable replaces control characters, so that a header stays on one line. The writer
// escapes the other characters that a terminal interprets.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}
