package token

import (
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/inspect"
	"jwt/internal/token"
)

// validFor is the flag that asks whether a token is still valid for a while, for scripts that
// keep a token. It verifies nothing.
type validFor struct {
	flags *pflag.FlagSet
	text  string
}

func (o *validFor) addFlags(f *pflag.FlagSet) {
	o.flags = f
	f.StringVar(&o.text, "valid-for", "", "end in status 5 if the token is expired, not yet valid, or expires within this `DURATION`; nothing is verified")
}

func (o *validFor) complete(c *cobra.Command) { cli.CompleteValues(c, "valid-for", "0s", "1m", "5m") }

func (o validFor) given() bool { return o.flags.Changed("valid-for") }

func (o validFor) duration() (time.Duration, error) {
	if !o.given() {
		return 0, nil
	}
	return cli.Duration("valid-for", o.text)
}

// check returns why the token is not valid for d, or nil, also without the flag.
func (o validFor) check(t *token.Token, d time.Duration, now time.Time) error {
	if !o.given() {
		return nil
	}
	inner := t.Innermost()
	if err := unreadable(inner); err != nil {
		return err
	}
	return inspect.LifetimeOf(inner.Content(), now).ValidFor(d)
}
