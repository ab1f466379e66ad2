//go:build unix

package privatefile

import (
	"io/fs"
	"os"
	"syscall"
)

// OwnedByUser reports whether the file belongs to the user that runs the program.
func OwnedByUser(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return !ok || int(stat.Uid) == os.Geteuid()
}
