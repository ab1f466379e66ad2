package verdict

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// constants returns the values of the constants of type Class in class.go.
func constants(t *testing.T) []Class {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "class.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var all []Class
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Class" {
			word, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, Class(word))
		}
		return true
	})
	if len(all) < 40 {
		t.Fatalf("%d constants of type Class in class.go", len(all))
	}
	return all
}

func TestTableHoldsEachClassOnce(t *testing.T) {
	var listed []Class
	for _, r := range table {
		listed = append(listed, r.class)
		if r.gravity == gravityWarning && r.strict == "" {
			t.Errorf("%s: a warning without the failure that it becomes", r.class)
		}
	}
	if all := constants(t); !slices.Equal(listed, all) {
		t.Errorf("the constants and the table differ:\n%q\n%q", all, listed)
	}
}

// TestREADME compares the table with the one in README.md, by exit status.
func TestREADME(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	want := map[int][]Class{}
	for status := range ExitInterrupted + 1 {
		if all := Classes(status); all != nil {
			want[status] = all
		}
	}
	rows := regexp.MustCompile(`(?m)^\| (\d+) \|.*\|(.*)\|$`).FindAllStringSubmatch(string(text), -1)
	seen := 0
	for _, row := range rows {
		status, _ := strconv.Atoi(row[1])
		var got []Class
		for _, word := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(row[2], -1) {
			got = append(got, Class(word[1]))
		}
		if status == ExitInterrupted {
			got = append(got, Interrupted) // the meaning says it
		}
		seen += len(got)
		slices.Sort(got)
		slices.Sort(want[status])
		if !slices.Equal(got, want[status]) {
			t.Errorf("README.md has for exit status %d: %q, want %q", status, got, want[status])
		}
		delete(want, status)
	}
	if len(want) > 0 || seen < len(table) {
		t.Errorf("README.md lacks %v", want)
	}
}

func TestClass(t *testing.T) {
	for _, test := range []struct {
		class     Class
		exit      int
		rejection Class
		verdict   bool
	}{
		{IO, 1, IO, false},
		{Usage, 2, Usage, false},
		{DuplicateMember, 3, DuplicateMember, true},
		{AlgRefused, 4, AlgRefused, true},
		{Expired, 5, Expired, true},
		{ClaimMismatch, 6, ClaimMismatch, true},
		{KeyRefused, 7, KeyRefused, true},
		{KeyUnreadable, 7, KeyUnreadable, false},
		{ServerError, 8, ServerError, false},
		{SessionBusy, 9, SessionBusy, true},
		{Interrupted, 130, Interrupted, false},
		{WeakKey, 1, KeyRefused, true},
		{SuspiciousTime, 1, ClaimsMalformed, true},
		{IssuedInFuture, 1, NotYetValid, true},
		{SecretInArgv, 1, SecretInArgv, true},
		{"unknown", 1, "unknown", true},
		{"", 0, "", true},
	} {
		if got := test.class.ExitStatus(); got != test.exit {
			t.Errorf("%q: exit status %d, want %d", test.class, got, test.exit)
		}
		if got := test.class.Rejection(); got != test.rejection {
			t.Errorf("%q: rejection %q, want %q", test.class, got, test.rejection)
		}
		if got := test.class.IsVerdict(); got != test.verdict {
			t.Errorf("%q: verdict %t, want %t", test.class, got, test.verdict)
		}
	}
}
