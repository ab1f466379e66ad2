package oauth

import (
	"strconv"
	"time"
)

// The error codes of RFC 6749 §5.2 and RFC 6750 §3.1, and those of the plain JSON
// endpoints for which OAuth has none.
const (
	InvalidRequest       = "invalid_request"
	InvalidClient        = "invalid_client"
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
	Status      int           // of the response
	Code        string        // what programs decide by; "" if the response has none
	Description string        // for messages; never a secret
	RetryAfter  time.Duration // 0: not given
}

func (e *Error) Error() string {
	switch {
	case e.Code == "" && e.Description == "":
		return "status " + strconv.Itoa(e.Status)
	case e.Code == "":
		return e.Description
	case e.Description == "" || e.Description == e.Code:
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
