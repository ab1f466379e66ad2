package cmd

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
	"jwt/internal/render"
)

// printHelp writes the help of a command: description, usage, examples, flags and exit
// statuses. Cobra's own help links text/template, which makes every start slower.
func printHelp(env *cli.Env, c *cobra.Command) error {
	t := render.NewText(cli.Colored(env, env.StdoutTTY, "auto"))
	lines(t, cmp.Or(c.Long, c.Short))
	heading(t, "Usage")
	t.Put("  ", usageLine(c)).Line()
	if len(c.Aliases) > 0 {
		t.Put("  also: ", strings.Join(c.Aliases, ", ")).Line()
	}
	if c.Example != "" {
		heading(t, "Examples")
		lines(t, c.Example)
	}
	if c.HasAvailableSubCommands() {
		heading(t, "Commands")
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				t.Put("  ").Styled(render.Name, sub.Name()).Pad(len(sub.Name()), 12).Put(sub.Short).Line()
			}
		}
	}
	if f := c.Flags(); f.HasAvailableFlags() {
		heading(t, "Flags")
		lines(t, strings.TrimRight(f.FlagUsagesWrapped(max(env.Width, 40)), "\n"))
	}
	for i, s := range statuses(c) {
		if i == 0 {
			heading(t, "Exit statuses")
		}
		t.Put("  ").Pad(len(s.digits), 3).Put(s.digits, "  ", s.meaning).Line()
	}
	return cli.Output{}.Write(env, t.Bytes())
}

func usageLine(c *cobra.Command) string {
	if c.HasAvailableSubCommands() {
		return c.CommandPath() + " COMMAND"
	}
	return c.UseLine()
}

func heading(t *render.Text, name string) { t.Line().Styled(render.Bold, name).Line() }

// lines appends a text of several lines.
func lines(t *render.Text, text string) {
	for line := range strings.Lines(text) {
		t.Put(strings.TrimSuffix(line, "\n")).Line()
	}
}

type exitStatus struct{ digits, meaning string }

// statuses returns the exit statuses that a command lists.
func statuses(c *cobra.Command) []exitStatus {
	var all []exitStatus
	listed := strings.Fields(c.Annotations[cli.Exits])
	for _, e := range cli.ExitMeanings {
		if digits := strconv.Itoa(e.Status); slices.Contains(listed, digits) {
			all = append(all, exitStatus{digits, cmp.Or(c.Annotations[cli.Exits+digits], e.Meaning)})
		}
	}
	return all
}
