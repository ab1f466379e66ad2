package cmd

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jwt/internal/cli"
)

// TestPagesNameFlags requires that the commands and flags which a page names exist, in text and in blocks that
// cannot be run because they need a network.
func TestPagesNameFlags(t *testing.T) {
	t.Parallel()
	flags, all := commandFlags(), []string{"--allow-untrusted"} // of apk
	for _, names := range flags {
		all = append(all, names...)
	}
	checked := 0
	for _, name := range pages(t) {
		if name == "CHANGELOG.md" { // it names those that are gone, too
			continue
		}
		text, err := os.ReadFile("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range commandLines(string(text), flags) {
			command, given := splitCommand(line, flags)
			for _, flag := range given {
				checked++
				if !slices.Contains(flags[command], flag) {
					t.Errorf("%s: %s has no flag %s: %s", name, command, flag, line)
				}
			}
		}
		for _, span := range spans(string(text)) {
			if !strings.HasPrefix(span, "-") {
				continue
			}
			for _, flag := range flagNames(span) {
				checked++
				if !slices.Contains(all, flag) {
					t.Errorf("%s: no command has the flag %s", name, flag)
				}
			}
		}
	}
	if checked < 200 {
		t.Errorf("%d flags found on the pages", checked)
	}
}

// commandFlags returns the flags of each command, by its words.
func commandFlags() map[string][]string {
	env := &cli.Env{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}, LookupEnv: os.LookupEnv}
	flags := map[string][]string{}
	for _, page := range manual(newRoot(env, []string{everythingBuilt})) {
		names := []string{"--help"}
		for _, s := range page.sections {
			if s.title != "OPTIONS" {
				continue
			}
			for _, term := range s.blocks[0].(manTerms) {
				names = append(names, strings.Split(term.term, ", ")...)
			}
		}
		flags[page.command] = names
	}
	flags["jwt"] = append(flags["jwt"], flags["jwt decode"]...) // jwt TOKEN decodes
	flags["jwt man"] = []string{"--dir"}                        // hidden
	return flags
}

var (
	startOfCommand = regexp.MustCompile("(?:^|[ `(!'\"])(jwt [^`\n]*)")
	quotedText     = regexp.MustCompile(`'[^']*'|"[^"]*"`)
	endOfCommand   = regexp.MustCompile(`[|;&<>)]| -- | #|,? jwt `)
	flagName       = regexp.MustCompile(`(?:^|[ \[(])(--?[a-zA-Z][a-zA-Z0-9-]*)`)
)

// spans returns the code in the text of a page.
func spans(text string) []string {
	var all []string
	for _, span := range codeSpan.FindAllString(withoutFences(text), -1) {
		all = append(all, strings.Trim(span, "`"))
	}
	return all
}

// commandLines returns the lines of jwt on a page, in blocks and in text, where the name of the program may be missing:
// `verify --aud`.
func commandLines(text string, flags map[string][]string) []string {
	var lines []string
	for _, span := range spans(text) {
		if word, _, _ := strings.Cut(span, " "); flags["jwt "+word] != nil {
			lines = append(lines, "jwt "+span)
		}
	}
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		for _, match := range startOfCommand.FindAllStringSubmatch(line, -1) {
			lines = append(lines, match[1])
		}
	}
	return lines
}

// splitCommand returns the command of a line and its flags.
func splitCommand(line string, flags map[string][]string) (command string, given []string) {
	line = quotedText.ReplaceAllString(line, "X")
	if end := endOfCommand.FindStringIndex(line); end != nil {
		line = line[:end[0]]
	}
	command = "jwt"
	for _, word := range strings.Fields(line)[1:] {
		if flags[command+" "+word] == nil {
			break
		}
		command += " " + word
	}
	return command, flagNames(line)
}

func flagNames(text string) []string {
	var names []string
	for _, match := range flagName.FindAllStringSubmatch(quotedText.ReplaceAllString(text, "X"), -1) {
		names = append(names, match[1])
	}
	return names
}
