package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Exits is the annotation of a command that lists its exit statuses. Exits+"6" says what status
// 6 means for the command.
const Exits = "exits"

// Manual is the annotation of a command with text for its manual page alone.
const Manual = "manual"

// A Command is one command or a group of commands. Build adds its flags; it is called
// only for the command that runs, because scripts start jwt in loops.
type Command struct {
	Use     string // the usage line; its first word is the name
	Short   string
	Aliases []string
	Build   func(env *Env, c *cobra.Command)
	Hidden  bool       // not listed in the help
	Subs    []*Command // of a group, which does nothing itself
}

// Name returns the first word of Use.
func (c *Command) Name() string {
	name, _, _ := strings.Cut(c.Use, " ")
	return name
}

// Called reports whether an argument is the name or an alias of the command.
func (c *Command) Called(args []string) bool {
	return slices.ContainsFunc(args, func(a string) bool {
		return a == c.Name() || slices.Contains(c.Aliases, a)
	})
}
