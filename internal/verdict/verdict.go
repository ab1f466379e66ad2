// Package verdict defines what every answer of the program consists of: the stable class
// words with what follows from each, the error that carries one, and the check of a report.
package verdict

import (
	"errors"
	"fmt"
)

// An Error is a failure with its class, one line that says what went wrong and why, and
// at most one line with the next thing to type. Message and Hint may quote a token: the
// writer that prints them must escape them.
type Error struct {
	Class   Class
	Message string
	Hint    string
	Err     error // the cause, for errors.Is and errors.As; not printed
}

// Errorf returns an Error of the class. Operands of %w become its cause.
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

// The statuses of a check, as JSON has them.
const (
	Pass Status = "pass"
	Fail Status = "fail"
	Warn Status = "warn"
	Skip Status = "skip"
)

// A Text is a text that is written when it is needed. It has nothing that JSON or a terminal would escape.
type Text interface {
	AppendText(dst []byte) []byte
}

// A Check is one line of a report: what was examined and how it came out. Expected and
// Actual are JSON values, a Text or nil.
type Check struct {
	Name     string
	Status   Status
	Class    Class // of a fail or warn; empty otherwise
	Expected any
	Actual   any
	Detail   string // a sentence for people
	Hint     string // the next thing to type; printed on a line of its own

	// Says replaces Detail, and Actual may be a Text, in checks that passed, until WriteOut: a
	// batch writes them straight to its output.
	Says Text
	// Kept is for the renderer of a check that many tokens have, until WriteOut. It is nil in others.
	Kept *Kept
}

// A Kept keeps what was rendered of a check: all that is not in a Text. Checks with the same Kept
// differ in their texts alone.
type Kept struct{ Rendered []byte }

// WriteOut turns the texts of the check into strings.
func (c *Check) WriteOut() {
	c.Kept = nil
	if c.Says != nil {
		c.Detail, c.Says = string(c.Says.AppendText(nil)), nil
	}
	if t, ok := c.Actual.(Text); ok {
		c.Actual = string(t.AppendText(nil))
	}
}

// WriteOut turns the texts of all checks into strings.
func WriteOut(checks []Check) []Check {
	for i := range checks {
		checks[i].WriteOut()
	}
	return checks
}

// Failed returns the failed check that err describes.
func Failed(name string, err error) Check {
	c := Check{Name: name, Status: Fail, Class: ClassOf(err), Detail: err.Error()}
	var e *Error
	if errors.As(err, &e) {
		c.Hint = e.Hint
	}
	return c
}

// Gravest returns the failed check that decides the exit status, or nil if none failed: a
// malformed or unverified token before another claim, that before the time, and the first
// of equals.
func Gravest(checks []Check) *Check {
	var gravest *Check
	for i := range checks {
		c := &checks[i]
		if c.Status == Fail && (gravest == nil || c.Class.row().gravity > gravest.Class.row().gravity) {
			gravest = c
		}
	}
	return gravest
}
