package render

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"jwt/internal/markup"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// Nodes returns the report as elements of a page. level is that of its heading; command is the
// command line that gives the same report.
func (r Report) Nodes(level int, command string) []markup.Node {
	b := banner{class: "bad", mark: "✗", title: "Not valid", word: string(r.Class), says: r.Says(), next: r.Hint}
	switch {
	case r.Valid && r.count(verdict.Warn) > 0:
		b.class, b.mark, b.title = "caution", "✓", "Valid, with a warning"
	case r.Valid:
		b.class, b.mark, b.title = "good", "✓", "Valid"
	case !r.Class.IsVerdict():
		b.class, b.mark, b.title = "caution", "!", "Not verified"
	}
	if rows := r.failed(); len(rows) > 0 {
		b.content = append(b.content, el("dl", "sizes", rows...))
	}
	b.content = append(b.content, r.why()...)
	if len(r.Checks) > 0 {
		b.after = append(b.after, el("details", "", words("summary", "", phrase.Count(len(r.Checks), "check")+": "+r.tally()), r.checksNode()))
	}
	b.after = append(b.after, commandNode(command)...)
	return b.nodes(level)
}

// Failure returns the elements for an error. level is that of its heading.
func Failure(level int, title string, e *verdict.Error) []markup.Node {
	return banner{class: "caution", mark: "!", title: title, word: string(e.Class), says: e.Message, next: e.Hint}.nodes(level)
}

// Notice returns the elements for a sentence that is not a verdict.
func Notice(level int, title, sentence string) []markup.Node {
	return banner{class: "neutral", mark: "○", title: title, says: sentence}.nodes(level)
}

// Done returns the elements for what was done.
func Done(level int, title, sentence string) []markup.Node {
	return banner{class: "good", mark: "✓", title: title, says: sentence}.nodes(level)
}

// A banner says one thing to the reader, and what to do next.
type banner struct {
	class, mark, title, word, says, next string
	content, after                       []markup.Node
}

func (b banner) nodes(level int) []markup.Node {
	head := heading(level, b.title, "")
	head.Content = append([]markup.Node{el("span", "mark", plain(b.mark)).With("aria-hidden", "true"), plain(" ")}, head.Content...)
	if b.word != "" {
		head.Content = append(head.Content, plain(" "), words("code", "class", b.word))
	}
	nodes := append([]markup.Node{head, words("p", "says", sentence(b.says))}, b.content...)
	if b.next != "" {
		nodes = append(nodes, el("p", "", words("strong", "", "Next "), plain(b.next)))
	}
	return []markup.Node{el("section", "verdict "+b.class, append(nodes, b.after...)...)}
}

// sentence begins a message with a capital letter, unless it begins with the name of what it is
// about, like exp:.
func sentence(message string) string {
	first, size := utf8.DecodeRuneInString(message)
	if word, _, _ := strings.Cut(message, " "); size == 0 || strings.ContainsAny(word, ":._") {
		return message
	}
	return string(unicode.ToUpper(first)) + message[size:]
}

// commandNode shows a command line, which a page can copy.
func commandNode(command string) []markup.Node {
	if command == "" {
		return nil
	}
	return []markup.Node{el("p", "command", words("code", "", command), plain(" "), words("button", "", "Copy").With("type", "button").With("data-copy", command).With("aria-label", "Copy the command"))}
}

// count counts the checks of a status.
func (r Report) count(s verdict.Status) (n int) {
	for _, c := range r.Checks {
		if c.Status == s {
			n++
		}
	}
	return n
}

// tally counts the checks by status: "4 passed, 1 failed".
func (r Report) tally() string {
	var list []string
	for _, s := range statuses {
		if n := r.count(s.status); n > 0 {
			list = append(list, strconv.Itoa(n)+" "+s.word)
		}
	}
	return strings.Join(list, ", ")
}

var statuses = []struct {
	status            verdict.Status
	word, mark, class string
}{
	{verdict.Fail, "failed", "✗", "bad"},
	{verdict.Warn, "warned", "!", "caution"},
	{verdict.Pass, "passed", "✓", "good"},
	{verdict.Skip, "skipped", "–", "dim"},
}

// Says returns the verdict as a sentence.
func (r Report) Says() string {
	if !r.Valid {
		return r.Message
	}
	return "The signature verifies by " + r.Signed.Alg().Name + " under " + r.Signed.Key().Source + ", and the claims pass every check that was asked for."
}

// failed lists what failed checks expected and what was there.
func (r Report) failed() []markup.Node {
	var rows []markup.Node
	for _, c := range r.Checks {
		if c.Status != verdict.Fail {
			continue
		}
		if c.Expected != nil {
			rows = append(rows, row("", plain(c.Name+" expected"), el("code", "value", shortened(bare(c.Expected), pageValue)...)))
		}
		if c.Actual != nil {
			rows = append(rows, row("", plain(c.Name+" actual"), el("code", "value", shortened(bare(c.Actual), pageValue)...)))
		}
	}
	return rows
}

// bare returns a value as JSON, but a string without quotes.
func bare(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	return string(JSON(value, false))
}

// why lists the causes, as far as they are known.
func (r Report) why() []markup.Node {
	var items []markup.Node
	for _, c := range r.Causes {
		item := words("li", "", c.Detail)
		if c.Hint != "" {
			item.Content = append(item.Content, plain(" "), words("span", "dim", c.Hint))
		}
		items = append(items, item)
	}
	if items == nil {
		return nil
	}
	return []markup.Node{el("p", "", words("strong", "", "Why")), el("ul", "why", items...)}
}

// checksNode lists the checks, in their order.
func (r Report) checksNode() markup.Node {
	var rows []markup.Node
	for _, c := range r.Checks {
		for _, s := range statuses {
			if s.status == c.Status {
				name := el("span", s.class, el("span", "", plain(s.mark)).With("aria-hidden", "true"), plain(" "+c.Name), words("span", "unseen", " "+s.word))
				rows = append(rows, row("", name, plain(detail(c, c.Name))))
			}
		}
	}
	return el("dl", "sizes checks", rows...)
}
