package session

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"jwt/internal/authclient"
	"jwt/internal/phrase"
	"jwt/internal/privatefile"
	"jwt/internal/verdict"
)

// lockTimeout is a little longer than the longest refresh.
const (
	lockTimeout = authclient.ExchangeTimeout + 5*time.Second
	lockRetry   = 10 * time.Millisecond
)

// lock locks the session for this process within wait, and returns the function that
// unlocks it. The lock file is separate from the session's file, because a rename
// replaces that. It is never removed: otherwise two processes could hold locks on an old
// and a new one.
func (st *Store) lock(ctx context.Context, name string, wait time.Duration) (unlock func(), err error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	root, err := st.make()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	path := strings.TrimSuffix(st.Path(name), ".json") + ".lock"
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	// O_NONBLOCK: opening a named pipe with this name would wait for its writer.
	l := flock.New(path, flock.SetPermissions(0o600), flock.SetFlag(os.O_CREATE|os.O_RDONLY|syscall.O_NONBLOCK))
	_, err = l.TryLockContext(waiting, lockRetry)
	switch {
	case err == nil:
		root.RemoveTemporary(fileName(name))
		return func() { l.Close() }, nil
	case errors.Is(ctx.Err(), context.Canceled):
		return nil, verdict.Errorf(verdict.Interrupted, "interrupted")
	case errors.Is(err, context.DeadlineExceeded):
		return nil, verdict.Errorf(verdict.SessionBusy, "session %s: another process has locked it, and did not release it in time", name).
			Hintf("it may be waiting for the server; fuser %s shows which process it is", phrase.ShellWord(path))
	default:
		return nil, verdict.Errorf(verdict.IO, "%s: %w", path, privatefile.Cause(err)).Hintf("it must be yours to read and write: chmod 600 %s", phrase.ShellWord(path))
	}
}
