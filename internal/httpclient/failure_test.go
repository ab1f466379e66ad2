package httpclient

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestFailureQuotesNothing checks that the error for an answer that cannot be parsed
// repeats nothing of it but the name of a header.
func TestFailureQuotesNothing(t *testing.T) {
	const secret = "BRANDNEWREFRESHTOKEN"
	for _, tt := range []struct{ name, answer, says string }{
		{"control character", "HTTP/1.1 200 OK\r\nSet-Cookie: rt=" + secret + "\x01; Path=/\r\n\r\n", "malformed MIME header line: Set-Cookie"},
		{"control and quote", "HTTP/1.1 200 OK\r\nX-Token: \"" + secret + "\" \x7f\r\n\r\n", "malformed MIME header line: X-Token"},
		{"no colon", "HTTP/1.1 200 OK\r\nA: b\r\n" + secret + "\r\n\r\n", "malformed MIME header: missing colon"},
		{"continued first line", "HTTP/1.1 200 OK\r\n " + secret + ": x\r\n\r\n", "malformed MIME header initial line"},
		{"not HTTP", secret + "\r\n\r\n", "malformed HTTP response"},
		{"status", "HTTP/1.1 2" + secret + " OK\r\n\r\n", "malformed HTTP status code"},
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: " + secret + "\r\n\r\n", "bad Content-Length"},
		{"encoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + secret + "\r\n\r\n", "unsupported transfer encoding"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req, _ := http.NewRequest("GET", "http://127.0.0.1:1/x", nil)
			_, err := http.ReadResponse(bufio.NewReader(strings.NewReader(tt.answer)), req)
			if err == nil {
				t.Fatal("the answer is parsed")
			}
			got := Failure(context.Background(), req.URL, err, time.Second).Error()
			if !strings.HasSuffix(got, tt.says) || strings.Contains(got, secret) || strings.Contains(got, `"`) {
				t.Errorf("got %s, want … %s", got, tt.says)
			}
		})
	}
	req, _ := http.NewRequest("GET", "http://127.0.0.1:1/x", nil)
	for text, want := range map[string]string{
		`net/http: invalid header field value for "X-Mine"`: `net/http: invalid header field value for "X-Mine"`,
		`read: broken "never ended ` + secret:               "read: broken",
	} {
		if got := Failure(context.Background(), req.URL, plainError(text), time.Second).Error(); got != "http://127.0.0.1:1/x: "+want {
			t.Errorf("got %q", got)
		}
	}
}

type plainError string

func (e plainError) Error() string { return string(e) }
