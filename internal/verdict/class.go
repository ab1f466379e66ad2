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
	ChainInvalid  Class = "chain_invalid"

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
	NonceUnchecked     Class = "nonce_unchecked"
	ClaimWithheld      Class = "claim_withheld"
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
	gravityWarning = iota
	gravityTime
	gravityClaim
	gravityToken // nothing in the token can be relied on, or nothing is known about it
)

// A row is what follows from a class.
type row struct {
	class   Class
	exit    int
	verdict bool // the class says something about what was examined
	gravity int
	strict  Class // of a warning: the class that it has where warnings are failures
}

// table holds every class once. README.md has the same classes by exit status.
var table = []row{
	{IO, ExitFailure, false, gravityToken, ""},
	{Internal, ExitFailure, false, gravityToken, ""},
	{Usage, ExitUsage, false, gravityToken, ""},

	{Malformed, ExitMalformed, true, gravityToken, ""},
	{DuplicateMember, ExitMalformed, true, gravityToken, DuplicateMember},
	{TooLarge, ExitMalformed, true, gravityToken, ""},
	{LimitExceeded, ExitMalformed, true, gravityToken, ""},
	{UnsupportedSerialization, ExitMalformed, true, gravityToken, ""},
	{EncryptedToken, ExitMalformed, true, gravityToken, ""},
	{NotEncrypted, ExitMalformed, true, gravityToken, ""},
	{ClaimsMalformed, ExitMalformed, true, gravityToken, ""},

	{SignatureInvalid, ExitSignature, true, gravityToken, ""},
	{DecryptFailed, ExitSignature, true, gravityToken, ""},
	{AlgRefused, ExitSignature, true, gravityToken, ""},
	{CritUnsupported, ExitSignature, true, gravityToken, ""},

	{Expired, ExitTime, true, gravityTime, ""},
	{NotYetValid, ExitTime, true, gravityTime, ""},

	{MissingClaim, ExitClaim, true, gravityClaim, ""},
	{TooOld, ExitClaim, true, gravityClaim, ""},
	{AudMismatch, ExitClaim, true, gravityClaim, ""},
	{IssMismatch, ExitClaim, true, gravityClaim, ""},
	{SubMismatch, ExitClaim, true, gravityClaim, ""},
	{TypMismatch, ExitClaim, true, gravityClaim, ""},
	{NonceMismatch, ExitClaim, true, gravityClaim, ""},
	{ClaimMismatch, ExitClaim, true, gravityClaim, ""},

	{KeyRefused, ExitKey, true, gravityToken, ""},
	{KeyMismatch, ExitKey, true, gravityToken, ""},
	{KeyNotFound, ExitKey, true, gravityToken, ""},
	{JWKInvalid, ExitKey, false, gravityToken, KeyRefused},
	{KeyUnreadable, ExitKey, false, gravityToken, ""},
	{ChainInvalid, ExitKey, true, gravityToken, ""},

	{FetchFailed, ExitNetwork, false, gravityToken, ""},
	{FetchRefused, ExitNetwork, false, gravityToken, ""},
	{ServerError, ExitNetwork, false, gravityToken, ""},

	{NotLoggedIn, ExitSession, true, gravityToken, ""},
	{LoginRefused, ExitSession, true, gravityToken, ""},
	{SessionExpired, ExitSession, true, gravityToken, ""},
	{SessionRevoked, ExitSession, true, gravityToken, ""},
	{SessionBusy, ExitSession, true, gravityToken, ""},

	{Interrupted, ExitInterrupted, false, gravityToken, ""},

	{WeakKey, ExitFailure, true, gravityWarning, KeyRefused},
	{SuspiciousTime, ExitFailure, true, gravityWarning, ClaimsMalformed},
	{AudUnchecked, ExitFailure, true, gravityWarning, AudMismatch},
	{NonceUnchecked, ExitFailure, true, gravityWarning, NonceMismatch},
	{ClaimWithheld, ExitFailure, true, gravityWarning, MissingClaim},
	{UnsecuredToken, ExitFailure, true, gravityWarning, AlgRefused},
	{EmbeddedKey, ExitFailure, true, gravityWarning, KeyRefused},
	{SecretInArgv, ExitFailure, true, gravityWarning, SecretInArgv}, // says nothing about the token
	{KeyFilePermissions, ExitFailure, true, gravityWarning, KeyRefused},
	{LegacyAlg, ExitFailure, true, gravityWarning, AlgRefused},
	{IssuedInFuture, ExitFailure, true, gravityWarning, NotYetValid},
}

// row returns what follows from the class. An unknown class is a grave failure.
func (c Class) row() row {
	for _, r := range table {
		if r.class == c {
			return r
		}
	}
	return row{c, ExitFailure, true, gravityToken, ""}
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

// Graver reports whether the class decides the exit status before another, as Gravest does.
func (c Class) Graver(than Class) bool { return c.row().gravity > than.row().gravity }

// IsVerdict reports whether the class says something about what was examined. The other
// classes say why nothing could be found out: a file was not readable, the network
// failed, the user interrupted it.
func (c Class) IsVerdict() bool { return c.row().verdict }

// Classes returns the classes of failures with this exit status; for ExitOK, those of warnings.
func Classes(status int) []Class {
	var all []Class
	for _, r := range table {
		warning := r.gravity == gravityWarning
		if !warning && r.exit == status || r.strict != "" && status == ExitOK {
			all = append(all, r.class)
		}
	}
	return all
}
