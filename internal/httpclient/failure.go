package httpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"jwt/internal/verdict"
)

// Failure returns the reason why a request got no complete answer, as a *verdict.Error.
// ctx is that of the caller: its end is an interruption. timeout is the time limit of the
// answer.
func Failure(ctx context.Context, u *url.URL, err error, timeout time.Duration) error {
	var refused *verdict.Error
	if errors.As(err, &refused) {
		return refused
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return verdict.Errorf(verdict.Interrupted, "%s: interrupted: %w", Show(u), ctx.Err())
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // its text repeats the URL
	}
	var (
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
		elsewhere   notLoopback
	)
	e := verdict.Errorf(verdict.FetchFailed, "%s: %s", Show(u), withoutQuotes(err.Error())).Hintf("is the server up? %s", Curl(u))
	switch {
	case errors.As(err, &elsewhere):
		return verdict.Errorf(verdict.FetchRefused, "%s: %w, which is not loopback", Show(u), elsewhere).Hintf("write 127.0.0.1 if you mean this machine")
	case errors.Is(err, context.DeadlineExceeded):
		e.Message = Show(u) + ": no complete answer within " + timeout.String()
	case errors.As(err, &dns) && dns.IsNotFound:
		e.Message = Show(u) + ": the host " + u.Hostname() + " is not known to DNS"
		e.Hintf("is the name spelled right?")
	case errors.As(err, &certificate):
		e.Message = Show(u) + ": its certificate is not trusted: " + certificate.Err.Error()
		e.Hintf("if your own CA issued it, add the CA to the system's, or name its file in SSL_CERT_FILE")
	case errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, new(tls.RecordHeaderError)):
		e.Message = Show(u) + ": the server does not speak TLS at that port"
		e.Hintf("is it the port for https? without TLS the URL begins with http://")
	}
	e.Err = err
	return e
}

// withoutQuotes removes what an error of net/http quotes of an answer that it cannot
// parse: it may hold a new token. Of a header line it keeps the name.
func withoutQuotes(text string) string {
	if strings.Contains(text, "invalid header field") { // of the request: the name of the field is quoted
		return text
	}
	var b strings.Builder
	for {
		at := strings.IndexByte(text, '"')
		if at < 0 {
			return b.String() + text
		}
		quoted, err := strconv.QuotedPrefix(text[at:])
		if err != nil { // not a Go string, so its end is unknown
			return strings.TrimRight(b.String()+text[:at], " :")
		}
		before, name := text[:at], headerName(quoted)
		if name == "" {
			before = strings.TrimRight(before, " :")
		}
		b.WriteString(before + name)
		text = text[at+len(quoted):]
	}
}

// headerName returns the name in a quoted header line, or "".
func headerName(quoted string) string {
	const longest = 40
	line, err := strconv.Unquote(quoted)
	if err != nil {
		return ""
	}
	name, _, ok := strings.Cut(line, ":")
	if !ok || name == "" || len(name) > longest || strings.Trim(name, headerLetters) != "" {
		return ""
	}
	return name
}

const headerLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// DeltaSeconds reads delta-seconds (RFC 9111 §1.2.2). It returns 0 for other text, and
// math.MaxInt32 seconds for a larger number.
func DeltaSeconds(text string) time.Duration {
	if strings.Trim(text, "0123456789") != "" || text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		n = math.MaxInt32
	}
	return time.Duration(n) * time.Second
}
