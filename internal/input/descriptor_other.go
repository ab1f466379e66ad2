//go:build !unix

package input

import (
	"errors"
	"os"
)

// inherited fails: on this system processes do not inherit descriptors by number.
func inherited(int, string) (*os.File, error) { return nil, errors.ErrUnsupported }
