package markup_test

import (
	"encoding/json"
	"strings"
	"testing"

	"jwt/internal/markup"
)

// FuzzNode checks that text from outside stays text, in HTML and in the tree for pages.
func FuzzNode(f *testing.F) {
	for _, seed := range []string{"", "a", "</p><script>alert(1)</script>", `" onload="x`, "`'&amp;", "\u202e\x00\xff", "\u2028"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := markup.Element("p", "", markup.Text(s), markup.Element("br", "")).With("title", s)
		var b markup.Builder
		html := b.Node(n).String()
		text, ok := strings.CutPrefix(html, `<p title="`)
		text, end := strings.CutSuffix(text, "<br></p>")
		title, content, one := strings.Cut(text, `">`)
		if !ok || !end || !one || title != content || strings.ContainsAny(content, "<>\"'`") {
			t.Fatalf("%q became %s", s, html)
		}
		var tree []any
		if err := json.Unmarshal(n.AppendJSON(nil), &tree); err != nil || len(tree) != 4 || tree[0] != "p" {
			t.Fatalf("%q became %s, %v", s, n.AppendJSON(nil), err)
		}
		var shown markup.Builder
		if got := shown.Text(tree[2].(string)).String(); got != content || tree[1].(map[string]any)["title"] != tree[2] {
			t.Fatalf("%q: the tree has %q, HTML %q", s, got, content)
		}
	})
}
