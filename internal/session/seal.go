package session

import (
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync"

	"jwt/internal/verdict"
)

// The key of a session stands in the keyring under its name.
const ringService = "jwt session"

// keyring remembers the keys that the Ring gave.
type keyring struct {
	mu    sync.Mutex
	known map[string][]byte
}

// settle says where the secrets of a new session go, and makes its key. why says
// of Auto why it is not the keyring.
func (st *Store) settle(name string, want Mode) (mode Mode, why error, err error) {
	if want == File {
		return File, nil, nil
	}
	_, failure := st.key(name, true)
	switch {
	case failure == nil:
		return Keyring, nil, nil
	case want == Keyring:
		return "", nil, verdict.Errorf(verdict.IO, "--store keyring: %w", failure).
			Hintf("--store file keeps the tokens in a file that only you can read")
	default:
		return File, failure, nil
	}
}

// key returns the key of a session. With create a missing one is made.
func (st *Store) key(name string, create bool) ([]byte, error) {
	st.keys.mu.Lock()
	defer st.keys.mu.Unlock()
	if key, ok := st.keys.known[name]; ok {
		return key, nil
	}
	if st.Keyring == nil {
		return nil, errNoRing
	}
	key, err := timed(cmp.Or(st.Answer, ringTimeout), func() ([]byte, error) {
		text, err := st.Keyring.Get(ringService, name)
		if errors.Is(err, ErrNoKey) && create {
			text = base64.StdEncoding.EncodeToString(newKey())
			err = st.Keyring.Set(ringService, name, text)
		}
		if err != nil {
			return nil, err
		}
		return base64.StdEncoding.DecodeString(text)
	})
	if err != nil {
		return nil, err
	}
	if st.keys.known == nil {
		st.keys.known = map[string][]byte{}
	}
	st.keys.known[name] = key
	return key, nil
}

func newKey() []byte {
	key := make([]byte, 32)
	rand.Read(key) // it never fails
	return key
}

// forget takes the key of a session out of the keyring: what it sealed is lost.
func (st *Store) forget(name string) error {
	st.keys.mu.Lock()
	delete(st.keys.known, name)
	st.keys.mu.Unlock()
	if st.Keyring == nil {
		return errNoRing
	}
	_, err := timed(cmp.Or(st.Answer, ringTimeout), func() (struct{}, error) { return struct{}{}, st.Keyring.Delete(ringService, name) })
	if errors.Is(err, ErrNoKey) {
		return nil
	}
	return err
}

// seal encrypts the secret under the session's key, bound to what the record
// says in the clear: to send it to another server, one needs the key.
func (st *Store) seal(name string, r record, x secret) ([]byte, error) {
	aead, err := st.aead(name)
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(x)
	if err != nil {
		return nil, st.failure(name, err)
	}
	return aead.Seal(nil, nil, plain, bound(name, r)), nil
}

func (st *Store) unseal(name string, r record) (secret, error) {
	aead, err := st.aead(name)
	if err != nil {
		return secret{}, err
	}
	var x secret
	plain, err := aead.Open(nil, nil, r.Sealed, bound(name, r))
	if err == nil {
		x, err = parseSecret(plain)
	}
	if err != nil {
		return secret{}, verdict.Errorf(verdict.IO, "%s: does not open under its key in the keyring: it was changed, or is from another machine", st.Path(name)).
			Hintf("jwt session logout --session %s removes it", name)
	}
	return x, nil
}

// aead is AES-256-GCM with a random nonce (NIST SP 800-38D §8.2.2).
func (st *Store) aead(name string) (cipher.AEAD, error) {
	key, err := st.key(name, false)
	if err != nil {
		return nil, verdict.Errorf(verdict.IO, "%s: its key is in the keyring: %w", st.Path(name), err).
			Hintf("is the keyring unlocked? --store file at the next login does without")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, verdict.Errorf(verdict.IO, "%s: its key in the keyring is none", st.Path(name))
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func bound(name string, r record) []byte {
	return []byte(strings.Join([]string{"jwt session", name, r.ID, r.Server, r.Preset, r.User}, "\x00"))
}
