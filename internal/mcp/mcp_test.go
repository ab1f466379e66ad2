package mcp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"jwt/internal/jsonobject"
	"jwt/internal/mcp"
)

func server(call func(context.Context, jsonobject.Object) mcp.Result) *mcp.Server {
	return &mcp.Server{Name: "test", Version: "1", Tools: []mcp.Tool{{Name: "echo", Input: json.RawMessage(`{"type":"object"}`), Call: call}}}
}

func echo(_ context.Context, arguments jsonobject.Object) mcp.Result {
	text, _ := arguments.Text("text")
	return mcp.Result{Text: text}
}

// TestServe has one row a message: what is sent and what is answered.
func TestServe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, out string }{
		{"a version that is known", `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-03-26"}}`, `"protocolVersion":"2025-03-26"`},
		{"a version that is not", `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2099-01-01"}}`, `"protocolVersion":"2025-11-25"`},
		{"no version", `{"jsonrpc":"2.0","id":1,"method":"initialize"}`, `"protocolVersion":"2025-11-25"`},
		{"ping", `{"jsonrpc":"2.0","id":"p","method":"ping"}`, `{"id":"p","jsonrpc":"2.0","result":{}}`},
		{"a list", `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, `"name":"echo"`},
		{"a call", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"<hi>"}}}`, `"content":[{"text":"<hi>","type":"text"}],"isError":false`},
		{"a call without arguments", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}`, `"isError":false`},
		{"a large number as id", `{"jsonrpc":"2.0","id":123456789012345678901,"method":"ping"}`, `"id":123456789012345678901,`},
		{"a notification", `{"jsonrpc":"2.0","method":"notifications/initialized"}`, ``},
		{"an unknown notification", `{"jsonrpc":"2.0","method":"notifications/new"}`, ``},
		{"a call without an id", `{"jsonrpc":"2.0","method":"tools/call","params":{"name":"echo"}}`, ``},
		{"an empty line", ``, ``},
		{"an unknown tool", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"rm"}}`, `"error":{"code":-32602,"message":"unknown tool \"rm\": the tools are echo"}`},
		{"an unknown method", `{"jsonrpc":"2.0","id":1,"method":"resources/list"}`, `"code":-32601`},
		{"arguments that are a list", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":[]}}`, `"code":-32602`},
		{"an argument twice", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"a","text":"b"}}}`, `"code":-32600`},
		{"params that are a list", `{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}`, `"code":-32602`},
		{"an answer", `{"jsonrpc":"2.0","id":1,"result":{}}`, `"code":-32600`},
		{"another version of JSON-RPC", `{"jsonrpc":"1.0","id":1,"method":"ping"}`, `"code":-32600`},
		{"a member twice", `{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}`, `"code":-32600`},
		{"null as id", `{"jsonrpc":"2.0","id":null,"method":"ping"}`, `"id":null,`},
		{"an object as id", `{"jsonrpc":"2.0","id":{},"method":"ping"}`, `"id":null,`},
		{"a batch", `[{"jsonrpc":"2.0","id":1,"method":"ping"}]`, `"code":-32600`},
		{"garbage", `ping`, `"code":-32700`},
		{"half a message", `{"jsonrpc":"2.0","id":1,`, `"code":-32700`},
		{"a message that is too long", strings.Repeat("x", 9<<20), `"code":-32600`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := server(echo).Serve(t.Context(), strings.NewReader(tt.in+"\n"), &out); err != nil {
				t.Fatal(err)
			}
			if tt.out == "" && out.Len() > 0 || !strings.Contains(out.String(), tt.out) {
				t.Errorf("answer: %s\nwant: %s", out.String(), tt.out)
			}
			if n := strings.Count(out.String(), "\n"); tt.out != "" && n != 1 {
				t.Errorf("%d lines", n)
			}
		})
	}
}

// TestCancelled requires that a call that is cancelled ends and is not answered, while others are.
func TestCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, client := io.Pipe()
		var out bytes.Buffer
		ended := make(chan error)
		go func() {
			ended <- server(func(ctx context.Context, a jsonobject.Object) mcp.Result {
				if _, waits := a.Get("wait"); waits {
					<-ctx.Done()
				}
				return mcp.Result{Text: "done"}
			}).Serve(t.Context(), in, &out)
		}()
		for _, m := range []string{
			`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"wait":true}}}`,
			`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo"}}`,
			`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}`,
			`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`,
		} {
			io.WriteString(client, m+"\n")
		}
		client.Close()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if got := out.String(); strings.Contains(got, `"id":1,`) || !strings.Contains(got, `"id":2,`) {
			t.Errorf("answers: %s", got)
		}
	})
}

// TestCancelledWaiting requires that messages are read while the calls that may run at the same time
// hang: one that waits is cancelled without being run, a ping is answered, those that are too much
// for the memory are refused, and the rest run when the first are cancelled.
func TestCancelledWaiting(t *testing.T) {
	const known = 500
	synctest.Test(t, func(t *testing.T) {
		in, client := io.Pipe()
		var out bytes.Buffer
		var called sync.Map
		ended := make(chan error)
		go func() {
			ended <- server(func(ctx context.Context, a jsonobject.Object) mcp.Result {
				text, _ := a.Text("text")
				called.Store(text, true)
				if _, waits := a.Get("wait"); waits {
					<-ctx.Done()
				}
				return mcp.Result{Text: text}
			}).Serve(t.Context(), in, &out)
		}()
		send := func(format string, a ...any) { fmt.Fprintf(client, format+"\n", a...) }
		call := func(id int, wait string) {
			send(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"echo","arguments":{"text":"%[1]d"%s}}}`, id, wait)
		}
		cancel := func(id int) {
			send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%d}}`, id)
		}
		for id := 1; id <= 8; id++ {
			call(id, `,"wait":true`)
		}
		synctest.Wait() // they hang
		for id := 9; id <= known; id++ {
			call(id, "")
		}
		large := `,"more":"` + strings.Repeat("x", 6<<20) + `"`
		for id := known + 1; id <= known+5; id++ { // of which the last is too much
			call(id, large)
		}
		synctest.Wait()
		cancel(9)
		send(`{"jsonrpc":"2.0","id":"p","method":"ping"}`)
		synctest.Wait()
		if got := out.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, `"code":-32000`) || !strings.Contains(got, `"id":"p"`) {
			t.Errorf("answers while calls hang: %s", got)
		}
		for id := 1; id <= 8; id++ {
			cancel(id)
		}
		client.Close()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(out.String(), "\n"); got != 2+known-9+4 {
			t.Errorf("%d answers", got)
		}
		if _, ran := called.Load("9"); ran {
			t.Error("a call that was cancelled before it could run has run")
		}
	})
}

// TestClosed requires that the server ends when nobody reads its answers.
func TestClosed(t *testing.T) {
	t.Parallel()
	closed := errors.New("closed")
	reader, writer := io.Pipe()
	reader.CloseWithError(closed)
	in := strings.NewReader(strings.Repeat(`{"jsonrpc":"2.0","id":1,"method":"ping"}`+"\n", 3))
	if err := server(echo).Serve(t.Context(), in, writer); !errors.Is(err, closed) {
		t.Errorf("error: %v", err)
	}
}

// FuzzServe requires that every line on stdout is one answer of JSON-RPC, and that there is at most one
// for each line.
func FuzzServe(f *testing.F) {
	f.Add([]byte(`{"jsonrpc":"2.0","id":1,"method":"ping"}` + "\n" + `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"a"}}}`))
	f.Add([]byte("[]\nnull\n{}\n\n{\"id\":\"\\ud800\"}"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var out bytes.Buffer
		if err := server(echo).Serve(t.Context(), bytes.NewReader(in), &out); err != nil {
			t.Fatal(err)
		}
		answers := 0
		for line := range bytes.Lines(out.Bytes()) {
			answers++
			var a struct {
				Version string          `json:"jsonrpc"`
				ID      json.RawMessage `json:"id"`
				Result  json.RawMessage `json:"result"`
				Error   *struct{ Code int }
			}
			if err := json.Unmarshal(line, &a); err != nil || a.Version != "2.0" || len(a.ID) == 0 || (a.Result == nil) == (a.Error == nil) {
				t.Errorf("not an answer: %s (%v)", line, err)
			}
		}
		if lines := bytes.Count(in, []byte("\n")) + 1; answers > lines {
			t.Errorf("%d answers to %d lines", answers, lines)
		}
	})
}
