package session

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"jwt/internal/verdict"
)

// TestDiskFillsUp fills the disk while the answer is on its way: there is space for it
// anyway. If the disk is full before, no refresh is sent. Only root can mount a disk that
// is small enough.
func TestDiskFillsUp(t *testing.T) {
	w := newWorld(t, nil)
	w.dir = t.TempDir()
	err := syscall.Mount("tmpfs", w.dir, "tmpfs", 0, "size=128k,mode=0700")
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Log("not allowed to mount: nothing was tested")
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Unmount(w.dir, syscall.MNT_DETACH)
	old := w.login("cookie", StoreFile)
	w.wrap(func(rw http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		w.fill()
		serve(rw, r)
	})
	fresh, outcome, err := w.client().Refresh(t.Context(), old, 0)
	if err != nil || outcome != Refreshed || w.stored().RefreshToken != fresh.RefreshToken || fresh.RefreshToken == old.RefreshToken || w.stored().Pending != nil {
		t.Fatalf("what the server gave is lost: %v", err)
	}
	w.fill() // the size of the old file
	_, _, err = w.client().Refresh(t.Context(), fresh, 0)
	mustFail(t, err, verdict.IO, "default.json: no space left on device", fresh.RefreshToken)
	w.mustAsk("/refresh", 1)
	if got, err := w.client().Token(t.Context(), 0); err != nil || got.AccessToken != fresh.AccessToken {
		t.Errorf("the token that there is: %v", err)
	}
	if err := os.Remove(filepath.Join(w.dir, "filler")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.client().Refresh(t.Context(), fresh, 0); err != nil {
		t.Errorf("the session was lost: %v", err)
	}
}

// fill uses up the free space of the disk.
func (w *world) fill() {
	f, err := os.OpenFile(filepath.Join(w.dir, "filler"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		w.t.Error(err)
		return
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		w.t.Error(err)
	}
}
