package session

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/verdict"
)

var execCommand = cli.Command{
	Use:   "exec [flags] -- COMMAND [ARGUMENT]…",
	Short: "run a command with ACCESS_TOKEN set",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o execOptions
		c.Long = `Run a command with the access token of the session in the environment variable
ACCESS_TOKEN, refreshed first if necessary. The exit status is that of the
command, 127 if it does not exist, 126 if it cannot be run; signals reach it.
The token is not refreshed while the command runs: use --min-ttl for a token
that lasts long enough.`
		c.Example = `  jwt session exec -- ./deploy.sh
  jwt session exec --min-ttl 4m -- sh -c 'echo "$ACCESS_TOKEN" | jwt inspect'`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 8 9 126 127 130"}
		c.Args = func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return verdict.Errorf(verdict.Usage, "%s requires a command", c.CommandPath()).Hintf("jwt session exec -- env")
			}
			return nil
		}
		c.Flags().SetInterspersed(false) // what follows the command is the command's
		o.addFlags(c.Flags())
		o.session.complete(env, c)
		c.RunE = func(c *cobra.Command, args []string) error { return runExec(c.Context(), env, o, args) }
	},
}

type execOptions struct {
	session productOptions
	minTTL  string
}

func (o *execOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.minTTL, "min-ttl", "0s", "refresh a token that expires within this `DURATION`, like 2m")
	o.session.addFlags(f)
}

func runExec(ctx context.Context, env *cli.Env, o execOptions, argv []string) error {
	minTTL, err := cli.Duration("min-ttl", o.minTTL)
	if err != nil {
		return err
	}
	program, err := exec.LookPath(argv[0])
	if err != nil {
		return notRun(verdict.Errorf(verdict.IO, "%s: %w", cli.QuoteArg(argv[0]), errors.Unwrap(err)))
	}
	client, err := o.session.client(env)
	if err != nil {
		return err
	}
	s, err := freshToken(ctx, client, minTTL)
	if err != nil {
		return err
	}
	noteBound(env, o.session.notes(), s)
	const variable = "ACCESS_TOKEN="
	environ := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, variable) })
	err = env.Exec(append([]string{program}, argv[1:]...), append(environ, variable+s.AccessToken))
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return cli.NotRun{Err: verdict.Errorf(verdict.IO, "%s: %w", cli.QuoteArg(program), err), Status: verdict.ExitCannotRun}
	}
	return err
}

// notRun gives the error of a command that was looked for the status that a shell
// gives it.
func notRun(err error) error {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return cli.NotRun{Err: err, Status: verdict.ExitNoCommand}
	}
	return cli.NotRun{Err: err, Status: verdict.ExitCannotRun}
}
