package render

import (
	"strings"
	"testing"

	"jwt/internal/jsonobject"
)

// Deeply nested values are on one line, without white space, and complete.
func TestDeepValuesStandOnOneLine(t *testing.T) {
	const inner = `{"a" : [1, "x y"],` + "\n" + ` "b":[]}`
	v := jsonobject.Value(strings.Repeat("[", indented) + inner + strings.Repeat("]", indented))
	got := string(NewText(false).Value(v).Bytes())
	line := strings.Repeat("  ", indented) + `{"a":[1,"x y"],"b":[]}` + "\n"
	if !strings.Contains(got, "[\n"+line) {
		t.Errorf("%q is not in %s", line, got)
	}
	if joined := strings.Join(strings.Fields(got), ""); joined != strings.Join(strings.Fields(string(v)), "") {
		t.Errorf("got %s", joined)
	}
}

// A token of only brackets does not become a hundred times as long.
func TestIndentingIsBounded(t *testing.T) {
	deep := strings.Repeat("[", 98) + strings.Repeat("]", 98)
	v := jsonobject.Value("[" + strings.Repeat(deep+",", 1000) + "1]")
	if n := len(NewText(false).Value(v).Bytes()); n > 6*len(v) {
		t.Errorf("%d bytes of %d", n, len(v))
	}
}
