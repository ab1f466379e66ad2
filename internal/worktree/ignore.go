package worktree

import (
	"bytes"
	"strings"
	"unicode"
)

// Patterns are the lines of one .gitignore, the last of which decides.
type patterns struct {
	dir  string // of the file, relative to the root; "" for the root itself
	list []pattern
}

// A pattern is one line of a .gitignore (gitignore(5)).
type pattern struct {
	negated  bool     // it includes again what a line above excludes
	dirOnly  bool     // it matches directories only
	segments []string // what the slashes of the line separate
	anchored bool     // it matches from the directory of the file on, not at any depth
}

func parsePatterns(dir string, text []byte) patterns {
	p := patterns{dir: dir}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	for line := range strings.SplitSeq(string(text), "\n") {
		if pattern, ok := parsePattern(strings.TrimSuffix(line, "\r")); ok {
			p.list = append(p.list, pattern)
		}
	}
	return p
}

func parsePattern(line string) (p pattern, ok bool) {
	if strings.HasPrefix(line, "#") {
		return p, false
	}
	line = trimBlanks(line)
	line, p.negated = strings.CutPrefix(line, "!")
	line, p.dirOnly = strings.CutSuffix(line, "/")
	p.anchored = strings.Contains(line, "/")
	line = strings.TrimPrefix(line, "/")
	p.segments = strings.Split(line, "/")
	return p, line != ""
}

// trimBlanks removes spaces at the end that no backslash precedes.
func trimBlanks(line string) string {
	for strings.HasSuffix(line, " ") && !strings.HasSuffix(line, `\ `) {
		line = line[:len(line)-1]
	}
	return line
}

// decide reports whether a line matches the path, which is relative to the root, and whether
// the path is then ignored.
func (p patterns) decide(path string, isDir bool) (ignored, decided bool) {
	rest := path
	if p.dir != "" {
		var below bool
		if rest, below = strings.CutPrefix(path, p.dir+"/"); !below {
			return false, false
		}
	}
	for i := len(p.list) - 1; i >= 0; i-- {
		if p.list[i].matches(rest, isDir) {
			return !p.list[i].negated, true
		}
	}
	return false, false
}

func (p pattern) matches(path string, isDir bool) bool {
	if p.dirOnly && !isDir {
		return false
	}
	if !p.anchored {
		return matchName(p.segments[0], path[strings.LastIndexByte(path, '/')+1:])
	}
	return matchPath(p.segments, strings.Split(path, "/"))
}

// matchPath matches the segments of a path. The segment ** matches any number of them, at
// the end at least one.
func matchPath(pattern, path []string) bool {
	star, retry := -1, 0 // the last **, and where it would end
	p, s := 0, 0
	for s < len(path) {
		switch {
		case p < len(pattern) && pattern[p] == "**":
			if p == len(pattern)-1 {
				return true
			}
			star, retry = p, s
			p++
		case p < len(pattern) && matchName(pattern[p], path[s]):
			p, s = p+1, s+1
		case star >= 0:
			retry++
			p, s = star+1, retry
		default:
			return false
		}
	}
	return p == len(pattern)
}

// matchName matches one segment with the wildcards * ? and [ ].
func matchName(pattern, name string) bool {
	star, retry := -1, 0
	p, s := 0, 0
	for s < len(name) {
		n, ok := 0, false
		if p < len(pattern) && pattern[p] == '*' {
			star, retry = p, s
			p++
			continue
		}
		if p < len(pattern) {
			n, ok = matchByte(pattern[p:], name[s])
		}
		switch {
		case ok:
			p, s = p+n, s+1
		case star >= 0:
			retry++
			p, s = star+1, retry
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// matchByte matches the first element of a pattern, which has n bytes.
func matchByte(pattern string, c byte) (n int, ok bool) {
	switch pattern[0] {
	case '?':
		return 1, true
	case '\\':
		if len(pattern) > 1 {
			return 2, pattern[1] == c
		}
		return 1, false
	case '[':
		return matchClass(pattern, c)
	}
	return 1, pattern[0] == c
}

// matchClass matches [a-z], [!a] and [[:digit:]] at the start of a pattern.
func matchClass(pattern string, c byte) (n int, ok bool) {
	i, negated, in := 1, false, false
	if i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^') {
		negated, i = true, 2
	}
	for first := true; i < len(pattern); first = false {
		if pattern[i] == ']' && !first {
			return i + 1, in != negated
		}
		if name, after, isNamed := cutClassName(pattern[i:]); isNamed {
			in, i = in || classNames[name] != nil && classNames[name](rune(c)), len(pattern)-len(after)
			continue
		}
		low, next := classByte(pattern, i)
		high := low
		if next+1 < len(pattern) && pattern[next] == '-' && pattern[next+1] != ']' {
			high, next = classByte(pattern, next+1)
		}
		in, i = in || low <= c && c <= high, next
	}
	return 1, false // without its end, git matches nothing
}

func classByte(pattern string, i int) (c byte, next int) {
	if pattern[i] == '\\' && i+1 < len(pattern) {
		i++
	}
	return pattern[i], i + 1
}

func cutClassName(s string) (name, after string, ok bool) {
	if rest, begins := strings.CutPrefix(s, "[:"); begins {
		return strings.Cut(rest, ":]")
	}
	return "", "", false
}

var classNames = map[string]func(rune) bool{
	"alnum": func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }, "alpha": unicode.IsLetter, "digit": unicode.IsDigit,
	"lower": unicode.IsLower, "upper": unicode.IsUpper, "space": unicode.IsSpace, "punct": func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) },
	"xdigit": func(r rune) bool { return strings.ContainsRune("0123456789abcdefABCDEF", r) }, "blank": func(r rune) bool { return r == ' ' || r == '\t' },
}
