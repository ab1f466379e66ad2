package cli

import (
	"io"

	"github.com/cli/browser"
)

// Browse opens an address in the user's browser. What the browser says about it is dropped.
func Browse(url string) error {
	browser.Stdout, browser.Stderr = io.Discard, io.Discard
	return browser.OpenURL(url)
}
