package cmd

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
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitMalformed   = 3
	exitSignature   = 4
	exitTime        = 5
	exitClaim       = 6
	exitKey         = 7
	exitNetwork     = 8
	exitSession     = 9
	exitCannotRun   = 126
	exitNoCommand   = 127
	exitInterrupted = 130
)

// exitMeanings is what the help of a command says of its statuses.
var exitMeanings = [...]struct {
	status  int
	meaning string
}{
	{exitOK, "it worked; for verify: the token is valid"},
	{exitFailure, "any other failure"},
	{exitUsage, "the command line is wrong"},
	{exitMalformed, "not a token, or not the JSON it must be"},
	{exitSignature, "the signature or tag does not verify, or its algorithm is refused"},
	{exitTime, "the time is wrong: expired or not yet valid"},
	{exitClaim, "another claim or header check failed"},
	{exitKey, "no usable key"},
	{exitNetwork, "the network or a server failed"},
	{exitSession, "not logged in, or no longer"},
	{exitCannotRun, "the command cannot be run"},
	{exitNoCommand, "there is no such command"},
	{exitInterrupted, "interrupted"},
}

// statusOf maps a class to the exit status it ends in. Warnings have none.
func statusOf(class verdict.Class) int {
	switch class {
	case "":
		return exitOK
	case verdict.Usage:
		return exitUsage
	case verdict.Malformed, verdict.DuplicateMember, verdict.TooLarge, verdict.LimitExceeded,
		verdict.UnsupportedSerialization, verdict.EncryptedToken, verdict.NotEncrypted, verdict.ClaimsMalformed:
		return exitMalformed
	case verdict.SignatureInvalid, verdict.DecryptFailed, verdict.AlgRefused, verdict.CritUnsupported:
		return exitSignature
	case verdict.Expired, verdict.NotYetValid:
		return exitTime
	case verdict.MissingClaim, verdict.TooOld, verdict.AudMismatch, verdict.IssMismatch, verdict.SubMismatch,
		verdict.TypMismatch, verdict.NonceMismatch, verdict.ClaimMismatch:
		return exitClaim
	case verdict.KeyRefused, verdict.KeyMismatch, verdict.KeyNotFound, verdict.JWKInvalid, verdict.KeyUnreadable:
		return exitKey
	case verdict.FetchFailed, verdict.FetchRefused, verdict.ServerError:
		return exitNetwork
	case verdict.NotLoggedIn, verdict.LoginRefused, verdict.SessionExpired, verdict.SessionRevoked, verdict.SessionBusy:
		return exitSession
	case verdict.Interrupted:
		return exitInterrupted
	default:
		return exitFailure
	}
}

// classified gives every error a class: the interruptions and file errors that
// reach the top without one get theirs here.
func classified(err error) *verdict.Error {
	var e *verdict.Error
	var path *fs.PathError
	known := errors.As(err, &e)
	switch {
	case errors.Is(err, context.Canceled) && (!known || e.Class != verdict.Interrupted): // at a prompt, whatever it was for
		return verdict.Errorf(verdict.Interrupted, "interrupted")
	case known:
		return e
	case errors.As(err, &path):
		return verdict.Errorf(verdict.IO, "%s: %w", path.Path, path.Err)
	default:
		return verdict.Errorf(verdict.Internal, "%w", err)
	}
}

// An answered error was already reported in full on stdout or stderr: it only
// sets the exit status.
type answered struct{ class verdict.Class }

func (a answered) Error() string { return string(a.class) }

// An unanswered error leaves stdout empty: the caller asked for a bare value, and a
// JSON error on stdout could be mistaken for it.
type unanswered struct{ err error }

func (u unanswered) Error() string { return u.err.Error() }
func (u unanswered) Unwrap() error { return u.err }

// An unrun error is about a command that session exec could not run. Its status is
// the one that a shell returns.
type unrun struct {
	err    error
	status int
}

func (u unrun) Error() string { return u.err.Error() }
func (u unrun) Unwrap() error { return u.err }

// finish prints what is left to say of err and returns the exit status.
func finish(env *Env, out outputOptions, err error) int {
	if err == nil {
		return exitOK
	}
	var a answered
	if errors.As(err, &a) {
		return statusOf(a.class)
	}
	var child *exec.ExitError // of session exec, where it is no exec
	if errors.As(err, &child) {
		return child.ExitCode()
	}
	e := classified(err)
	if !out.quiet {
		printError(env, out, e)
	}
	var u unrun
	if errors.As(err, &u) {
		return u.status
	}
	return statusOf(e.Class)
}

// printError writes "jwt: what went wrong: why" and at most one hint line.
func printError(env *Env, out outputOptions, e *verdict.Error) {
	t := render.NewText(colored(env, env.StderrTTY, out.color))
	t.Styled(render.Bad, "jwt:").Put(" ", e.Message).Line()
	if e.Hint != "" {
		t.Styled(render.Dim, "hint:").Put(" ", e.Hint).Line()
	}
	env.Stderr.Write(t.Bytes())
}
