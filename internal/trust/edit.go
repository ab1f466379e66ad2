package trust

import (
	"bytes"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"jwt/internal/config"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// Add returns the text of the file with the entry at its end. The rest of the file stays as it is.
func Add(c config.File, e Entry) ([]byte, error) {
	all, err := Entries(c)
	if err != nil {
		return nil, err
	}
	for _, known := range all {
		if known.Name == e.Name {
			return nil, verdict.Errorf(verdict.Usage, "%s already has a trust entry %s", c.Name, phrase.Quote(e.Name)).
				Hintf("jwt trust remove %s, then add it again", phrase.Quote(e.Name))
		}
	}
	if err := e.Check(); err != nil {
		return nil, err
	}
	table, err := toml.Marshal(map[string]map[string]Entry{"trust": {e.Name: e}})
	if err != nil {
		return nil, err
	}
	table = bytes.TrimPrefix(table, []byte("[trust]\n"))
	text := bytes.Clone(c.Text)
	if len(text) > 0 {
		text = append(bytes.TrimRight(text, "\n"), "\n\n"...)
	}
	return checked(append(text, table...), len(all)+1, c)
}

// Remove returns the text of the file without the table of the entry. Comments after the table
// stay.
func Remove(c config.File, name string) ([]byte, error) {
	all, err := Entries(c)
	if err != nil {
		return nil, err
	}
	if _, err := ByName(all, name); err != nil {
		return nil, err
	}
	from, to, ok := tableOf(c.Text, name)
	if !ok {
		return nil, verdict.Errorf(verdict.Usage, "%s: the trust entry %s is not a table of its own", c.Name, phrase.Quote(name)).
			Hintf("remove it with an editor")
	}
	before, after := bytes.TrimRight(c.Text[:from], "\n"), bytes.TrimLeft(c.Text[to:], "\n")
	text := bytes.Clone(before)
	if len(before) > 0 && len(after) > 0 {
		text = append(text, "\n\n"...)
	}
	text = append(text, after...)
	if len(after) == 0 && len(text) > 0 {
		text = append(text, '\n')
	}
	return checked(text, len(all)-1, c)
}

// checked refuses an edit that does not leave that many entries, so that a mistake here never
// costs the file.
func checked(text []byte, entries int, c config.File) ([]byte, error) {
	all, err := Entries(config.File{Name: c.Name, Text: text})
	if err != nil {
		return nil, err
	}
	if len(all) != entries {
		return nil, verdict.Errorf(verdict.Internal, "%s: the edit would leave %d trust entries, not %d", c.Name, len(all), entries)
	}
	return text, nil
}

// tableOf returns where the table [trust."NAME"] begins and ends: before the next table, or the
// comments in front of it.
func tableOf(text []byte, name string) (from, to int, ok bool) {
	p := unstable.Parser{KeepComments: true}
	p.Reset(text)
	inside, end := false, len(text)
	comment := -1 // where the comments before the next table begin
	for p.NextExpression() {
		e := p.Expression()
		start := lineStart(text, e)
		switch {
		case e.Kind == unstable.Comment:
			if comment < 0 {
				comment = start
			}
			continue
		case e.Kind != unstable.Table && e.Kind != unstable.ArrayTable:
		case inside:
			if comment >= 0 {
				start = comment
			}
			return from, start, p.Error() == nil
		case isTrustTable(e, name):
			inside, from = true, start
		}
		comment = -1
	}
	if inside && comment >= 0 {
		end = comment
	}
	return from, end, inside && p.Error() == nil
}

// isTrustTable reports whether an expression is the header [trust."NAME"].
func isTrustTable(e *unstable.Node, name string) bool {
	var keys []string
	for it := e.Key(); it.Next(); {
		keys = append(keys, string(it.Node().Data))
	}
	return e.Kind == unstable.Table && len(keys) == 2 && keys[0] == "trust" && keys[1] == name
}

// lineStart returns where the line of an expression begins.
func lineStart(text []byte, e *unstable.Node) int {
	node := e
	if e.Kind != unstable.Comment {
		keys := e.Key()
		keys.Next()
		node = keys.Node()
	}
	return bytes.LastIndexByte(text[:node.Raw.Offset], '\n') + 1
}
