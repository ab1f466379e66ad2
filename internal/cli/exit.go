package cli

import (
	"context"
	"errors"
	"io/fs"
	"os/exec"

	"jwt/internal/render"
	"jwt/internal/verdict"
)

// The exit statuses, the same in every command.
const (
	ExitOK          = 0
	ExitFailure     = 1
	ExitUsage       = 2
	ExitMalformed   = 3
	exitSignature   = 4
	ExitTime        = 5
	exitClaim       = 6
	ExitKey         = 7
	ExitNetwork     = 8
	ExitSession     = 9
	ExitCannotRun   = 126
	ExitNoCommand   = 127
	ExitInterrupted = 130
)

// ExitMeanings describes the exit statuses for help.
var ExitMeanings = [...]struct {
	Status  int
	Meaning string
}{
	{ExitOK, "success"},
	{ExitFailure, "any other failure"},
	{ExitUsage, "invalid command line"},
	{ExitMalformed, "malformed token or JSON"},
	{exitSignature, "signature or tag does not verify, or the algorithm is refused"},
	{ExitTime, "expired or not yet valid"},
	{exitClaim, "another check of claims or header failed"},
	{ExitKey, "no usable key"},
	{ExitNetwork, "the network or a server failed"},
	{ExitSession, "not logged in, or the session has ended"},
	{ExitCannotRun, "the command cannot be run"},
	{ExitNoCommand, "the command does not exist"},
	{ExitInterrupted, "interrupted"},
}

// StatusOf returns the exit status of a class.
func StatusOf(class verdict.Class) int {
	switch class {
	case "":
		return ExitOK
	case verdict.Usage:
		return ExitUsage
	case verdict.Malformed, verdict.DuplicateMember, verdict.TooLarge, verdict.LimitExceeded,
		verdict.UnsupportedSerialization, verdict.EncryptedToken, verdict.NotEncrypted, verdict.ClaimsMalformed:
		return ExitMalformed
	case verdict.SignatureInvalid, verdict.DecryptFailed, verdict.AlgRefused, verdict.CritUnsupported:
		return exitSignature
	case verdict.Expired, verdict.NotYetValid:
		return ExitTime
	case verdict.MissingClaim, verdict.TooOld, verdict.AudMismatch, verdict.IssMismatch, verdict.SubMismatch,
		verdict.TypMismatch, verdict.NonceMismatch, verdict.ClaimMismatch:
		return exitClaim
	case verdict.KeyRefused, verdict.KeyMismatch, verdict.KeyNotFound, verdict.JWKInvalid, verdict.KeyUnreadable:
		return ExitKey
	case verdict.FetchFailed, verdict.FetchRefused, verdict.ServerError:
		return ExitNetwork
	case verdict.NotLoggedIn, verdict.LoginRefused, verdict.SessionExpired, verdict.SessionRevoked, verdict.SessionBusy:
		return ExitSession
	case verdict.Interrupted:
		return ExitInterrupted
	default:
		return ExitFailure
	}
}

// Classified returns err as a verdict.Error. Interruptions and file errors without a
// class get one.
func Classified(err error) *verdict.Error {
	var e *verdict.Error
	var path *fs.PathError
	known := errors.As(err, &e)
	switch {
	case errors.Is(err, context.Canceled) && (!known || e.Class != verdict.Interrupted): // at any prompt
		return verdict.Errorf(verdict.Interrupted, "interrupted")
	case known:
		return e
	case errors.As(err, &path):
		return verdict.Errorf(verdict.IO, "%s: %w", path.Path, path.Err)
	default:
		return verdict.Errorf(verdict.Internal, "%w", err)
	}
}

// An Answered error has been reported in full on stdout or stderr. It only sets the exit
// status.
type Answered struct{ Class verdict.Class }

func (a Answered) Error() string { return string(a.Class) }

// An Unanswered error leaves stdout empty: the caller asked for a bare value, and a
// JSON error on stdout could be mistaken for it.
type Unanswered struct{ Err error }

func (u Unanswered) Error() string { return u.Err.Error() }
func (u Unanswered) Unwrap() error { return u.Err }

// A NotRun error is about a command that session exec could not run. Its status is
// the one that a shell returns.
type NotRun struct {
	Err    error
	Status int
}

func (u NotRun) Error() string { return u.Err.Error() }
func (u NotRun) Unwrap() error { return u.Err }

// Finish prints err, unless it was reported, and returns the exit status.
func Finish(env *Env, out Output, err error) int {
	if err == nil {
		return ExitOK
	}
	var a Answered
	if errors.As(err, &a) {
		return StatusOf(a.Class)
	}
	var child *exec.ExitError // of session exec, on systems without exec
	if errors.As(err, &child) {
		return child.ExitCode()
	}
	e := Classified(err)
	if !out.Quiet {
		printError(env, out, e)
	}
	var u NotRun
	if errors.As(err, &u) {
		return u.Status
	}
	return StatusOf(e.Class)
}

// printError writes "jwt: what went wrong: why" and at most one hint line.
func printError(env *Env, out Output, e *verdict.Error) {
	t := render.NewText(Colored(env, env.StderrTTY, out.Color))
	t.Styled(render.Bad, "jwt:").Put(" ", e.Message).Line()
	if e.Hint != "" {
		t.Styled(render.Dim, "hint:").Put(" ", e.Hint).Line()
	}
	env.Stderr.Write(t.Bytes())
}
