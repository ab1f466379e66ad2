package schema

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
)

// Files returns the files of the directory schema: their names and contents. The descriptions are
// the comments in the sources, which are read from the root of the repository.
func Files(root string) (map[string][]byte, error) {
	r := &jsonschema.Reflector{Anonymous: true}
	if err := r.AddGoComments("jwt/internal/schema", root+"/internal/schema"); err != nil {
		return nil, err
	}
	r.CommentMap = atPackage(r.CommentMap)
	files := map[string][]byte{}
	for _, o := range Outputs {
		text, err := json.MarshalIndent(o.schema(r), "", "  ")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.Name, err)
		}
		files[o.Name+".json"] = append(text, '\n')
	}
	return files, nil
}

// Pack returns the files as the program holds them: a JSON array in the order of their names, by gzip.
func Pack(files map[string][]byte) ([]byte, error) {
	var all []json.RawMessage
	for _, name := range slices.Sorted(maps.Keys(files)) {
		all = append(all, files[name])
	}
	text, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(text); err != nil {
		return nil, err
	}
	err = z.Close()
	return packed.Bytes(), err
}

// atPackage returns the comments under the import path of this package, whatever the directory was
// called.
func atPackage(comments map[string]string) map[string]string {
	const path = "jwt/internal/schema"
	all := map[string]string{}
	for name, comment := range comments {
		all[path+name[strings.LastIndexByte(name[:strings.IndexByte(name+".", '.')], '/')+len("/schema"):]] = comment
	}
	return all
}

// schema returns the schema of the output, with the definitions that it needs.
func (o Output) schema(r *jsonschema.Reflector) *jsonschema.Schema {
	all := jsonschema.Definitions{}
	for _, kind := range append(referred, o.Kinds...) {
		maps.Copy(all, describedOutside(r.Reflect(kind).Definitions))
	}
	s := &jsonschema.Schema{
		Version: jsonschema.Version,
		ID:      jsonschema.ID("urn:jwt:schema:" + o.Name),
		Title:   o.About,
		Type:    "object",
	}
	for _, kind := range o.Kinds {
		s.AnyOf = append(s.AnyOf, refTo(reflect.TypeOf(kind).Name()))
	}
	s.Definitions = needed(all, s)
	return s
}

// describedOutside moves the descriptions of members that may be null from the value to the member.
func describedOutside(definitions jsonschema.Definitions) jsonschema.Definitions {
	for _, definition := range definitions {
		for member := definition.Properties.Oldest(); member != nil; member = member.Next() {
			if s := member.Value; s.Description == "" && len(s.OneOf) > 0 {
				s.Description, s.OneOf[0].Description = s.OneOf[0].Description, ""
			}
		}
	}
	return definitions
}

// needed returns the definitions that the schema refers to, also by way of others.
func needed(all jsonschema.Definitions, s *jsonschema.Schema) jsonschema.Definitions {
	kept := jsonschema.Definitions{}
	for open := []*jsonschema.Schema{s}; len(open) > 0; {
		text, err := json.Marshal(open[0])
		if err != nil {
			panic(err) // it was made of Go types
		}
		open = open[1:]
		for name, definition := range all {
			if kept[name] == nil && bytes.Contains(text, []byte(`"`+refTo(name).Ref+`"`)) {
				kept[name] = definition
				open = append(open, definition)
			}
		}
	}
	return kept
}

func refTo(name string) *jsonschema.Schema { return &jsonschema.Schema{Ref: "#/$defs/" + name} }

// anyOf returns the schema of a union of types.
func anyOf(names ...string) *jsonschema.Schema {
	s := &jsonschema.Schema{}
	for _, name := range names {
		s.AnyOf = append(s.AnyOf, refTo(name))
	}
	return s
}
