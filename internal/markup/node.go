package markup

import "jwt/internal/jsonobject"

// A Node is an element, or a text if it has no name. Names of elements and attributes are those
// of the program; texts and the values of attributes may be from outside.
type Node struct {
	Name       string
	Attributes []Pair
	Content    []Node
	Text       string
}

// A Pair is an attribute of an element.
type Pair struct{ Name, Value string }

// Text returns a text.
func Text(text string) Node { return Node{Text: text} }

// Element returns an element of a class; an empty class is left out.
func Element(name, class string, content ...Node) Node {
	n := Node{Name: name, Content: content}
	if class != "" {
		n.Attributes = []Pair{{"class", class}}
	}
	return n
}

// With returns the element with one more attribute.
func (n Node) With(name, value string) Node {
	n.Attributes = append(n.Attributes[:len(n.Attributes):len(n.Attributes)], Pair{name, value})
	return n
}

// Node appends a tree of elements.
func (m *Builder) Node(n Node) *Builder {
	if n.Name == "" {
		return m.Text(n.Text)
	}
	m.Raw("<", n.Name)
	for _, a := range n.Attributes {
		m.Raw(Attribute(a.Name, a.Value))
	}
	m.Raw(">")
	for _, c := range n.Content {
		m.Node(c)
	}
	if !isVoid(n.Name) {
		m.Raw("</", n.Name, ">")
	}
	return m
}

// isVoid reports whether an element has no end tag.
func isVoid(name string) bool { return name == "br" || name == "wbr" || name == "hr" }

// AppendJSON appends the tree as JSON: a text is a string, and an element is an array of its
// name, an object of its attributes, and its content. A page builds it without parsing HTML.
func (n Node) AppendJSON(dst []byte) []byte {
	if n.Name == "" {
		return jsonobject.AppendQuote(dst, visible(n.Text))
	}
	dst = append(jsonobject.AppendQuote(append(dst, '['), n.Name), ",{"...)
	for i, a := range n.Attributes {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(jsonobject.AppendQuote(dst, a.Name), ':')
		dst = jsonobject.AppendQuote(dst, visible(a.Value))
	}
	dst = append(dst, '}')
	for _, c := range n.Content {
		dst = c.AppendJSON(append(dst, ','))
	}
	return append(dst, ']')
}
