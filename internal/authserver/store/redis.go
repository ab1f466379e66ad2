package store

import (
	"context"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// A redisStore is a Store in Redis or Valkey that several servers share: one server,
// Sentinel, or a Cluster.
//
// The keys of a family have its session ID as their hash tag, so that one master of a
// cluster holds them and one script can rotate a token. For tokens that do not name their
// session, an index maps the hash to the session ID. The index is written before the
// token and decides nothing: the script reads the token from the keys of the family.
//
//	jwt:token:HASH       session ID          the index
//	jwt:{ID}:session     user, client, created, expires, revoked, credential, grant, key
//	jwt:{ID}:token:HASH  issued, expires, spent, next, next_expires, sealed
//	jwt:{ID}:probe       empty; written to see whether replicas acknowledge
//	jwt:used:HASH        empty; an ID that was used
//	jwt:record:HASH      the value of Swap
//	jwt:keys             []SigningKey in JSON
type redisStore struct {
	redisClient
	begin, rotate, revoke, swap, record redisScript
}

const redisKeys = "jwt:keys"

func redisIndex(token Hash) string        { return "jwt:token:" + token.hex() }
func redisSession(id string) string       { return "jwt:{" + id + "}:session" }
func redisToken(id string, t Hash) string { return "jwt:{" + id + "}:token:" + t.hex() }
func redisUsed(id Hash) string            { return "jwt:used:" + id.hex() }
func redisRecord(id Hash) string          { return "jwt:record:" + id.hex() }
func redisProbe(id string) string         { return "jwt:{" + id + "}:probe" }

// redisTTL is how long to keep a record that expires, in milliseconds.
func redisTTL(now, expires time.Time) int64 { return (expires.Sub(now) + keepExpired).Milliseconds() }

//go:embed rotate.lua
var rotateScript string

//go:embed begin.lua
var beginScript string

const (
	// HSETNX alone would create a session again that has expired.
	revokeScript = `if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('HSETNX', KEYS[1], 'revoked', ARGV[1]) end return 0`
	recordScript = `if (redis.call('GET', KEYS[1]) or '') == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) return 1 end return 0`
	swapScript   = `if (redis.call('GET', KEYS[1]) or '') == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) return 1 end return 0`
)

// openRedis connects to the Redis of a URL (see parseRedisURL). A server that evicts keys
// when its memory is full is refused: it would forget sessions, and which tokens are spent.
func openRedis(ctx context.Context, address string) (Store, error) {
	o, err := parseRedisURL(address)
	if err != nil {
		return nil, err
	}
	return openRedisAt(ctx, o)
}

func openRedisAt(ctx context.Context, o redisOptions) (Store, error) {
	client, err := o.connect(ctx)
	if err != nil {
		return nil, err
	}
	return &redisStore{
		redisClient: client,
		begin:       newRedisScript(beginScript), rotate: newRedisScript(rotateScript),
		revoke: newRedisScript(revokeScript), swap: newRedisScript(swapScript), record: newRedisScript(recordScript),
	}, nil
}

func (r *redisStore) Begin(ctx context.Context, s Session, token TokenID, t Refresh) error {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	if err := r.index(ctx, s.ID, token, redisTTL(t.Issued, t.Expires)); err != nil {
		return err
	}
	_, err := r.run(ctx, r.begin, []string{redisSession(s.ID), redisToken(s.ID, token.Hash)},
		s.User, s.Client, millis(s.Created), millis(s.Expires), number(redisTTL(t.Issued, s.Expires)),
		millis(t.Issued), millis(t.Expires), s.Credential, s.Grant, s.Key)
	return err
}

// index writes the session of a token that does not name it.
func (r *redisStore) index(ctx context.Context, session string, token TokenID, ttl int64) error {
	if token.Session == session {
		return nil
	}
	return r.set(ctx, redisIndex(token.Hash), session, ttl)
}

// set writes a key that expires.
func (r *redisStore) set(ctx context.Context, key, value string, ttl int64) error {
	_, err := r.write(ctx, func(c rueidis.CommandClient) rueidis.Completed {
		return c.B().Set().Key(key).Value(value).PxMilliseconds(ttl).Build()
	})
	return err
}

// family returns the ID of a token's session, or ErrNotFound.
func (r *redisStore) family(ctx context.Context, token Hash) (string, error) {
	id, err := r.client.Do(ctx, r.client.B().Get().Key(redisIndex(token)).Build()).ToString()
	return id, r.failed(err)
}

// Rotate sends its script a second time if the first answer is lost: the token may be
// spent, and then the owner's next request would count as reuse. The same Spend gets the
// same answer, so this is safe. The client library itself does not retry.
func (r *redisStore) Rotate(ctx context.Context, p Spend) (Rotation, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	rotation, err := r.spend(ctx, p.Token.Session, p)
	if err != nil || rotation.Outcome != Unknown {
		return rotation, err
	}
	id, err := r.family(ctx, p.Token.Hash)
	if errors.Is(err, ErrNotFound) {
		return rotation, nil
	}
	if err == nil {
		err = r.set(ctx, redisIndex(p.Next), id, redisTTL(p.Now, p.Expires))
	}
	if err != nil {
		return Rotation{}, err
	}
	rotation, err = r.spend(ctx, id, p)
	if err == nil && rotation.Outcome != Rotated {
		// The successor was not created. If its index entry cannot be deleted, it expires.
		r.client.Do(ctx, r.client.B().Del().Key(redisIndex(p.Next)).Build())
	}
	return rotation, err
}

// spend runs the script of a rotation in the keys of a family.
func (r *redisStore) spend(ctx context.Context, id string, p Spend) (Rotation, error) {
	if id == "" {
		return Rotation{Outcome: Unknown}, nil
	}
	if r.replicas > 0 {
		// If the family's master has too few replicas, this fails and nothing is spent.
		if err := r.set(ctx, redisProbe(id), "", 1); err != nil {
			return Rotation{}, err
		}
	}
	keys := []string{redisSession(id), redisToken(id, p.Token.Hash), redisToken(id, p.Next)}
	kept := ""
	if id == p.Token.Session {
		kept = number(p.kept().Milliseconds())
	}
	arguments := []string{
		millis(p.Now), number(p.Grace.Milliseconds()), millis(p.Expires), millis(p.SessionExpires),
		p.Next.hex(), string(p.Sealed), number(keepExpired.Milliseconds()), kept, p.Client, p.Key,
	}
	first, cancel := context.WithTimeout(ctx, redisFirstTry)
	defer cancel()
	answer, err := r.run(first, r.rotate, keys, arguments...)
	if isLost(err) && ctx.Err() == nil {
		answer, err = r.run(ctx, r.rotate, keys, arguments...)
	}
	if err != nil {
		return Rotation{}, err
	}
	reply, err := answer.AsStrSlice()
	if err != nil {
		return Rotation{}, r.failed(err)
	}
	rotation := Rotation{Outcome: Outcome(reply[0])}
	if rotation.Outcome == Unknown {
		return rotation, nil
	}
	rotation.Session = Session{
		ID: id, User: reply[1], Client: reply[2],
		Created: fromMillis(reply[3]), Expires: fromMillis(reply[4]), Revoked: fromMillis(reply[5]), Credential: reply[8], Grant: reply[9], Key: reply[10],
	}
	rotation.Sealed, rotation.Expires = sealed(reply[6]), fromMillis(reply[7])
	return rotation, nil
}

func (r *redisStore) Find(ctx context.Context, token TokenID) (Refresh, Session, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	s, err := r.Session(ctx, token.Session)
	if errors.Is(err, ErrNotFound) {
		var id string
		if id, err = r.family(ctx, token.Hash); err == nil {
			s, err = r.Session(ctx, id)
		}
	}
	if err != nil {
		return Refresh{}, Session{}, err
	}
	t, err := r.refresh(ctx, s, token.Hash)
	return t, s, err
}

// refresh returns a refresh token of a session.
func (r *redisStore) refresh(ctx context.Context, s Session, token Hash) (Refresh, error) {
	f, err := r.hash(ctx, redisToken(s.ID, token), "expires")
	if errors.Is(err, ErrNotFound) {
		return dropped(s), nil
	}
	if err != nil {
		return Refresh{}, err
	}
	t := Refresh{
		Session: s.ID, Issued: fromMillis(f["issued"]), Expires: fromMillis(f["expires"]),
		Spent: fromMillis(f["spent"]), Sealed: sealed(f["sealed"]),
	}
	if next, err := hex.DecodeString(f["next"]); err == nil {
		copy(t.Next[:], next)
	}
	return t, nil
}

func (r *redisStore) Session(ctx context.Context, id string) (Session, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	f, err := r.hash(ctx, redisSession(id), "user")
	if err != nil {
		return Session{}, err
	}
	return Session{
		ID: id, User: f["user"], Client: f["client"],
		Created: fromMillis(f["created"]), Expires: fromMillis(f["expires"]), Revoked: fromMillis(f["revoked"]), Credential: f["credential"], Grant: f["grant"], Key: f["key"],
	}, nil
}

// hash returns the fields of a hash, or ErrNotFound if the named field is missing.
func (r *redisStore) hash(ctx context.Context, key, field string) (map[string]string, error) {
	f, err := r.client.Do(ctx, r.client.B().Hgetall().Key(key).Build()).AsStrMap()
	if err != nil {
		return nil, r.failed(err)
	}
	if _, ok := f[field]; !ok {
		return nil, ErrNotFound
	}
	return f, nil
}

func (r *redisStore) Revoke(ctx context.Context, id string, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	_, err := r.run(ctx, r.revoke, []string{redisSession(id)}, millis(now))
	return err
}

func (r *redisStore) Keys(ctx context.Context) ([]SigningKey, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	_, keys, err := r.keys(ctx)
	return keys, err
}

// keys returns the signing keys, and their JSON as it is stored.
func (r *redisStore) keys(ctx context.Context) (text string, keys []SigningKey, err error) {
	text, err = r.client.Do(ctx, r.client.B().Get().Key(redisKeys).Build()).ToString()
	if err = r.failed(err); errors.Is(err, ErrNotFound) {
		return "", nil, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &keys)
	}
	return text, keys, err
}

func (r *redisStore) ChangeKeys(ctx context.Context, change func([]SigningKey) []SigningKey) error {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	for {
		old, keys, err := r.keys(ctx)
		if err != nil {
			return err
		}
		changed, err := json.Marshal(change(keys))
		if err != nil {
			return err
		}
		answer, err := r.run(ctx, r.swap, []string{redisKeys}, old, string(changed))
		if err != nil {
			return err
		}
		if done, err := answer.AsBool(); done || err != nil {
			return r.failed(err)
		}
	}
}

func (r *redisStore) Once(ctx context.Context, id Hash, now, expires time.Time) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	_, err := r.write(ctx, func(c rueidis.CommandClient) rueidis.Completed {
		return c.B().Set().Key(redisUsed(id)).Value("").Nx().PxMilliseconds(redisTTL(now, expires)).Build()
	})
	if errors.Is(err, ErrNotFound) { // the answer nil: the key exists
		return false, nil
	}
	return err == nil, err
}

func (r *redisStore) Used(ctx context.Context, id Hash) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	n, err := r.client.Do(ctx, r.client.B().Exists().Key(redisUsed(id)).Build()).AsInt64()
	return n > 0, r.failed(err)
}

func (r *redisStore) Record(ctx context.Context, id Hash) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	value, err := r.client.Do(ctx, r.client.B().Get().Key(redisRecord(id)).Build()).AsBytes()
	return value, r.failed(err)
}

func (r *redisStore) Swap(ctx context.Context, id Hash, old, new []byte, now, expires time.Time) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	answer, err := r.run(ctx, r.record, []string{redisRecord(id)}, string(old), string(new), number(redisTTL(now, expires)))
	if err != nil {
		return false, err
	}
	swapped, err := answer.AsBool()
	return swapped, r.failed(err)
}

// Purge does nothing: Redis removes expired keys by itself.
func (r *redisStore) Purge(context.Context, time.Time) error { return nil }

func (r *redisStore) Close() error {
	r.client.Close()
	return nil
}

func (h Hash) hex() string { return hex.EncodeToString(h[:]) }

func sealed(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func millis(t time.Time) string { return number(t.UnixMilli()) }

// fromMillis parses a time. A missing one and "0" are the zero time.
func fromMillis(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}
