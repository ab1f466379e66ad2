package cli

import (
	"errors"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"jwt/internal/reltime"
	"jwt/internal/verdict"
)

// At is the flag --at: the instant that checks use and that +1h counts from.
type At struct{ text string }

// AddFlags adds the flag. The usage says what the command does at this `TIME`.
func (o *At) AddFlags(f *pflag.FlagSet, usage string) {
	f.StringVar(&o.text, "at", "now", usage+": RFC 3339, Unix seconds, -2h, …")
}

// Now returns the instant, which by default is that of env.
func (o At) Now(env *Env) (time.Time, error) {
	if isYear(o.text) {
		return time.Time{}, verdict.Errorf(verdict.Usage, "--at: %s is a year, and as Unix seconds a time in 1970", o.text).Hintf("--at %s-01-01", o.text)
	}
	t, err := reltime.Parse(o.text, env.Now())
	return t, FlagError("at", err)
}

// isYear reports whether a text is the number of a year of this century.
func isYear(text string) bool {
	year, err := strconv.Atoi(text)
	return err == nil && len(text) == 4 && 2000 < year && year <= 2100
}

// Duration parses the value of a flag.
func Duration(flag, text string) (time.Duration, error) {
	d, err := reltime.ParseDuration(text)
	return d, FlagError(flag, err)
}

// FlagError adds the name of the flag to an error about its value.
func FlagError(flag string, err error) error {
	var e *verdict.Error
	if !errors.As(err, &e) {
		return err
	}
	named := *e
	named.Message = "--" + flag + ": " + e.Message
	return &named
}
