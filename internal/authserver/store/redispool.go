package store

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"net"
	"strings"
	"sync"
	"time"

	"jwt/internal/verdict"
)

const (
	redisPoolSize = 64                     // connections
	redisIdle     = 100 * time.Millisecond // after which a connection is tested before it is used
	redisForget   = 5 * time.Minute        // after which one that nobody uses is closed
)

// A redisPool lends connections, the one used last first.
type redisPool struct {
	dial func(context.Context) (*redisConn, error)
	lent chan struct{} // as full as there are connections in use

	mu     sync.Mutex
	idle   []*redisConn
	closed bool
}

func newRedisPool(dial func(context.Context) (*redisConn, error)) *redisPool {
	return &redisPool{dial: dial, lent: make(chan struct{}, redisPoolSize)}
}

// get waits until a connection may be used. One that has been idle is tested: its
// server may have ended meanwhile.
func (p *redisPool) get(ctx context.Context) (*redisConn, error) {
	select {
	case p.lent <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for {
		c, err := p.take()
		if c == nil && err == nil {
			c, err = p.dial(ctx)
		} else if err == nil && time.Since(c.idle) >= redisIdle {
			if _, err := c.do(ctx, "PING"); err != nil {
				c.Close()
				continue
			}
		}
		if err != nil {
			<-p.lent
		}
		return c, err
	}
}

// take returns the idle connection that was used last, or nil, and closes those that
// nobody wants any more.
func (p *redisPool) take() (*redisConn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, net.ErrClosed
	}
	for len(p.idle) > 0 && time.Since(p.idle[0].idle) >= redisForget {
		p.idle[0].Close()
		p.idle = p.idle[1:]
	}
	if len(p.idle) == 0 {
		return nil, nil
	}
	c := p.idle[len(p.idle)-1]
	p.idle = p.idle[:len(p.idle)-1]
	return c, nil
}

func (p *redisPool) put(c *redisConn) {
	p.mu.Lock()
	if p.closed || c.broken {
		c.Close()
	} else {
		c.idle = time.Now()
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	<-p.lent
}

// close closes the connections that are idle now, and those in use once they are not.
func (p *redisPool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.idle {
		c.Close()
	}
	p.idle = nil
}

// A redisScript is run by its hash, so that its text is sent once to a server.
type redisScript struct{ text, hash string }

func newRedisScript(text string) redisScript {
	sum := sha1.Sum([]byte(text)) // what EVALSHA wants: a name, and no secret
	return redisScript{text, hex.EncodeToString(sum[:])}
}

func (s redisScript) run(ctx context.Context, c *redisConn, keys int, keysAndArguments ...any) (any, error) {
	reply, err := c.do(ctx, append([]any{"EVALSHA", s.hash, keys}, keysAndArguments...)...)
	var refused redisRefusal
	if errors.As(err, &refused) && strings.HasPrefix(string(refused), "NOSCRIPT ") {
		reply, err = c.do(ctx, append([]any{"EVAL", s.text, keys}, keysAndArguments...)...)
	}
	return reply, err
}

// do sends one command.
func (r *redisStore) do(ctx context.Context, command ...any) (reply any, err error) {
	err = r.borrow(ctx, func(c *redisConn) error {
		reply, err = c.do(ctx, command...)
		return err
	})
	return reply, err
}

// run runs a script.
func (r *redisStore) run(ctx context.Context, script redisScript, keys int, keysAndArguments ...any) (reply any, err error) {
	err = r.borrow(ctx, func(c *redisConn) error {
		reply, err = script.run(ctx, c, keys, keysAndArguments...)
		return err
	})
	return reply, err
}

// borrow lends a connection of the pool. Its errors may quote what the server says,
// but never the password.
func (r *redisStore) borrow(ctx context.Context, use func(*redisConn) error) error {
	// To wait for one that is free, and to connect; then each command has its own time.
	get, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	c, err := r.pool.get(get)
	if err == nil {
		defer r.pool.put(c)
		err = use(c)
	}
	if err != nil {
		return verdict.Errorf(verdict.FetchFailed, "redis at %s: %w", r.server.address, err)
	}
	return nil
}
