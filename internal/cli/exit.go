package cli

import (
	"context"
	"errors"
	"io/fs"
	"os/exec"

	"jwt/internal/render"
	"jwt/internal/verdict"
)

// ExitMeanings describes the exit statuses for help.
var ExitMeanings = [...]struct {
	Status  int
	Meaning string
}{
	{verdict.ExitOK, "success"},
	{verdict.ExitFailure, "any other failure"},
	{verdict.ExitUsage, "invalid command line"},
	{verdict.ExitMalformed, "malformed token or JSON"},
	{verdict.ExitSignature, "signature or tag does not verify, or the algorithm is refused"},
	{verdict.ExitTime, "expired or not yet valid"},
	{verdict.ExitClaim, "another check of claims or header failed"},
	{verdict.ExitKey, "no usable key"},
	{verdict.ExitNetwork, "the network or a server failed"},
	{verdict.ExitSession, "not logged in, or the session has ended"},
	{verdict.ExitCannotRun, "the command cannot be run"},
	{verdict.ExitNoCommand, "the command does not exist"},
	{verdict.ExitInterrupted, "interrupted"},
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
		return verdict.ExitOK
	}
	var a Answered
	if errors.As(err, &a) {
		return a.Class.ExitStatus()
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
	return e.Class.ExitStatus()
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
