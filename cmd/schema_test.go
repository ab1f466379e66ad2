package cmd

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/spf13/cobra"

	"jwt/internal/cli"
)

// compiledSchemas returns the schemas that the program prints, ready to validate.
var compiledSchemas = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	all, err := schemas()
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	compiled := map[string]*jsonschema.Schema{}
	for _, s := range all {
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(s.text))
		if err != nil {
			return nil, err
		}
		id := "urn:jwt:schema:" + s.name
		if err := c.AddResource(id, document); err != nil {
			return nil, err
		}
		if compiled[s.name], err = c.Compile(id); err != nil {
			return nil, err
		}
	}
	return compiled, nil
})

// foreign is the flags with which a command prints JSON that has no schema: a part of the token, the
// answer of a server, or a format that others define.
var foreign = map[string][]string{
	"decode":        {"header", "payload", "raw", "claim"},
	"verify":        {"payload"},
	"decrypt":       {"payload", "header", "raw", "claim"},
	"scan":          {"redact", "output=sarif"},
	"session-trace": {"output=har"},
	"session-token": {"format=exec-credential", "format=docker", "format=netrc"},
	"key-convert":   {"to=jwe"},
}

// withoutSchema is the commands whose JSON is what a server answers.
var withoutSchema = []string{"session-request", "session-whoami", "session-introspect", "session-exec", "session-serve", "session-proxy", "schema", "mcp", "completion", "man", "help", "web", "", "__complete", "__completeNoDesc"}

// printedBy returns the name of the schema for what a command line prints, or "" if it prints nothing
// that has one.
func printedBy(args []string) string {
	env := &cli.Env{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, LookupEnv: func(string) (string, bool) { return "", false }}
	args, err := route(env, args)
	if err != nil {
		return ""
	}
	root := newRoot(env, args)
	c, rest, err := root.Find(args)
	if err != nil {
		return ""
	}
	name := strings.ReplaceAll(strings.TrimPrefix(strings.TrimPrefix(c.CommandPath(), "jwt"), " "), " ", "-")
	if slices.Contains(withoutSchema, name) || c.ParseFlags(rest) == nil && isForeign(c, name) {
		return ""
	}
	return name
}

func isForeign(c *cobra.Command, name string) bool {
	return slices.ContainsFunc(foreign[name], func(flag string) bool {
		flag, value, isOne := strings.Cut(flag, "=")
		f := c.Flags().Lookup(flag)
		return f != nil && f.Changed && (!isOne || f.Value.String() == value)
	})
}

// objectsIn returns the JSON objects of an output: one, or one a line. It returns none for other
// output, as text and what a command that was killed has written.
func objectsIn(stdout []byte) []any {
	if !bytes.HasPrefix(stdout, []byte("{")) {
		return nil
	}
	if v, err := jsonschema.UnmarshalJSON(bytes.NewReader(stdout)); err == nil {
		return []any{v}
	}
	var all []any
	for line := range bytes.Lines(stdout) {
		if v, err := jsonschema.UnmarshalJSON(bytes.NewReader(line)); err == nil {
			all = append(all, v)
		}
	}
	return all
}

// checkOutputs holds what programs printed against the schemas. Each has a file in the directory of its
// script or test. It returns the members that they printed.
func checkOutputs(t *testing.T, dir string) usedMembers {
	t.Helper()
	compiled, err := compiledSchemas()
	if err != nil {
		t.Fatal(err)
	}
	printed := usedMembers{}
	files, _ := filepath.Glob(filepath.Join(dir, "*", "*.json"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var kept keptOutput
		if json.Unmarshal(text, &kept) != nil {
			continue // the script bounds the sizes of files
		}
		objects := objectsIn(kept.Stdout)
		if len(objects) == 0 {
			continue
		}
		name := printedBy(kept.Args)
		if name == "" {
			continue
		}
		script := filepath.Base(filepath.Dir(file))
		if compiled[name] == nil {
			t.Errorf("%s: jwt %q prints JSON that has no schema", script, kept.Args)
			continue
		}
		for _, o := range objects {
			if err := compiled[name].Validate(o); err != nil {
				t.Errorf("%s: jwt %q prints what is not in schema/%s.json: %v", script, kept.Args, name, err)
				break
			}
			printed.add(compiled[name], o)
		}
	}
	return printed
}

// usedMembers is the members of definitions that an output had.
type usedMembers map[string]bool

// add records the members of an object that fits the schema.
func (u usedMembers) add(s *jsonschema.Schema, v any) {
	for s.Ref != nil {
		s = s.Ref
	}
	for _, kind := range slices.Concat(s.AnyOf, s.OneOf) {
		if kind.Validate(v) == nil {
			u.add(kind, v)
		}
	}
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if of := s.Properties[name]; of != nil {
				u[memberOf(s, name)] = true
				u.add(of, member)
			}
		}
	case []any:
		if of := s.Items2020; of != nil {
			for _, element := range v {
				u.add(of, element)
			}
		}
	}
}

// described returns the members of all definitions of a schema.
func described(s *jsonschema.Schema, seen map[*jsonschema.Schema]bool, all usedMembers) {
	if s == nil || seen[s] {
		return
	}
	seen[s] = true
	described(s.Ref, seen, all)
	for _, kind := range slices.Concat(s.AnyOf, s.OneOf) {
		described(kind, seen, all)
	}
	if of := s.Items2020; of != nil {
		described(of, seen, all)
	}
	for name, of := range s.Properties {
		all[memberOf(s, name)] = true
		described(of, seen, all)
	}
}

// memberOf names a member by the definition that it is in, whichever schema has that.
func memberOf(s *jsonschema.Schema, name string) string {
	return s.Location[strings.LastIndexByte(s.Location, '/')+1:] + "." + name
}

// unprinted is the members that no script prints, or not each time: other tests have most of them.
var unprinted = []string{
	"Audit.skipped", "CheckedEntry.alg", "CheckedEntry.profile", "Detected.not_shown", "DetectedPreset.evidence",
	"DetectedPreset.not_shown", "DetectedPreset.preset", "DetectedPreset.server", "DetectedPreset.shown",
	"Explanation.meanings", "Explanation.word", "FailedRefresh.at", "FailedRefresh.class", "FailedRefresh.message",
	"FlattenedJWE.aad", "FlattenedJWE.header", "FlattenedJWE.unprotected", "FlattenedJWS.header", "FlowRule.step",
	"FlowStep.breaks", "FlowToken.ended_by", "FlowToken.ended_ms", "GeneralJWE.aad", "GeneralJWE.unprotected",
	"JWK.key_ops", "KeptAlive.access_expires_at", "KeptAlive.class", "KeptAlive.event", "KeptAlive.message",
	"KeptAlive.next_at", "KeptAlive.time", "LoggedIn.api", "LoggedIn.token_type", "Meaning.kind", "Meaning.meaning",
	"Meaning.spec", "Opened.error", "Opened.payload_base64url", "Preset.fields", "Recipient.header",
	"Report.payload_base64url", "Sealed.error", "Sealed.warnings", "Session.api", "Session.failed_refresh",
	"Session.scope", "Session.sub", "Session.token_type", "Session.unfinished_refresh_at", "SignatureOfJWS.header",
	"TracedRequest.error", "TrustEntry.alg", "TrustEntry.profile", "UnverifiedPlaintext.payload_base64url",
	"Version.modified",
}

// checkPrinted requires that the scripts print each member that a schema describes, so that none is
// described that no command writes.
func checkPrinted(t *testing.T, printed usedMembers) {
	compiled, err := compiledSchemas()
	if err != nil {
		t.Fatal(err)
	}
	all := usedMembers{}
	for _, s := range compiled {
		described(s, map[*jsonschema.Schema]bool{}, all)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !printed[name] && !slices.Contains(unprinted, name) {
			t.Errorf("no script prints %s", name)
		}
	}
}

// TestSchemaIsStrict requires that a schema refuses outputs with a member too many or too few, and
// with another value.
func TestSchemaIsStrict(t *testing.T) {
	t.Parallel()
	compiled, err := compiledSchemas()
	if err != nil {
		t.Fatal(err)
	}
	const verified = `{"valid":true,"checks":[{"name":"signature","status":"pass"}],"key":{"source":"k","alg":"HS256"},"header":{"alg":"HS256","any":[1]},"payload":{"any":{"deep":1e400}}}`
	for _, tt := range []struct {
		name, of, object string
		fits             bool
	}{
		{"as it is printed", "verify", verified, true},
		{"the failure of a command line", "verify", `{"error":{"class":"usage","message":"m"}}`, true},
		{"a member too many", "verify", strings.Replace(verified, `{"valid"`, `{"new":1,"valid"`, 1), false},
		{"a member too many, below", "verify", strings.Replace(verified, `"status"`, `"new":1,"status"`, 1), false},
		{"a member too few", "verify", strings.Replace(verified, `"valid":true,`, ``, 1), false},
		{"a member too few, below", "verify", strings.Replace(verified, `"name":"signature",`, ``, 1), false},
		{"another type", "verify", strings.Replace(verified, `"valid":true`, `"valid":"true"`, 1), false},
		{"an unknown status", "verify", strings.Replace(verified, `"pass"`, `"passed"`, 1), false},
		{"an unknown class", "verify", `{"error":{"class":"new_class","message":"m"}}`, false},
		{"a payload in two forms", "decode", `{"header":{},"payload":{},"payload_base64url":"AA","signature":""}`, false},
		{"a payload in neither form", "decode", `{"header":{},"signature":""}`, false},
		{"a key with members of its owner", "key-convert", `{"kty":"oct","k":"AA","owner":"o"}`, true},
		{"a key without a type", "key-convert", `{"k":"AA"}`, false},
		{"the output of another command", "inspect", verified, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, err := jsonschema.UnmarshalJSON(strings.NewReader(tt.object))
			if err != nil {
				t.Fatal(err)
			}
			if err := compiled[tt.of].Validate(v); (err == nil) != tt.fits {
				t.Errorf("fits: %v, want %v: %v", err == nil, tt.fits, err)
			}
		})
	}
}

// TestSchemaOfCommands requires that each schema is of a command that exists, and that the program
// prints the file of the directory schema.
func TestSchemaOfCommands(t *testing.T) {
	t.Parallel()
	all, err := schemas()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		args := strings.Split(s.name, "-")
		if got := printedBy(args); got != s.name && s.name != "mcp-explain" { // which mcp prints
			t.Errorf("schema %s: jwt %s prints %q", s.name, args, got)
		}
		var stdout bytes.Buffer
		env := &cli.Env{Stdout: &stdout, Stderr: io.Discard, LookupEnv: func(string) (string, bool) { return "", false }}
		want, err := os.ReadFile("../schema/" + s.name + ".json")
		if Run(t.Context(), env, []string{"schema", s.name}) != 0 || err != nil || stdout.String() != string(want) {
			t.Errorf("jwt schema %s does not print schema/%[1]s.json (%v)", s.name, err)
		}
	}
}
