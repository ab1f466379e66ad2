package render

import (
	"strconv"
	"strings"

	"jwt/internal/markup"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
	"jwt/internal/verify"
)

// Nodes returns the report as elements of a page. level is that of its heading; command is the
// command line that gives the same report.
func (r Report) Nodes(level int, command string) []markup.Node {
	class, mark, title := "bad", "✗", "Not valid"
	switch {
	case r.Valid && r.warned():
		class, mark, title = "caution", "✓", "Valid, with a warning"
	case r.Valid:
		class, mark, title = "good", "✓", "Valid"
	case r.Class == "":
		class, mark, title = "neutral", "○", "Not verified"
	case !r.Class.IsVerdict():
		class, mark, title = "caution", "!", "Not verified"
	}
	head := heading(level, title, "")
	head.Content = append([]markup.Node{el("span", "mark", plain(mark)).With("aria-hidden", "true"), plain(" ")}, head.Content...)
	if r.Class != "" {
		head.Content = append(head.Content, plain(" "), words("code", "class", string(r.Class)))
	}
	nodes := []markup.Node{head, words("p", "says", r.says())}
	if rows := r.failed(); len(rows) > 0 {
		nodes = append(nodes, el("dl", "sizes", rows...))
	}
	nodes = append(nodes, r.why()...)
	if r.Hint != "" {
		nodes = append(nodes, el("p", "", words("strong", "", "Next "), plain(r.Hint)))
	}
	if len(r.Checks) > 0 {
		nodes = append(nodes, el("details", "", words("summary", "", phrase.Count(len(r.Checks), "check")+": "+r.tally()), r.checksNode()))
	}
	return []markup.Node{el("section", "verdict "+class, append(nodes, commandNode(command)...)...)}
}

// commandNode shows a command line, which a page can copy.
func commandNode(command string) []markup.Node {
	if command == "" {
		return nil
	}
	return []markup.Node{el("p", "command", words("code", "", command), plain(" "), words("button", "", "Copy").With("type", "button").With("data-copy", command).With("aria-label", "Copy the command"))}
}

// warned reports whether a check warned.
func (r Report) warned() bool { return r.count(verdict.Warn) > 0 }

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

// says returns the verdict as a sentence.
func (r Report) says() string {
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
			rows = append(rows, row("", plain(c.Name+" expected"), words("code", "value", string(JSON(c.Expected, false)))))
		}
		if c.Actual != nil {
			rows = append(rows, row("", plain(c.Name+" actual"), el("code", "value", shortened(string(JSON(c.Actual, false)), pageValue)...)))
		}
	}
	return rows
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

// Unverified returns the elements for a token that nothing can verify yet.
func Unverified(level int, sentence string) []markup.Node {
	return Report(verify.Report{Message: sentence}).Nodes(level, "")
}
