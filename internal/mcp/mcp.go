// Package mcp serves tools to a language model: the part of the Model Context Protocol (2025-11-25)
// that a server of tools needs, with one JSON-RPC 2.0 message a line.
//
// The official Go SDK is the client in the tests, and not the server: it makes the program 1.8 MB larger,
// a tenth, and each start 1.13 times as long (v1.8.0, 60 pairs of fresh copies, November 2026), for three
// methods of the protocol. This package and its tools are 0.1 MB, and cost a start nothing.
package mcp

import (
	"context"
	"encoding/json"
	"slices"

	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
)

// A Tool is one thing that the server can do.
type Tool struct {
	Name, Title, About string
	Input              json.RawMessage // the JSON Schema of the arguments, an object
	Output             json.RawMessage // the JSON Schema of Result.Structured; nil for none
	OpenWorld          bool            // it may send requests to servers
	Call               func(ctx context.Context, arguments jsonobject.Object) Result
}

// A Result is what a call returns.
type Result struct {
	Text       string          // for people
	Structured json.RawMessage // an object; nil for none
	Failed     bool            // the tool could not do its work
}

// Failure returns the result of a call that could not do its work.
func Failure(text string) Result { return Result{Text: text, Failed: true} }

// A Server is what one process offers.
type Server struct {
	Name, Version string
	Instructions  string // what a model should know before it calls a tool
	Tools         []Tool
}

// versions of the protocol that the server speaks, the newest first.
var versions = []string{"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"}

// Codes of errors (JSON-RPC 2.0 §5.1), of which a server may define its own from -32000 down.
const (
	serverBusy     = -32000
	parseError     = -32700
	invalidRequest = -32600
	unknownMethod  = -32601
	invalidParams  = -32602
)

// A failure is an error of the protocol, and not of a tool.
type failure struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

type object = map[string]any

// answer returns the result of a request other than the call of a tool.
func (s *Server) answer(method string, params jsonobject.Object) (any, *failure) {
	switch method {
	case "initialize":
		return s.initialize(params), nil
	case "ping":
		return object{}, nil
	case "tools/list":
		return object{"tools": s.list()}, nil
	}
	return nil, &failure{unknownMethod, "unknown method"}
}

// initialize agrees on a version: the client's if the server speaks it, else the newest of the server.
func (s *Server) initialize(params jsonobject.Object) object {
	version, _ := params.Text("protocolVersion")
	if !slices.Contains(versions, version) {
		version = versions[0]
	}
	return object{
		"protocolVersion": version,
		"capabilities":    object{"tools": object{}},
		"serverInfo":      object{"name": s.Name, "version": s.Version},
		"instructions":    s.Instructions,
	}
}

func (s *Server) list() []object {
	list := []object{}
	for _, t := range s.Tools {
		o := object{
			"name": t.Name, "title": t.Title, "description": t.About, "inputSchema": t.Input,
			"annotations": object{"readOnlyHint": true, "openWorldHint": t.OpenWorld},
		}
		if t.Output != nil {
			o["outputSchema"] = t.Output
		}
		list = append(list, o)
	}
	return list
}

func (s *Server) names() (names []string) {
	for _, t := range s.Tools {
		names = append(names, t.Name)
	}
	return names
}

// tool returns the tool that a request calls, and its arguments.
func (s *Server) tool(params jsonobject.Object) (Tool, jsonobject.Object, *failure) {
	name, _ := params.Text("name")
	i := slices.IndexFunc(s.Tools, func(t Tool) bool { return t.Name == name })
	if i < 0 {
		return Tool{}, jsonobject.Object{}, &failure{invalidParams, "unknown tool " + phrase.Quote(name) + ": the tools are " + phrase.List(s.names())}
	}
	arguments, bad := objectIn(params, "arguments")
	return s.Tools[i], arguments, bad
}

// objectIn returns a member that is an object, or an empty one if it is absent.
func objectIn(o jsonobject.Object, name string) (jsonobject.Object, *failure) {
	v, ok := o.Get(name)
	if !ok {
		return jsonobject.Object{}, nil
	}
	inner, err := jsonobject.Parse(v)
	if err != nil {
		return jsonobject.Object{}, &failure{invalidParams, name + " is not a JSON object"}
	}
	return inner, nil
}

// content returns a result as the protocol has it.
func (r Result) content() object {
	o := object{"content": []object{{"type": "text", "text": r.Text}}, "isError": r.Failed}
	if r.Structured != nil {
		o["structuredContent"] = r.Structured
	}
	return o
}
