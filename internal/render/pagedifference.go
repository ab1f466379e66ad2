package render

import (
	"jwt/internal/jsonobject"
	"jwt/internal/jwt"
	"jwt/internal/markup"
)

// Nodes returns the difference as elements of a page. level is that of its heading; command is
// the command line that gives the same.
func (d Difference) Nodes(level int, command string) []markup.Node {
	title := "The tokens differ"
	if d.Equal() {
		title = "Header and payload say the same"
	}
	nodes := []markup.Node{heading(level, title, "")}
	nodes = append(nodes, d.partNodes(level+1, "Header", d.Header, false)...)
	nodes = append(nodes, d.partNodes(level+1, "Payload", d.Payload, true)...)
	for _, note := range d.Notes {
		nodes = append(nodes, words("p", "dim", note))
	}
	return append(nodes, commandNode(command)...)
}

func (d Difference) partNodes(level int, name string, changes []jsonobject.Change, claims bool) []markup.Node {
	if len(changes) == 0 {
		return nil
	}
	var rows []markup.Node
	for _, c := range changes {
		rows = append(rows, d.changeNode(c, claims))
	}
	return []markup.Node{section(level, name, "", el("dl", "members changes", rows...))}
}

// changeNode returns one change, with by how much a time changed.
func (d Difference) changeNode(c jsonobject.Change, claims bool) markup.Node {
	dates := claims && isTime(c.Path)
	name := []markup.Node{words("code", "", place(c)), plain(" "), words("small", "", string(c.Kind))}
	var values []markup.Node
	if c.From != nil {
		values = append(values, el("del", "value", shortened(d.shown(c.From, dates), pageValue)...))
	}
	if c.From != nil && c.To != nil {
		values = append(values, plain(" → "))
	}
	if c.To != nil {
		values = append(values, el("ins", "value", shortened(d.shown(c.To, dates), pageValue)...))
	}
	if from, to, ok := times(c); ok && claims {
		if _, by, ok := jwt.TimeBetween(from, to); ok {
			values = append(values, plain(" "), words("span", "remark", by))
		}
	}
	return row(string(c.Kind), el("span", "", name...), el("div", "", values...))
}
