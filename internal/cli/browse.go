package cli

import (
	"io"

	"github.com/cli/browser"
)

// OpenBrowser opens an address in the user's browser, if a person is at the terminal to see it.
func (e *Env) OpenBrowser(url string, not bool, out Output) {
	if not || e.Browse == nil || !e.StderrTTY || !e.StdinTTY {
		return
	}
	if err := e.Browse(url); err != nil {
		out.Note(e, "no browser was opened: "+err.Error())
	}
}

// Browse opens an address in the user's browser. What the browser says about it is dropped.
func Browse(url string) error {
	browser.Stdout, browser.Stderr = io.Discard, io.Discard
	return browser.OpenURL(url)
}
