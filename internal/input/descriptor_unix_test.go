//go:build unix

package input

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"jwt/internal/verdict"
)

func TestDescriptor(t *testing.T) {
	pipe, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	if _, err := w.WriteString("from the pipe\n"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	source := fmt.Sprintf("fd:%d", pipe.Fd())
	got, literal, err := stdin("").Secret(source, 100)
	if err != nil || literal || string(got.Data) != "from the pipe" || got.Name != source || got.Trimmed != "\n" {
		t.Errorf("got %+v, %v, %v", got, literal, err)
	}
	if _, err := pipe.Stat(); err != nil {
		t.Errorf("the descriptor was closed: %v", err)
	}

	file, err := os.Open(write(t, "key", "from the file\n", 0o600))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	key, err := stdin("").Bytes(fmt.Sprintf("fd:%d", file.Fd()), "the key", 100)
	if err != nil || string(key.Data) != "from the file\n" {
		t.Errorf("got %+v, %v", key, err)
	}
}

func TestDescriptorRefused(t *testing.T) {
	_, err := stdin("").Bytes("fd:4000", "the key", 100)
	wantError(t, err, verdict.KeyUnreadable, "fd:4000 is not open for reading: bad file descriptor", "fd:3")

	dir, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	name := fmt.Sprintf("fd:%d", dir.Fd())
	_, err = stdin("").Bytes(name, "the key", 100)
	wantError(t, err, verdict.KeyUnreadable, name+" is not open for reading: is a directory", "")

	pipe, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	defer w.Close()
	name = fmt.Sprintf("fd:%d", w.Fd())
	_, err = stdin("").Bytes(name, "the key", 100)
	wantError(t, err, verdict.KeyUnreadable, name+": bad file descriptor", "")

	zero, err := os.Open("/dev/zero")
	if err != nil {
		t.Fatal(err)
	}
	defer zero.Close()
	name = fmt.Sprintf("fd:%d", zero.Fd())
	_, err = stdin("").Bytes(name, "the key", 100)
	wantError(t, err, verdict.TooLarge, name+" is larger than 100 bytes", "")
}

// TestDescriptorsOfTheRuntime checks that the descriptors of the Go runtime, which have
// low numbers, are refused.
func TestDescriptorsOfTheRuntime(t *testing.T) {
	for n := 3; n < 16; n++ {
		target, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", n))
		if err != nil || !strings.HasPrefix(target, "anon_inode:") {
			continue
		}
		_, err = stdin("").Bytes(fmt.Sprintf("fd:%d", n), "the key", 100)
		wantError(t, err, verdict.KeyUnreadable, fmt.Sprintf("fd:%d is not open for reading: bad file descriptor", n), "")
	}
}
