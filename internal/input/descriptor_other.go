//go:build !unix

package input

import (
	"errors"
	"os"
)

// inherited has no meaning where descriptors are not handed over by number.
func inherited(int, string) (*os.File, error) { return nil, errors.ErrUnsupported }
