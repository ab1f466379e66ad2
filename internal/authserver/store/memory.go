package store

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// A memStore is a Store in memory. Its state is lost when the process ends.
type memStore struct {
	mu       sync.Mutex
	sessions map[string]Session
	tokens   map[Hash]memToken
	keys     []SigningKey
	used     map[Hash]time.Time // until they expire
	records  map[Hash]record
}

// A memToken is a refresh token. If drop is set, Purge deletes the token then.
type memToken struct {
	Refresh
	drop time.Time
}

// NewMemory returns an empty Store in memory.
func NewMemory() Store {
	return &memStore{sessions: map[string]Session{}, tokens: map[Hash]memToken{}, used: map[Hash]time.Time{}, records: map[Hash]record{}}
}

func (m *memStore) Begin(_ context.Context, s Session, token TokenID, r Refresh) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.sessions[s.ID]; !ok {
		m.sessions[s.ID] = s
	}
	m.tokens[token.Hash] = memToken{Refresh: r}
	return nil
}

func (m *memStore) Rotate(_ context.Context, p Spend) (Rotation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, s, ok := m.find(p.Token)
	if !ok {
		return Rotation{Outcome: Unknown}, nil
	}
	rotation, changed := p.apply(&r, &s)
	if rotation.Outcome == Replayed {
		rotation.Expires = m.tokens[r.Next].Expires
	}
	if !changed {
		return rotation, nil
	}
	m.sessions[s.ID] = s
	if rotation.Outcome == Rotated {
		spent := memToken{Refresh: r}
		if p.Token.Session == s.ID {
			spent.drop = p.Now.Add(p.kept())
		}
		m.tokens[p.Token.Hash], m.tokens[p.Next] = spent, memToken{Refresh: p.successor(s.ID)}
	}
	return rotation, nil
}

func (m *memStore) find(token TokenID) (Refresh, Session, bool) {
	r, known := m.tokens[token.Hash]
	if known {
		s, ok := m.sessions[r.Session]
		return r.Refresh, s, ok
	}
	s, ok := m.sessions[token.Session]
	return dropped(s), s, ok
}

func (m *memStore) Find(_ context.Context, token TokenID) (Refresh, Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, s, ok := m.find(token)
	if !ok {
		return Refresh{}, Session{}, ErrNotFound
	}
	return r, s, nil
}

func (m *memStore) Session(_ context.Context, id string) (Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sessions[id]
	if !ok {
		return Session{}, ErrNotFound
	}
	return s, nil
}

func (m *memStore) Revoke(_ context.Context, id string, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.sessions[id]; ok && s.Revoked.IsZero() {
		s.Revoked = now
		m.sessions[id] = s
	}
	return nil
}

func (m *memStore) Keys(context.Context) ([]SigningKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.keys), nil
}

func (m *memStore) ChangeKeys(_ context.Context, change func([]SigningKey) []SigningKey) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keys = change(slices.Clone(m.keys))
	return nil
}

func (m *memStore) Once(_ context.Context, id Hash, _, expires time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.used[id]; known {
		return false, nil
	}
	m.used[id] = expires
	return true, nil
}

func (m *memStore) Used(_ context.Context, id Hash) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, known := m.used[id]
	return known, nil
}

func (m *memStore) Record(_ context.Context, id Hash) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.records[id]
	if !ok {
		return nil, ErrNotFound
	}
	return slices.Clone(r.Value), nil
}

func (m *memStore) Swap(_ context.Context, id Hash, old, new []byte, _, expires time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !bytes.Equal(m.records[id].Value, old) {
		return false, nil
	}
	m.records[id] = record{slices.Clone(new), expires}
	return true, nil
}

func (m *memStore) Purge(_ context.Context, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	long := now.Add(-keepExpired)
	maps.DeleteFunc(m.records, func(_ Hash, r record) bool { return r.Expires.Before(long) })
	for id, expires := range m.used {
		if expires.Before(long) {
			delete(m.used, id)
		}
	}
	for id, s := range m.sessions {
		if s.Expires.Before(long) {
			delete(m.sessions, id)
		}
	}
	for hash, t := range m.tokens {
		if m.due(t, now) {
			delete(m.tokens, hash)
		}
	}
	return nil
}

// due reports whether a token is deleted at now. One that is not spent is kept as long as
// its session, because without its record it would count as spent.
func (m *memStore) due(t memToken, now time.Time) bool {
	if _, ok := m.sessions[t.Session]; !ok {
		return true
	}
	if t.drop.IsZero() {
		return !t.Spent.IsZero() && t.Expires.Before(now.Add(-keepExpired))
	}
	return t.drop.Before(now)
}

func (m *memStore) Close() error { return nil }
