// Package scan has the command that finds tokens in any text, or masks them.
package scan

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/compact"
	"jwt/internal/input"
	"jwt/internal/keysource"
	"jwt/internal/verdict"
)

var Command = cli.Command{
	Use:   "scan [FILE…|-]",
	Short: "find the tokens in any text: logs, HAR, source; or mask them",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o options
		c.Long = `Find every token in files, directories or stdin: in logs, HAR, source code,
JSON, URLs, Base64, and in text compressed with gzip. Each is shown with its
file, line and column (in characters), its claims, whether it has expired, and
a fingerprint; never the token itself, unless --show-token asks for it. With a
key, it is also verified.

Below a directory, files are chosen as git would: what a .gitignore excludes,
.git and symbolic links are left out, and binary files are passed over. A file
that is named is always read.

Published examples (of jwt.io and the RFCs) and text whose signature cannot be
one are shown as example and placeholder, and are not counted as tokens.
--fail-on ends in status 6 if there is a match that is:
` + failOnHelp() + `

--redact writes the text itself, unchanged but for signatures, line by line as
it comes; only a line that ends inside a token waits for the next. What only a
recipient can decrypt is masked, too. --redact=all leaves only a fingerprint of
each token.`
		c.Example = `  jwt scan app.log
  kubectl logs deploy/api | jwt scan --key jwks.json
  jwt scan --fail-on-found .                          in CI
  jwt scan -o sarif . > jwt.sarif                     for code scanning
  jwt scan src -o json | jq -r 'select(.state != "expired") | .file'
  tail -f app.log | jwt scan --redact -
  jwt scan --redact=all app.log > ticket.log`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 6 7 8 130", cli.Exits + "1": "a file cannot be read", cli.Exits + "6": "--fail-on: there is such a match"}
		o.addFlags(c.Flags())
		o.complete(c)
		c.RunE = func(c *cobra.Command, args []string) error { return run(c.Context(), env, o, args) }
	},
}

type options struct {
	keys   keysource.Options
	output cli.Output
	date   cli.Date
	at     cli.At

	failOn          []string
	failOnFound     bool
	redact          string // "", signatures or all
	reveal, all     bool
	sarif, verifies bool
}

func (o *options) addFlags(f *pflag.FlagSet) {
	f.StringSliceVar(&o.failOn, "fail-on", nil, "end in status 6 on a match of this `KIND` (repeatable): "+strings.Join(failOnWords(), ", "))
	f.BoolVar(&o.failOnFound, "fail-on-found", false, "same as --fail-on found")
	f.StringVar(&o.redact, "redact", "", "write the text with masked `PART`s: signatures, or all for whole tokens")
	f.Lookup("redact").NoOptDefVal = "signatures"
	f.BoolVar(&o.reveal, "show-token", false, "show the tokens themselves, too")
	f.BoolVar(&o.all, "no-ignore", false, "read what a .gitignore excludes, too")
	o.keys.AddFlags(f)
	o.at.AddFlags(f, "compare times with this `TIME`")
	o.date.AddFlags(f)
	o.output.AddFlags(f)
	o.output.Other = "sarif"
	f.Lookup("output").Usage = "`FORMAT` of the output: text, json (an object a line), sarif, or auto (text on a terminal, json in a pipe)"
}

func (o *options) complete(c *cobra.Command) {
	o.keys.Complete(c)
	o.date.Complete(c)
	cli.CompleteValues(c, "output", "auto", "text", "json", "sarif")
	cli.CompleteValues(c, "color", "auto", "always", "never")
	cli.CompleteValues(c, "redact", "signatures", "all")
	cli.CompleteValues(c, "fail-on", failOnWords()...)
}

func (o *options) check(env *cli.Env, args []string) error {
	o.verifies = o.keys.Given()
	if o.sarif = o.output.Format == "sarif"; o.sarif {
		o.output.Format = "json"
	}
	if err := errors.Join(o.output.Check(), o.date.Check(), o.keys.CheckAlgs(), o.checkFailOn(), checkScanned(args)); err != nil {
		return err
	}
	switch {
	case len(args) == 0 && env.StdinTTY:
		return verdict.Errorf(verdict.Usage, "no file given").Hintf("jwt scan app.log, jwt scan . or a pipe")
	case readsStdin(args) && o.keys.FromStdin():
		return verdict.Errorf(verdict.Usage, "the text and the key cannot both come from stdin").Hintf("give one of them as a file, env:NAME or fd:3")
	case o.redact != "":
		return o.checkRedact(args)
	}
	return nil
}

// checkScanned refuses arguments that are not the names of files. A file named - would be passed over in
// a list of files from another program.
func checkScanned(args []string) error {
	for _, arg := range args {
		switch {
		case arg == "":
			return verdict.Errorf(verdict.Usage, "the name of a file is empty").Hintf("is the shell variable set?")
		case compact.Looks(arg):
			return verdict.Errorf(verdict.Usage, "a token is not a file to scan").Hintf("jwt decode TOKEN shows what is inside")
		case input.IsStdin(arg) && cli.IsFile(arg):
			return verdict.Errorf(verdict.Usage, "%s is stdin, and a file is named so, too", arg).Hintf("./%s is the file; without an argument, stdin is read", arg)
		}
	}
	return nil
}

func (o *options) checkRedact(args []string) error {
	switch {
	case o.redact != "signatures" && o.redact != "all":
		return verdict.Errorf(verdict.Usage, "--redact: is %q, must be signatures or all", o.redact).Hintf("--redact=all")
	case o.output.SaysJSON(), o.output.Quiet, o.reveal, o.failsOn() != nil, o.verifies:
		return verdict.Errorf(verdict.Usage, "--redact writes the text, and takes no --output, --quiet, --show-token, --fail-on or key")
	}
	for _, arg := range args {
		switch info, err := os.Stat(arg); {
		case err == nil && info.IsDir():
			return verdict.Errorf(verdict.Usage, "--redact writes the text of files, and %s is a directory", arg)
		case err != nil && (arg == "signatures" || arg == "all"): // less than the caller wants would be masked
			return verdict.Errorf(verdict.Usage, "%s: no such file", arg).Hintf("--redact=%s", arg)
		}
	}
	return nil
}

func readsStdin(args []string) bool {
	return len(args) == 0 || slices.ContainsFunc(args, input.IsStdin)
}

func run(ctx context.Context, env *cli.Env, o options, args []string) error {
	if err := o.check(env, args); err != nil {
		return err
	}
	now, err := o.at.Now(env)
	if err != nil {
		return err
	}
	zone, err := o.date.Location()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(args) == 0 {
		args = []string{"-"}
	}
	s := scanner{options: o, env: env, now: now, zone: zone, files: files{env: env, args: args, all: o.all, keepsBytes: o.redact != ""}}
	s.progress = cli.NewProgress(env, o.output, "MB", sizeOfFile(args))
	if env.StdoutTTY || o.redact != "" {
		s.progress.Hide()
	}
	if o.redact != "" {
		return s.run(ctx, s.mask)
	}
	if o.verifies {
		s.keys = o.keys.Sources(ctx, env, o.output)
		if _, err := s.keys.Keys(); err != nil {
			return o.output.Fail(env, err)
		}
	}
	return s.run(ctx, s.report)
}

// sizeOfFile returns the size of the only file, or 0.
func sizeOfFile(args []string) int64 {
	if len(args) != 1 {
		return 0
	}
	info, err := os.Stat(args[0])
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	return info.Size()
}
