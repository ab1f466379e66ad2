//go:build unix

package cmd

import "syscall"

// execute becomes the program: its exit status, the signals it gets and the
// terminal are then its own. It returns only if that fails.
func execute(argv, environ []string) error { return syscall.Exec(argv[0], argv, environ) }
