package cmd

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jwt/internal/verdict"
)

// A command is one line of `jwt --help`. Its flags are built only when it is the
// one that was called: a start-up counts, the tool runs in loops.
type command struct {
	use     string // as usage shows it; the first word is the name
	short   string
	aliases []string
	build   func(env *Env, c *cobra.Command)
}

func (c command) name() string {
	name, _, _ := strings.Cut(c.use, " ")
	return name
}

func (c command) called(args []string) bool {
	return slices.ContainsFunc(args, func(a string) bool {
		return a == c.name() || slices.Contains(c.aliases, a)
	})
}

func commands() []command {
	return []command{
		decodeCommand,
		verifyCommand,
		signCommand,
		encryptCommand,
		decryptCommand,
		inspectCommand,
		completionCommand,
		versionCommand,
	}
}

// Run runs one command line in env and returns the exit status. Main and every
// test enter here.
func Run(ctx context.Context, env *Env, args []string) int {
	root := newRoot(env, args)
	root.SetArgs(args)
	executed, err := root.ExecuteContextC(ctx)
	return finish(env, saidOutput(executed.Flags()), err)
}

func newRoot(env *Env, args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "jwt",
		Short: "decode, verify, sign and inspect JSON Web Tokens",
		Example: `  jwt decode TOKEN                      what is inside, nothing verified
  jwt verify TOKEN --key public.pem     signature and claims: yes or no, and why
  jwt sign '{"sub":"alice"}' --key private.pem --exp +1h
  jwt inspect TOKEN                     the anatomy, with findings
  curl -si https://api.example/login | jwt decode`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          unknownCommand,
		RunE: func(c *cobra.Command, _ []string) error {
			return c.Help()
		},
	}
	root.Flags().Bool("version", false, "print the version")
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{Use: "help [COMMAND]", Short: "show the help of a command", Hidden: true, RunE: runHelp})
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { printHelp(env, c) })
	root.SetUsageFunc(func(*cobra.Command) error { return nil })
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return verdict.Errorf(verdict.Usage, "%w", err).Hintf("%s --help", c.CommandPath())
	})
	everything := len(args) > 0 && args[0] == everythingBuilt
	for _, command := range commands() {
		c := &cobra.Command{Use: command.use, Short: command.short, Aliases: command.aliases, DisableFlagsInUseLine: true}
		if everything || command.called(args) {
			command.build(env, c)
		} else {
			c.Run = func(*cobra.Command, []string) {}
		}
		root.AddCommand(c)
	}
	return root
}

// everythingBuilt as the first argument builds the flags of every command: for
// the tests that look at all of them.
const everythingBuilt = "\x00"

func unknownCommand(c *cobra.Command, args []string) error {
	if v, _ := c.Flags().GetBool("version"); v || len(args) == 0 {
		return nil
	}
	e := verdict.Errorf(verdict.Usage, "%s is not a command", shortened(args[0]))
	switch near := c.SuggestionsFor(args[0]); {
	case strings.Count(args[0], ".") == 2 || strings.Count(args[0], ".") == 4:
		return e.Hintf("for a token: jwt decode TOKEN, or jwt verify TOKEN --key FILE")
	case len(near) > 0:
		return e.Hintf("jwt %s", near[0])
	default:
		return e.Hintf("jwt --help lists the commands")
	}
}

// shortened quotes an argument that may be a whole token, and a secret with it.
func shortened(s string) string {
	const most = 24
	if len(s) > most {
		s = s[:most] + "…"
	}
	return `"` + s + `"`
}

func runHelp(c *cobra.Command, args []string) error {
	target, rest, err := c.Root().Find(args)
	if err != nil || len(rest) > 0 {
		return unknownCommand(c.Root(), args)
	}
	return target.Help()
}
