package authserver

import (
	"context"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"jwt/internal/verdict"
)

// A redisStore is a Store in Redis or Valkey, which several servers share.
// Rotation is one script. The tag in braces keeps all keys on one node of a
// cluster, where a script must find them.
type redisStore struct {
	client         *redis.Client
	rotate, revoke *redis.Script
}

const (
	redisTokens   = "{jwt}:token:"   // hash in hex → session, expires, spent, next, sealed
	redisSessions = "{jwt}:session:" // ID → user, client, created, expires, revoked
	redisKeys     = "{jwt}:keys"     // []SigningKey in JSON

	redisTimeout = 3 * time.Second // to connect, and for each command
	redisPool    = 64              // connections
	maxKeyRaces  = 100             // attempts to change the keys while others do
)

//go:embed rotate.lua
var rotateScript string

const revokeScript = `if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('HSETNX', KEYS[1], 'revoked', ARGV[1]) end return 0`

// OpenRedis connects to a redis:// or rediss:// URL. A server that evicts keys when its
// memory is full is refused: it would forget sessions, and which tokens are spent.
func OpenRedis(ctx context.Context, address string) (Store, error) {
	o, err := redis.ParseURL(address)
	if err != nil {
		return nil, verdict.Errorf(verdict.Usage, "--store: is no address of a Redis server, want redis://HOST:PORT/DB")
	}
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = redisTimeout, redisTimeout, redisTimeout
	o.PoolSize, o.DisableIdentity = redisPool, true
	o.DialerRetries, o.MaxRetries = 1, 1 // whoever waits for an answer is to get one
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	redis.SetLogger(quiet{})
	r := &redisStore{client: redis.NewClient(o), rotate: redis.NewScript(rotateScript), revoke: redis.NewScript(revokeScript)}
	if err := r.checkPolicy(ctx); err != nil {
		r.client.Close()
		return nil, err
	}
	return r, nil
}

// checkPolicy asks INFO, which managed servers answer where they hide CONFIG.
func (r *redisStore) checkPolicy(ctx context.Context) error {
	info, err := r.client.Info(ctx, "memory").Result()
	if err != nil {
		return verdict.Errorf(verdict.FetchFailed, "redis at %s: %w", r.client.Options().Addr, err)
	}
	for line := range strings.Lines(info) {
		policy, ok := strings.CutPrefix(strings.TrimSpace(line), "maxmemory_policy:")
		if ok && policy != "noeviction" {
			return verdict.Errorf(verdict.FetchRefused, "redis at %s: maxmemory-policy is %s, must be noeviction, or sessions would be forgotten", r.client.Options().Addr, policy).
				Hintf("redis-cli CONFIG SET maxmemory-policy noeviction")
		}
	}
	return nil
}

func (r *redisStore) Begin(ctx context.Context, s Session, token Hash, t Refresh) error {
	session, key := redisSessions+s.ID, redisTokens+token.hex()
	_, err := r.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		for _, f := range [...][2]string{{"user", s.User}, {"client", s.Client}, {"created", millis(s.Created)}, {"expires", millis(s.Expires)}} {
			p.HSetNX(ctx, session, f[0], f[1])
		}
		p.PExpire(ctx, session, s.Expires.Sub(t.Issued)+keepExpired)
		p.HSet(ctx, key, "session", t.Session, "issued", millis(t.Issued), "expires", millis(t.Expires))
		p.PExpire(ctx, key, t.Expires.Sub(t.Issued)+keepExpired)
		return nil
	})
	return redisError(err)
}

func (r *redisStore) Rotate(ctx context.Context, p Spend) (Rotation, error) {
	reply, err := r.rotate.Run(ctx, r.client,
		[]string{redisTokens + p.Token.hex(), redisTokens + p.Next.hex()},
		redisSessions, redisTokens, millis(p.Now), p.Grace.Milliseconds(), millis(p.Expires), millis(p.SessionExpires),
		p.Next.hex(), p.Sealed, keepExpired.Milliseconds()).StringSlice()
	if err != nil {
		return Rotation{}, redisError(err)
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
	f, err := r.client.HGetAll(ctx, redisTokens+token.hex()).Result()
	if err != nil {
		return Refresh{}, Session{}, redisError(err)
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
	f, err := r.client.HGetAll(ctx, redisSessions+id).Result()
	if err != nil {
		return Session{}, redisError(err)
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
	return redisError(r.revoke.Run(ctx, r.client, []string{redisSessions + id}, millis(now)).Err())
}

func (r *redisStore) Keys(ctx context.Context) ([]SigningKey, error) {
	return keysIn(ctx, r.client)
}

func (r *redisStore) ChangeKeys(ctx context.Context, change func([]SigningKey) []SigningKey) error {
	for range maxKeyRaces {
		err := r.client.Watch(ctx, func(tx *redis.Tx) error {
			keys, err := keysIn(ctx, tx)
			if err != nil {
				return err
			}
			b, err := json.Marshal(change(keys))
			if err != nil {
				return err
			}
			_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.Set(ctx, redisKeys, b, 0)
				return nil
			})
			return err
		}, redisKeys)
		if !errors.Is(err, redis.TxFailedErr) {
			return redisError(err)
		}
	}
	return redisError(redis.TxFailedErr)
}

func keysIn(ctx context.Context, c redis.Cmdable) (keys []SigningKey, err error) {
	b, err := c.Get(ctx, redisKeys).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &keys)
	}
	return keys, redisError(err)
}

// Purge does nothing: Redis forgets by itself.
func (r *redisStore) Purge(context.Context, time.Time) error { return nil }

func (r *redisStore) Close() error { return r.client.Close() }

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

// redisError wraps what the client says, which may name the address of the server
// but never its password.
func redisError(err error) error {
	if err == nil {
		return nil
	}
	return verdict.Errorf(verdict.FetchFailed, "redis: %w", err)
}

// quiet drops what the client would log by itself: its errors are returned.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}
