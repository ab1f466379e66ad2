// Command mcpclient drives a server with the official Go SDK of the Model Context Protocol: it starts
// the command of its arguments, lists the tools, and makes the calls on stdin, one a line:
// {"name":…,"arguments":{…}}. It checks each result against the schema of its tool.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mcpclient:", err)
		os.Exit(1)
	}
}

func run(command []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	server := exec.CommandContext(ctx, command[0], command[1:]...)
	server.Stderr = os.Stderr
	client := mcp.NewClient(&mcp.Implementation{Name: "mcpclient", Version: "1"}, nil)
	session, err := client.Connect(ctx, &mcp.CommandTransport{Command: server}, nil)
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	started := session.InitializeResult()
	fmt.Println("server", started.ServerInfo.Name, "speaks", started.ProtocolVersion)
	if err := session.Ping(ctx, nil); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	outputs := map[string]*jsonschema.Resolved{}
	for tool, err := range session.Tools(ctx, nil) {
		if err != nil {
			return fmt.Errorf("listing the tools: %w", err)
		}
		fmt.Println("tool", tool.Name)
		if outputs[tool.Name], err = resolved(tool.OutputSchema); err != nil {
			return fmt.Errorf("schema of %s: %w", tool.Name, err)
		}
		if _, err := resolved(tool.InputSchema); err != nil {
			return fmt.Errorf("arguments of %s: %w", tool.Name, err)
		}
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if err := call(ctx, session, outputs, lines.Bytes()); err != nil {
			return err
		}
	}
	return errors.Join(lines.Err(), session.Close())
}

func resolved(schema any) (*jsonschema.Resolved, error) {
	text, err := json.Marshal(schema)
	if err != nil {
		return nil, err
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, err
	}
	return s.Resolve(nil)
}

func call(ctx context.Context, session *mcp.ClientSession, outputs map[string]*jsonschema.Resolved, line []byte) error {
	var params mcp.CallToolParams
	if err := json.Unmarshal(line, &params); err != nil {
		return err
	}
	result, err := session.CallTool(ctx, &params)
	if err != nil {
		fmt.Println(params.Name, "is refused:", err)
		return nil
	}
	for _, c := range result.Content {
		if text, ok := c.(*mcp.TextContent); ok {
			fmt.Println(params.Name, "says", text.Text)
		}
	}
	fmt.Println(params.Name, "failed:", result.IsError)
	if result.StructuredContent == nil {
		return nil
	}
	if err := outputs[params.Name].Validate(result.StructuredContent); err != nil {
		return fmt.Errorf("%s does not fit its schema: %w", params.Name, err)
	}
	text, err := json.Marshal(result.StructuredContent)
	fmt.Printf("%s answers %s\n", params.Name, text)
	return err
}
