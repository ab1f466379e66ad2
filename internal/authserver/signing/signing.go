// Package signing has the keys with which servers of a common store sign, and their rotation.
package signing

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"jwt/internal/authserver/store"
	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/profile"
	"jwt/internal/verdict"
)

const (
	MaxAge = 5 * time.Minute // how long clients may cache the JWK Set

	reloadAge   = 5 * time.Second // maximum age of the copy of the store's keys
	retryAge    = time.Second     // the same after an unknown kid
	lingering   = time.Minute     // how long a key is published after the expiry of its last token
	defaultSize = 0               // of jwk.Generate
)

// Algs returns the algorithms a server can sign with. They are asymmetric, because
// verifiers get the public key.
func Algs() []string {
	names := []string{"ES256", "EdDSA", "RS256"}
	for _, a := range jwa.All() {
		if _, ok := jwk.KindFor(a.Name); ok && a.KeyType != "oct" && !slices.Contains(names, a.Name) {
			names = append(names, a.Name)
		}
	}
	return names
}

// Keys are this process's copy of the signing keys in the store.
type Keys struct {
	store  store.Store
	alg    jwa.Algorithm
	linger time.Duration // how long a key is published after it stopped signing

	loading chan struct{} // holds one element during a load: the copy never goes back to older keys

	mu     sync.Mutex
	keys   []keyPair
	loaded time.Time
}

type keyPair struct {
	store.SigningKey
	private, public jwk.Key
}

// Open loads the keys of the store, and adds the first key if it has none.
func Open(ctx context.Context, state store.Store, alg string, linger time.Duration, now time.Time) (*Keys, error) {
	a, ok := jwa.Lookup(alg)
	if !ok || !slices.Contains(Algs(), alg) {
		return nil, verdict.Errorf(verdict.Usage, "alg: the server cannot sign with %q", alg).Hintf("--alg ES256, RS256 or EdDSA")
	}
	k := &Keys{store: state, alg: a, linger: linger + lingering, loading: make(chan struct{}, 1)}
	if err := k.load(ctx, now); err != nil {
		return nil, err
	}
	return k, k.ensure(ctx, now)
}

// ensure adds a key if none signs: the store is new or lost its content.
func (k *Keys) ensure(ctx context.Context, now time.Time) error {
	if _, ok := k.current(now); ok {
		return nil
	}
	return k.add(ctx, now, func(keys []store.SigningKey) (time.Time, bool) {
		return now, !slices.ContainsFunc(keys, k.signs) // unless another server has added one
	})
}

// signs reports whether a key has the server's algorithm and no successor.
func (k *Keys) signs(s store.SigningKey) bool {
	if !s.Until.IsZero() {
		return false
	}
	key, err := parseKey(s)
	return err == nil && key.private.Alg == k.alg.Name
}

// Rotate adds a key that signs from now on. Earlier keys stop signing, and are published
// until their last token has expired.
func (k *Keys) Rotate(ctx context.Context, now time.Time) error {
	return k.add(ctx, now, func([]store.SigningKey) (time.Time, bool) { return now, true })
}

// RotateIfOld adds the next key if the newest has signed for longer than period. The next
// key is published before it signs, for as long as clients may cache the set.
func (k *Keys) RotateIfOld(ctx context.Context, period time.Duration, now time.Time) error {
	due := func(keys []store.SigningKey) bool {
		return !slices.ContainsFunc(keys, func(s store.SigningKey) bool {
			return k.signs(s) && s.From.After(now.Add(-period))
		})
	}
	keys, err := k.store.Keys(ctx)
	if err != nil || !due(keys) {
		return err
	}
	return k.add(ctx, now, func(keys []store.SigningKey) (time.Time, bool) { return now.Add(MaxAge), due(keys) })
}

// add adds a key to the store if wanted returns true, and removes keys that are no longer
// published.
func (k *Keys) add(ctx context.Context, now time.Time, wanted func([]store.SigningKey) (from time.Time, ok bool)) error {
	kind, _ := jwk.KindFor(k.alg.Name)
	key, err := jwk.Generate(kind, defaultSize)
	if err != nil {
		return err
	}
	key.ID, key.HasID, key.Alg, key.Use = key.Thumbprint(), true, k.alg.Name, "sig"
	fresh := store.SigningKey{JWK: key.JWK(true).Bytes(), Created: now}
	err = k.store.ChangeKeys(ctx, func(keys []store.SigningKey) []store.SigningKey {
		keys = slices.DeleteFunc(keys, func(s store.SigningKey) bool { return !s.Until.IsZero() && now.After(s.Until) })
		from, ok := wanted(keys)
		if !ok {
			return keys
		}
		for i := range keys { // keys of another algorithm belong to another server
			if k.signs(keys[i]) {
				keys[i].Until = from.Add(k.linger)
			}
		}
		s := fresh
		s.From = from
		return append(keys, s)
	})
	if err != nil {
		return err
	}
	return k.load(ctx, now)
}

// load loads the keys of the store. It parses only new keys.
func (k *Keys) load(ctx context.Context, now time.Time) error {
	select {
	case k.loading <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-k.loading }()
	stored, err := k.store.Keys(ctx)
	if err != nil {
		return err
	}
	k.mu.Lock()
	known := k.keys
	k.mu.Unlock()
	var keys []keyPair
	for _, s := range stored {
		i := slices.IndexFunc(known, func(key keyPair) bool { return bytes.Equal(key.JWK, s.JWK) })
		if i >= 0 {
			keys = append(keys, keyPair{SigningKey: s, private: known[i].private, public: known[i].public})
			continue
		}
		key, err := parseKey(s)
		if err == nil {
			err = k.selfTest(key)
		}
		if err != nil {
			return fmt.Errorf("a signing key of the store cannot be used: %w", err)
		}
		keys = append(keys, key)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys, k.loaded = keys, now
	return nil
}

// selfTest signs a token with a key and verifies it.
func (k *Keys) selfTest(key keyPair) error {
	if key.private.Alg != k.alg.Name {
		return nil // a key of another server
	}
	header, err := jsonobject.Parse(k.header("JWT", key.private))
	if err != nil {
		return err
	}
	_, err = jws.Sign(header, []byte("{}"), key.private, k.alg, false)
	return err
}

// header returns the header of the tokens that a key signs.
func (k *Keys) header(typ string, key jwk.Key) []byte {
	quote := func(text string) string { return string(jsonobject.Quote(text)) }
	return []byte(`{"alg":` + quote(k.alg.Name) + `,"typ":` + quote(typ) + `,"kid":` + quote(key.ID) + `}`)
}

// Sign returns a token signed with the current key. It does not verify the token, which
// would take twice as long as signing: the key passed a self-test when it was loaded.
func (k *Keys) Sign(ctx context.Context, typ string, claims []byte, now time.Time) (string, error) {
	key, err := k.signing(ctx, now)
	if err != nil {
		return "", err
	}
	token := base64url.AppendEncode(nil, k.header(typ, key))
	token = append(token, '.')
	token = base64url.AppendEncode(token, claims)
	signature, err := k.alg.Sign(string(token), key.Material(), false)
	if err != nil {
		return "", err
	}
	token = append(token, '.')
	return string(base64url.AppendEncode(token, signature)), nil
}

// AtHash returns the "at_hash" of an ID token that the current key signs (OpenID Connect Core
// §3.1.3.6), or "" if its algorithm has none.
func (k *Keys) AtHash(ctx context.Context, access string, now time.Time) (string, error) {
	key, err := k.signing(ctx, now)
	if err != nil {
		return "", err
	}
	half, _ := profile.LeftHalf(k.alg, key.Curve, access)
	return half, nil
}

func parseKey(s store.SigningKey) (keyPair, error) {
	set, err := jwk.Parse(s.JWK)
	if err != nil {
		return keyPair{}, err
	}
	key := keyPair{SigningKey: s, private: set.Keys[0]}
	key.public, _ = key.private.Public()
	return key, nil
}

// reload loads the keys again if the copy is older than age, because another server may
// have rotated them.
func (k *Keys) reload(ctx context.Context, age time.Duration, now time.Time) error {
	k.mu.Lock()
	old := now.Sub(k.loaded).Abs() >= age
	if old {
		k.loaded = now // other requests use the copy meanwhile
	}
	k.mu.Unlock()
	if !old {
		return nil
	}
	return k.load(ctx, now)
}

// signing returns the key that signs now.
func (k *Keys) signing(ctx context.Context, now time.Time) (jwk.Key, error) {
	if err := k.reload(ctx, reloadAge, now); err != nil {
		return jwk.Key{}, err
	}
	if err := k.ensure(ctx, now); err != nil {
		return jwk.Key{}, err
	}
	key, ok := k.current(now)
	if !ok {
		return jwk.Key{}, verdict.Errorf(verdict.KeyNotFound, "no signing key is in use at this time")
	}
	return key, nil
}

// current returns the key that signs: the newest with the server's algorithm. Until that
// key begins, it is the one before it, if its tokens expire before it is unpublished.
// Older keys never sign again, whatever the clock says.
func (k *Keys) current(now time.Time) (jwk.Key, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var found, before, last *keyPair
	for i, key := range k.keys { // oldest first
		if key.private.Alg != k.alg.Name {
			continue
		}
		if key.Until.IsZero() {
			found, before = &k.keys[i], last
		}
		last = &k.keys[i]
	}
	switch {
	case found == nil:
		return jwk.Key{}, false
	case !begun(found.SigningKey, now) && before != nil && now.Add(k.linger).Before(before.Until):
		return before.private, true
	default:
		return found.private, true
	}
}

// begun reports whether a key may sign. A key that signed from its creation may still
// sign if the clock has been set back since.
func begun(s store.SigningKey, now time.Time) bool {
	return !s.From.After(s.Created) || !s.From.After(now)
}

// published returns the public keys to verify tokens with.
func (k *Keys) published(now time.Time) []jwk.Key {
	k.mu.Lock()
	defer k.mu.Unlock()
	var keys []jwk.Key
	for _, key := range k.keys {
		if key.Until.IsZero() || now.Before(key.Until) {
			keys = append(keys, key.public)
		}
	}
	return keys
}

// Verifying returns the published keys. It loads them again if none has the kid.
func (k *Keys) Verifying(ctx context.Context, kid string, now time.Time) ([]jwk.Key, error) {
	keys := k.published(now)
	if slices.ContainsFunc(keys, func(key jwk.Key) bool { return key.ID == kid }) {
		return keys, nil
	}
	if err := k.reload(ctx, retryAge, now); err != nil {
		return nil, err
	}
	return k.published(now), nil
}

// Document returns the JWK Set (RFC 7517 §5).
func (k *Keys) Document(ctx context.Context, now time.Time) ([]byte, error) {
	if err := k.reload(ctx, retryAge, now); err != nil {
		return nil, err
	}
	b := []byte(`{"keys":[`)
	for i, key := range k.published(now) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, key.JWK(false).Bytes()...)
	}
	return append(b, ']', '}'), nil
}
