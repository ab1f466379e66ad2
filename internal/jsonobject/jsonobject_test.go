package jsonobject

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tests := []struct {
		src        string
		members    []Member
		duplicates []string
	}{
		{`{}`, []Member{}, nil},
		{" \r\n\t{ \t} \n", []Member{}, nil},
		{`{"b":1,"a":2}`, []Member{{"b", Value(`1`)}, {"a", Value(`2`)}}, nil},
		{`{ "n" : 1.0e+2 , "s" : "a,]}\"" }`, []Member{{"n", Value(`1.0e+2`)}, {"s", Value(`"a,]}\""`)}}, nil},
		{`{"big":18446744073709551616,"o":{"x":[1, {"y":"}"}]},"a":[ ],"t":true,"f":false,"n":null}`, []Member{
			{"big", Value(`18446744073709551616`)},
			{"o", Value(`{"x":[1, {"y":"}"}]}`)},
			{"a", Value(`[ ]`)},
			{"t", Value(`true`)},
			{"f", Value(`false`)},
			{"n", Value(`null`)},
		}, nil},
		{`{"\u0061lg":"\ud83d\ude00\\"}`, []Member{{"alg", Value(`"\ud83d\ude00\\"`)}}, nil},
		{`{"":0,"\"":1}`, []Member{{"", Value(`0`)}, {`"`, Value(`1`)}}, nil},
		{`{"A":1,"a":2}`, []Member{{"A", Value(`1`)}, {"a", Value(`2`)}}, nil},

		{`{"a":1,"\u0061":2,"a":3}`, []Member{{"a", Value(`1`)}, {"a", Value(`2`)}, {"a", Value(`3`)}}, []string{"/a"}},
		{`{"a":{"b/c~d":[0,{"x":1,"x":1}],"b/c~d":0}}`, []Member{
			{"a", Value(`{"b/c~d":[0,{"x":1,"x":1}],"b/c~d":0}`)},
		}, []string{"/a/b~1c~0d/1/x", "/a/b~1c~0d"}},
	}
	for _, tt := range tests {
		o, err := Parse([]byte(tt.src))
		if err != nil {
			t.Errorf("Parse(%s): %v", tt.src, err)
			continue
		}
		if d := cmp.Diff(tt.members, o.Members()); d != "" {
			t.Errorf("members of %s (-want +got):\n%s", tt.src, d)
		}
		if d := cmp.Diff(tt.duplicates, o.Duplicates()); d != "" {
			t.Errorf("duplicates of %s (-want +got):\n%s", tt.src, d)
		}
		if string(o.Bytes()) != tt.src {
			t.Errorf("Bytes() = %s, want %s", o.Bytes(), tt.src)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		src    string
		offset int
		reason string // part of it
	}{
		{``, 0, "ends too early"},
		{`  `, 2, "ends too early"},
		{`{`, 1, "ends too early"},
		{`{"a":`, 5, "ends too early"},
		{`{"a":[1,`, 8, "ends too early"},
		{`{"a":"b`, 7, "ends too early"},
		{`[]`, 0, "not a JSON object but an array"},
		{` "x"`, 1, "not a JSON object but a string"},
		{`-1`, 0, "not a JSON object but a number"},
		{`null`, 0, "not a JSON object but null"},
		{`true`, 0, "not a JSON object but a boolean"},
		{`{} x`, 3, "more text"},
		{`{}{}`, 2, "more text"},
		{`{"a":1,}`, 6, "invalid character"},
		{`{"a":[1,]}`, 7, "invalid character"},
		{`{"a":01}`, 6, "invalid character"},
		{`{"a":.5}`, 5, "invalid character"},
		{`{"a":Infinity}`, 5, "invalid character"},
		{`{a:1}`, 1, "invalid character"},
		{`{'a':1}`, 1, "invalid character"},
		{`{"a":1 /* c */}`, 7, "invalid character"},
		{"{\"a\":\"\x1b\"}", 6, "invalid character"},
		{"{\"a\":\"\xff\"}", 6, "invalid UTF-8"},
		{"{\"a\":\"\xed\xa0\x80\"}", 6, "invalid UTF-8"}, // a surrogate in UTF-8
		{`{"a":"\ud800"}`, 6, "invalid"},
		{`{"a":"\ude00\ud83d"}`, 6, "invalid"},
		{"\xef\xbb\xbf{}", 0, "invalid character"},
	}
	for _, tt := range tests {
		_, err := Parse([]byte(tt.src))
		var s *SyntaxError
		if !errors.As(err, &s) {
			t.Errorf("Parse(%q): %v, want a *SyntaxError", tt.src, err)
			continue
		}
		if s.Offset != tt.offset || !strings.Contains(s.Reason, tt.reason) {
			t.Errorf("Parse(%q): %q at %d, want %q at %d", tt.src, s.Reason, s.Offset, tt.reason, tt.offset)
		}
	}
}

func TestDepth(t *testing.T) {
	nest := func(n int) string { // n arrays
		return strings.Repeat("[", n) + strings.Repeat("]", n)
	}
	if _, err := Parse([]byte(`{"a":` + nest(MaxDepth-1) + `}`)); err != nil {
		t.Errorf("depth %d: %v", MaxDepth, err)
	}
	if _, err := Parse([]byte(`{"a":"` + nest(MaxDepth) + `"}`)); err != nil {
		t.Errorf("brackets in a string count as depth: %v", err)
	}
	for _, src := range []string{
		`{"a":` + nest(MaxDepth) + `}`,
		strings.Repeat(`{"a":`, 20_000) + `1` + strings.Repeat(`}`, 20_000),
		strings.Repeat(`{"a":1,"a":`, MaxDepth+1) + `1` + strings.Repeat(`}`, MaxDepth+1),
	} {
		if _, err := Parse([]byte(src)); !errors.Is(err, ErrTooDeep) {
			t.Errorf("Parse(%.20s…): %v, want ErrTooDeep", src, err)
		}
	}
	if _, err := ParseValue([]byte(nest(MaxDepth))); !errors.Is(err, ErrTooDeep) {
		t.Errorf("ParseValue of depth %d: %v, want ErrTooDeep", MaxDepth, err)
	}
	deep, err := ParseValue([]byte(nest(MaxDepth - 1)))
	if err != nil {
		t.Fatal(err)
	}
	var o Object
	o.Set("a", deep)
	if _, err := Parse(o.Bytes()); err != nil {
		t.Errorf("an object with the deepest value: %v", err)
	}
	inner := o
	o.Set("b", Value(inner.Bytes())) // deeper than Parse accepts, but not a reason to panic
	if _, err := Parse(o.Bytes()); !errors.Is(err, ErrTooDeep) {
		t.Errorf("Parse of an object edited too deep: %v, want ErrTooDeep", err)
	}
}

// TestDuplicatesAreBounded checks that the list of duplicates of a hostile text is not
// larger than the text.
func TestDuplicatesAreBounded(t *testing.T) {
	long := strings.Repeat("n", 1<<19)
	src := `{"` + long + `":{` + strings.TrimSuffix(strings.Repeat(`"a":1,"b":2,`, 50_000), ",") + `}}`
	o, err := Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	if d := o.Duplicates(); len(d) != 1 || len(d[0]) != len(long)+3 {
		t.Errorf("%d duplicates, want only the first", len(d))
	}

	var many strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&many, `"%d":1,"%d":1,`, i, i)
	}
	o, err = Parse([]byte(`{` + strings.TrimSuffix(many.String(), ",") + `}`))
	if err != nil {
		t.Fatal(err)
	}
	if d := o.Duplicates(); len(d) != maxListed {
		t.Errorf("%d duplicates listed, want %d", len(d), maxListed)
	}
}

func TestGet(t *testing.T) {
	o := mustParse(t, `{"a":1,"A":2,"a":3,"\u0062":4}`)
	for name, want := range map[string]string{"a": "3", "A": "2", "b": "4"} {
		if v, ok := o.Get(name); !ok || string(v) != want {
			t.Errorf("Get(%q) = %s, %v, want %s", name, v, ok, want)
		}
	}
	for _, name := range []string{"", "B", `\u0062`} {
		if v, ok := o.Get(name); ok {
			t.Errorf("Get(%q) = %s, want nothing", name, v)
		}
	}
}

func TestEdit(t *testing.T) {
	tests := []struct {
		src  string
		edit func(*Object)
		want string
	}{
		{`{}`, func(o *Object) { o.Set("a", Int(-1)) }, `{"a":-1}`},
		{`{ "b": 1.50, "a" :{ "x": 1 } }`, func(o *Object) { o.Set("c", Quote("é\n\"")) }, `{"b":1.50,"a":{ "x": 1 },"c":"é\n\""}`},
		{`{"a":1,"b":2,"c":3}`, func(o *Object) { o.Set("b", Value(`[]`)) }, `{"a":1,"b":[],"c":3}`},
		{`{"a":1,"b":2,"a":3}`, func(o *Object) { o.Set("a", Value(`4`)) }, `{"a":4,"b":2}`},
		{`{"a":1,"b":2,"a":3}`, func(o *Object) { o.Delete("a") }, `{"b":2}`},
		{`{"a":1}`, func(o *Object) { o.Delete("b") }, `{"a":1}`},
		{`{"\u0061":1}`, func(o *Object) { o.Delete("a") }, `{}`},
		{`{"\u0061":1,"b":2}`, func(o *Object) { o.Set("b", Value(`3`)) }, `{"a":1,"b":3}`},
	}
	for _, tt := range tests {
		o := mustParse(t, tt.src)
		before := o
		tt.edit(&o)
		if string(o.Bytes()) != tt.want {
			t.Errorf("%s became %s, want %s", tt.src, o.Bytes(), tt.want)
		}
		if d := cmp.Diff(mustParse(t, tt.want).Members(), o.Members()); d != "" {
			t.Errorf("members after the edit of %s:\n%s", tt.src, d)
		}
		if string(before.Bytes()) != tt.src || len(before.Members()) != len(mustParse(t, tt.src).Members()) {
			t.Errorf("the edit of a copy changed %s", tt.src)
		}
	}
	var zero Object
	if string(zero.Bytes()) != "{}" {
		t.Errorf("the zero Object is %s, want {}", zero.Bytes())
	}
	dup := mustParse(t, `{"a":{"x":1,"x":2},"b":1,"b":2}`)
	dup.Delete("b")
	if d := cmp.Diff([]string{"/a/x"}, dup.Duplicates()); d != "" {
		t.Errorf("duplicates after Delete:\n%s", d)
	}
}

func TestSetPanicsOnInvalidValue(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Set accepted a value that is not JSON")
		}
	}()
	var o Object
	o.Set("a", Value(`}`))
}

func TestValue(t *testing.T) {
	tests := []struct {
		src, kind string
		text      any // a string, or nil
		texts     []string
	}{
		{`"a\u00e9\/"`, "string", "aé/", nil},
		{`""`, "string", "", nil},
		{`-0.1e9`, "number", nil, nil},
		{`7`, "number", nil, nil},
		{`true`, "boolean", nil, nil},
		{`false`, "boolean", nil, nil},
		{`null`, "null", nil, nil},
		{`{"a":1}`, "object", nil, nil},
		{`[]`, "array", nil, []string{}},
		{`[ "a" , "\u005d" ]`, "array", nil, []string{"a", "]"}},
		{`["a",1]`, "array", nil, nil},
		{`[["a"]]`, "array", nil, nil},
	}
	for _, tt := range tests {
		v, err := ParseValue([]byte(" " + tt.src + "\n"))
		if err != nil {
			t.Errorf("ParseValue(%s): %v", tt.src, err)
			continue
		}
		if string(v) != tt.src {
			t.Errorf("ParseValue(%s) = %s", tt.src, v)
		}
		if v.KindName() != tt.kind {
			t.Errorf("%s is a %s, want %s", tt.src, v.KindName(), tt.kind)
		}
		text, ok := v.Text()
		if want, isText := tt.text.(string); ok != isText || text != want {
			t.Errorf("%s: Text() = %q, %v", tt.src, text, ok)
		}
		if v.IsText(text) != ok || v.IsText(text+`\`) || v.IsText(tt.src) {
			t.Errorf("%s: IsText does not say what Text says", tt.src)
		}
		texts, ok := v.Texts()
		if ok != (tt.texts != nil) {
			t.Errorf("%s: Texts() = %q, %v", tt.src, texts, ok)
		} else if d := cmp.Diff(tt.texts, texts); d != "" {
			t.Errorf("%s: Texts():\n%s", tt.src, d)
		}
		if _, ok := v.Object(); ok != (tt.kind == "object") {
			t.Errorf("%s: Object() is %v", tt.src, ok)
		}
	}
	if Value(nil).KindName() != "nothing" {
		t.Error("the nil Value has a kind")
	}
	for _, src := range []string{``, ` `, `1 2`, `{"a":1}}`, `nul`, "\"\x00\""} {
		if v, err := ParseValue([]byte(src)); err == nil {
			t.Errorf("ParseValue(%q) = %s, want an error", src, v)
		}
	}
	if got := Quote("a\xff"); string(got) != `"a`+"\uFFFD"+`"` {
		t.Errorf("Quote of a bad byte = %s", got)
	}
}

func mustParse(t *testing.T, src string) Object {
	t.Helper()
	o, err := Parse([]byte(src))
	if err != nil {
		t.Fatalf("Parse(%s): %v", src, err)
	}
	return o
}

func BenchmarkParse(b *testing.B) {
	src := []byte(`{"iss":"https://issuer.example","sub":"alice","aud":"cli-test","iat":1699999000,"nbf":1699999000,"exp":1700003600}`)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(src); err != nil {
			b.Fatal(err)
		}
	}
}

// TestManyMembersAreOneAllocation checks that the memory for members is allocated once.
func TestManyMembersAreOneAllocation(t *testing.T) {
	allocations := func(members int) float64 {
		text := []byte(`{` + strings.Repeat(`"a":[{"b":1}],`, members-1) + `"a":1}`)
		return testing.AllocsPerRun(10, func() {
			if got := len(split(text, 0)); got != members {
				t.Fatalf("%d members, want %d", got, members)
			}
		})
	}
	if few, many := allocations(10), allocations(10_000); many > few {
		t.Errorf("%.0f allocations for 10 members, %.0f for 10000", few, many)
	}
}
