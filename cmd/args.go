package cmd

import (
	"github.com/spf13/cobra"

	"jwt/internal/verdict"
)

// noArgs refuses every argument.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return verdict.Errorf(verdict.Usage, "%s takes no argument, got %s", c.CommandPath(), shortened(args[0])).
			Hintf("%s --help", c.CommandPath())
	}
	return nil
}

// oneArg wants exactly one argument.
func oneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return verdict.Errorf(verdict.Usage, "%s wants %s, got %d arguments", c.CommandPath(), what, len(args)).
				Hintf("%s --help", c.CommandPath())
		}
		return nil
	}
}

// atMostOneArg wants one argument or none.
func atMostOneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > 1 {
			return verdict.Errorf(verdict.Usage, "%s wants %s, got %d arguments", c.CommandPath(), what, len(args)).
				Hintf("quote what holds spaces; %s --help", c.CommandPath())
		}
		return nil
	}
}
