package privatefile

import (
	"errors"
	"time"

	"golang.org/x/sys/windows"
)

// rename gives a file the name of another. Windows refuses that while another program, a virus
// scanner for example, has the other open: the program is waited for.
func (r *Root) rename(from, to string) error {
	const patience, pause = 3 * time.Second, 5 * time.Millisecond
	err := r.Rename(from, to)
	for waited := time.Duration(0); waited < patience && isOpenElsewhere(err); waited += pause {
		time.Sleep(pause)
		err = r.Rename(from, to)
	}
	return err
}

func isOpenElsewhere(err error) bool {
	return errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_SHARING_VIOLATION)
}
