//go:build unix

package jwks

import (
	"io/fs"
	"os"
	"syscall"
)

// ownedByUs reports whether the file is the user's own.
func ownedByUs(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return !ok || int(stat.Uid) == os.Geteuid()
}
