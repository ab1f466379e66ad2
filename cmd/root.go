// Package cmd is the tree of commands: it finds the command of a command line, runs it in an
// environment and turns its error into messages and an exit status.
package cmd

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os/signal"
	"runtime"
	"sync/atomic"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/cmd/issue"
	"jwt/cmd/key"
	"jwt/cmd/scan"
	"jwt/cmd/session"
	"jwt/cmd/token"
	"jwt/cmd/trust"
	"jwt/internal/cli"
	"jwt/internal/verdict"
)

func commands() []*cli.Command {
	return []*cli.Command{
		&token.Decode,
		&token.Verify,
		&issue.Sign,
		&issue.Encrypt,
		&token.Decrypt,
		&token.Inspect,
		&scan.Command,
		&token.Audit,
		&token.Convert,
		&token.Diff,
		&token.Web,
		&key.Command,
		&trust.Command,
		&session.Command,
		mcpCommand(),
		&schemaCommand,
		&completionCommand,
		&manCommand,
		&versionCommand,
	}
}

// Run runs one command line and returns its exit status. Main and the tests call it.
func Run(ctx context.Context, env *cli.Env, args []string) int {
	stdout := &output{Writer: env.Stdout}
	own := *env
	own.Stdout, own.Version, env = stdout, builtFrom().version, &own
	args, routeErr := route(env, args)
	if routeErr != nil {
		return cli.Finish(env, cli.Output{}, routeErr)
	}
	root := newRoot(env, args)
	root.SetArgs(args)
	var helpErr error // which cobra ignores
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { helpErr = printHelp(env, c) })
	executed, err := root.ExecuteContextC(ctx)
	out := cli.OutputOf(executed.Flags())
	if err != nil && out.Format == "auto" && asksJSON(args) { // after a flag that is unknown, none is parsed
		out.AsJSON = true
	}
	err = cmp.Or(err, helpErr)
	if stdout.closed.Load() && isClosedPipe(err) {
		stdout.die()
		if runtime.GOOS == "windows" { // which has no SIGPIPE
			return verdict.ExitFailure
		}
	}
	if err != nil && out.SaysJSON() && !stdout.written.Load() && !errors.As(err, new(cli.Answered)) && !errors.As(err, new(cli.Unanswered)) {
		err = out.Fail(env, err)
	}
	return cli.Finish(env, out, err)
}

// asksJSON reports whether a command line whose flags cannot be parsed asks for JSON.
func asksJSON(args []string) bool {
	for i, arg := range args {
		switch arg {
		case "--":
			return false
		case "-j", "--json", "--output=json", "-o=json", "-ojson":
			return true
		case "-o", "--output":
			if i+1 < len(args) && args[i+1] == "json" {
				return true
			}
		}
	}
	return false
}

// An output records whether anything was written, and whether the reader closed the pipe.
type output struct {
	io.Writer
	written, closed atomic.Bool // a batch may still write when the command returns
}

func (o *output) Write(b []byte) (int, error) {
	o.written.Store(true)
	n, err := o.Writer.Write(b)
	if isClosedPipe(err) {
		o.closed.Store(true)
	}
	return n, err
}

// die ends the process by SIGPIPE, like a program that does not handle it. A command that
// handles it has finished its work before.
func (o *output) die() {
	signal.Reset(syscall.SIGPIPE)
	o.Writer.Write([]byte("\n"))
}

func newRoot(env *cli.Env, args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "jwt",
		Short: "decode, verify, sign and inspect JSON Web Tokens",
		Example: `  jwt TOKEN                             header and payload: jwt decode TOKEN
  jwt verify TOKEN --key public.pem     signature and claims: yes or no, and why
  jwt sign '{"sub":"alice"}' --key private.pem --exp +1h
  jwt inspect TOKEN                     meanings, lifetime and findings
  curl -si https://api.example/login | jwt -c sub`,
		SilenceErrors: true,
		SilenceUsage:  true,

		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if v, _ := c.Flags().GetBool("version"); v {
				return cli.Output{}.Write(env, []byte(versionLine()))
			}
			return c.Help()
		},
	}
	root.Flags().Bool("version", false, "print the version")
	root.ValidArgsFunction = func(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		files, directive := filesAfterAt(c, args, word)
		return files, directive | cobra.ShellCompDirectiveNoFileComp
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{Use: "help [COMMAND]", Short: "show the help of a command", Hidden: true, RunE: runHelp})
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SetUsageFunc(func(*cobra.Command) error { return nil })
	root.SetFlagErrorFunc(cli.UnknownFlag)
	addCommands(env, root, commands(), args)
	return root
}

func addCommands(env *cli.Env, parent *cobra.Command, children []*cli.Command, args []string) {
	completing := len(args) > 0 && args[0] == cobra.ShellCompRequestCmd
	everything := len(args) > 0 && (args[0] == everythingBuilt || args[0] == manCommand.Name())
	for _, command := range children {
		c := &cobra.Command{Use: command.Use, Short: command.Short, Aliases: command.Aliases, Hidden: command.Hidden, DisableFlagsInUseLine: true}
		switch {
		case !everything && !command.Called(args):
			c.Run = func(*cobra.Command, []string) {}
		case command.Subs != nil:
			c.Args = noArguments
			c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
			command.Build(env, c)
			addCommands(env, c, command.Subs, args)
		default:
			command.Build(env, c)
		}
		if completing { // a shell shows the usage of a flag unchanged
			c.Flags().VisitAll(func(f *pflag.Flag) { _, f.Usage = pflag.UnquoteUsage(f) })
			completeFiles(env, c)
		}
		parent.AddCommand(c)
	}
}

// everythingBuilt as the first argument builds the flags of all commands, for tests.
const everythingBuilt = "\x00"

// noArguments refuses arguments after the flags of a group of commands, where route does not
// look for a command.
func noArguments(c *cobra.Command, args []string) error {
	if v, _ := c.Flags().GetBool("version"); v || len(args) == 0 {
		return nil
	}
	return verdict.Errorf(verdict.Usage, "%s: a command stands before its flags", cli.QuoteArg(args[0])).
		Hintf("%s --help lists the commands", c.CommandPath())
}

func runHelp(c *cobra.Command, args []string) error {
	if err := findCommand(commands(), c.Root().Name(), args); err != nil {
		return err
	}
	target, rest, err := c.Root().Find(args)
	switch {
	case len(rest) > 0:
		return verdict.Errorf(verdict.Usage, "unexpected argument %s: %s has no commands of its own", cli.QuoteArg(rest[0]), target.CommandPath()).
			Hintf("%s --help", target.CommandPath())
	case err != nil:
		return err
	}
	return target.Help()
}
