//go:build unix

package session

import (
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

// limitFileSize lets no file grow past SESSION_FILE_SIZE bytes: a full disk for
// one process.
func limitFileSize() {
	text, ok := os.LookupEnv("SESSION_FILE_SIZE")
	if !ok {
		return
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		panic(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
		panic(err)
	}
}
