package authserver

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"jwt/internal/authserver/store"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/verdict"
)

const (
	keysMaxAge  = 5 * time.Minute // how long clients may cache the JWK Set
	keysReload  = 5 * time.Second // how old our own copy of the store's keys may be
	keysReask   = time.Second     // how often an unknown kid makes us look again
	keysLinger  = time.Minute     // what a key outlives the tokens it signed by
	defaultSize = 0               // jwk.Generate's own
)

// Algs returns the algorithms a server can sign with: verifiers get the public
// key, so secrets are out.
func Algs() []string {
	names := []string{"ES256", "EdDSA", "RS256"}
	for _, a := range jwa.All() {
		if _, ok := jwk.KindFor(a.Name); ok && a.KeyType != "oct" && !slices.Contains(names, a.Name) {
			names = append(names, a.Name)
		}
	}
	return names
}

// signingKeys are this process's copy of the store's signing keys.
type signingKeys struct {
	store  store.Store
	alg    jwa.Algorithm
	linger time.Duration // for how long a key that signs no more is published

	mu     sync.Mutex
	keys   []keyPair
	loaded time.Time
}

type keyPair struct {
	store.SigningKey
	private, public jwk.Key
}

// openSigningKeys reads the store's keys, and makes the first.
func openSigningKeys(ctx context.Context, state store.Store, alg string, linger time.Duration, now time.Time) (*signingKeys, error) {
	a, ok := jwa.Lookup(alg)
	if !ok || !slices.Contains(Algs(), alg) {
		return nil, verdict.Errorf(verdict.Usage, "alg: %q is none the server can sign with", alg).Hintf("--alg ES256, RS256 or EdDSA")
	}
	k := &signingKeys{store: state, alg: a, linger: linger + keysLinger}
	if err := k.load(ctx, now); err != nil {
		return nil, err
	}
	return k, k.ensure(ctx, now)
}

// ensure makes a key where there is none: in a new store, or one that lost what it held.
func (k *signingKeys) ensure(ctx context.Context, now time.Time) error {
	if _, ok := k.current(now); ok {
		return nil
	}
	return k.add(ctx, now, func(keys []store.SigningKey) (time.Time, bool) {
		return now, !slices.ContainsFunc(keys, k.signs) // another server may have been first
	})
}

// signs reports whether the key is one of our algorithm that has not retired.
func (k *signingKeys) signs(s store.SigningKey) bool {
	if !s.Until.IsZero() {
		return false
	}
	key, err := parseKey(s)
	return err == nil && key.private.Alg == k.alg.Name
}

// rotate makes a new key that signs at once. Those before it sign no more, and stay
// published until the last of their tokens is out of date.
func (k *signingKeys) rotate(ctx context.Context, now time.Time) error {
	return k.add(ctx, now, func([]store.SigningKey) (time.Time, bool) { return now, true })
}

// rotateIfOld makes the next key when the youngest signs for longer than period. It
// is published for as long as clients may cache the set before it signs.
func (k *signingKeys) rotateIfOld(ctx context.Context, period time.Duration, now time.Time) error {
	due := func(keys []store.SigningKey) bool {
		return !slices.ContainsFunc(keys, func(s store.SigningKey) bool {
			return k.signs(s) && s.From.After(now.Add(-period))
		})
	}
	keys, err := k.store.Keys(ctx)
	if err != nil || !due(keys) {
		return err
	}
	return k.add(ctx, now, func(keys []store.SigningKey) (time.Time, bool) { return now.Add(keysMaxAge), due(keys) })
}

// add puts a new key into the store if wanted says so, and drops those past
// their time.
func (k *signingKeys) add(ctx context.Context, now time.Time, wanted func([]store.SigningKey) (from time.Time, ok bool)) error {
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
		for i := range keys { // those of another algorithm are another server's
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

// load reads the store's keys. Those there were already need no second look.
func (k *signingKeys) load(ctx context.Context, now time.Time) error {
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
			err = k.prove(key)
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

// prove signs a token with a key of ours and verifies it.
func (k *signingKeys) prove(key keyPair) error {
	if key.private.Alg != k.alg.Name {
		return nil // another server's
	}
	header, err := jsonobject.Parse(k.header(accessType, key.private))
	if err != nil {
		return err
	}
	_, err = jws.Sign(header, []byte("{}"), key.private, k.alg, false)
	return err
}

// header is that of the tokens which the key signs.
func (k *signingKeys) header(typ string, key jwk.Key) []byte {
	return object(
		member{"alg", jsonobject.Quote(k.alg.Name)},
		member{"typ", jsonobject.Quote(typ)},
		member{"kid", jsonobject.Quote(key.ID)},
	)
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

// freshen loads the keys again when the copy is older than age: another server
// may have rotated them.
func (k *signingKeys) freshen(ctx context.Context, age time.Duration, now time.Time) error {
	k.mu.Lock()
	old := now.Sub(k.loaded).Abs() >= age
	if old {
		k.loaded = now // one request asks, the others go on with what there is
	}
	k.mu.Unlock()
	if !old {
		return nil
	}
	return k.load(ctx, now)
}

// signing returns the key that signs at that instant.
func (k *signingKeys) signing(ctx context.Context, now time.Time) (jwk.Key, error) {
	if err := k.freshen(ctx, keysReload, now); err != nil {
		return jwk.Key{}, err
	}
	if err := k.ensure(ctx, now); err != nil {
		return jwk.Key{}, err
	}
	key, ok := k.current(now)
	if !ok {
		return jwk.Key{}, verdict.Errorf(verdict.KeyNotFound, "no key signs at this instant")
	}
	return key, nil
}

// current is the key that signs: the one of our algorithm that has not retired. Until that
// one begins it is the one before it, if its tokens will be out of date by the time that it
// is published no more. What else has retired signs never again, wherever the clock is set.
func (k *signingKeys) current(now time.Time) (jwk.Key, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var found, before, last *keyPair
	for i, key := range k.keys { // in the order in which they were made
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

// begun reports whether the key signs. One that was made to sign at once does, though the
// clock was set back since.
func begun(s store.SigningKey, now time.Time) bool {
	return !s.From.After(s.Created) || !s.From.After(now)
}

// published returns the public keys that tokens may be verified with.
func (k *signingKeys) published(now time.Time) []jwk.Key {
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

// verifying returns the published keys, looking again in the store when the kid is
// none of theirs.
func (k *signingKeys) verifying(ctx context.Context, kid string, now time.Time) ([]jwk.Key, error) {
	keys := k.published(now)
	if slices.ContainsFunc(keys, func(key jwk.Key) bool { return key.ID == kid }) {
		return keys, nil
	}
	if err := k.freshen(ctx, keysReask, now); err != nil {
		return nil, err
	}
	return k.published(now), nil
}

// document returns the JWK Set (RFC 7517 §5).
func (k *signingKeys) document(ctx context.Context, now time.Time) ([]byte, error) {
	if err := k.freshen(ctx, keysReask, now); err != nil {
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
