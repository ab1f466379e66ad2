// Command generate writes the directory schema: make schema.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"jwt/internal/schema"
)

func main() {
	if err := write("schema"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(dir string) error {
	files, err := schema.Files(".")
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return err
	}
	for _, name := range old {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	packed, err := schema.Pack(files)
	if err != nil {
		return err
	}
	return os.WriteFile("cmd/schemas.json.gz", packed, 0o644)
}
