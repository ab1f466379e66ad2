package store

import (
	"context"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"jwt/internal/verdict"
)

// A redisStore is a Store in Redis or Valkey, which several servers share.
// Rotation is one script. The tag in braces keeps all keys on one node of a
// cluster, where a script must find them. No command is sent twice, but for a
// rotation.
type redisStore struct {
	server         redisServer
	pool           *redisPool
	rotate, revoke redisScript
}

const (
	redisTokens   = "{jwt}:token:"   // hash in hex → session, expires, spent, next, sealed
	redisSessions = "{jwt}:session:" // ID → user, client, created, expires, revoked
	redisKeys     = "{jwt}:keys"     // []SigningKey in JSON

	maxKeyRaces = 100 // attempts to change the keys while others do
)

//go:embed rotate.lua
var rotateScript string

const revokeScript = `if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('HSETNX', KEYS[1], 'revoked', ARGV[1]) end return 0`

// openRedis connects to a redis:// or rediss:// URL. A server that evicts keys when its
// memory is full is refused: it would forget sessions, and which tokens are spent.
func openRedis(ctx context.Context, address string) (Store, error) {
	server, err := parseRedisURL(address)
	if err != nil {
		return nil, err
	}
	return openRedisServer(ctx, server)
}

func openRedisServer(ctx context.Context, server redisServer) (Store, error) {
	r := &redisStore{server: server, pool: newRedisPool(server.dial), rotate: newRedisScript(rotateScript), revoke: newRedisScript(revokeScript)}
	if err := r.checkPolicy(ctx); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// checkPolicy asks INFO, which managed servers answer where they hide CONFIG.
func (r *redisStore) checkPolicy(ctx context.Context) error {
	info, err := redisText(r.do(ctx, "INFO", "memory"))
	if err != nil {
		return err
	}
	for line := range strings.Lines(info) {
		policy, ok := strings.CutPrefix(strings.TrimSpace(line), "maxmemory_policy:")
		if ok && policy != "noeviction" {
			return verdict.Errorf(verdict.FetchRefused, "redis at %s: maxmemory-policy is %s, must be noeviction, or sessions would be forgotten", r.server.address, policy).
				Hintf("redis-cli CONFIG SET maxmemory-policy noeviction")
		}
	}
	return nil
}

func (r *redisStore) Begin(ctx context.Context, s Session, token Hash, t Refresh) error {
	session, key := redisSessions+s.ID, redisTokens+token.hex()
	return r.borrow(ctx, func(c *redisConn) error {
		c.send("MULTI") // whatever cannot be sent, EXEC says so
		for _, f := range [...][2]string{{"user", s.User}, {"client", s.Client}, {"created", millis(s.Created)}, {"expires", millis(s.Expires)}} {
			c.send("HSETNX", session, f[0], f[1])
		}
		c.send("PEXPIRE", session, (s.Expires.Sub(t.Issued) + keepExpired).Milliseconds())
		c.send("HSET", key, "session", t.Session, "issued", millis(t.Issued), "expires", millis(t.Expires))
		c.send("PEXPIRE", key, (t.Expires.Sub(t.Issued) + keepExpired).Milliseconds())
		_, err := commit(ctx, c)
		return err
	})
}

func (r *redisStore) Rotate(ctx context.Context, p Spend) (Rotation, error) {
	arguments := []any{
		redisTokens + p.Token.hex(), redisTokens + p.Next.hex(),
		redisSessions, redisTokens, millis(p.Now), p.Grace.Milliseconds(), millis(p.Expires), millis(p.SessionExpires),
		p.Next.hex(), p.Sealed, keepExpired.Milliseconds(),
	}
	reply, err := redisTexts(r.run(ctx, r.rotate, 2, arguments...))
	if err != nil && !errors.As(err, new(redisRefusal)) && ctx.Err() == nil {
		// The answer is lost, and the token may be spent: its owner would be taken for
		// a thief at the next try. The same Spend gets the same answer.
		reply, err = redisTexts(r.run(ctx, r.rotate, 2, arguments...))
	}
	if err != nil {
		return Rotation{}, err
	}
	rotation := Rotation{Outcome: Outcome(reply[0])}
	if rotation.Outcome == Unknown {
		return rotation, nil
	}
	rotation.Session = Session{
		ID: reply[1], User: reply[2], Client: reply[3],
		Created: fromMillis(reply[4]), Expires: fromMillis(reply[5]), Revoked: fromMillis(reply[6]),
	}
	rotation.Sealed, rotation.Expires = sealed(reply[7]), fromMillis(reply[8])
	return rotation, nil
}

func (r *redisStore) Find(ctx context.Context, token Hash) (Refresh, Session, error) {
	f, err := redisFields(r.do(ctx, "HGETALL", redisTokens+token.hex()))
	if err != nil {
		return Refresh{}, Session{}, err
	}
	if len(f) == 0 {
		return Refresh{}, Session{}, ErrNotFound
	}
	t := Refresh{
		Session: f["session"], Issued: fromMillis(f["issued"]), Expires: fromMillis(f["expires"]),
		Spent: fromMillis(f["spent"]), Sealed: sealed(f["sealed"]),
	}
	if next, err := hex.DecodeString(f["next"]); err == nil {
		copy(t.Next[:], next)
	}
	s, err := r.Session(ctx, t.Session)
	if err != nil {
		return Refresh{}, Session{}, err
	}
	return t, s, nil
}

func (r *redisStore) Session(ctx context.Context, id string) (Session, error) {
	f, err := redisFields(r.do(ctx, "HGETALL", redisSessions+id))
	if err != nil {
		return Session{}, err
	}
	if _, ok := f["user"]; !ok {
		return Session{}, ErrNotFound
	}
	return Session{
		ID: id, User: f["user"], Client: f["client"],
		Created: fromMillis(f["created"]), Expires: fromMillis(f["expires"]), Revoked: fromMillis(f["revoked"]),
	}, nil
}

// Revoke is a script too: a plain HSETNX would bring a purged session back.
func (r *redisStore) Revoke(ctx context.Context, id string, now time.Time) error {
	_, err := r.run(ctx, r.revoke, 1, redisSessions+id, millis(now))
	return err
}

func (r *redisStore) Keys(ctx context.Context) (keys []SigningKey, err error) {
	err = r.borrow(ctx, func(c *redisConn) error {
		keys, err = keysIn(ctx, c)
		return err
	})
	return keys, err
}

func (r *redisStore) ChangeKeys(ctx context.Context, change func([]SigningKey) []SigningKey) error {
	return r.borrow(ctx, func(c *redisConn) error {
		for range maxKeyRaces {
			if done, err := changeKeys(ctx, c, change); done || err != nil {
				return err
			}
		}
		return errors.New("the signing keys change all the time")
	})
}

// changeKeys reports false if somebody else changed them meanwhile.
func changeKeys(ctx context.Context, c *redisConn, change func([]SigningKey) []SigningKey) (bool, error) {
	if _, err := c.do(ctx, "WATCH", redisKeys); err != nil {
		return false, err
	}
	keys, err := keysIn(ctx, c)
	if err != nil {
		return false, err
	}
	b, err := json.Marshal(change(keys))
	if err != nil {
		return false, err
	}
	c.send("MULTI")
	c.send("SET", redisKeys, b)
	return commit(ctx, c)
}

func keysIn(ctx context.Context, c *redisConn) (keys []SigningKey, err error) {
	reply, err := c.do(ctx, "GET", redisKeys)
	if err != nil || reply == nil {
		return nil, err
	}
	text, err := redisText(reply, nil)
	if err == nil {
		err = json.Unmarshal([]byte(text), &keys)
	}
	return keys, err
}

// commit ends a transaction. It reports false if a key that it watched was changed.
func commit(ctx context.Context, c *redisConn) (bool, error) {
	reply, err := c.do(ctx, "EXEC")
	if err != nil || reply == nil {
		return false, err
	}
	replies, _ := reply.([]any)
	for _, r := range replies {
		if refused, ok := r.(redisRefusal); ok {
			return false, refused
		}
	}
	return true, nil
}

// Purge does nothing: Redis forgets by itself.
func (r *redisStore) Purge(context.Context, time.Time) error { return nil }

func (r *redisStore) Close() error {
	r.pool.close()
	return nil
}

func (h Hash) hex() string { return hex.EncodeToString(h[:]) }

func sealed(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// fromMillis reads a time; what is not there, and "0", is none.
func fromMillis(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}
