package session

import (
	"bytes"
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

// keyringService is the service of all keys in the keyring. The user is the session's ID:
// sessions in two directories may have the same name. An earlier version used the name.
const keyringService = "jwt session"

// A keyCache stores the keys that were read from the keyring.
type keyCache struct {
	mu    sync.Mutex
	known map[string][]byte // by ID
}

// chooseStorage returns where to store the secrets of a new session, and creates its key.
// why is the reason if StoreAuto became StoreFile.
func (st *Store) chooseStorage(id string, want Storage) (storage Storage, why, err error) {
	if want == StoreFile {
		return StoreFile, nil, nil
	}
	_, failure := st.key(id, "", true)
	switch {
	case failure == nil:
		return StoreKeyring, nil, nil
	case want == StoreKeyring:
		return "", nil, verdict.Errorf(verdict.IO, "the keyring cannot be used: %w", failure).
			Hintf("--store file keeps the tokens in a file that only you can read")
	default:
		return StoreFile, failure, nil
	}
}

// key returns the key of a session, by its ID or else its name. With create it creates a
// missing one.
func (st *Store) key(id, name string, create bool) ([]byte, error) {
	st.keys.mu.Lock()
	defer st.keys.mu.Unlock()
	if key, ok := st.keys.known[id]; ok {
		return key, nil
	}
	if st.Keyring == nil {
		return nil, errNoKeyring
	}
	key, err := timed(cmp.Or(st.Answer, keyringTimeout), func() ([]byte, error) {
		text, err := st.Keyring.Get(keyringService, id)
		switch {
		case errors.Is(err, ErrNoKey) && create:
			text, err = st.keepKey(id, base64.StdEncoding.EncodeToString(newKey()))
		case errors.Is(err, ErrNoKey):
			text, err = st.Keyring.Get(keyringService, name)
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
	st.keys.known[id] = key
	return key, nil
}

// keepKey stores a new key in the keyring and reads it back: security of macOS may report no
// failure, and the session would be lost with its key.
func (st *Store) keepKey(id, text string) (string, error) {
	if err := st.Keyring.Set(keyringService, id, text); err != nil {
		return "", err
	}
	kept, err := st.Keyring.Get(keyringService, id)
	if err == nil && kept != text {
		err = errNotKept
	}
	return kept, err
}

func newKey() []byte {
	key := make([]byte, 32)
	rand.Read(key) // never fails
	return key
}

// deleteKey deletes the key of a session, so that its secrets can no longer be decrypted.
func (st *Store) deleteKey(id string) error {
	st.keys.mu.Lock()
	delete(st.keys.known, id)
	st.keys.mu.Unlock()
	if st.Keyring == nil {
		return errNoKeyring
	}
	_, err := timed(cmp.Or(st.Answer, keyringTimeout), func() (struct{}, error) { return struct{}{}, st.Keyring.Delete(keyringService, id) })
	if errors.Is(err, ErrNoKey) {
		return nil
	}
	return err
}

// seal encrypts the secret with the session's key. It authenticates the plain part of the
// record too: an attacker who can write the file cannot redirect the tokens to another
// server.
func (st *Store) seal(name string, r record, x secret) ([]byte, error) {
	aead, err := st.aead(name, r.ID)
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(x)
	if err != nil {
		return nil, st.failure(name, err)
	}
	return aead.Seal(nil, nil, plain, additionalData(name, r)), nil
}

func (st *Store) unseal(name string, r record) (secret, error) {
	aead, err := st.aead(name, r.ID)
	if err != nil {
		return secret{}, err
	}
	var x secret
	plain, err := aead.Open(nil, nil, r.Sealed, additionalData(name, r))
	if err == nil {
		x, err = parseSecret(plain)
	}
	if err != nil {
		return secret{}, verdict.Errorf(verdict.IO, "%s: cannot be decrypted with its key in the keyring: it was changed, or is from another machine", st.Path(name)).
			Hintf("jwt session logout --session %s removes it", name)
	}
	return x, nil
}

// aead returns AES-256-GCM with random nonces (NIST SP 800-38D §8.2.2) and the session's
// key.
func (st *Store) aead(name, id string) (cipher.AEAD, error) {
	key, err := st.key(id, name, false)
	if err != nil {
		return nil, verdict.Errorf(verdict.IO, "%s: its key cannot be read from the keyring: %w", st.Path(name), err).
			Hintf("is the keyring unlocked? a login with --store file needs none")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, verdict.Errorf(verdict.IO, "%s: its key in the keyring is invalid", st.Path(name))
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func additionalData(name string, r record) []byte {
	parts := []string{"jwt session", name, r.ID, r.Server, r.Preset, r.User}
	if r.OAuth != nil {
		var compact bytes.Buffer // the file has it indented
		json.Compact(&compact, r.OAuth)
		parts = append(parts, compact.String())
	}
	return []byte(strings.Join(parts, "\x00"))
}
