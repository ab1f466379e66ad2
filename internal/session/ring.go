package session

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	osring "github.com/zalando/go-keyring"
)

// A Ring keeps secrets for the user: the keyring of the operating system.
type Ring interface {
	Get(service, user string) (string, error) // ErrNoKey where there is none
	Set(service, user, secret string) error
	Delete(service, user string) error
}

// ErrNoKey says that the keyring works and has no such secret.
var ErrNoKey = errors.New("there is no such secret in the keyring")

var (
	errNoRing   = errors.New("there is no keyring")
	errNoAnswer = errors.New("the keyring does not answer")
)

// ringTimeout is how long a keyring is waited for.
const ringTimeout = 3 * time.Second

// An OSRing is the keyring of the operating system: the Secret Service over
// D-Bus, the macOS Keychain, the Windows Credential Manager.
type OSRing struct{ LookupEnv func(string) (string, bool) }

// Get returns a secret.
func (r OSRing) Get(service, user string) (string, error) {
	if !r.reachable() {
		return "", errNoRing
	}
	secret, err := osring.Get(service, user)
	if errors.Is(err, osring.ErrNotFound) {
		err = ErrNoKey
	}
	return secret, err
}

// Set keeps a secret.
func (r OSRing) Set(service, user, secret string) error {
	if !r.reachable() {
		return errNoRing
	}
	return osring.Set(service, user, secret)
}

// Delete forgets a secret.
func (r OSRing) Delete(service, user string) error {
	if !r.reachable() {
		return errNoRing
	}
	return osring.Delete(service, user)
}

// reachable reports whether there is a bus to ask. Where there is none, the
// library would start one.
func (r OSRing) reachable() bool {
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		return true
	}
	if address, ok := r.LookupEnv("DBUS_SESSION_BUS_ADDRESS"); ok {
		return address != "" && address != "autolaunch:"
	}
	run := filepath.Join("/run/user", strconv.Itoa(os.Getuid()))
	for _, name := range []string{"bus", "dbus-session"} {
		if _, err := os.Stat(filepath.Join(run, name)); err == nil {
			return true
		}
	}
	return false
}

// timed runs what may hang, and leaves it behind when it does.
func timed[T any](limit time.Duration, what func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := what()
		done <- outcome{value, err}
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case o := <-done:
		return o.value, o.err
	case <-timer.C:
		var none T
		return none, errNoAnswer
	}
}
