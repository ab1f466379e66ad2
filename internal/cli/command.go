package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Exits is the annotation that lists the exit statuses of a command, as digits.
const Exits = "exits"

// A Command is one line of `jwt --help`. Its flags are built only when it is the
// one that was called: a start-up counts, the tool runs in loops.
type Command struct {
	Use     string // as usage shows it; the first word is the name
	Short   string
	Aliases []string
	Build   func(env *Env, c *cobra.Command)
	Hidden  bool       // not listed in the help
	Subs    []*Command // of a group, whose build describes it; it does nothing itself
}

func (c *Command) Name() string {
	name, _, _ := strings.Cut(c.Use, " ")
	return name
}

func (c *Command) Called(args []string) bool {
	return slices.ContainsFunc(args, func(a string) bool {
		return a == c.Name() || slices.Contains(c.Aliases, a)
	})
}
