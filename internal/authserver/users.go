package authserver

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"jwt/internal/authserver/store"
	"jwt/internal/base64url"
	"jwt/internal/verdict"
)

const (
	maxUserBytes = 64 << 10 // of a line of a users file
	maxUsers     = 10_000
	maxUserName  = 256
)

// Users are the users who may log in. It stores passwords as argon2id hashes.
type Users struct {
	hashes map[string]passwordHash
	cost   cost         // of every hash; zero without users
	dummy  passwordHash // hashed for an unknown user

	generated string // the user whose password AddGenerated made, if any
}

// Add adds a user as NAME:PASSWORD, or NAME: and an argon2id hash in PHC string
// format. The first colon ends the name. Errors never quote a password.
func (u *Users) Add(entry string) error {
	name, password, ok := strings.Cut(entry, ":")
	switch {
	case !ok || name == "" || password == "":
		return verdict.Errorf(verdict.Usage, "user: must be NAME:PASSWORD, both not empty")
	case len(name) > maxUserName || !utf8.ValidString(name):
		return verdict.Errorf(verdict.Usage, "user: the name must be UTF-8 of at most %d bytes", maxUserName)
	case len(u.hashes) >= maxUsers:
		return verdict.Errorf(verdict.LimitExceeded, "there are more than %d users", maxUsers)
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
func (u *Users) AddGenerated(name string) (password string, err error) {
	password = RandomPassword()
	u.generated = name
	return password, u.Add(name + ":" + password)
}

func (u *Users) hash(name, password string) (passwordHash, error) {
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
func (u *Users) setCost(c cost) {
	u.cost = c
	u.dummy = c.hash(rand.Text())
}

// Read adds the users of a file with one user per line in the form of Add. It skips empty
// lines and lines that begin with #.
func (u *Users) Read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxUserBytes)
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
func (u *Users) Len() int { return len(u.hashes) }

// Has reports whether the user exists.
func (u *Users) Has(name string) bool {
	_, ok := u.hashes[name]
	return ok
}

// credential identifies the user's password, the same after a restart: a login that was
// made with another password is over. It is a digest of the argon2id hash.
func (u *Users) credential(name string) string {
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

// hasCredential reports whether the session began with the present password of its user.
// Sessions of an earlier version have no credential.
func (u *Users) hasCredential(s store.Session) bool {
	return s.Credential == "" || s.Credential == u.credential(s.User)
}

// matches reports whether the user exists and has this password. It takes the same time
// for an unknown user.
func (u *Users) matches(name, password string) bool {
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
