package store

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// replies is a connection on which a server has said all it will ever say.
func replies(said string) *redisConn {
	client, server := net.Pipe()
	go func() {
		go io.Copy(io.Discard, server)
		io.WriteString(server, said)
		server.Close()
	}()
	return newRedisConn(client)
}

func TestRedisReplies(t *testing.T) {
	for _, c := range []struct {
		said string
		want any
		err  error
	}{
		{"+OK\r\n", "OK", nil},
		{":-12\r\n", int64(-12), nil},
		{"$5\r\na\r\nbc\r\n", "a\r\nbc", nil},
		{"$0\r\n\r\n", "", nil},
		{"$-1\r\n", nil, nil},
		{"*-1\r\n", nil, nil},
		{"*3\r\n$1\r\na\r\n$-1\r\n:7\r\n", []any{"a", nil, int64(7)}, nil},
		{"*2\r\n*0\r\n-ERR no\r\n", []any{[]any{}, redisRefusal("ERR no")}, nil},
		{"-NOAUTH Authentication required.\r\n", redisRefusal("NOAUTH Authentication required."), redisRefusal("NOAUTH Authentication required.")},
		{"HTTP/1.1 400 Bad Request\r\n", nil, errNoRedis},
		{"\r\n", nil, errNoRedis},
		{"$x\r\n", nil, errNoRedis},
		{"$-2\r\n", nil, errNoRedis},
		{":-1x\r\n", nil, errNoRedis},
		{"+OK\n", nil, errNoRedis},
		{"$1\r\nabc\r\n", nil, errNoRedis},
		{fmt.Sprintf("$%d\r\n", maxRedisReply+1), nil, errNoRedis},
		{fmt.Sprintf("*%d\r\n", maxRedisList+1), nil, errNoRedis},
		{strings.Repeat("*1\r\n", maxRedisDepth+2) + ":1\r\n", nil, errNoRedis},
		{"+" + strings.Repeat("a", 1<<20) + "\r\n", nil, errNoRedis},
	} {
		conn := replies(c.said)
		got, err := conn.do(t.Context(), "GET", "key")
		if diff := cmp.Diff(c.want, got); diff != "" || !errors.Is(err, c.err) {
			t.Errorf("%.40q: %v %s", c.said, err, diff)
		}
		if useless := errors.Is(c.err, errNoRedis); conn.broken != useless {
			t.Errorf("%.40q: broken %t, want %t", c.said, conn.broken, useless)
		}
		conn.Close()
	}
	for _, said := range []string{"", "+OK", "$5\r\nab", "*2\r\n:1\r\n"} {
		conn := replies(said)
		if got, err := conn.do(t.Context(), "GET", "key"); err == nil || !conn.broken {
			t.Errorf("%q: %v, %v", said, got, err)
		}
		conn.Close()
	}
}

// What is sent is as long as it says, whatever is in it.
func TestRedisCommand(t *testing.T) {
	var c redisConn
	c.send("SET", "a\r\nb", []byte{0, 255}, 7, int64(-8))
	c.send("EXEC")
	if want := "*5\r\n$3\r\nSET\r\n$4\r\na\r\nb\r\n$2\r\n\x00\xff\r\n$1\r\n7\r\n$2\r\n-8\r\n*1\r\n$4\r\nEXEC\r\n"; string(c.out) != want || c.pending != 2 {
		t.Errorf("%d: %q", c.pending, c.out)
	}
}

// Whatever answers, a reply takes no more room than was sent for it.
func FuzzRedisReply(f *testing.F) {
	for _, s := range []string{"+OK\r\n", "*2\r\n$1\r\na\r\n:1\r\n", "$-1\r\n", "-ERR\r\n", "*99999\r\n", "$8000000\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		c := redisConn{r: bufio.NewReader(bytes.NewReader(said))}
		reply, err := c.reply(0)
		if err != nil && reply != nil {
			t.Errorf("%v beside %v", reply, err)
		}
		if size := sizeOf(reply); size > len(said) {
			t.Errorf("%d bytes out of %d", size, len(said))
		}
	})
}

func sizeOf(reply any) int {
	switch r := reply.(type) {
	case string:
		return len(r)
	case redisRefusal:
		return len(r)
	case []any:
		size := len(r)
		for _, e := range r {
			size += sizeOf(e)
		}
		return size
	}
	return 0
}
