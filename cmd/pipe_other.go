//go:build !windows

package cmd

import (
	"errors"
	"syscall"
)

// isClosedPipe reports whether a write failed because the reader of the pipe has ended.
func isClosedPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
