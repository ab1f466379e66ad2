//go:build !windows

package privatefile

// rename gives a file the name of another.
func (r *Root) rename(from, to string) error { return r.Rename(from, to) }
