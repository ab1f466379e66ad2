// Package users has the users of the local server and their passwords.
package users

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"jwt/internal/base64url"
	"jwt/internal/verdict"
)

const (
	MaxName = 256      // bytes of a name
	maxLine = 64 << 10 // bytes of a line of a users file
	most    = 10_000
)

// A Set is the users who may log in. It stores passwords as argon2id hashes.
type Set struct {
	hashes map[string]passwordHash
	cost   cost         // of every hash; zero without users
	dummy  passwordHash // hashed for an unknown user

	generated string // the user whose password AddGenerated made, if any
}

// Add adds a user as NAME:PASSWORD, or NAME: and an argon2id hash in PHC string
// format. The first colon ends the name. Errors never quote a password.
func (u *Set) Add(entry string) error {
	name, password, ok := strings.Cut(entry, ":")
	switch {
	case !ok || name == "" || password == "":
		return verdict.Errorf(verdict.Usage, "user: must be NAME:PASSWORD, both not empty")
	case len(name) > MaxName || !utf8.ValidString(name):
		return verdict.Errorf(verdict.Usage, "user: the name must be UTF-8 of at most %d bytes", MaxName)
	case len(u.hashes) >= most:
		return verdict.Errorf(verdict.LimitExceeded, "there are more than %d users", most)
	}
	if _, twice := u.hashes[name]; twice {
		return verdict.Errorf(verdict.Usage, "user %q is given twice", name)
	}
	hash, err := u.hash(name, password)
	if err != nil {
		return verdict.Errorf(verdict.Usage, "user %q: the password %w", name, err)
	}
	if u.hashes == nil {
		u.hashes = map[string]passwordHash{}
	}
	u.hashes[name] = hash
	return nil
}

// AddGenerated adds a user with a random password, which differs after a restart and does
// not end the sessions of the user.
func (u *Set) AddGenerated(name string) (password string, err error) {
	password = RandomPassword()
	u.generated = name
	return password, u.Add(name + ":" + password)
}

func (u *Set) hash(name, password string) (passwordHash, error) {
	if !strings.HasPrefix(password, "$argon2") {
		if u.cost == (cost{}) {
			u.setCost(defaultCost)
		}
		return u.cost.hashOf(name, password), nil
	}
	hash, err := parseHash(password)
	if err != nil {
		return hash, err
	}
	if u.cost == (cost{}) {
		u.setCost(hash.cost)
	}
	if hash.cost != u.cost {
		return hash, verdict.Errorf(verdict.Usage, "hash has parameters %s and others have %s: they must be equal, or the time of an answer reveals which users exist", hash.cost, u.cost)
	}
	return hash, nil
}

// setCost sets the cost of every hash, including the dummy.
func (u *Set) setCost(c cost) {
	u.cost = c
	u.dummy = c.hash(rand.Text())
}

// Read adds the users of a file with one user per line in the form of Add. It skips empty
// lines and lines that begin with #.
func (u *Set) Read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		line := strings.TrimSuffix(lines.Text(), "\r")
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if line == "" || line[0] == '#' {
			continue
		}
		if err := u.Add(line); err != nil {
			return verdict.Errorf(verdict.ClassOf(err), "line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return verdict.Errorf(verdict.Usage, "line %d: %w", n+1, err)
	}
	return nil
}

// Len returns the number of users.
func (u *Set) Len() int { return len(u.hashes) }

// Has reports whether the user exists.
func (u *Set) Has(name string) bool {
	_, ok := u.hashes[name]
	return ok
}

// Credential identifies the user's password, the same after a restart: a login that was
// made with another password is over. It is a digest of the argon2id hash.
func (u *Set) Credential(name string) string {
	hash, known := u.hashes[name]
	switch {
	case !known:
		return ""
	case name == u.generated:
		return "generated"
	}
	sum := sha256.Sum256(slices.Concat([]byte(hash.cost.String()), hash.salt, hash.digest))
	return base64url.Encode(sum[:16])
}

// HasCredential reports whether a session with this credential began with the present password
// of its user. Sessions of an earlier version have no credential.
func (u *Set) HasCredential(name, credential string) bool {
	return credential == "" || credential == u.Credential(name)
}

// Matches reports whether the user exists and has this password. It takes the same time
// for an unknown user.
func (u *Set) Matches(name, password string) bool {
	hash, known := u.hashes[name]
	if !known {
		hash = u.dummy
	}
	return hash.matches(password) && known
}

// RandomPassword returns a password of 96 random bits.
func RandomPassword() string {
	b := make([]byte, 12)
	rand.Read(b)
	return hex.EncodeToString(b)
}
