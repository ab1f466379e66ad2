package authserver

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"

	"jwt/internal/verdict"
)

const (
	redisTimeout = 3 * time.Second        // to connect, and to write and to read each command
	redisPool    = 64                     // connections
	redisIdle    = 100 * time.Millisecond // after which a connection is tested before it is used
	redisForget  = 5 * time.Minute        // after which one that nobody uses is closed
)

// A redisServer is where a Redis is, and who we are there.
type redisServer struct {
	network, address string
	tls              *tls.Config // nil: no TLS
	user, password   string
	db               int
}

// parseRedisURL reads redis://[[USER]:PASSWORD@]HOST[:PORT][/DB], rediss:// for TLS, or
// unix:///PATH. No error quotes it: there may be a password in it.
func parseRedisURL(address string) (s redisServer, err error) {
	bad := verdict.Errorf(verdict.Usage, "--store: is no address of a Redis server, want redis://HOST:PORT/DB")
	u, err := url.Parse(address)
	if err != nil || u.Opaque != "" || u.RawQuery != "" || u.Fragment != "" {
		return s, bad
	}
	s.user = u.User.Username()
	s.password, _ = u.User.Password()
	if s.user != "" && s.password == "" {
		return s, bad
	}
	switch u.Scheme {
	case "unix":
		s.network, s.address = "unix", u.Path
		if u.Host != "" || u.Path == "" {
			return s, bad
		}
		return s, nil
	case "rediss":
		s.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	case "redis":
	default:
		return s, bad
	}
	s.network, s.address = "tcp", net.JoinHostPort(cmp.Or(u.Hostname(), "localhost"), cmp.Or(u.Port(), "6379"))
	if db := strings.TrimPrefix(u.Path, "/"); db != "" {
		n, err := strconv.ParseUint(db, 10, 31)
		if err != nil {
			return s, bad
		}
		s.db = int(n)
	}
	return s, nil
}

func (s redisServer) newPool() *redis.Pool {
	return &redis.Pool{
		DialContext:         s.dial,
		TestOnBorrowContext: awake,
		MaxIdle:             redisPool,
		MaxActive:           redisPool,
		Wait:                true,
		IdleTimeout:         redisForget,
	}
}

// dial connects, says who we are and chooses the database.
func (s redisServer) dial(ctx context.Context) (redis.Conn, error) {
	dial := (&net.Dialer{}).DialContext
	if s.tls != nil {
		dial = (&tls.Dialer{Config: s.tls}).DialContext
	}
	c, err := redis.DialContext(ctx, s.network, s.address, redis.DialContextFunc(dial),
		redis.DialReadTimeout(redisTimeout), redis.DialWriteTimeout(redisTimeout))
	if err != nil {
		return nil, err
	}
	if err := s.greet(ctx, c); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (s redisServer) greet(ctx context.Context, c redis.Conn) error {
	if s.password != "" {
		who := []any{s.user, s.password}
		if s.user == "" {
			who = who[1:]
		}
		var refused redis.Error
		_, err := redis.DoContext(c, ctx, "AUTH", who...)
		if errors.As(err, &refused) { // its text may quote the command
			code, _, _ := strings.Cut(string(refused), " ")
			return fmt.Errorf("it refuses user and password: %q", code)
		}
		if err != nil {
			return err
		}
	}
	if s.db != 0 {
		_, err := redis.DoContext(c, ctx, "SELECT", s.db)
		return err
	}
	return nil
}

// awake tests a connection that has been idle: its server may have ended meanwhile.
func awake(ctx context.Context, c redis.Conn, used time.Time) error {
	if time.Since(used) < redisIdle {
		return nil
	}
	_, err := redis.DoContext(c, ctx, "PING")
	return err
}

// do sends one command.
func (r *redisStore) do(ctx context.Context, command string, arguments ...any) (reply any, err error) {
	err = r.borrow(ctx, func(c redis.Conn) error {
		reply, err = redis.DoContext(c, ctx, command, arguments...)
		return err
	})
	return reply, err
}

// run runs a script by its hash, and sends its text if the server has not got it.
func (r *redisStore) run(ctx context.Context, script *redis.Script, keysAndArguments ...any) (reply any, err error) {
	err = r.borrow(ctx, func(c redis.Conn) error {
		reply, err = script.DoContext(ctx, c, keysAndArguments...)
		return err
	})
	return reply, err
}

// borrow lends a connection of the pool. Its errors may quote what the server says,
// but never the password.
func (r *redisStore) borrow(ctx context.Context, use func(redis.Conn) error) error {
	// To wait for one that is free, and to connect; then each command has its own time.
	get, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	c, err := r.pool.GetContext(get)
	if err == nil {
		defer c.Close()
		err = use(c)
	}
	if err != nil {
		return verdict.Errorf(verdict.FetchFailed, "redis at %s: %w", r.server.address, err)
	}
	return nil
}
