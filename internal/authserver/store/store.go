// Package store keeps the state of the local authorization server: sessions, refresh
// tokens (RFC 6749 §1.5) and signing keys, in memory, in a bbolt file, or in Redis.
//
// A spent token is dropped keepSpent after its grace period: the token itself names its
// session (see TokenID), and a token that names a session but has no record counts as
// spent. So a store has few records for each session, and a reuse revokes the session as
// long as that is kept: until keepExpired after its last token expires. Later, and if the
// token is invented, it is refused as unknown. Tokens of earlier versions, which name no
// session, are kept until they expire.
package store

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"jwt/internal/verdict"
)

// A Store keeps the server's state: sessions (token families), refresh tokens and
// signing keys. In a durable store, a change survives a crash once its method has
// returned. Times have millisecond precision.
type Store interface {
	// Begin adds a refresh token, and its session unless that exists.
	Begin(ctx context.Context, s Session, token TokenID, r Refresh) error
	// Rotate spends a refresh token, atomically. A second call with the same Spend
	// returns the same Rotation, so a call can be retried.
	Rotate(ctx context.Context, spend Spend) (Rotation, error)
	// Find returns a refresh token and its session, or ErrNotFound. Of a dropped token
	// it knows only that it is spent.
	Find(ctx context.Context, token TokenID) (Refresh, Session, error)
	// Session returns the session with that ID, or ErrNotFound.
	Session(ctx context.Context, id string) (Session, error)
	// Revoke ends a session and all its tokens. An unknown session is not an error.
	Revoke(ctx context.Context, id string, now time.Time) error
	// Keys returns the signing keys, in the order in which ChangeKeys stored them.
	Keys(ctx context.Context) ([]SigningKey, error)
	// Once marks an ID as used, until it expires. It reports whether this call was the first,
	// atomically.
	Once(ctx context.Context, id Hash, now, expires time.Time) (first bool, err error)
	// Used reports whether Once has marked the ID.
	Used(ctx context.Context, id Hash) (bool, error)
	// Record returns what Swap stored, or ErrNotFound. It may return an expired record.
	Record(ctx context.Context, id Hash) ([]byte, error)
	// Swap replaces a record, atomically, if it is old; nil is a record that does not exist.
	// It reports whether it did. The new record must not be empty.
	Swap(ctx context.Context, id Hash, old, new []byte, now, expires time.Time) (swapped bool, err error)
	// ChangeKeys replaces the signing keys with the result of change, atomically. It
	// may call change more than once.
	ChangeKeys(ctx context.Context, change func([]SigningKey) []SigningKey) error
	// Purge deletes what expired more than keepExpired ago, and spent tokens.
	Purge(ctx context.Context, now time.Time) error
	Close() error
}

// Open opens the store at where: "memory", the URL of a Redis or Valkey, or the path
// of a file.
func Open(ctx context.Context, where string) (Store, error) {
	scheme, _, isURL := strings.Cut(where, "://")
	switch {
	case where == "memory":
		return NewMemory(), nil
	case IsRedis(where):
		return openRedis(ctx, where)
	case isURL:
		return nil, verdict.Errorf(verdict.Usage, "unknown store %s://: use FILE, memory or redis://HOST:PORT/DB", scheme)
	}
	return openBolt(where)
}

// IsRedis reports whether where is the URL of a Redis or Valkey.
func IsRedis(where string) bool {
	scheme, _, isURL := strings.Cut(where, "://")
	return isURL && slices.Contains([]string{"redis", "rediss", "valkey", "valkeys", "unix"}, scheme)
}

// ErrNotFound is the error for a token or session that is not in the store.
var ErrNotFound = errors.New("not found")

// keepExpired is how long expired records are kept, so that the client can be told that
// its token expired, and not that it is unknown.
const keepExpired = time.Hour

// keepSpent is how long a spent token is kept after its grace period, so that a Spend that
// is sent again gets the same Rotation. It also covers differences between the clocks of
// servers that share a store.
const keepSpent = time.Minute

// A Hash is the SHA-256 of a refresh token. The token itself is not stored.
type Hash [32]byte

// A TokenID identifies a refresh token.
type TokenID struct {
	Hash    Hash
	Session string // the session that the token names: of no meaning in tokens of earlier versions
}

// A Session is one login: the token family that descends from it.
type Session struct {
	ID      string    `json:"id"` // "sid" of its access tokens
	User    string    `json:"user"`
	Client  string    `json:"client"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"` // when its last token, access or refresh, expires
	Revoked time.Time `json:"revoked,omitzero"`
	// Credential identifies the password of the login. It is empty in old records.
	Credential string `json:"credential,omitempty"`
	// Grant is what an OAuth client was granted, as the server encodes it. It is empty for a
	// plain login.
	Grant string `json:"grant,omitempty"`
	// Key is the thumbprint of the DPoP key that its tokens are bound to, or empty.
	Key string `json:"jkt,omitempty"`
}

// A record is a value of Swap.
type record struct {
	Value   []byte    `json:"value"`
	Expires time.Time `json:"expires"`
}

// A Refresh is the record of one refresh token.
type Refresh struct {
	Session string    `json:"session"`
	Issued  time.Time `json:"issued"`
	Expires time.Time `json:"expires"`
	Spent   time.Time `json:"spent,omitzero"` // when it was rotated
	Next    Hash      `json:"next,omitzero"`  // its successor
	Sealed  []byte    `json:"sealed,omitempty"`
}

// Live reports whether the token can be exchanged for a successor.
func (r Refresh) Live(s Session, now time.Time) bool {
	return r.Spent.IsZero() && s.Revoked.IsZero() && now.Before(r.Expires)
}

// A Spend is a request to rotate a refresh token.
type Spend struct {
	Token   TokenID
	Client  string // which must be that of the session
	Key     string // thumbprint of the key that the client proved to hold
	Next    Hash   // the successor, if this request rotates the token; it names the same session
	Sealed  []byte // the successor, which only the token decrypts; nil without a grace period
	Now     time.Time
	Grace   time.Duration // how long after a rotation a replay gets the same successor
	Expires time.Time     // of the successor

	// SessionExpires is when the last token of this rotation, access or refresh, expires.
	SessionExpires time.Time
}

// An Outcome is the result of a Spend.
type Outcome string

const (
	Rotated  Outcome = "rotated"  // the token is spent, Next is its successor
	Replayed Outcome = "replayed" // it was spent within the grace period: Sealed is its successor
	Reused   Outcome = "reused"   // it was spent before: the session is revoked
	Revoked  Outcome = "revoked"  // the session had been revoked
	Expired  Outcome = "expired"  // the token had expired
	Foreign  Outcome = "foreign"  // it is of another client, or bound to another key
	Unknown  Outcome = "unknown"  // there is no such token
)

// A Rotation is the answer to a Spend. The session is set unless the outcome is
// Unknown; Sealed and Expires are those of the successor.
type Rotation struct {
	Outcome Outcome
	Session Session
	Sealed  []byte
	Expires time.Time
}

// outcome decides the result of a Spend. rotate.lua is the same in Lua.
func (p Spend) outcome(r Refresh, s Session) Outcome {
	switch {
	case s.Client != p.Client, s.Key != "" && s.Key != p.Key:
		return Foreign
	case !p.Now.Before(r.Expires):
		return Expired
	case !s.Revoked.IsZero():
		return Revoked
	case r.Spent.IsZero():
		return Rotated
	case r.Next == p.Next: // the same request again: its first answer was lost between server and store
		return Rotated
	case r.Sealed != nil && p.Now.Sub(r.Spent) < p.Grace:
		return Replayed
	default:
		return Reused
	}
}

// apply applies a Spend to the records of its token and session, and reports
// whether they changed. A store calls it inside its transaction.
func (p Spend) apply(r *Refresh, s *Session) (rotation Rotation, changed bool) {
	rotation = Rotation{Outcome: p.outcome(*r, *s), Sealed: r.Sealed, Expires: p.Expires}
	switch rotation.Outcome {
	case Rotated:
		changed = r.Spent.IsZero()
		if changed {
			r.Spent, r.Next, r.Sealed = p.Now, p.Next, p.Sealed
			if s.Expires.Before(p.SessionExpires) {
				s.Expires = p.SessionExpires
			}
		}
		rotation.Sealed = p.Sealed
	case Reused:
		s.Revoked, changed = p.Now, true
	}
	rotation.Session = *s
	return rotation, changed
}

// kept returns how long the token of a Spend is kept after its rotation.
func (p Spend) kept() time.Duration { return p.Grace + keepSpent }

// dropped returns the record of a token that names a session and has no record.
func dropped(s Session) Refresh {
	return Refresh{Session: s.ID, Issued: s.Created, Spent: s.Created, Expires: s.Expires}
}

// successor returns the record of the token that a Spend creates.
func (p Spend) successor(session string) Refresh {
	return Refresh{Session: session, Issued: p.Now, Expires: p.Expires}
}

// A SigningKey is a key with its times.
type SigningKey struct {
	JWK     json.RawMessage `json:"jwk"` // private part included
	Created time.Time       `json:"created"`
	From    time.Time       `json:"from"`           // signs from then on; is published before
	Until   time.Time       `json:"until,omitzero"` // is published until then; zero if no other key replaces it
}
