//go:build unix

package cli

import "syscall"

// Execute becomes the program: its exit status, the signals it gets and the
// terminal are then its own. It returns only if that fails.
func Execute(argv, environ []string) error { return syscall.Exec(argv[0], argv, environ) }
