package schema_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"jwt/internal/schema"
)

// TestFresh requires that the files of the directory schema, and those in the program, are what the
// structs make.
func TestFresh(t *testing.T) {
	const root = "../.."
	files, err := schema.Files(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(root, "schema", name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("schema/%s is not fresh (%v): run make schema", name, err)
		}
	}
	found, err := filepath.Glob(filepath.Join(root, "schema", "*"))
	if err != nil || len(found) != len(files) {
		t.Errorf("schema has %d files, want %d: run make schema", len(found), len(files))
	}
	want, err := schema.Pack(files)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, "cmd", "schemas.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(unpacked(t, got), unpacked(t, want)) {
		t.Error("cmd/schemas.json.gz is not fresh: run make schema")
	}
}

func unpacked(t *testing.T, packed []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestDescriptions requires that each member of each definition says what it is.
func TestDescriptions(t *testing.T) {
	files, err := schema.Files("../..")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for name, text := range files {
		var s struct {
			Title string
			Defs  map[string]struct {
				Description string
				AnyOf       []any
				Properties  map[string]struct{ Description string }
			} `json:"$defs"`
		}
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		if s.Title == "" || len(s.Defs) == 0 {
			t.Errorf("%s: title %q, %d definitions", name, s.Title, len(s.Defs))
		}
		for def, d := range s.Defs {
			if d.Description == "" && len(d.AnyOf) == 0 {
				t.Errorf("%s: %s has no description", name, def)
			}
			for member, m := range d.Properties {
				if m.Description == "" {
					t.Errorf("%s: %s.%s has no description", name, def, member)
				}
			}
		}
	}
}
