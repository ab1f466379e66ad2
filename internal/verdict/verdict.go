// Package verdict holds the words every answer of the program is given in: the
// stable class words, the error that carries one, and the check of a report.
// Which class ends in which exit status is decided in cmd/exit.go alone.
package verdict

import (
	"errors"
	"fmt"
)

// A Class is a stable word that says what kind of failure or warning this is.
// Scripts branch on it: words are added, never renamed.
type Class string

// The classes, grouped by the exit status they end in.
const (
	// Exit 1: any other failure.
	IO       Class = "io_error"
	Internal Class = "internal"

	// Exit 2: the command line is wrong.
	Usage Class = "usage"

	// Exit 3: not a token, or not the JSON it must be.
	Malformed                Class = "malformed"
	DuplicateMember          Class = "duplicate_member"
	TooLarge                 Class = "too_large"
	LimitExceeded            Class = "limit_exceeded"
	UnsupportedSerialization Class = "unsupported_serialization"
	EncryptedToken           Class = "encrypted_token"
	NotEncrypted             Class = "not_encrypted"
	ClaimsMalformed          Class = "claims_malformed"

	// Exit 4: the signature or tag does not verify, or its algorithm is refused.
	SignatureInvalid Class = "signature_invalid"
	DecryptFailed    Class = "decrypt_failed"
	AlgRefused       Class = "alg_refused"
	CritUnsupported  Class = "crit_unsupported"

	// Exit 5: the time is wrong.
	Expired     Class = "expired"
	NotYetValid Class = "not_yet_valid"

	// Exit 6: another claim or header check failed.
	MissingClaim  Class = "missing_claim"
	TooOld        Class = "too_old"
	AudMismatch   Class = "aud_mismatch"
	IssMismatch   Class = "iss_mismatch"
	SubMismatch   Class = "sub_mismatch"
	TypMismatch   Class = "typ_mismatch"
	NonceMismatch Class = "nonce_mismatch"
	ClaimMismatch Class = "claim_mismatch"

	// Exit 7: no usable key.
	KeyRefused    Class = "key_refused"
	KeyMismatch   Class = "key_mismatch"
	KeyNotFound   Class = "key_not_found"
	JWKInvalid    Class = "jwk_invalid"
	KeyUnreadable Class = "key_unreadable"

	// Exit 8: network or server.
	FetchFailed  Class = "fetch_failed"
	FetchRefused Class = "fetch_refused"
	ServerError  Class = "server_error"

	// Exit 9: not logged in, or no longer.
	NotLoggedIn    Class = "not_logged_in"
	LoginRefused   Class = "login_refused"
	SessionExpired Class = "session_expired"
	SessionRevoked Class = "session_revoked"
	SessionBusy    Class = "session_busy"

	// Exit 130: Ctrl-C or SIGTERM.
	Interrupted Class = "interrupted"
)

// Warnings: exit 0, unless --strict turns them into a rejection.
// DuplicateMember is one too, where nothing is being verified.
const (
	WeakKey            Class = "weak_key"
	SuspiciousTime     Class = "suspicious_time"
	AudUnchecked       Class = "aud_unchecked"
	UnsecuredToken     Class = "unsecured_token"
	EmbeddedKey        Class = "embedded_key"
	SecretInArgv       Class = "secret_in_argv"
	KeyFilePermissions Class = "key_file_permissions"
	LegacyAlg          Class = "legacy_alg"
	IssuedInFuture     Class = "issued_in_future"
)

// Rejection returns the class under which a warning becomes a failure where every
// warning is to be one (--strict).
func (c Class) Rejection() Class {
	switch c {
	case WeakKey, EmbeddedKey, KeyFilePermissions:
		return KeyRefused
	case SuspiciousTime:
		return ClaimsMalformed
	case AudUnchecked:
		return AudMismatch
	case UnsecuredToken, LegacyAlg:
		return AlgRefused
	case IssuedInFuture:
		return NotYetValid
	default:
		return c
	}
}

// Judges reports whether the class says something of what was looked at. The
// others say why nothing could be found out: what it takes could not be read, the
// network failed, somebody interrupted it.
func (c Class) Judges() bool {
	switch c {
	case IO, Internal, Usage, JWKInvalid, KeyUnreadable, FetchFailed, FetchRefused, ServerError, Interrupted:
		return false
	default:
		return true
	}
}

// An Error is a failure with its class, one line of what went wrong and why,
// and at most one line that names the next thing to type. Message and Hint may
// quote a token: whoever prints them escapes them.
type Error struct {
	Class   Class
	Message string
	Hint    string
	Err     error // the cause, for errors.Is and errors.As; not printed
}

// Errorf returns an Error of the class. Its %w operands become its cause.
func Errorf(class Class, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	cause := errors.Unwrap(err)
	if _, several := err.(interface{ Unwrap() []error }); several {
		cause = err
	}
	return &Error{Class: class, Message: err.Error(), Err: cause}
}

// Hintf sets the hint and returns e, so that it can end a return statement.
func (e *Error) Hintf(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// Error returns the message alone: the hint is printed on a line of its own.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ClassOf returns the class that err carries; Internal if it carries none, ""
// if err is nil.
func ClassOf(err error) Class {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return Internal
}

// A Status says how a Check came out.
type Status string

// The statuses of a check, as they stand in JSON.
const (
	Pass Status = "pass"
	Fail Status = "fail"
	Warn Status = "warn"
	Skip Status = "skip"
)

// A Check is one line of a report: one thing looked at and how it came out.
// Expected and Actual are JSON values or nil; Detail is a sentence for people.
type Check struct {
	Name     string
	Status   Status
	Class    Class // of a fail or warn; empty otherwise
	Expected any
	Actual   any
	Detail   string
	Hint     string // the next thing to type; printed apart
}

// Failed makes the failed check that err stands for.
func Failed(name string, err error) Check {
	c := Check{Name: name, Status: Fail, Class: ClassOf(err), Detail: err.Error()}
	var e *Error
	if errors.As(err, &e) {
		c.Hint = e.Hint
	}
	return c
}
