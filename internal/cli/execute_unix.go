//go:build unix

package cli

import "syscall"

// Execute replaces the process by the program, which then has its own exit status,
// signals and terminal. It returns only if that fails.
func Execute(argv, environ []string) error { return syscall.Exec(argv[0], argv, environ) }
