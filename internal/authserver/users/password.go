package users

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// A passwordHash is an argon2id hash (RFC 9106), with its parameters.
type passwordHash struct {
	cost
	salt, digest []byte
}

// A cost holds the parameters of a hash. They must be the same for every user: otherwise
// the time of an answer would reveal which users exist.
type cost struct {
	memory  uint32 // KiB
	time    uint32 // passes
	threads uint8
}

// defaultCost is the recommendation of OWASP for argon2id, about 20 ms on one core.
var defaultCost = cost{memory: 19 * 1024, time: 2, threads: 1}

// maxCost limits the work of a login with a hash from a users file.
var maxCost = cost{memory: 1 << 20, time: 16, threads: 16}

const (
	saltSize   = 16
	digestSize = 32
)

func (c cost) hash(password string) passwordHash {
	salt := make([]byte, saltSize)
	rand.Read(salt)
	return passwordHash{c, salt, c.sum(password, salt, digestSize)}
}

// hashOf hashes the password of a user with a salt that is the same after a restart, so
// that it shows whether the password has changed. It is different for every user.
func (c cost) hashOf(user, password string) passwordHash {
	sum := sha256.Sum256([]byte("jwt session serve\x00" + user))
	salt := sum[:saltSize]
	return passwordHash{c, salt, c.sum(password, salt, digestSize)}
}

func (c cost) sum(password string, salt []byte, size int) []byte {
	return argon2.IDKey([]byte(password), salt, c.time, c.memory, c.threads, uint32(size))
}

func (h passwordHash) matches(password string) bool {
	return subtle.ConstantTimeCompare(h.digest, h.sum(password, h.salt, len(h.digest))) == 1
}

func (c cost) String() string {
	return fmt.Sprintf("m=%d,t=%d,p=%d", c.memory, c.time, c.threads)
}

var errHash = errors.New("is not an argon2id hash, want $argon2id$v=19$m=…,t=…,p=…$SALT$HASH")

// parseHash reads a hash in PHC string format, as the argon2 command writes it.
func parseHash(s string) (h passwordHash, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v=19" {
		return h, errHash
	}
	if h.cost, err = parseCost(parts[3]); err != nil {
		return h, err
	}
	if h.salt, err = decode(parts[4], 8); err != nil {
		return h, err
	}
	h.digest, err = decode(parts[5], 16)
	return h, err
}

func parseCost(text string) (c cost, err error) {
	if n, err := fmt.Sscanf(text, "m=%d,t=%d,p=%d", &c.memory, &c.time, &c.threads); n != 3 || err != nil || c.String() != text {
		return c, errHash
	}
	if c.time == 0 || c.threads == 0 || c.memory > maxCost.memory || c.time > maxCost.time || c.threads > maxCost.threads {
		return c, fmt.Errorf("its parameters are out of range, want at most %s", maxCost)
	}
	return c, nil
}

// decode reads a salt or a digest of at least some bytes.
func decode(text string, least int) ([]byte, error) {
	const most = 64
	b, err := base64.RawStdEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < least || len(b) > most {
		return nil, errHash
	}
	return b, nil
}
