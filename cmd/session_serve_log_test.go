package cmd

import (
	"io"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"
)

// The server answers, and ends on a signal, whether its log is read, not read, or its reader
// has exited.
func TestServeLogUnread(t *testing.T) {
	const requests = 1500 // more lines than a pipe holds
	for _, gone := range []bool{false, true} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		s, err := startServer(t.TempDir(), nil, w, "--store", "memory", "--user", testUser)
		w.Close()
		if err != nil {
			t.Fatal(err)
		}
		defer s.kill()
		if gone {
			r.Close()
		}
		client := &http.Client{Timeout: time.Minute}
		for i := range requests {
			resp, err := client.Get(s.url)
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Fatalf("reader gone: %v: request %d: %v", gone, i, err)
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		client.CloseIdleConnections()
		s.Process.Signal(syscall.SIGTERM)
		ended := make(chan error, 1)
		go func() { ended <- s.Wait() }()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("reader gone: %v: it ended with %v", gone, err)
			}
		case <-time.After(time.Minute):
			t.Fatalf("reader gone: %v: it does not end", gone)
		}
	}
}
