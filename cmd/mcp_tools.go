package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/keysource"
	"jwt/internal/mcp"
	"jwt/internal/redact"
	"jwt/internal/render"
	"jwt/internal/trust"
	"jwt/internal/verdict"
)

// The tools of jwt mcp. Their arguments come from a model, which may repeat what an attacker wrote into
// a token. So no argument is ever a source: a token is on stdin, or behind a space in an argument, where
// @FILE and - mean nothing; a public key is parsed first; other values are --flag=VALUE of flags whose
// values are only compared. Keys of the user are chosen by name.

// modelTools is what the tools work with.
type modelTools struct {
	env     *cli.Env
	keys    []namedKey
	entries []trust.Entry

	fetching keysource.Options // whether key sets are fetched
}

// A toolArgument is one argument of a tool.
type toolArgument struct {
	name, about string
	required    bool
	list        bool     // of strings; else one
	flag        string   // the flag of the command that takes the value unchanged
	values      []string // all that are allowed; nil for any
}

// A modelTool is one tool, and the command that does its work.
type modelTool struct {
	name, title, about string
	arguments          []toolArgument
	openWorld          bool
	run                func(ctx context.Context, given toolValues) mcp.Result
}

// toolValues is the values of the arguments that were given, by name.
type toolValues map[string][]string

// one returns the value of an argument that is not a list.
func (v toolValues) one(name string) string {
	if len(v[name]) == 0 {
		return ""
	}
	return v[name][0]
}

var tokenArgument = toolArgument{name: "token", about: "the token, or text that has one: a header line, a URL, a JSON response", required: true}

var atArgument = toolArgument{name: "at", about: "the time to compare with, RFC 3339 or Unix seconds; default: now", flag: "at"}

// list returns the tools.
func (m modelTools) list() []modelTool {
	keys, entries := m.names()
	return []modelTool{
		{
			name: "decode", title: "Decode a JSON Web Token",
			about:     "Show the header and the claims of a token. Nothing is verified: anyone may have written them.",
			arguments: []toolArgument{tokenArgument},
			run:       m.onToken("decode"),
		},
		{
			name: "inspect", title: "Inspect a JSON Web Token",
			about:     "Explain a token: the meaning of each header member and claim, the lifetime, certificates, tokens inside, and findings about its security. Nothing is verified.",
			arguments: []toolArgument{tokenArgument, atArgument},
			run:       m.onToken("inspect"),
		},
		{
			name: "verify", title: "Verify a JSON Web Token",
			about: "Verify the signature and the claims of a token, and say why it is refused. The key is one of: key (a name of this server's list), " +
				"public_key (its text), trust (the name of a trust entry), or none of them for the trust entry of the token's issuer. " + m.known() + ".",
			arguments: []toolArgument{
				tokenArgument,
				{name: "key", about: "the name of a key that the user lets you use", values: keys},
				{name: "public_key", about: "a public key or key set as text: a JWK, a JWK Set or PEM; never a private key or a secret"},
				{name: "trust", about: "the name of a trust entry of the user", flag: "as", values: entries},
				{name: "issuer", about: "the issuer that iss must be", flag: "iss"},
				{name: "audience", about: "the audiences of which aud must have one", list: true, flag: "aud"},
				{name: "profile", about: "the specification that the token must follow, like at+jwt or id-token", flag: "profile"},
				{name: "algorithms", about: "the algorithms that are allowed; default: what the key can do", list: true, flag: "alg"},
				atArgument,
			},
			openWorld: true,
			run:       m.verify,
		},
		{
			name: "diff", title: "Compare two JSON Web Tokens",
			about: "Show which header members and claims differ between two tokens. Nothing is verified.",
			arguments: []toolArgument{
				{name: "a", about: "the first token", required: true},
				{name: "b", about: "the second token", required: true},
			},
			run: m.diff,
		},
		{
			name: "explain", title: "Explain a word of JSON Web Tokens",
			about:     "Explain a header member, a claim (with dots for a member inside it) or a class word of a result, such as aud_mismatch.",
			arguments: []toolArgument{{name: "word", about: "the name or the word", required: true}},
			run:       func(_ context.Context, given toolValues) mcp.Result { return explain(given.one("word")) },
		},
	}
}

// tools returns the tools for the protocol, each with its schemas.
func (m modelTools) tools(schemas []jsonSchema) []mcp.Tool {
	var all []mcp.Tool
	for _, t := range m.list() {
		name := t.name
		if name == "explain" {
			name = "mcp-explain"
		}
		i := slices.IndexFunc(schemas, func(s jsonSchema) bool { return s.name == name })
		all = append(all, mcp.Tool{
			Name: t.name, Title: t.title, About: t.about, OpenWorld: t.openWorld && !m.fetching.Offline,
			Input: inputSchema(t.arguments), Output: schemas[i].text,
			Call: func(ctx context.Context, arguments jsonobject.Object) mcp.Result {
				given, err := readArguments(t.arguments, arguments)
				if err != nil {
					return mcp.Failure(err.Error())
				}
				return t.run(ctx, given)
			},
		})
	}
	return all
}

// inputSchema returns the JSON Schema of arguments.
func inputSchema(arguments []toolArgument) json.RawMessage {
	properties, required := render.Object{}, []string{}
	for _, a := range arguments {
		if a.required {
			required = append(required, a.name)
		}
		one := render.Object{{Name: "type", Value: "string"}}
		if len(a.values) > 0 {
			one.Add("enum", a.values)
		}
		if a.list {
			one = render.Object{{Name: "type", Value: "array"}, {Name: "items", Value: one}}
		}
		one.Add("description", a.about)
		properties.Add(a.name, one)
	}
	return render.JSON(render.Object{
		{Name: "type", Value: "object"},
		{Name: "properties", Value: properties},
		{Name: "required", Value: required},
		{Name: "additionalProperties", Value: false},
	}, false)
}

// readArguments reads the arguments of a call, and refuses those that the tool does not have.
func readArguments(known []toolArgument, given jsonobject.Object) (toolValues, error) {
	values := toolValues{}
	for _, m := range given.Members() {
		i := slices.IndexFunc(known, func(a toolArgument) bool { return a.name == m.Name })
		if i < 0 {
			var names []string
			for _, a := range known {
				names = append(names, a.name)
			}
			return nil, fmt.Errorf("unknown argument %s, must be one of: %s", render.Escape(string(jsonobject.Quote(m.Name))), strings.Join(names, ", "))
		}
		read, err := known[i].read(m.Value)
		if err != nil {
			return nil, err
		}
		values[m.Name] = read
	}
	for _, a := range known {
		if a.required && values.one(a.name) == "" {
			return nil, fmt.Errorf("the argument %s is required: %s", a.name, a.about)
		}
	}
	return values, nil
}

func (a toolArgument) read(v jsonobject.Value) ([]string, error) {
	texts, ok := v.Texts()
	if text, isOne := v.Text(); isOne {
		texts, ok = []string{text}, true
	} else if !a.list {
		ok = false
	}
	if !ok {
		return nil, fmt.Errorf("the argument %s is not a string%s", a.name, map[bool]string{true: " or a list of strings"}[a.list])
	}
	for _, text := range texts {
		if a.values != nil && !slices.Contains(a.values, text) {
			return nil, fmt.Errorf("the argument %s is not one of: %s", a.name, strings.Join(a.values, ", "))
		}
	}
	return texts, nil
}

// flags returns the arguments of a command for the values that it takes unchanged.
func flagsOf(arguments []toolArgument, given toolValues) []string {
	var flags []string
	for _, a := range arguments {
		for _, value := range given[a.name] {
			if a.flag != "" {
				flags = append(flags, "--"+a.flag+"="+value)
			}
		}
	}
	return flags
}

// onToken returns a tool that runs a command on one token.
func (m modelTools) onToken(command string) func(context.Context, toolValues) mcp.Result {
	return func(ctx context.Context, given toolValues) mcp.Result {
		return m.run(ctx, given.one("token"), append([]string{command}, flagsOf([]toolArgument{atArgument}, given)...)...)
	}
}

func (m modelTools) diff(ctx context.Context, given toolValues) mcp.Result {
	return m.run(ctx, given.one("a"), "diff", "--", "-", " "+given.one("b"))
}

// verify verifies with the key that the model chose.
func (m modelTools) verify(ctx context.Context, given toolValues) mcp.Result {
	args := []string{"verify", "--offline=" + strconv.FormatBool(m.fetching.Offline), "--refresh=" + strconv.FormatBool(m.fetching.Refresh)}
	for _, t := range m.list() {
		if t.name == "verify" {
			args = append(args, flagsOf(t.arguments, given)...)
		}
	}
	name, text := given.one("key"), given.one("public_key")
	switch {
	case name != "" && text != "":
		return mcp.Failure("give key or public_key, not both")
	case name != "":
		for _, k := range m.keys {
			if k.name == name {
				args = append(args, k.flag+"="+k.source)
			}
		}
	case text != "":
		if err := checkPublic(text); err != nil {
			return mcp.Failure("public_key: " + err.Error())
		}
		args = append(args, "--key="+text)
	case len(m.entries) == 0:
		return mcp.Failure("no key: give public_key, or key with a name that the user lets you use (" + m.known() + ")")
	}
	return m.run(ctx, given.one("token"), args...)
}

// checkPublic refuses text that is not a public key or a set of public keys: a name of a file, and what
// the model must not have.
func checkPublic(text string) error {
	if !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "-----BEGIN") {
		return errors.New("is not the text of a key: a JWK, a JWK Set or PEM")
	}
	set, err := jwk.Parse([]byte(text))
	if err != nil {
		return errors.New(cli.Classified(err).Message)
	}
	for _, k := range set.Keys {
		if k.IsPrivate() || k.IsSecret() {
			return errors.New("is a private key or a secret: take it back, and use a new one")
		}
	}
	return nil
}

// run runs a command twice, for its JSON and for its text. The token is its stdin.
func (m modelTools) run(ctx context.Context, token string, args ...string) mcp.Result {
	answer := m.output(ctx, token, args, "json")
	text := m.output(ctx, token, args, "text")
	if ctx.Err() != nil {
		return mcp.Failure("cancelled")
	}
	o, err := jsonobject.Parse(answer.stdout)
	if err != nil {
		return mcp.Failure(redact.Tokens(answer.stderr))
	}
	_, failed := o.Get("error")
	masked := maskSignatures(args[0], o)
	return mcp.Result{
		Text:       masked.text(text.stdout, text.stderr),
		Structured: masked.object,
		Failed:     failed && o.Len() == 1,
	}
}

type commandOutput struct {
	stdout []byte
	stderr string
}

// output runs a command in the environment of the server, but without its streams, prompts and
// programs.
func (m modelTools) output(ctx context.Context, token string, args []string, format string) commandOutput {
	var stdout, stderr bytes.Buffer
	env := *m.env
	env.Stdin, env.Stdout, env.Stderr = strings.NewReader(token), &stdout, &stderr
	env.StdinTTY, env.StdoutTTY, env.StderrTTY = false, false, false
	env.Secret = func(string) ([]byte, error) {
		return nil, verdict.Errorf(verdict.KeyUnreadable, "a passphrase cannot be asked for here")
	}
	env.Mask = true // what is broken into lines cannot be masked later
	env.Browse, env.Exec, env.Pipe, env.Keyring = nil, nil, nil, nil
	Run(ctx, &env, append([]string{args[0], "--output=" + format, "--color=never"}, args[1:]...))
	return commandOutput{stdout.Bytes(), stderr.String()}
}
