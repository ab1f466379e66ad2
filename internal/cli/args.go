package cli

import (
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/verdict"
)

// NoArgs refuses every argument.
func NoArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return verdict.Errorf(verdict.Usage, "%s takes no argument, got %s", c.CommandPath(), QuoteArg(args[0])).
			Hintf("%s --help", c.CommandPath())
	}
	return nil
}

// OneArg wants exactly one argument.
func OneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return verdict.Errorf(verdict.Usage, "%s wants %s, got %d arguments", c.CommandPath(), what, len(args)).
				Hintf("%s --help", c.CommandPath())
		}
		return nil
	}
}

// AtMostOneArg wants one argument or none.
func AtMostOneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > 1 {
			return verdict.Errorf(verdict.Usage, "%s wants %s, got %d arguments", c.CommandPath(), what, len(args)).
				Hintf("quote what holds spaces; %s --help", c.CommandPath())
		}
		return nil
	}
}

// TokenAlone wants one token or none, and no key beside it.
func TokenAlone(c *cobra.Command, args []string) error {
	if len(args) == 2 && IsFile(strings.TrimPrefix(args[1], "@")) {
		return verdict.Errorf(verdict.Usage, "%s wants one token, got 2 arguments", c.CommandPath()).
			Hintf("is the second the key? --key %s", args[1])
	}
	return AtMostOneArg("one token")(c, args)
}

// UnknownFlag is the error for a flag that the command does not have, with one that
// it has and that may be meant: --aud for --audience, --key for --pubkey.
func UnknownFlag(c *cobra.Command, err error) error {
	e := verdict.Errorf(verdict.Usage, "%w", err).Hintf("%s --help", c.CommandPath())
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "" { // the rest of which may be -pPASSWORD
		e.Message = "unknown shorthand flag: '" + unknown.GetSpecifiedName() + "'"
	}
	if !errors.As(err, &unknown) || len(unknown.GetSpecifiedName()) < 2 {
		return e
	}
	const shortest = 3 // that a name may be for another to be like it
	like := ""
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if len(f.Name) >= shortest && len(f.Name) > len(like) && strings.Contains(unknown.GetSpecifiedName(), f.Name) {
			like = f.Name
		}
	})
	if like != "" {
		e.Hint = "is --" + like + " meant? " + e.Hint
	}
	return e
}

// IsFile reports whether the text of a secret is the name of a file, which
// somebody may have meant.
func IsFile(text string) bool {
	info, err := os.Stat(text)
	return err == nil && info.Mode().IsRegular()
}
