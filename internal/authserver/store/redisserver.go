package store

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

	"jwt/internal/verdict"
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
	bad := verdict.Errorf(verdict.Usage, "is no address of a Redis server, want redis://HOST:PORT/DB")
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

// dial connects, says who we are and chooses the database.
func (s redisServer) dial(ctx context.Context) (*redisConn, error) {
	dial := (&net.Dialer{}).DialContext
	if s.tls != nil {
		dial = (&tls.Dialer{Config: s.tls}).DialContext
	}
	connection, err := dial(ctx, s.network, s.address)
	if err != nil {
		return nil, err
	}
	c := newRedisConn(connection)
	if err := s.greet(ctx, c); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (s redisServer) greet(ctx context.Context, c *redisConn) error {
	if s.password != "" {
		who := []any{"AUTH", s.user, s.password}
		if s.user == "" {
			who = []any{"AUTH", s.password}
		}
		var refused redisRefusal
		_, err := c.do(ctx, who...)
		if errors.As(err, &refused) { // its text may quote the command
			code, _, _ := strings.Cut(string(refused), " ")
			return fmt.Errorf("it refuses user and password: %q", code)
		}
		if err != nil {
			return err
		}
	}
	if s.db != 0 {
		_, err := c.do(ctx, "SELECT", s.db)
		return err
	}
	return nil
}
