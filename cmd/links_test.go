package cmd

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// TestLinks follows every relative link of the Markdown files, to a file and to a heading in it.
func TestLinks(t *testing.T) {
	t.Parallel()
	files, links := 0, 0
	err := filepath.WalkDir("..", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "bin", "dist", "node_modules"}, d.Name()):
			return filepath.SkipDir
		case filepath.Ext(file) != ".md":
			return nil
		}
		files++
		for _, target := range relativeLinks(t, file) {
			links++
			if problem := followLink(t, file, target); problem != "" {
				t.Errorf("%s: the link to %s: %s", strings.TrimPrefix(filepath.ToSlash(file), "../"), target, problem)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 5 || links < 5 {
		t.Errorf("%d links found in %d files", links, files)
	}
}

// TestEveryPageIsListed requires that the index of docs, or that of the cookbook, links to each page.
func TestEveryPageIsListed(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{"docs/README.md": true}
	for _, index := range []string{"docs/README.md", "docs/cookbook/README.md"} {
		for _, target := range relativeLinks(t, "../"+index) {
			target, _, _ = strings.Cut(target, "#")
			listed[path.Join(path.Dir(index), target)] = true
		}
	}
	for _, name := range pages(t) {
		if strings.HasPrefix(name, "docs/") && !listed[name] {
			t.Errorf("no index links to %s", name)
		}
	}
}

var (
	fencedBlock = regexp.MustCompile("(?ms)^```.*?^```\n")
	codeSpan    = regexp.MustCompile("`[^`\n]*`")
	inlineLink  = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headingLine = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	linkText    = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
)

// relativeLinks returns the targets of the links and pictures of a file, except URLs.
func relativeLinks(t *testing.T, file string) []string {
	text := codeSpan.ReplaceAllString(withoutBlocks(t, file), "")
	var all []string
	for _, match := range inlineLink.FindAllStringSubmatch(text, -1) {
		if !strings.Contains(match[1], ":") {
			all = append(all, match[1])
		}
	}
	return all
}

// followLink returns what is wrong with a link of a file, or "".
func followLink(t *testing.T, file, target string) string {
	name, anchor, hasAnchor := strings.Cut(target, "#")
	if name != "" {
		file = filepath.Join(filepath.Dir(file), filepath.FromSlash(name))
	}
	if _, err := os.Stat(file); err != nil {
		return "the file does not exist"
	}
	if hasAnchor && !slices.Contains(anchors(t, file), anchor) {
		return "the file has no such heading"
	}
	return ""
}

// anchors returns the anchors that GitHub and GitLab make of the headings of a file.
func anchors(t *testing.T, file string) []string {
	var all []string
	for _, match := range headingLine.FindAllStringSubmatch(withoutBlocks(t, file), -1) {
		text := strings.ToLower(linkText.ReplaceAllString(match[1], "$1"))
		all = append(all, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
				return r
			default:
				return -1
			}
		}, text))
	}
	return all
}

func withoutBlocks(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return withoutFences(string(b))
}

func withoutFences(text string) string { return fencedBlock.ReplaceAllString(text, "") }
