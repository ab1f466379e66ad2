package cmd

import "testing"

// What the linker sets is all that is known of the build: what the Go tool recorded may be of
// another checkout.
func TestVersionOfTheLinker(t *testing.T) {
	t.Cleanup(func() { version, commit, date = "", "", "" })
	version = "1.2.3"
	if got, want := builtFrom(), (origin{version: "1.2.3"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	commit, date = "0123abc", "2026-01-15T12:00:00Z"
	if got, want := builtFrom(), (origin{"1.2.3", "0123abc", "2026-01-15T12:00:00Z"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
