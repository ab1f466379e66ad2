package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/verdict"
)

// manCommand writes the manual page of a command from its help texts. `make man` writes
// man/ with it.
var manCommand = cli.Command{
	Use:    "man [COMMAND]",
	Short:  "print the manual page of a command (roff)",
	Hidden: true,
	Build: func(env *cli.Env, c *cobra.Command) {
		c.Example = "  jwt man verify | man -l -\n  jwt man --dir man"
		c.Annotations = map[string]string{cli.Exits: "0 1 2"}
		dir := c.Flags().String("dir", "", "write the pages of all commands into `DIR`")
		c.RunE = func(c *cobra.Command, args []string) error {
			if *dir != "" {
				return writeManPages(*dir, c.Root())
			}
			target, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return verdict.Errorf(verdict.Usage, "%s is not a command", cli.QuoteArg(strings.Join(args, " ")))
			}
			return cli.Output{}.Write(env, manPage(target))
		}
	},
}

// writeManPages writes the page of a command and of those below it.
func writeManPages(dir string, c *cobra.Command) error {
	name := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
	if err := os.WriteFile(filepath.Join(dir, name), manPage(c), 0o644); err != nil {
		return err
	}
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() {
			continue
		}
		if err := writeManPages(dir, sub); err != nil {
			return err
		}
	}
	return nil
}

// manPage returns the page in man(7) macros. It has no date, so that its bytes depend on the
// program only.
func manPage(c *cobra.Command) []byte {
	var b strings.Builder
	name := strings.ReplaceAll(c.CommandPath(), " ", "-")
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"jwt\" \"jwt manual\"\n", strings.ToUpper(name))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(name), roff(c.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", roff(usageLine(c)))
	for _, alias := range c.Aliases {
		fmt.Fprintf(&b, ".br\n.B %s\n(the same)\n", roff(c.Parent().CommandPath()+" "+alias))
	}
	if c.Long != "" {
		b.WriteString(".SH DESCRIPTION\n")
		roffParagraphs(&b, c.Long)
	}
	manCommands(&b, c)
	manFlags(&b, c)
	if text := c.Annotations[cli.Manual]; text != "" {
		b.WriteString(".SH NOTES\n")
		roffParagraphs(&b, text)
	}
	if c.Example != "" {
		b.WriteString(".SH EXAMPLES\n.EX\n")
		b.WriteString(roff(c.Example))
		b.WriteString("\n.EE\n")
	}
	if !c.HasParent() {
		manOverview(&b)
	}
	manStatuses(&b, c)
	if c.HasParent() {
		fmt.Fprintf(&b, ".SH SEE ALSO\n.BR %s (1)\n", roff(strings.ReplaceAll(c.Parent().CommandPath(), " ", "-")))
	}
	return []byte(b.String())
}

func manCommands(b *strings.Builder, c *cobra.Command) {
	if !c.HasAvailableSubCommands() {
		return
	}
	b.WriteString(".SH COMMANDS\n")
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			page := strings.ReplaceAll(sub.CommandPath(), " ", "-")
			fmt.Fprintf(b, ".TP\n.BR %s (1)\n%s\n", roff(page), roff(sub.Short))
		}
	}
}

func manFlags(b *strings.Builder, c *cobra.Command) {
	c.InitDefaultHelpFlag()
	if !c.Flags().HasAvailableFlags() {
		return
	}
	b.WriteString(".SH OPTIONS\n")
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		b.WriteString(".TP\n.B ")
		if f.Shorthand != "" {
			b.WriteString(roff("-" + f.Shorthand + ", "))
		}
		b.WriteString(roff("--" + f.Name))
		if value != "" {
			b.WriteString(" \\fI" + roff(value) + "\\fR")
		}
		b.WriteString("\n" + roff(usage))
		if !slices.Contains([]string{"", "false", "0", "0s", "[]"}, f.DefValue) {
			b.WriteString(" (default " + roff(f.DefValue) + ")")
		}
		b.WriteString("\n")
	})
}

func manStatuses(b *strings.Builder, c *cobra.Command) {
	for i, s := range statuses(c) {
		if i == 0 {
			b.WriteString(".SH EXIT STATUS\n")
		}
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", s.digits, roff(s.meaning))
	}
}

func roffParagraphs(b *strings.Builder, text string) {
	for i, paragraph := range strings.Split(text, "\n\n") {
		if i > 0 {
			b.WriteString(".PP\n")
		}
		b.WriteString(roff(paragraph) + "\n")
	}
}

// roff escapes text for man(7): backslashes, dashes, and a dot or quote that begins a line.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
