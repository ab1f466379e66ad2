package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// A redisConn speaks the Redis protocol (RESP, version 2) over one connection, which
// one request at a time has the use of. There are libraries that do, but every start
// of the program pays for them, whatever it is asked for (internal/README.md).
type redisConn struct {
	net.Conn
	r       *bufio.Reader
	out     []byte // commands that were not sent yet
	pending int    // how many
	broken  bool   // what comes next is not the answer to what is asked next
	idle    time.Time
}

// A redisRefusal is an error that Redis answers with.
type redisRefusal string

func (e redisRefusal) Error() string { return string(e) }

const (
	redisTimeout  = 3 * time.Second // to connect, and for each command
	maxRedisReply = 8 << 20         // bytes of one string
	maxRedisList  = 1 << 16         // replies in one
	maxRedisDepth = 4               // lists in lists
)

func newRedisConn(c net.Conn) *redisConn {
	return &redisConn{Conn: c, r: bufio.NewReaderSize(c, 16<<10)}
}

// send adds a command to those that the next do sends.
func (c *redisConn) send(command ...any) {
	c.out = append(c.out, '*')
	c.out = append(strconv.AppendInt(c.out, int64(len(command)), 10), "\r\n"...)
	for _, argument := range command {
		var text string
		switch a := argument.(type) {
		case string:
			text = a
		case []byte:
			text = string(a)
		case int:
			text = strconv.Itoa(a)
		case int64:
			text = strconv.FormatInt(a, 10)
		default:
			panic(fmt.Sprintf("redis: an argument of type %T", argument)) // a bug no request can cause
		}
		c.out = append(c.out, '$')
		c.out = append(strconv.AppendInt(c.out, int64(len(text)), 10), "\r\n"...)
		c.out = append(append(c.out, text...), "\r\n"...)
	}
	c.pending++
}

// do sends a command, after those that send took, and returns its reply: a string,
// an int64, nil, or a []any of these and of refusals. The error is the first one that
// Redis answered any of them with, or what made the connection useless.
func (c *redisConn) do(ctx context.Context, command ...any) (reply any, err error) {
	c.send(command...)
	out, pending := c.out, c.pending
	c.out, c.pending = c.out[:0], 0
	c.broken = true
	if err := c.SetDeadline(time.Now().Add(redisTimeout)); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err = c.Write(out); err != nil {
		return nil, c.failed(ctx, err)
	}
	var refused error
	for range pending {
		if reply, err = c.reply(0); err != nil {
			return nil, c.failed(ctx, err)
		}
		if e, ok := reply.(redisRefusal); ok && refused == nil {
			refused = e
		}
	}
	c.broken = !stop() // who was told to stop may have done so in the midst of the next command
	return reply, refused
}

func (c *redisConn) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the connection ended before the answer")
	}
	return err
}

// reply reads one reply.
func (c *redisConn) reply(depth int) (any, error) {
	line, err := c.line()
	if err != nil {
		return nil, err
	}
	kind, text := line[0], string(line[1:])
	switch kind {
	case '+':
		return text, nil
	case '-':
		return redisRefusal(text), nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		return nil, errNoRedis
	case kind == ':':
		return n, nil
	case n == -1 && (kind == '$' || kind == '*'):
		return nil, nil
	case kind == '$' && n >= 0 && n <= maxRedisReply:
		return c.bulk(int(n))
	case kind == '*' && n >= 0 && n <= maxRedisList && depth < maxRedisDepth:
		list := make([]any, 0, min(n, 64))
		for range n {
			element, err := c.reply(depth + 1)
			if err != nil {
				return nil, err
			}
			list = append(list, element)
		}
		return list, nil
	default:
		return nil, errNoRedis
	}
}

var errNoRedis = errors.New("what answers is no Redis")

// line reads a line, of which the buffer of the reader is the bound, without its end.
func (c *redisConn) line() ([]byte, error) {
	line, err := c.r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, errNoRedis
	case err != nil:
		return nil, err
	case len(line) < 3 || line[len(line)-2] != '\r':
		return nil, errNoRedis
	}
	return line[:len(line)-2], nil
}

func (c *redisConn) bulk(n int) (any, error) {
	b := make([]byte, n+2)
	if _, err := io.ReadFull(c.r, b); err != nil {
		return nil, err
	}
	if b[n] != '\r' || b[n+1] != '\n' {
		return nil, errNoRedis
	}
	return string(b[:n]), nil
}

// redisText reads an answer that must be a string.
func redisText(reply any, err error) (string, error) {
	text, ok := reply.(string)
	if err == nil && !ok {
		err = errNoRedis
	}
	return text, err
}

// redisTexts reads an answer that must be a list of strings; of what is not there
// the string is empty.
func redisTexts(reply any, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	list, ok := reply.([]any)
	if !ok {
		return nil, errNoRedis
	}
	texts := make([]string, len(list))
	for i, element := range list {
		switch e := element.(type) {
		case string:
			texts[i] = e
		case nil:
		default:
			return nil, errNoRedis
		}
	}
	return texts, nil
}

// redisFields reads the answer to HGETALL.
func redisFields(reply any, err error) (map[string]string, error) {
	texts, err := redisTexts(reply, err)
	if err == nil && len(texts)%2 != 0 {
		err = errNoRedis
	}
	if err != nil {
		return nil, err
	}
	fields := make(map[string]string, len(texts)/2)
	for i := 0; i < len(texts); i += 2 {
		fields[texts[i]] = texts[i+1]
	}
	return fields, nil
}
