package cli

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/compact"
	"jwt/internal/phrase"
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
			e := verdict.Errorf(verdict.Usage, "%s takes %s, got %d arguments", c.CommandPath(), what, len(args))
			if len(args) > 1 && c.Flags().Lookup("kid") != nil {
				return e.Hintf("a key is chosen with --kid ID")
			}
			return e.Hintf("%s --help", c.CommandPath())
		}
		return nil
	}
}

// AtMostOneArg allows one argument or none.
func AtMostOneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > 1 {
			e := verdict.Errorf(verdict.Usage, "%s takes %s, got %d arguments", c.CommandPath(), what, len(args))
			switch second := args[1]; {
			case c.Flags().Lookup("bits") != nil && strings.Trim(second, "0123456789") == "":
				return e.Hintf("a size is given with --bits %s", second)
			case c.Flags().Lookup("no-iat") != nil && strings.Contains(args[0], "=") && strings.Contains(second, "="):
				return e.Hintf("claims are flags, one each: -c NAME=VALUE -c NAME=VALUE")
			case strings.HasPrefix(second, "."):
				return e.Hintf("a member is chosen with -c %s", strings.TrimPrefix(phrase.ShortTo(second, 24), "."))
			case strings.HasPrefix(second, "@") || compact.Looks(second):
				return e.Hintf("one call for each; --batch, where a command has it, reads one per line")
			default:
				return e.Hintf("quote an argument with spaces; %s --help", c.CommandPath())
			}
		}
		return nil
	}
}

// CheckName refuses an unknown value of a flag.
func CheckName(flag, name, what string, known []string) error {
	if slices.Contains(known, name) {
		return nil
	}
	return verdict.Errorf(verdict.Usage, "--%s %s: unknown %s", flag, name, what).
		Hintf("one of %s", strings.Join(known, " "))
}

// UnknownFlag returns the error of an unknown flag. It suggests a flag whose name is in
// the given one: --aud for --audience, --key for --pubkey.
func UnknownFlag(c *cobra.Command, err error) error {
	e := verdict.Errorf(verdict.Usage, "%w", err).Hintf("%s --help", c.CommandPath())
	var syntax *pflag.InvalidSyntaxError
	if errors.As(err, &syntax) { // the argument may be the PEM of a private key
		e.Message = "an argument begins with dashes and is not a flag"
		if strings.HasPrefix(syntax.GetSpecifiedFlag(), "-----BEGIN") {
			e.Hint = "this is PEM: a key is given with --key FILE, env:NAME or fd:N"
		}
		return e
	}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "" { // the rest of -pPASSWORD may be a secret
		e.Message = "unknown shorthand flag: '" + unknown.GetSpecifiedName() + "'"
	}
	if !errors.As(err, &unknown) {
		return e
	}
	if len(unknown.GetSpecifiedName()) < 2 {
		e.Hint = cmp.Or(otherFlag(c, otherShorthands, unknown.GetSpecifiedName()), e.Hint)
		return e
	}
	if like := similarFlag(c.Flags(), unknown.GetSpecifiedName()); like != "" {
		e.Hint = "did you mean --" + like + "? " + e.Hint
	} else if instead := otherFlag(c, otherFlags, unknown.GetSpecifiedName()); instead != "" {
		e.Hint = instead
	}
	return e
}

// similarFlag returns the longest flag whose name is in the given one, or the first that begins
// with it, or "".
func similarFlag(f *pflag.FlagSet, given string) string {
	const shortest = 3 // of a name to suggest
	part, beginning := "", ""
	f.VisitAll(func(f *pflag.Flag) {
		switch {
		case len(f.Name) >= shortest && len(f.Name) > len(part) && strings.Contains(given, f.Name):
			part = f.Name
		case beginning == "" && len(given) >= shortest && strings.HasPrefix(f.Name, given+"-"):
			beginning = f.Name
		}
	})
	return cmp.Or(part, beginning, mistypedFlag(f, given))
}

// mistypedFlag returns a flag whose name differs in a letter or two from a long one, or "".
func mistypedFlag(f *pflag.FlagSet, given string) string {
	const shortest = 5 // nearly every shorter word is two letters from a short flag
	if len(given) < shortest {
		return ""
	}
	names := &cobra.Command{SuggestionsMinimumDistance: 2}
	f.VisitAll(func(f *pflag.Flag) {
		names.AddCommand(&cobra.Command{Use: f.Name, Run: func(*cobra.Command, []string) {}})
	})
	if near := names.SuggestionsFor(given); len(near) > 0 {
		return near[0]
	}
	return ""
}

// otherFlag returns the hint for a flag of other tools, or "".
func otherFlag(c *cobra.Command, others []flagElsewhere, given string) string {
	for _, o := range others {
		if strings.HasPrefix(given, o.given) && (!c.HasParent() || c.Flags().Lookup(o.has) != nil) {
			return o.hint
		}
	}
	return ""
}

// A flagElsewhere is what begins the name that other tools give to a flag or an argument, with the
// flag of the commands that the hint is for. Commands that read a token have --field.
type flagElsewhere struct{ given, has, hint string }

var otherShorthands = []flagElsewhere{
	{"P", "no-iat", "-c NAME=VALUE sets a claim"},
	{"a", "alg", "-A ALGORITHM"},
	{"e", "exp", "--exp TIME"},
	{"s", "secret", "-S SOURCE, or --secret"},
	{"C", "field", "jwt audit TOKEN --wordlist FILE guesses the secret"},
	{"d", "field", "jwt TOKEN decodes"},
	{"X", "data", "the method is the first argument: jwt session request POST URL"},
}

var otherFlags = []flagElsewhere{
	{"jwks-ur", "key", "a key set is a key: --key https://…/jwks.json"},
	{"jwk", "key", "a key set is a key: --key set.json, or --key https://…/jwks.json"},
	{"pem", "key", "--key FILE"},
	{"password", "secret", "a password is a secret: --secret SOURCE"},
	{"pretty", "output", "JSON is indented on a terminal; in a pipe: | jq ."},
	{"file", "field", "a file is the argument: @FILE"},
	{"file", "offline", "a file is the argument: PATH"},
	{"input", "field", "a file is the argument: @FILE"},
	{"input", "offline", "a file is the argument: PATH"},
	{"token", "batch", "the token is the argument, @FILE, or a pipe"},
	{"token", "from", "jwt sign edits a token with --from TOKEN"},
	{"token", "field", "the token is the argument, @FILE, or a pipe"},
	{"no-verify", "field", "jwt decode verifies nothing"},
	{"json", "data", "-d BODY sends JSON, unless a Content-Type is given"},
	{"request", "data", "the method is the first argument: jwt session request POST URL"},
}

// IsFile reports whether an argument is the name of a regular file.
func IsFile(text string) bool {
	info, err := os.Stat(text)
	return err == nil && info.Mode().IsRegular()
}
