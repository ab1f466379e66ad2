package cli

import (
	"context"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// shell returns the command that runs a command line. cmd reads what is between the outer
// quotes as it was typed; arguments would be quoted in a way that it does not know.
func shell(ctx context.Context, commandLine string) *exec.Cmd {
	c := exec.CommandContext(ctx, "cmd")
	c.SysProcAttr = &syscall.SysProcAttr{CmdLine: `cmd /S /C "` + commandLine + `"`}
	return c
}

// ShowColours lets the console that a stream writes to interpret escape sequences. The
// package color does it for stdout alone.
func ShowColours(stream *os.File) {
	console := windows.Handle(stream.Fd())
	var mode uint32
	if windows.GetConsoleMode(console, &mode) == nil {
		windows.SetConsoleMode(console, mode|windows.ENABLE_PROCESSED_OUTPUT|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING)
	}
}
