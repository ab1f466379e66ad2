package cmd

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jwt/cmd/token"
	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/verdict"
)

// route finds the command before its flags are parsed, so that a wrong name is what the error
// names. It returns the arguments, with decode where the command line is only a token.
func route(env *cli.Env, args []string) ([]string, error) {
	switch {
	case len(args) == 0 && !env.StdinTTY:
		return []string{decode}, nil
	case len(args) == 0, slices.Contains(internalNames, args[0]):
		return args, nil
	case args[0] == "--help" || args[0] == "-h":
		return args, findCommand(commands(), "jwt", args[1:])
	case isFlag(args[0]) && !(isFlagOfDecode(env, args[0]) && !slices.ContainsFunc(args, isCommand)):
		return args, nil
	case isFlag(args[0]), isText(args[0]):
		return routeToken(args)
	}
	return args, findCommand(commands(), "jwt", args)
}

func isFlag(arg string) bool { return strings.HasPrefix(arg, "-") && !input.IsStdin(arg) }

// isFlagOfDecode reports whether decode has the flag, so that `… | jwt -c sub` is its command line.
func isFlagOfDecode(env *cli.Env, arg string) bool {
	c := &cobra.Command{}
	token.Decode.Build(env, c)
	if name, ok := strings.CutPrefix(arg, "--"); ok {
		name, _, _ = strings.Cut(name, "=")
		return c.Flags().Lookup(name) != nil
	}
	return len(arg) > 1 && c.Flags().ShorthandLookup(arg[1:2]) != nil
}

// isCommand reports whether an argument is the name of a command.
func isCommand(arg string) bool {
	return slices.ContainsFunc(commands(), func(c *cli.Command) bool { return c.Called([]string{arg}) })
}

const decode = "decode"

// mistyped is the largest edit distance at which the name of a command is suggested.
const mistyped = 2

// internalNames are the first arguments that are not in commands.
var internalNames = []string{"help", everythingBuilt, cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}

// isText reports whether the first argument is text to decode: a token, what carries one, @FILE
// or stdin. All but a short word is, so that decode says what other text is.
func isText(arg string) bool {
	const longest = 24 // of a word that can be meant as the name of a command
	return len(arg) > longest || strings.HasPrefix(arg, "eyJ") || input.IsStdin(arg) || strings.Trim(arg, wordBytes) != "" || arg == ""
}

const wordBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

// keyFlag returns the flag of a key in a cluster of short flags, as -kFILE and -qkFILE, or "".
func keyFlag(arg string) string {
	if len(arg) < 2 || arg[0] != '-' || arg[1] == '-' {
		return ""
	}
	for _, letter := range arg[1:] {
		switch {
		case strings.ContainsRune("kSA", letter):
			return "-" + string(letter)
		case strings.ContainsRune("co", letter): // the rest is its value
			return ""
		}
	}
	return ""
}

// routeToken returns the command line of decode. It refuses a key, because the user of a key
// expects that something is verified.
func routeToken(args []string) ([]string, error) {
	if isCommandLine(args[0]) {
		return nil, verdict.Errorf(verdict.Usage, "the command and its arguments are one word").
			Hintf("leave out the quotes around them: jwt verify TOKEN --key FILE")
	}
	for _, arg := range args {
		name, _, _ := strings.Cut(arg, "=")
		if name == "--password" {
			return nil, verdict.Errorf(verdict.Usage, "the command is missing").Hintf("jwt decrypt TOKEN --password SOURCE")
		}
		if flag := keyFlag(name); flag != "" {
			name = flag
		}
		if slices.Contains([]string{"--key", "-k", "--secret", "-S", "--alg", "-A", "--aud", "--iss"}, name) {
			return nil, verdict.Errorf(verdict.Usage, "the command is missing").
				Hintf("jwt verify TOKEN %s … verifies a token, jwt decode shows what is inside", name)
		}
	}
	return append([]string{decode}, args...), nil
}

// isCommandLine reports whether an argument is a whole command line, in quotes by mistake.
func isCommandLine(arg string) bool {
	words := strings.Fields(arg)
	if len(words) > 0 && words[0] == "jwt" {
		words = words[1:]
	}
	if len(words) < 2 {
		return false
	}
	isKeyFlag := func(word string) bool { return slices.Contains([]string{"--key", "-k", "--secret", "-S"}, word) }
	return slices.ContainsFunc(words[1:], isKeyFlag) || token.Verify.Called(words[:1])
}

// findCommand returns the error of a name that is not a command, down to the command that
// runs. Flags before a name end the search.
func findCommand(among []*cli.Command, path string, args []string) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return nil
	}
	for _, c := range among {
		if c.Called(args[:1]) {
			if c.Subs == nil {
				return nil
			}
			return findCommand(c.Subs, path+" "+c.Name(), args[1:])
		}
	}
	e := verdict.Errorf(verdict.Usage, "%s is not a command", cli.QuoteArg(args[0]))
	if path != "jwt" {
		e = verdict.Errorf(verdict.Usage, "%s is not a command of %s", cli.QuoteArg(args[0]), path)
	}
	return e.Hintf("%s", suggestion(among, path, args[0]))
}

// suggestion returns the hint for a name that is not a command.
func suggestion(among []*cli.Command, path, name string) string {
	if instead, ok := otherNames[strings.ToLower(name)]; ok && path == "jwt" {
		return instead
	}
	parent := &cobra.Command{SuggestionsMinimumDistance: mistyped}
	for _, c := range among {
		parent.AddCommand(&cobra.Command{Use: c.Use, Aliases: c.Aliases, Hidden: c.Hidden, Run: func(*cobra.Command, []string) {}})
	}
	switch near := parent.SuggestionsFor(name); {
	case len(near) > 0:
		return path + " " + near[0]
	default:
		return path + " --help lists the commands"
	}
}

// otherNames are names that other tools give to commands.
var otherNames = map[string]string{
	"validate":   "jwt verify TOKEN --key FILE",
	"check":      "jwt verify TOKEN --key FILE",
	"parse":      "jwt decode TOKEN",
	"view":       "jwt decode TOKEN, or jwt inspect TOKEN with meanings and findings",
	"show":       "jwt decode TOKEN, or jwt inspect TOKEN with meanings and findings",
	"explain":    "jwt inspect TOKEN",
	"bearer":     "jwt decode 'Bearer TOKEN', with quotes",
	"create":     "jwt sign CLAIMS --key FILE",
	"issue":      "jwt sign CLAIMS --key FILE",
	"generate":   "jwt key generate makes a key, jwt sign a token",
	"keygen":     "jwt key generate",
	"jwks":       "jwt key set lists and edits sets of keys; jwt verify TOKEN --key https://… fetches one",
	"jwk":        "jwt key inspect FILE, or jwt key generate",
	"jws":        "jwt sign CLAIMS --key FILE, or jwt verify TOKEN --key FILE",
	"jwe":        "jwt encrypt PLAINTEXT --key FILE, or jwt decrypt TOKEN --key FILE",
	"crypto":     "jwt sign, jwt verify and jwt inspect are commands by themselves",
	"debug":      "jwt inspect TOKEN",
	"info":       "jwt inspect TOKEN",
	"compare":    "jwt diff A B",
	"crack":      "jwt audit TOKEN --wordlist FILE",
	"login":      "jwt session login URL --user NAME",
	"logout":     "jwt session logout",
	"whoami":     "jwt session whoami",
	"introspect": "jwt session introspect",
	"oidc-login": "jwt session login URL --client-id ID, then jwt session token --format exec-credential",
	"refresh":    "jwt session refresh",
	"token":      "jwt session token, or jwt decode TOKEN",
	"serve":      "jwt session serve",
	"server":     "jwt session serve",
	"proxy":      "jwt session proxy",
}
