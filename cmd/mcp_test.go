package cmd

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"jwt/internal/cli"
	"jwt/internal/render"
)

// Tokens of the tests: signed with modelSecret, another with other claims, one with a token inside, and
// one that is encrypted.
const (
	modelSecret = "a secret of more than thirty-two bytes"
	canary      = "CANARY-4f1c"
)

// calling returns the answers of jwt mcp to calls of tools, in the order of the calls.
func calling(t *testing.T, flags []string, environ map[string]string, calls ...[2]string) []toolAnswer {
	t.Helper()
	var in, stdout, stderr bytes.Buffer
	for i, c := range calls {
		in.Write(render.JSON(render.Object{
			{Name: "jsonrpc", Value: "2.0"},
			{Name: "id", Value: i},
			{Name: "method", Value: "tools/call"},
			{Name: "params", Value: map[string]any{"name": c[0], "arguments": json.RawMessage(c[1])}},
		}, false))
		in.WriteByte('\n')
	}
	env := &cli.Env{
		Stdin: &in, Stdout: &stdout, Stderr: &stderr, Width: 80, Now: time.Now,
		LookupEnv: func(name string) (string, bool) { v, ok := environ[name]; return v, ok },
	}
	if status := Run(t.Context(), env, append([]string{"mcp"}, flags...)); status != 0 || stderr.Len() > 0 {
		t.Fatalf("status %d, stderr %s", status, &stderr)
	}
	answers := make([]toolAnswer, len(calls))
	for line := range bytes.Lines(stdout.Bytes()) {
		var a struct {
			ID     int
			Result toolAnswer
		}
		if err := json.Unmarshal(line, &a); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		a.Result.line = string(line)
		answers[a.ID] = a.Result
	}
	return answers
}

type toolAnswer struct {
	Content           []struct{ Type, Text string }
	StructuredContent json.RawMessage
	IsError           bool
	line              string
}

// made returns the output of a command that makes a token.
func made(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := &cli.Env{Stdin: strings.NewReader(stdin), Stdout: &stdout, Stderr: &stderr, Now: time.Now, LookupEnv: func(string) (string, bool) { return "", false }}
	if Run(t.Context(), env, args) != 0 {
		t.Fatalf("jwt %q: %s", args, &stderr)
	}
	return strings.TrimSpace(stdout.String())
}

func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

// TestToolsFitTheirSchemas calls each tool and requires that its result fits the schema that the tool
// names, that no signature is in it, and that text for people is beside it.
func TestToolsFitTheirSchemas(t *testing.T) {
	t.Parallel()
	compiled, err := compiledSchemas()
	if err != nil {
		t.Fatal(err)
	}
	inner := made(t, modelSecret, "sign", `{"sub":"inner","iss":"https://id.example"}`, "-S", "-", "-q")
	outer := made(t, modelSecret, "sign", `{"sub":"outer","aud":"api","token":"`+inner+`"}`, "-S", "-", "-q")
	general := made(t, "", "convert", inner, "--to", "general")
	sealed := made(t, "", "encrypt", `{"sub":"alice"}`, "-k", "../testdata/keys/rsa.pub.pem")
	public, err := os.ReadFile("../testdata/keys/p256.pub.pem")
	if err != nil {
		t.Fatal(err)
	}
	var hidden []string
	for _, token := range []string{inner, outer} {
		hidden = append(hidden, token[strings.LastIndexByte(token, '.')+1:])
	}
	hidden = append(hidden, strings.Split(sealed, ".")[1:]...)
	for _, tt := range []struct {
		name, tool, arguments, schema, text string
		failed                              bool
	}{
		{"decode", "decode", `{"token":` + quoted(outer) + `}`, "decode", `"sub": "outer"`, false},
		{"decode what carries a token", "decode", `{"token":` + quoted("Authorization: Bearer "+outer) + `}`, "decode", `"sub": "outer"`, false},
		{"decode a JSON serialization", "decode", `{"token":` + quoted(general) + `}`, "decode", `"sub": "inner"`, false},
		{"decode an encrypted token", "decode", `{"token":` + quoted(sealed) + `}`, "decode", `encrypted`, false},
		{"decode no token", "decode", `{"token":"hello"}`, "decode", `no token found`, true},
		{"inspect", "inspect", `{"token":` + quoted(outer) + `}`, "inspect", `Findings`, false},
		{"inspect at a time", "inspect", `{"token":` + quoted(outer) + `,"at":"2020-01-01T00:00:00Z"}`, "inspect", `Lifetime`, false},
		{"inspect an encrypted token", "inspect", `{"token":` + quoted(sealed) + `}`, "inspect", `Encrypted token`, false},
		{"verify", "verify", `{"token":` + quoted(outer) + `,"key":"dev","audience":["api","web"]}`, "verify", `✓ valid`, false},
		{"verify, refused", "verify", `{"token":` + quoted(outer) + `,"key":"dev","audience":"web"}`, "verify", `aud_mismatch`, false},
		{"verify with a public key", "verify", `{"token":` + quoted(outer) + `,"public_key":` + quoted(string(public)) + `}`, "verify", `✗ not valid`, false},
		{"verify with an unknown profile", "verify", `{"token":` + quoted(outer) + `,"key":"dev","profile":"nonsense"}`, "verify", `nonsense`, false},
		{"diff", "diff", `{"a":` + quoted(inner) + `,"b":` + quoted(outer) + `}`, "diff", `sub`, false},
		{"diff, equal", "diff", `{"a":` + quoted(inner) + `,"b":` + quoted(inner) + `}`, "diff", `equal`, false},
		{"explain a claim", "explain", `{"word":"aud"}`, "mcp-explain", `Audience`, false},
		{"explain a class", "explain", `{"word":"aud_unchecked"}`, "mcp-explain", `warning`, false},
		{"explain a member inside a claim", "explain", `{"word":"cnf.jkt"}`, "mcp-explain", `RFC 9449`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := calling(t, []string{"--secret", "dev=env:SECRET"}, map[string]string{"SECRET": modelSecret}, [2]string{tt.tool, tt.arguments})[0]
			if len(a.Content) != 1 || a.Content[0].Type != "text" || !strings.Contains(a.Content[0].Text, tt.text) || a.IsError != tt.failed {
				t.Errorf("answer: %s", a.line)
			}
			v, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.StructuredContent))
			if err != nil {
				t.Fatal(err)
			}
			if err := compiled[tt.schema].Validate(v); err != nil {
				t.Errorf("%s: %v", a.StructuredContent, err)
			}
			for _, secret := range append(hidden, modelSecret) {
				if strings.Contains(a.line, secret) {
					t.Errorf("%s is in the answer: %s", secret, a.line)
				}
			}
		})
	}
}

// TestModelReadsNothing gives every argument of every tool texts that are sources elsewhere, and
// requires that no file, variable or server is read for them.
func TestModelReadsNothing(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		io.WriteString(w, canary)
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "canary")
	token := made(t, modelSecret, "sign", `{"sub":"`+canary+`"}`, "-S", "-", "-q")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := map[string]string{"CANARY": token, "SECRET": modelSecret}
	ordinary := made(t, modelSecret, "sign", `{"sub":"alice"}`, "-S", "-", "-q")
	var calls [][2]string
	for _, tool := range (modelTools{keys: []namedKey{{"dev", "--secret", "env:SECRET"}}}).list() {
		for _, target := range tool.arguments {
			for _, hostile := range []string{
				"@" + file, file, "-", "@-", "env:CANARY", "fd:0", "raw:" + file, "file://" + file, server.URL, "oidc:" + server.URL,
				" @" + file, "\n@" + file, "--key=@" + file, "@" + file + "\x00", "--", "dotenv:" + file + "#A", "nextauth:env:CANARY",
				"agent:x", "did:web:" + strings.TrimPrefix(server.URL, "http://"), "system", `{"jku":"` + server.URL + `"}`,
				"-----BEGIN " + file, "{" + file, "-h", "--help",
			} {
				arguments := map[string]any{}
				for _, a := range tool.arguments {
					if a.required {
						arguments[a.name] = ordinary
					}
				}
				if tool.name == "verify" && target.name != "public_key" {
					arguments["key"] = "dev"
				}
				arguments[target.name] = hostile
				text, err := json.Marshal(arguments)
				if err != nil {
					t.Fatal(err)
				}
				calls = append(calls, [2]string{tool.name, string(text)})
			}
		}
	}
	if len(calls) < 200 {
		t.Fatalf("%d calls", len(calls))
	}
	for i, a := range calling(t, []string{"--secret", "dev=env:SECRET"}, environ, calls...) {
		if strings.Contains(a.line, canary) || strings.Contains(a.line, token[strings.LastIndexByte(token, '.')+1:]) {
			t.Errorf("%s %s: %s", calls[i][0], calls[i][1], a.line)
		}
		if a.line == "" {
			t.Errorf("%s %s: no answer", calls[i][0], calls[i][1])
		}
	}
	if n := requests.Load(); n > 0 {
		t.Errorf("%d requests", n)
	}
}
