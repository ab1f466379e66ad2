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

// OneArg requires exactly one argument.
func OneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return verdict.Errorf(verdict.Usage, "%s takes %s, got %d arguments", c.CommandPath(), what, len(args)).
				Hintf("%s --help", c.CommandPath())
		}
		return nil
	}
}

// AtMostOneArg allows one argument or none.
func AtMostOneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > 1 {
			return verdict.Errorf(verdict.Usage, "%s takes %s, got %d arguments", c.CommandPath(), what, len(args)).
				Hintf("quote an argument with spaces; %s --help", c.CommandPath())
		}
		return nil
	}
}

// UnknownFlag returns the error of an unknown flag. It suggests a flag whose name is in
// the given one: --aud for --audience, --key for --pubkey.
func UnknownFlag(c *cobra.Command, err error) error {
	e := verdict.Errorf(verdict.Usage, "%w", err).Hintf("%s --help", c.CommandPath())
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "" { // the rest of -pPASSWORD may be a secret
		e.Message = "unknown shorthand flag: '" + unknown.GetSpecifiedName() + "'"
	}
	if !errors.As(err, &unknown) || len(unknown.GetSpecifiedName()) < 2 {
		return e
	}
	const shortest = 3 // of a name to suggest
	like := ""
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if len(f.Name) >= shortest && len(f.Name) > len(like) && strings.Contains(unknown.GetSpecifiedName(), f.Name) {
			like = f.Name
		}
	})
	if instead := otherFlags[unknown.GetSpecifiedName()]; instead != "" && like == "" {
		e.Hint = instead
	}
	if like != "" {
		e.Hint = "did you mean --" + like + "? " + e.Hint
	}
	return e
}

// otherFlags are names that other tools give to flags or arguments.
var otherFlags = map[string]string{
	"jwks":      "a key set is a key: --key set.json, or --key https://…/jwks.json",
	"jwks-url":  "a key set is a key: --key https://…/jwks.json",
	"jwks-uri":  "a key set is a key: --key https://…/jwks.json",
	"jwk":       "--key FILE",
	"pem":       "--key FILE",
	"password":  "a password is a secret: --secret SOURCE",
	"pretty":    "JSON is indented on a terminal; in a pipe: | jq .",
	"file":      "a file is the argument: @FILE",
	"input":     "a file is the argument: @FILE",
	"token":     "the token is the argument, @FILE, or a pipe",
	"no-verify": "jwt decode verifies nothing",
}

// IsFile reports whether an argument is the name of a regular file.
func IsFile(text string) bool {
	info, err := os.Stat(text)
	return err == nil && info.Mode().IsRegular()
}
