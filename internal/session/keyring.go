package session

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	oskeyring "github.com/zalando/go-keyring"
)

// A Keyring stores secrets for the user, like the keyring of the operating system.
type Keyring interface {
	Get(service, user string) (string, error) // or ErrNoKey
	Set(service, user, secret string) error
	Delete(service, user string) error
}

// ErrNoKey reports that the keyring works but does not have the secret.
var ErrNoKey = errors.New("there is no such secret in the keyring")

var (
	errNoKeyring = errors.New("there is no keyring")
	errNoAnswer  = errors.New("the keyring does not answer")
	errNotKept   = errors.New("the keyring changed what was stored in it")
)

// keyringTimeout is the maximum time for an answer of a keyring.
const keyringTimeout = 3 * time.Second

// An OSKeyring is the keyring of the operating system: the Secret Service over
// D-Bus, the macOS Keychain, the Windows Credential Manager.
type OSKeyring struct{ LookupEnv func(string) (string, bool) }

// Get returns a secret.
func (r OSKeyring) Get(service, user string) (string, error) {
	if !r.reachable() {
		return "", errNoKeyring
	}
	secret, err := oskeyring.Get(service, user)
	if errors.Is(err, oskeyring.ErrNotFound) {
		err = ErrNoKey
	}
	return secret, err
}

// Set stores a secret.
func (r OSKeyring) Set(service, user, secret string) error {
	if !r.reachable() {
		return errNoKeyring
	}
	return oskeyring.Set(service, user, secret)
}

// Delete deletes a secret.
func (r OSKeyring) Delete(service, user string) error {
	if !r.reachable() {
		return errNoKeyring
	}
	return oskeyring.Delete(service, user)
}

// reachable reports whether a D-Bus session bus is running. Without one the library
// would start it.
func (r OSKeyring) reachable() bool {
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

// timed runs a function that may block. After the limit it returns errNoAnswer and leaves
// the function running.
func timed[T any](limit time.Duration, f func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := f()
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
