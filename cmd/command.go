package cmd

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// exits is the annotation that lists the exit statuses of a command, as digits.
const exits = "exits"

// A command is one line of `jwt --help`. Its flags are built only when it is the
// one that was called: a start-up counts, the tool runs in loops.
type command struct {
	use     string // as usage shows it; the first word is the name
	short   string
	aliases []string
	build   func(env *Env, c *cobra.Command)
	hidden  bool       // not listed in the help
	subs    []*command // of a group, whose build describes it; it does nothing itself
}

func (c *command) name() string {
	name, _, _ := strings.Cut(c.use, " ")
	return name
}

func (c *command) called(args []string) bool {
	return slices.ContainsFunc(args, func(a string) bool {
		return a == c.name() || slices.Contains(c.aliases, a)
	})
}
