package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
	"jwt/internal/render"
)

// printHelp writes the help of a command: what it does, examples, flags, exit
// statuses. Cobra's own goes through text/template, whose presence in the binary
// costs every start.
func printHelp(env *cli.Env, c *cobra.Command) error {
	t := render.NewText(cli.Colored(env, env.StdoutTTY, "auto"))
	about := c.Long
	if about == "" {
		about = c.Short
	}
	lines(t, about)
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
	if statuses := c.Annotations[cli.Exits]; statuses != "" {
		heading(t, "Exit statuses")
		for _, e := range cli.ExitMeanings {
			if digits := fmt.Sprint(e.Status); containsWord(statuses, digits) {
				t.Put("  ").Pad(len(digits), 3).Put(digits, "  ", e.Meaning).Line()
			}
		}
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

// lines appends text that is ours, line by line.
func lines(t *render.Text, text string) {
	for line := range strings.Lines(text) {
		t.Put(strings.TrimSuffix(line, "\n")).Line()
	}
}

func containsWord(words, word string) bool {
	for w := range strings.FieldsSeq(words) {
		if w == word {
			return true
		}
	}
	return false
}
