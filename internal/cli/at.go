package cli

import (
	"errors"
	"time"

	"github.com/spf13/pflag"

	"jwt/internal/reltime"
	"jwt/internal/verdict"
)

// At sets the clock that checks run against and that +1h counts from.
type At struct{ text string }

func (o *At) AddFlags(f *pflag.FlagSet) {
	f.StringVar(&o.text, "at", "now", "check as of this `TIME`: RFC 3339, Unix seconds, -2h, …")
}

func (o At) Now(env *Env) (time.Time, error) {
	t, err := reltime.Parse(o.text, env.Now())
	return t, FlagError("at", err)
}

// Duration reads a flag's value.
func Duration(flag, text string) (time.Duration, error) {
	d, err := reltime.ParseDuration(text)
	return d, FlagError(flag, err)
}

// FlagError names the flag whose value err is about.
func FlagError(flag string, err error) error {
	var e *verdict.Error
	if !errors.As(err, &e) {
		return err
	}
	named := *e
	named.Message = "--" + flag + ": " + e.Message
	return &named
}
