package cmd

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/keysource"
)

// The help of each command has examples, exit statuses and a text for every flag, and fits a
// terminal of 80 columns.
func TestHelp(t *testing.T) {
	var out bytes.Buffer
	env := &cli.Env{Stdout: &out, Stderr: &out, Width: 80, LookupEnv: func(string) (string, bool) { return "", false }}
	eachCommand(t, env, func(c *cobra.Command) {
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
	})
}

// eachCommand visits every command, and fails if they are few.
func eachCommand(t *testing.T, env *cli.Env, visit func(c *cobra.Command)) {
	t.Helper()
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
		visit(c)
	}
	each(newRoot(env, []string{everythingBuilt}))
	if commands < 30 {
		t.Errorf("only %d commands were looked at", commands)
	}
}

// TestCommonFlags: a flag that commands share is in all of them that it fits. --quiet silences an
// error only where the exit status is the result.
func TestCommonFlags(t *testing.T) {
	noNotes := []string{"completion", "man", "mcp", "schema", "version"}
	eachCommand(t, &cli.Env{LookupEnv: func(string) (string, bool) { return "", false }}, func(c *cobra.Command) {
		f := c.Flags()
		quiet := f.Lookup("quiet")
		switch {
		case c.HasSubCommands():
			return
		case quiet == nil && !slices.Contains(noNotes, c.Name()):
			t.Errorf("%s has no --quiet", c.CommandPath())
		case quiet != nil:
			if err := f.Set("quiet", "true"); err != nil {
				t.Fatal(err)
			}
			if isStatus := strings.Contains(quiet.Usage, "the exit status is the result"); cli.OutputOf(f).Quiet != isStatus {
				t.Errorf("%s: --quiet is %q, and silences errors: %t", c.CommandPath(), quiet.Usage, !isStatus)
			}
		}
		for _, pair := range [][2]string{{"offline", "refresh"}, {"output", "json"}, {"tls-cert", "tls-key"}} {
			if c.Name() != "version" && c.LocalFlags().Lookup(pair[1]) == nil != (f.Lookup(pair[0]) == nil) {
				t.Errorf("%s has only one of --%s and --%s", c.CommandPath(), pair[0], pair[1])
			}
		}
	})
}

// TestSources: the help of every flag that takes a key or a secret lists all of its sources, in the same
// words.
func TestSources(t *testing.T) {
	lists := map[string][]string{
		"key": {keysource.KeySources, keysource.DecryptingSources}, "client-key": {keysource.DecryptingSources}, "verify-key": {keysource.KeySources},
		"secret": {keysource.SecretSources}, "client-secret": {input.Places}, "password": {input.Places}, "subject-token": {input.Places},
	}
	others := []string{"jwt mcp", "jwt trust add", "jwt key public"} // which say more, or refer to another command
	seen := 0
	eachCommand(t, &cli.Env{LookupEnv: func(string) (string, bool) { return "", false }}, func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			list := lists[f.Name]
			if list == nil || slices.Contains(others, c.CommandPath()) {
				return
			}
			seen++
			if !slices.ContainsFunc(list, func(sources string) bool { return strings.Contains(f.Usage, sources) }) {
				t.Errorf("%s --%s: %s", c.CommandPath(), f.Name, f.Usage)
			}
		})
	})
	if seen < 20 {
		t.Errorf("only %d flags were looked at", seen)
	}
}
