package cli

import (
	"errors"
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
	t, err := reltime.Parse(o.text, env.Now())
	return t, FlagError("at", err)
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
