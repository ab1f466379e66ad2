package store

import (
	"context"
	"slices"
	"sync"
	"time"
)

// A memStore is a Store in memory. Its state is lost when the process ends.
type memStore struct {
	mu       sync.Mutex
	sessions map[string]Session
	tokens   map[Hash]Refresh
	keys     []SigningKey
	used     map[Hash]time.Time // until they expire
}

// NewMemory returns an empty Store in memory.
func NewMemory() Store {
	return &memStore{sessions: map[string]Session{}, tokens: map[Hash]Refresh{}, used: map[Hash]time.Time{}}
}

func (m *memStore) Begin(_ context.Context, s Session, token Hash, r Refresh) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.sessions[s.ID]; !ok {
		m.sessions[s.ID] = s
	}
	m.tokens[token] = r
	return nil
}

func (m *memStore) Rotate(_ context.Context, p Spend) (Rotation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, known := m.tokens[p.Token]
	s, living := m.sessions[r.Session]
	if !known || !living {
		return Rotation{Outcome: Unknown}, nil
	}
	rotation, changed := p.apply(&r, &s)
	if rotation.Outcome == Replayed {
		rotation.Expires = m.tokens[r.Next].Expires
	}
	if changed {
		m.tokens[p.Token], m.sessions[s.ID] = r, s
		if rotation.Outcome == Rotated {
			m.tokens[p.Next] = p.successor(s.ID)
		}
	}
	return rotation, nil
}

func (m *memStore) Find(_ context.Context, token Hash) (Refresh, Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, known := m.tokens[token]
	s, living := m.sessions[r.Session]
	if !known || !living {
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

func (m *memStore) Purge(_ context.Context, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	long := now.Add(-keepExpired)
	for hash, r := range m.tokens {
		if r.Expires.Before(long) {
			delete(m.tokens, hash)
		}
	}
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
	return nil
}

func (m *memStore) Close() error { return nil }
