package verdict

// A Class is a stable word that says what kind of failure or warning this is. Scripts
// branch on it: words are added, never renamed.
type Class string

// The classes. What follows from each is in the table below.
const (
	IO       Class = "io_error"
	Internal Class = "internal"
	Usage    Class = "usage"

	Malformed                Class = "malformed"
	DuplicateMember          Class = "duplicate_member" // a warning where nothing is verified
	TooLarge                 Class = "too_large"
	LimitExceeded            Class = "limit_exceeded"
	UnsupportedSerialization Class = "unsupported_serialization"
	EncryptedToken           Class = "encrypted_token"
	NotEncrypted             Class = "not_encrypted"
	ClaimsMalformed          Class = "claims_malformed"

	SignatureInvalid Class = "signature_invalid"
	DecryptFailed    Class = "decrypt_failed"
	AlgRefused       Class = "alg_refused"
	CritUnsupported  Class = "crit_unsupported"

	Expired     Class = "expired"
	NotYetValid Class = "not_yet_valid"

	MissingClaim  Class = "missing_claim"
	TooOld        Class = "too_old"
	AudMismatch   Class = "aud_mismatch"
	IssMismatch   Class = "iss_mismatch"
	SubMismatch   Class = "sub_mismatch"
	TypMismatch   Class = "typ_mismatch"
	NonceMismatch Class = "nonce_mismatch"
	ClaimMismatch Class = "claim_mismatch"

	KeyRefused    Class = "key_refused"
	KeyMismatch   Class = "key_mismatch"
	KeyNotFound   Class = "key_not_found"
	JWKInvalid    Class = "jwk_invalid"
	KeyUnreadable Class = "key_unreadable"

	FetchFailed  Class = "fetch_failed"
	FetchRefused Class = "fetch_refused"
	ServerError  Class = "server_error"

	NotLoggedIn    Class = "not_logged_in"
	LoginRefused   Class = "login_refused"
	SessionExpired Class = "session_expired"
	SessionRevoked Class = "session_revoked"
	SessionBusy    Class = "session_busy"

	Interrupted Class = "interrupted"

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

// The exit statuses, the same in every command.
const (
	ExitOK          = 0
	ExitFailure     = 1
	ExitUsage       = 2
	ExitMalformed   = 3
	ExitSignature   = 4
	ExitTime        = 5
	ExitClaim       = 6
	ExitKey         = 7
	ExitNetwork     = 8
	ExitSession     = 9
	ExitCannotRun   = 126 // session exec, as a shell has it
	ExitNoCommand   = 127 // session exec, as a shell has it
	ExitInterrupted = 130
)

// The gravities of classes: of several failures the gravest decides the exit status.
const (
	remark  = iota // a warning
	dated          // the time
	refuted        // another claim
	grave          // nothing in the token can be relied on
)

// Columns that are only true or false.
const (
	judged   = true  // the class says something about what was examined
	unjudged = false // the class says why nothing could be found out
)

// A row is what follows from a class.
type row struct {
	class   Class
	exit    int
	verdict bool
	gravity int
	strict  Class // of a warning: the class of the failure that it becomes with --strict
}

// table holds every class once. README.md has the same classes by exit status.
var table = []row{
	{IO, ExitFailure, unjudged, grave, ""},
	{Internal, ExitFailure, unjudged, grave, ""},
	{Usage, ExitUsage, unjudged, grave, ""},

	{Malformed, ExitMalformed, judged, grave, ""},
	{DuplicateMember, ExitMalformed, judged, grave, DuplicateMember},
	{TooLarge, ExitMalformed, judged, grave, ""},
	{LimitExceeded, ExitMalformed, judged, grave, ""},
	{UnsupportedSerialization, ExitMalformed, judged, grave, ""},
	{EncryptedToken, ExitMalformed, judged, grave, ""},
	{NotEncrypted, ExitMalformed, judged, grave, ""},
	{ClaimsMalformed, ExitMalformed, judged, grave, ""},

	{SignatureInvalid, ExitSignature, judged, grave, ""},
	{DecryptFailed, ExitSignature, judged, grave, ""},
	{AlgRefused, ExitSignature, judged, grave, ""},
	{CritUnsupported, ExitSignature, judged, grave, ""},

	{Expired, ExitTime, judged, dated, ""},
	{NotYetValid, ExitTime, judged, dated, ""},

	{MissingClaim, ExitClaim, judged, refuted, ""},
	{TooOld, ExitClaim, judged, refuted, ""},
	{AudMismatch, ExitClaim, judged, refuted, ""},
	{IssMismatch, ExitClaim, judged, refuted, ""},
	{SubMismatch, ExitClaim, judged, refuted, ""},
	{TypMismatch, ExitClaim, judged, refuted, ""},
	{NonceMismatch, ExitClaim, judged, refuted, ""},
	{ClaimMismatch, ExitClaim, judged, refuted, ""},

	{KeyRefused, ExitKey, judged, grave, ""},
	{KeyMismatch, ExitKey, judged, grave, ""},
	{KeyNotFound, ExitKey, judged, grave, ""},
	{JWKInvalid, ExitKey, unjudged, grave, ""},
	{KeyUnreadable, ExitKey, unjudged, grave, ""},

	{FetchFailed, ExitNetwork, unjudged, grave, ""},
	{FetchRefused, ExitNetwork, unjudged, grave, ""},
	{ServerError, ExitNetwork, unjudged, grave, ""},

	{NotLoggedIn, ExitSession, judged, grave, ""},
	{LoginRefused, ExitSession, judged, grave, ""},
	{SessionExpired, ExitSession, judged, grave, ""},
	{SessionRevoked, ExitSession, judged, grave, ""},
	{SessionBusy, ExitSession, judged, grave, ""},

	{Interrupted, ExitInterrupted, unjudged, grave, ""},

	{WeakKey, ExitFailure, judged, remark, KeyRefused},
	{SuspiciousTime, ExitFailure, judged, remark, ClaimsMalformed},
	{AudUnchecked, ExitFailure, judged, remark, AudMismatch},
	{UnsecuredToken, ExitFailure, judged, remark, AlgRefused},
	{EmbeddedKey, ExitFailure, judged, remark, KeyRefused},
	{SecretInArgv, ExitFailure, judged, remark, SecretInArgv}, // says nothing about the token
	{KeyFilePermissions, ExitFailure, judged, remark, KeyRefused},
	{LegacyAlg, ExitFailure, judged, remark, AlgRefused},
	{IssuedInFuture, ExitFailure, judged, remark, NotYetValid},
}

// row returns what follows from the class. An unknown class is a grave failure.
func (c Class) row() row {
	for _, r := range table {
		if r.class == c {
			return r
		}
	}
	return row{c, ExitFailure, judged, grave, ""}
}

// ExitStatus returns the exit status of a command that fails with the class; ExitOK for "".
func (c Class) ExitStatus() int {
	if c == "" {
		return ExitOK
	}
	return c.row().exit
}

// Rejection returns the class of the failure that a warning becomes where warnings are
// not allowed. Other classes are returned as they are.
func (c Class) Rejection() Class {
	if strict := c.row().strict; strict != "" {
		return strict
	}
	return c
}

// IsVerdict reports whether the class says something about what was examined. The other
// classes say why nothing could be found out: a file was not readable, the network
// failed, the user interrupted it.
func (c Class) IsVerdict() bool { return c.row().verdict }
