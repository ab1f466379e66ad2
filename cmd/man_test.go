package cmd

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"jwt/internal/cli"
)

// TestManHTML writes the manual as `make man` does. The HTML page has every command, every link in it
// has one target, and it runs and loads nothing.
func TestManHTML(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := &cli.Env{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}, LookupEnv: os.LookupEnv}
	if status := Run(t.Context(), env, []string{"man", "--dir", dir}); status != 0 {
		t.Fatalf("exit status %d", status)
	}
	page, err := os.ReadFile(filepath.Join(dir, "jwt.html"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	ids := map[string]int{}
	for _, match := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		ids[match[1]]++
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("%d elements have the id %s", n, id)
		}
	}
	links := regexp.MustCompile(` href="([^"]*)"`).FindAllStringSubmatch(text, -1)
	for _, match := range links {
		if target, ok := strings.CutPrefix(match[1], "#"); !ok || ids[target] == 0 {
			t.Errorf("the link to %s has no target", match[1])
		}
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil || len(pages) < 20 || len(links) < 200 {
		t.Fatalf("%d pages, %d links: %v", len(pages), len(links), err)
	}
	for _, file := range pages {
		if id := strings.TrimSuffix(filepath.Base(file), ".1"); ids[id] != 1 {
			t.Errorf("the page lacks %s", id)
		}
	}
	if found := regexp.MustCompile(`<script|<link|<img|<iframe| src=| on[a-z]+=|url\(|@import`).FindString(text); found != "" {
		t.Errorf("the page has %q", found)
	}
}
