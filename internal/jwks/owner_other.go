//go:build !unix

package jwks

import "io/fs"

func ownedByUs(fs.FileInfo) bool { return true }
