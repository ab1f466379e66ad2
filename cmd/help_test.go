package cmd

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
)

// The help of each command has examples, exit statuses and a text for every flag, and fits a
// terminal of 80 columns.
func TestHelp(t *testing.T) {
	var out bytes.Buffer
	env := &cli.Env{Stdout: &out, Stderr: &out, Width: 80, LookupEnv: func(string) (string, bool) { return "", false }}
	commands := 0
	var each func(c *cobra.Command)
	each = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			each(sub)
		}
		if c.Name() == "help" {
			return
		}
		commands++
		t.Run(c.CommandPath(), func(t *testing.T) {
			out.Reset()
			if err := printHelp(env, c); err != nil {
				t.Fatal(err)
			}
			help := out.String()
			for line := range strings.Lines(help) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
					t.Errorf("%d columns: %s", n, line)
				}
			}
			if !strings.Contains(help, "\nExamples\n") {
				t.Error("no examples")
			}
			if c.HasParent() && !c.HasSubCommands() && !strings.Contains(help, "\nExit statuses\n") {
				t.Error("no exit statuses")
			}
			c.Flags().VisitAll(func(f *pflag.Flag) {
				if f.Usage == "" {
					t.Errorf("--%s says nothing", f.Name)
				}
			})
		})
	}
	each(newRoot(env, []string{everythingBuilt}))
	if commands < 30 {
		t.Errorf("only %d commands were looked at", commands)
	}
}
