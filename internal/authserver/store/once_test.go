package store

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jwt/internal/verdict"
)

// TestOnce marks an ID from many requests: one is the first.
func TestOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		id, now := Hash{1, 2, 3}, time.Now()
		if used, err := s.Used(t.Context(), id); used || err != nil {
			t.Errorf("used %v, %v", used, err)
		}
		var first atomic.Int32
		var done sync.WaitGroup
		for range 8 {
			done.Go(func() {
				ok, err := s.Once(t.Context(), id, now, now.Add(time.Hour))
				if err != nil {
					t.Error(err)
				}
				if ok {
					first.Add(1)
				}
			})
		}
		done.Wait()
		if n := first.Load(); n != 1 {
			t.Errorf("%d were the first", n)
		}
		if used, err := s.Used(t.Context(), id); !used || err != nil {
			t.Errorf("used %v, %v", used, err)
		}
		if ok, err := s.Once(t.Context(), Hash{1, 2, 4}, now, now.Add(time.Hour)); !ok || err != nil {
			t.Errorf("another ID: %v, %v", ok, err)
		}
	})
}

// TestFirstStartFails limits the size of files, as a full disk does. Whatever is left, a
// later start works.
func TestFirstStartFails(t *testing.T) {
	if path := os.Getenv("STORE_OF_LIMITED_START"); path != "" {
		s, err := openBolt(path)
		if err == nil {
			err = s.ChangeKeys(t.Context(), func([]SigningKey) []SigningKey { return make([]SigningKey, 400) })
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	if runtime.GOOS == "windows" {
		t.Skip("no ulimit")
	}
	failed := 0
	for kib := 0; kib <= 128; kib += 4 {
		path := filepath.Join(t.TempDir(), "state.db")
		c := exec.Command("sh", "-c", `ulimit -f "$1" && exec "$0" -test.run '^TestFirstStartFails$'`, os.Args[0], strconv.Itoa(kib*2))
		c.Env = append(os.Environ(), "STORE_OF_LIMITED_START="+path)
		if c.Run() != nil {
			failed++
		}
		if err := use(path); err != nil {
			t.Errorf("after a start with %d KiB: %v", kib, err)
		}
		left, _ := filepath.Glob(path + "*")
		if len(left) != 1 {
			t.Errorf("after a start with %d KiB: %v", kib, left)
		}
	}
	if failed == 0 {
		t.Error("no start failed")
	}
}

// TestKilledStart leaves parts of a new store, as a killed start does.
func TestKilledStart(t *testing.T) {
	whole := aStore(t, 0)
	for n := 0; n < len(whole); n += 1000 {
		path := filepath.Join(t.TempDir(), "state[1]*.db")
		left := path + unfinished + "X"
		if err := os.WriteFile(left, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(left, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := use(path); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
		if _, err := os.Stat(left); err == nil {
			t.Errorf("%d bytes are left", n)
		}
	}
}

// TestEmptyFile starts with a file that the user made.
func TestEmptyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := use(path); err != nil {
		t.Error(err)
	}
}

// TestOtherOwner refuses the store of another user.
func TestOtherOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	path := filepath.Join(t.TempDir(), "state.db")
	if err := use(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, 65534, -1); err != nil {
		t.Fatal(err)
	}
	if err := use(path); verdict.ClassOf(err) != verdict.IO || !strings.Contains(err.Error(), "belongs to another user") {
		t.Errorf("%v", err)
	}
}
