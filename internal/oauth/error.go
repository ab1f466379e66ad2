package oauth

import (
	"strconv"
	"time"

	"jwt/internal/jsonobject"
)

// The error codes of RFC 6749 §5.2 and RFC 6750 §3.1, and those of the plain JSON
// endpoints for which OAuth has none.
const (
	InvalidRequest       = "invalid_request"
	InvalidGrant         = "invalid_grant"
	UnsupportedGrantType = "unsupported_grant_type"
	InvalidToken         = "invalid_token"

	InvalidCredentials     = "invalid_credentials"
	TooManyRequests        = "too_many_requests"
	TemporarilyUnavailable = "temporarily_unavailable"
	ServerError            = "server_error"
)

// An Error is an error response.
type Error struct {
	Status      int // of the response
	Code        string
	Description string        // for messages; never a secret
	RetryAfter  time.Duration // 0: not given
}

func (e *Error) Error() string {
	switch {
	case e.Code == "":
		return "status " + strconv.Itoa(e.Status)
	case e.Description == "":
		return e.Code
	default:
		return e.Code + ": " + e.Description
	}
}

// JSON returns the body of the response (RFC 6749 §5.2).
func (e *Error) JSON() []byte {
	if e.Description == "" {
		return object("error", quote(e.Code))
	}
	return object("error", quote(e.Code), "error_description", quote(e.Description))
}

// ParseError reads the body of an unsuccessful response. For a body of another kind it
// returns an Error without a code.
func ParseError(status int, body []byte) *Error {
	e := &Error{Status: status}
	o, err := jsonobject.Parse(body)
	if err != nil {
		return e
	}
	e.Code, _ = text(o, "error")
	e.Description, _ = text(o, "error_description")
	return e
}
