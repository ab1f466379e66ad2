package cmd

import (
	"errors"
	"time"

	"github.com/spf13/pflag"

	"jwt/internal/reltime"
	"jwt/internal/verdict"
)

// atOption sets the clock that checks run against and that +1h counts from.
type atOption struct{ text string }

func (o *atOption) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.text, "at", "now", "check as of this `TIME`: RFC 3339, Unix seconds, -2h, …")
}

func (o atOption) now(env *Env) (time.Time, error) {
	t, err := reltime.Parse(o.text, env.Now())
	return t, flagError("at", err)
}

// duration reads a flag's value.
func duration(flag, text string) (time.Duration, error) {
	d, err := reltime.ParseDuration(text)
	return d, flagError(flag, err)
}

// flagError names the flag whose value err is about.
func flagError(flag string, err error) error {
	var e *verdict.Error
	if !errors.As(err, &e) {
		return err
	}
	named := *e
	named.Message = "--" + flag + ": " + e.Message
	return &named
}
