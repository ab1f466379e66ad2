//go:build !windows

package cli

import (
	"context"
	"os"
	"os/exec"
)

// shell returns the command that runs a command line.
func shell(ctx context.Context, commandLine string) *exec.Cmd {
	return exec.CommandContext(ctx, "/bin/sh", "-c", commandLine)
}

// ShowColours does nothing: terminals interpret escape sequences.
func ShowColours(*os.File) {}
