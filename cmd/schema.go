package cmd

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

// packedSchemas is the files of the directory schema, as make schema packs them: a JSON array, by gzip.
//
//go:embed schemas.json.gz
var packedSchemas []byte

// A jsonSchema is the JSON Schema of the output of one command.
type jsonSchema struct {
	name, about string
	text        json.RawMessage
}

// schemas returns the schemas of all commands, in the order of their names.
func schemas() ([]jsonSchema, error) {
	z, err := gzip.NewReader(bytes.NewReader(packedSchemas))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	var packed []json.RawMessage
	if err := json.Unmarshal(text, &packed); err != nil {
		return nil, err
	}
	var all []jsonSchema
	for _, p := range packed {
		var head struct {
			ID    string `json:"$id"`
			Title string `json:"title"`
		}
		if err := json.Unmarshal(p, &head); err != nil {
			return nil, err
		}
		all = append(all, jsonSchema{head.ID[strings.LastIndexByte(head.ID, ':')+1:], head.Title, p})
	}
	return all, nil
}

var schemaCommand = cli.Command{
	Use:   "schema [COMMAND]",
	Short: "print the JSON Schema of what a command prints",
	Build: func(env *cli.Env, c *cobra.Command) {
		c.Long = `Print the JSON Schema (draft 2020-12) of the JSON that a command prints, or list
the commands that have one. A schema is strict: it has every member that this
version of the program prints. A later version may add members, so take the
schema from the version that you run. For --batch and scan, it is the schema of
one line.

Formats that others define have no schema here: SARIF, HAR, credentials for
kubectl, and what a server answers.`
		c.Example = `  jwt schema
  jwt schema verify > verify.schema.json
  jwt schema session status`
		c.Annotations = map[string]string{cli.Exits: "0 1 2"}
		c.ValidArgsFunction = completeSchemas
		c.RunE = func(_ *cobra.Command, args []string) error {
			all, err := schemas()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return listSchemas(env, all)
			}
			return printSchema(env, all, strings.Join(args, "-"))
		}
	},
}

func listSchemas(env *cli.Env, all []jsonSchema) error {
	width := 0
	for _, s := range all {
		width = max(width, len(s.name))
	}
	t := cli.Output{Color: "auto"}.Text(env)
	for _, s := range all {
		t.Styled(render.Name, s.name).Pad(len(s.name), width+2).Put(s.about).Line()
	}
	return cli.Output{}.Write(env, t.Bytes())
}

// printSchema prints one schema as it is in the directory schema.
func printSchema(env *cli.Env, all []jsonSchema, name string) error {
	for _, s := range all {
		if s.name == name {
			var text bytes.Buffer
			if err := json.Indent(&text, s.text, "", "  "); err != nil {
				return err
			}
			return cli.Output{}.Write(env, append(text.Bytes(), '\n'))
		}
	}
	return verdict.Errorf(verdict.Usage, "no schema of %s: expected the name of a command that prints JSON of its own", cli.QuoteArg(name)).
		Hintf("jwt schema lists the names")
}

func completeSchemas(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	all, err := schemas()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, s := range all {
		names = append(names, s.name+"\t"+s.about)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
