package authserver

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"jwt/internal/oauth"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// Limits on a request, in bytes.
const (
	maxBody   = 64 << 10
	maxHeader = 16 << 10
)

// An exchange is a request to an endpoint of the server and its answer.
type exchange struct {
	*http.Request
	*Answer
	ctx context.Context // not cancelled when the client disconnects: a change is completed
}

// handle adapts a handler of the server to an Endpoint.
func (s *Server) handle(h func(*exchange) error) func(*Answer, *http.Request) error {
	return func(a *Answer, r *http.Request) error {
		return h(&exchange{Request: r, Answer: a, ctx: context.WithoutCancel(r.Context())})
	}
}

func (x *exchange) json(status int, body []byte) error {
	x.JSON(status, body)
	return nil
}

func (x *exchange) text(status int, text string) error {
	x.Answer.Header.Set("Content-Type", "text/plain; charset=utf-8")
	x.Status, x.Answer.Body = status, []byte(text+"\n")
	return nil
}

func (x *exchange) readJSON() ([]byte, error) { return readBody(x.Answer, x.Request, jsonType) }

// readForm returns the form in the body. It refuses repeated parameters (RFC 6749 §3.2).
func (x *exchange) readForm() (url.Values, error) {
	body, err := readBody(x.Answer, x.Request, formType)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, invalid("the body is not a valid form")
	}
	return form, notRepeated(form)
}

// notRepeated refuses repeated parameters (RFC 6749 §3.1), but for those that name what a token
// is for (RFC 8707 §2, RFC 8693 §2.1).
func notRepeated(params url.Values) error {
	for name, values := range params {
		if len(values) > 1 && name != "resource" && name != "audience" {
			return invalid("the parameter " + phrase.Quote(name) + " is repeated")
		}
	}
	return nil
}

// JSON sets an answer with a JSON body.
func (a *Answer) JSON(status int, body []byte) {
	a.Header.Set("Content-Type", "application/json")
	a.Status, a.Body = status, append(body, '\n')
}

// Fail sets the answer to an error. An error other than an *oauth.Error is logged, and
// answered as a server error without its text.
func (s *Server) Fail(a *Answer, err error) {
	var e *oauth.Error
	if !errors.As(err, &e) {
		s.stopIfDamaged(err)
		a.Note = strings.TrimSpace(a.Note + " " + err.Error())
		e = &oauth.Error{Status: http.StatusInternalServerError, Code: oauth.ServerError, Description: "the server failed; its log has the reason"}
		if verdict.ClassOf(err) == verdict.FetchFailed {
			e.Status, e.Code, e.RetryAfter = http.StatusServiceUnavailable, oauth.TemporarilyUnavailable, time.Second
		}
	} else if a.Note == "" {
		a.Note = e.Code
	}
	if e.RetryAfter > 0 {
		a.Header.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	if e.Status == http.StatusUnauthorized && e.Code != oauth.InvalidClient && a.Header.Get("WWW-Authenticate") == "" {
		// RFC 9110 §11.6.1 requires it with 401. An answer to a client has one only if it tried an
		// Authorization header (RFC 6749 §5.2): clients take it for that of a resource.
		a.Header.Set("WWW-Authenticate", `Bearer realm="`+s.Issuer+`"`)
	}
	a.JSON(e.Status, e.JSON())
}

// send sends the answer to a request with this method.
func (a *Answer) send(method string) {
	if len(a.Body) > 0 {
		a.Header.Set("Content-Length", strconv.Itoa(len(a.Body)))
	}
	a.w.WriteHeader(a.Status)
	if method != http.MethodHead {
		a.w.Write(a.Body)
	}
}

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// ReadJSON returns the body of a request. Unless the body is empty its media type must be
// JSON.
func ReadJSON(a *Answer, r *http.Request) ([]byte, error) { return readBody(a, r, jsonType) }

func readBody(a *Answer, r *http.Request, mediaType string) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(a.w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &oauth.Error{Status: http.StatusRequestEntityTooLarge, Code: oauth.InvalidRequest, Description: "the body is larger than 64 KiB"}
	case err != nil:
		return nil, invalid("the body could not be read")
	case len(body) > 0 && mediaTypeOf(r) != mediaType:
		return nil, &oauth.Error{Status: http.StatusUnsupportedMediaType, Code: oauth.InvalidRequest, Description: "the Content-Type of the body must be " + mediaType}
	}
	return body, nil
}

// mediaTypeOf returns the Content-Type in lower case, without parameters.
func mediaTypeOf(r *http.Request) string {
	t, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// address returns the IP address of the client.
func address(r *http.Request) netip.Addr {
	a, _ := netip.ParseAddrPort(r.RemoteAddr)
	return a.Addr()
}

func invalid(description string) *oauth.Error {
	return &oauth.Error{Status: http.StatusBadRequest, Code: oauth.InvalidRequest, Description: description}
}
