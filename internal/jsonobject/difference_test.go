package jsonobject

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func value(t testing.TB, text string) Value {
	t.Helper()
	v, err := ParseValue([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// format writes changes as "~a 1 2", "+b 3", "-c 4".
func format(changes []Change) string {
	var words []string
	for _, c := range changes {
		mark := map[ChangeKind]string{Added: "+", Removed: "-", Changed: "~"}[c.Kind]
		word := mark + c.Path
		if c.From != nil {
			word += " " + string(c.From)
		}
		if c.To != nil {
			word += " " + string(c.To)
		}
		words = append(words, word)
	}
	return strings.Join(words, "; ")
}

func TestDifference(t *testing.T) {
	for _, test := range []struct{ from, to, want string }{
		{`{}`, `{}`, ""},
		{`{"a":1,"b":2}`, ` { "b" : 2.0, "\u0061":1e0 } `, ""},
		{`{"s":"a\u00fc"}`, `{"s":"aü"}`, ""},
		{`{"a":1,"b":2}`, `{"a":1,"c":3}`, "-b 2; +c 3"},
		{`{"a":1}`, `{"a":2}`, "~a 1 2"},
		{`{"a":9007199254740993}`, `{"a":9007199254740992}`, "~a 9007199254740993 9007199254740992"},
		{`{"a":0.1}`, `{"a":0.10000000000000000001}`, "~a 0.1 0.10000000000000000001"},
		{`{"a":1}`, `{"a":"1"}`, `~a 1 "1"`},
		{`{"a":null}`, `{}`, "-a null"},
		{`{"a":true}`, `{"a":false}`, "~a true false"},
		{`{"a":"x"}`, `{"A":"x"}`, `-a "x"; +A "x"`},
		{`{"a":{"b":{"c":1,"d":2}}}`, `{"a":{"b":{"d":3}}}`, "-a.b.c 1; ~a.b.d 2 3"},
		{`{"a":{"b":1}}`, `{"a":[1]}`, `~a {"b":1} [1]`},
		{`{"l":["a","b","c"]}`, `{"l":["a","x","b","c"]}`, `+l[1] "x"`},
		{`{"l":["a","b","c"]}`, `{"l":["b","c"]}`, `-l[0] "a"`},
		{`{"l":["a","b","c"]}`, `{"l":["a","x","c"]}`, `~l[1] "b" "x"`},
		{`{"l":["a","a"]}`, `{"l":["a"]}`, `-l[1] "a"`},
		{`{"l":[]}`, `{"l":[{"x":1}]}`, `+l[0] {"x":1}`},
		{`{"l":[{"x":1},{"y":[1,2]}]}`, `{"l":[{"x":2},{"y":[1]}]}`, `~l[0].x 1 2; -l[1].y[1] 2`},
		{`{"l":["a","b"]}`, `{"l":["b","a"]}`, `~l[0] "a" "b"; ~l[1] "b" "a"`},
		{`{"a":1,"a":2}`, `{"a":2}`, ""},
		{`{"a":1,"a":2}`, `{"a":1}`, "~a 2 1"},
		{`"x"`, `"y"`, `~ "x" "y"`},
		{`[1]`, `[1,2]`, "+[1] 2"},
	} {
		changes := Difference(value(t, test.from), value(t, test.to))
		if d := cmp.Diff(test.want, format(changes)); d != "" {
			t.Errorf("%s to %s:\n%s", test.from, test.to, d)
		}
		back := Difference(value(t, test.to), value(t, test.from))
		if len(back) != len(changes) {
			t.Errorf("%s to %s: %s, back %s", test.from, test.to, format(changes), format(back))
		}
	}
}

func TestVariation(t *testing.T) {
	for _, test := range []struct {
		a, b            string
		order, spelling bool
	}{
		{`{"a":1,"b":2}`, `{"a":1,"b":2}`, false, false},
		{`{"a":1,"b":2}`, `{"b":2,"a":1}`, true, false},
		{`{"a":1,"b":2}`, `{"a": 1,"b":2}`, false, true},
		{`{"a":1,"b":2}`, `{"b":2.0,"a":1}`, true, true},
		{`{"a":{"x":1,"y":2}}`, `{"a":{"y":2,"x":1}}`, true, false},
		{`{"l":[{"x":1,"y":2}]}`, `{"l":[{"y":2,"x":1}]}`, true, false},
		{`{"l":["\u0061"]}`, `{"l":["a"]}`, false, true},
		{`{"\u0061":1}`, `{"a":1}`, false, true},
	} {
		order, spelling := Variation(value(t, test.a), value(t, test.b))
		if order != test.order || spelling != test.spelling {
			t.Errorf("%s and %s: order %v, spelling %v", test.a, test.b, order, spelling)
		}
	}
}

// FuzzDifference checks that there are no changes exactly if the values are equal, and
// the same number in both directions.
func FuzzDifference(f *testing.F) {
	f.Add(`{"a":[1,{"b":"c"}],"d":null}`, `{"d":0,"a":[{"b":"c"}]}`)
	f.Add(`{"exp":1e9}`, `{"exp":1000000000}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		from, err := Parse([]byte(a))
		to, err2 := Parse([]byte(b))
		if err != nil || err2 != nil || len(from.Duplicates())+len(to.Duplicates()) > 0 {
			return
		}
		v, w := value(t, a), value(t, b)
		forth, back := Difference(v, w), Difference(w, v)
		if same := Equal(v, w); same != (len(forth) == 0) || len(forth) != len(back) {
			t.Errorf("equal: %v, forth %s, back %s", same, format(forth), format(back))
		}
		Variation(v, w)
	})
}
