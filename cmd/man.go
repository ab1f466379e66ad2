package cmd

import (
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
// man/ with it: each page for man(1), and all of them as one HTML page.
var manCommand = cli.Command{
	Use:    "man [COMMAND]",
	Short:  "print the manual page of a command (roff)",
	Hidden: true,
	Build: func(env *cli.Env, c *cobra.Command) {
		c.Example = "  jwt man verify | man -l -\n  jwt man --dir man"
		c.Annotations = map[string]string{cli.Exits: "0 1 2"}
		dir := c.Flags().String("dir", "", "write the pages of all commands into `DIR`, and jwt.html with all of them")
		c.RunE = func(c *cobra.Command, args []string) error {
			if *dir != "" {
				return writeManual(*dir, c.Root())
			}
			target, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return verdict.Errorf(verdict.Usage, "%s is not a command", cli.QuoteArg(strings.Join(args, " ")))
			}
			return cli.Output{}.Write(env, manOf(target).roff())
		}
	},
}

// writeManual writes the page of each command, and the whole manual as HTML.
func writeManual(dir string, root *cobra.Command) error {
	pages := manual(root)
	for _, page := range pages {
		if err := os.WriteFile(filepath.Join(dir, page.name()+".1"), page.roff(), 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "jwt.html"), manHTML(pages), 0o644)
}

// manual returns the pages of a command and of those below it.
func manual(c *cobra.Command) []manPage {
	pages := []manPage{manOf(c)}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			pages = append(pages, manual(sub)...)
		}
	}
	return pages
}

// A manPage is the manual page of a command, before it has a format. It has no date, so that its bytes
// depend on the program only.
type manPage struct {
	command  string // like jwt key set
	short    string
	sections []manSection
}

type manSection struct {
	title  string
	blocks []any // of the types below
}

type (
	manUsage struct {
		line    string
		aliases []string
	}
	manText    string // paragraphs, with lines that are indented
	manExample string // lines as they are
	manTerms   []manTerm
	manSee     string // another command
)

// A manTerm is a term of a list and what it means.
type manTerm struct {
	term, meaning string
	value         string // of a flag
	command       bool   // whether the term is a command with a page
}

// name returns the name of the page.
func (p manPage) name() string { return manName(p.command) }

func manName(command string) string { return strings.ReplaceAll(command, " ", "-") }

// manOf returns the page of a command.
func manOf(c *cobra.Command) manPage {
	p := manPage{command: c.CommandPath(), short: c.Short}
	usage := manUsage{line: usageLine(c)}
	for _, alias := range c.Aliases {
		usage.aliases = append(usage.aliases, c.Parent().CommandPath()+" "+alias)
	}
	p.add("SYNOPSIS", usage)
	if c.Long != "" {
		p.add("DESCRIPTION", manText(c.Long))
	}
	if terms := manCommands(c); len(terms) > 0 {
		p.add("COMMANDS", terms)
	}
	if terms := manFlags(c); len(terms) > 0 {
		p.add("OPTIONS", terms)
	}
	if text := c.Annotations[cli.Manual]; text != "" {
		p.add("NOTES", manText(text))
	}
	if c.Example != "" {
		p.add("EXAMPLES", manExample(c.Example))
	}
	if !c.HasParent() {
		p.sections = append(p.sections, manOverview()...)
	}
	if terms := manStatuses(c); len(terms) > 0 {
		p.add("EXIT STATUS", terms)
	}
	if c.HasParent() {
		p.add("SEE ALSO", manSee(c.Parent().CommandPath()))
	}
	return p
}

func (p *manPage) add(title string, block any) {
	p.sections = append(p.sections, manSection{title, []any{block}})
}

func manCommands(c *cobra.Command) manTerms {
	var terms manTerms
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			terms = append(terms, manTerm{term: sub.CommandPath(), meaning: sub.Short, command: true})
		}
	}
	return terms
}

func manFlags(c *cobra.Command) manTerms {
	c.InitDefaultHelpFlag()
	var terms manTerms
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		term := "--" + f.Name
		if f.Shorthand != "" {
			term = "-" + f.Shorthand + ", " + term
		}
		if !slices.Contains([]string{"", "false", "0", "0s", "[]"}, f.DefValue) {
			usage += " (default " + f.DefValue + ")"
		}
		terms = append(terms, manTerm{term: term, value: value, meaning: usage})
	})
	return terms
}

func manStatuses(c *cobra.Command) manTerms {
	var terms manTerms
	for _, s := range statuses(c) {
		terms = append(terms, manTerm{term: s.digits, meaning: s.meaning})
	}
	return terms
}
