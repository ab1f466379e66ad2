//go:build unix

package input

import (
	"os"
	"syscall"
)

// inherited opens a duplicate of descriptor n for reading, and leaves n open. It refuses
// a descriptor other than a file, pipe, socket or device: it belongs to the Go runtime,
// and reading it would block for ever.
func inherited(n int, name string) (*os.File, error) {
	var stat syscall.Stat_t
	if err := syscall.Fstat(n, &stat); err != nil {
		return nil, err
	}
	switch stat.Mode & syscall.S_IFMT {
	case syscall.S_IFREG, syscall.S_IFIFO, syscall.S_IFSOCK, syscall.S_IFCHR, syscall.S_IFBLK:
	case syscall.S_IFDIR:
		return nil, syscall.EISDIR
	default:
		return nil, syscall.EBADF
	}
	fd, err := syscall.Dup(n)
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), name), nil
}
