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

	UnauthorizedClient      = "unauthorized_client"
	InvalidScope            = "invalid_scope"
	AccessDenied            = "access_denied"
	UnsupportedResponseType = "unsupported_response_type"

	UnsupportedTokenType  = "unsupported_token_type"  // RFC 7009 §2.2.1
	InvalidTarget         = "invalid_target"          // RFC 8707 §2
	InsufficientScope     = "insufficient_scope"      // RFC 6750 §3.1
	AuthorizationPending  = "authorization_pending"   // RFC 8628 §3.5
	SlowDown              = "slow_down"               // RFC 8628 §3.5
	ExpiredToken          = "expired_token"           // RFC 8628 §3.5
	InvalidDPoPProof      = "invalid_dpop_proof"      // RFC 9449 §5
	UseDPoPNonce          = "use_dpop_nonce"          // RFC 9449 §8
	InvalidRedirectURI    = "invalid_redirect_uri"    // RFC 7591 §3.2.2
	InvalidClientMetadata = "invalid_client_metadata" // RFC 7591 §3.2.2

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
