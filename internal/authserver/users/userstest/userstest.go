// Package userstest makes users for tests, whose passwords are checked in microseconds.
package userstest

import (
	"encoding/base64"

	"golang.org/x/crypto/argon2"
)

// CheapHash returns the hash of a password. Passwords that are added after it get the same cost.
func CheapHash(password string) string {
	encode := base64.RawStdEncoding.EncodeToString
	salt := []byte("salt for a test.")
	return "$argon2id$v=19$m=8,t=1,p=1$" + encode(salt) + "$" + encode(argon2.IDKey([]byte(password), salt, 1, 8, 1, 32))
}
