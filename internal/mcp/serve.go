package mcp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"

	"jwt/internal/jsonobject"
)

// maxMessage bounds a message: two tokens of the largest size, spelled in JSON, fit.
const maxMessage = 8 << 20

// maxCalls bounds the calls that run at the same time, and maxHeld the memory of those that run or
// wait, each of which takes callBytes and its arguments. The messages after them are still read:
// one may cancel a call.
const (
	maxCalls  = 8
	maxHeld   = 4 * maxMessage
	callBytes = 8 << 10
)

// Serve answers the messages of in on out until in ends, and then waits for the calls that run. It
// returns an error if a stream fails.
func (s *Server) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := &connection{server: s, out: out, calls: map[string]context.CancelFunc{}, free: make(chan struct{}, maxCalls)}
	defer c.running.Wait()
	r := bufio.NewReader(in)
	for c.failed() == nil {
		line, tooLong, err := readLine(r)
		switch {
		case tooLong:
			c.refuse(nil, failure{invalidRequest, "the message is too long"})
		case len(bytes.TrimSpace(line)) > 0:
			c.handle(ctx, line)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	c.running.Wait()
	return c.failed()
}

// readLine reads one line without keeping more than maxMessage bytes of it.
func readLine(r *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		piece, err := r.ReadSlice('\n')
		if len(line)+len(piece) > maxMessage {
			line, tooLong = nil, true
		}
		if !tooLong {
			line = append(line, piece...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, tooLong, err
		}
	}
}

// A connection is what the server knows of its one client.
type connection struct {
	server  *Server
	running sync.WaitGroup
	free    chan struct{} // has one element for each call that runs

	mu    sync.Mutex // guards what follows
	out   io.Writer
	err   error                         // of writing
	calls map[string]context.CancelFunc // by id
	held  int                           // bytes of the calls that run or wait
}

func (c *connection) failed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// handle answers one message. A notification, which has no id, is never answered.
func (c *connection) handle(ctx context.Context, line []byte) {
	m, err := jsonobject.Parse(line)
	if err != nil {
		if _, err := jsonobject.ParseValue(line); err == nil {
			c.refuse(nil, failure{invalidRequest, "a message is a JSON object"})
			return
		}
		c.refuse(nil, failure{parseError, "the message is not JSON"})
		return
	}
	id, isRequest := m.Get("id")
	method, hasMethod := m.Text("method")
	params, bad := objectIn(m, "params")
	version, _ := m.Text("jsonrpc")
	switch {
	case isRequest && id.Kind() != '"' && id.Kind() != '0':
		c.refuse(nil, failure{invalidRequest, "the id is neither a string nor a number"})
	case version != "2.0" || len(m.Duplicates()) > 0 || !hasMethod && isRequest:
		c.refuse(id, failure{invalidRequest, "this is not a request of JSON-RPC 2.0 with each member once"})
	case !isRequest:
		c.notified(method, params)
	case bad != nil:
		c.refuse(id, *bad)
	case method == "tools/call":
		c.call(ctx, id, params)
	default:
		c.reply(id, method, params)
	}
}

// notified handles a notification: that a request is cancelled. Others need nothing.
func (c *connection) notified(method string, params jsonobject.Object) {
	id, ok := params.Get("requestId")
	if method != "notifications/cancelled" || !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if cancel := c.calls[string(id)]; cancel != nil {
		cancel()
	}
}

func (c *connection) reply(id jsonobject.Value, method string, params jsonobject.Object) {
	result, bad := c.server.answer(method, params)
	if bad != nil {
		c.refuse(id, *bad)
		return
	}
	c.write(object{"jsonrpc": "2.0", "id": json.RawMessage(id), "result": result})
}

// call calls a tool, while other messages are read.
func (c *connection) call(ctx context.Context, id jsonobject.Value, params jsonobject.Object) {
	tool, arguments, bad := c.server.tool(params)
	if bad != nil {
		c.refuse(id, *bad)
		return
	}
	size := callBytes + len(params.Bytes())
	ctx, cancel := context.WithCancel(ctx)
	if !c.begin(id, size, cancel) {
		cancel()
		c.refuse(id, failure{serverBusy, "too many calls wait for others to end"})
		return
	}
	c.running.Go(func() {
		defer cancel()
		c.run(ctx, id, func() Result { return tool.Call(ctx, arguments) })
		c.end(size)
	})
}

// begin notes a call, if there is room for one of this size.
func (c *connection) begin(id jsonobject.Value, size int, cancel context.CancelFunc) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held+size > maxHeld {
		return false
	}
	c.held += size
	c.calls[string(id)] = cancel
	return true
}

func (c *connection) end(size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held -= size
}

// run waits until the call may run, and answers it. A call that is cancelled is not answered.
func (c *connection) run(ctx context.Context, id jsonobject.Value, call func() Result) {
	var result Result
	select {
	case c.free <- struct{}{}:
		result = call()
		<-c.free
	case <-ctx.Done():
	}
	c.mu.Lock()
	delete(c.calls, string(id))
	c.mu.Unlock()
	if ctx.Err() == nil {
		c.write(object{"jsonrpc": "2.0", "id": json.RawMessage(id), "result": result.content()})
	}
}

// refuse answers with an error of the protocol. A message without a readable id is answered with null.
func (c *connection) refuse(id jsonobject.Value, f failure) {
	if id == nil {
		id = jsonobject.Value("null")
	}
	c.write(object{"jsonrpc": "2.0", "id": json.RawMessage(id), "error": f})
}

// write writes one message on one line.
func (c *connection) write(message object) {
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	err := e.Encode(message)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil && c.err == nil {
		_, err = c.out.Write(line.Bytes())
	}
	if err != nil && c.err == nil {
		c.err = err
	}
}
