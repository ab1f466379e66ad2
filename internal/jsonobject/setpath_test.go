package jsonobject

import (
	"strings"
	"testing"
)

func TestSetPath(t *testing.T) {
	for _, row := range []struct{ name, object, path, want string }{
		{"a name", `{"a":1}`, "b", `{"a":1,"b":true}`},
		{"nested", `{}`, "realm_access.roles", `{"realm_access":{"roles":true}}`},
		{"beside others", `{"a":{"x":1.0},"z":1}`, "a.b", `{"a":{"x":1.0,"b":true},"z":1}`},
		{"deep", `{}`, "a.b.c", `{"a":{"b":{"c":true}}}`},
		{"a URL is one name", `{}`, "https://app.example/roles", `{"https://app.example/roles":true}`},
		{"a member with a dot", `{"a.b":1}`, "a.b", `{"a.b":true}`},
		{"a member with a dot is descended into", `{"kubernetes.io":{"pod":1}}`, "kubernetes.io.pod", `{"kubernetes.io":{"pod":true}}`},
		{"an escaped dot", `{}`, `a\.b`, `{"a.b":true}`},
		{"an escaped dot, then one", `{}`, `a\.b.c`, `{"a.b":{"c":true}}`},
		{"a dot at the end", `{}`, "a.", `{"a.":true}`},
		{"a dot at the start", `{}`, ".a", `{".a":true}`},
		{"a string is not descended into", `{"a":"x"}`, "a.b", ""},
		{"an array is not descended into", `{"a":[1]}`, "a.b", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			o, err := Parse([]byte(row.object))
			if err != nil {
				t.Fatal(err)
			}
			err = o.SetPath(row.path, Value("true"))
			switch {
			case row.want == "" && err == nil:
				t.Errorf("got %s", o.Bytes())
			case row.want != "" && string(o.Bytes()) != row.want:
				t.Errorf("got %s, %v, want %s", o.Bytes(), err, row.want)
			case row.want != "" && !strings.Contains(row.path, `\`):
				if v, _ := o.Lookup(row.path); string(v) != "true" {
					t.Errorf("Lookup finds %s", v)
				}
			}
		})
	}
}

func TestCompareDecimals(t *testing.T) {
	for _, row := range []struct {
		a, b string
		want int
	}{
		{"1", "2", -1},
		{"2", "10", -1},
		{"10", "9.99", 1},
		{"1e2", "100.0", 0},
		{"-1", "1", -1},
		{"-2", "-10", 1},
		{"0", "-0.0", 0},
		{"0", "-1", 1},
		{"0.1", "0.09", 1},
		{"1e999999999", "1", 1},
		{"-1e999999999", "1", -1},
		{"9007199254740993", "9007199254740992", 1},
		{"1e-400", "0", 1},
	} {
		if got := Value(row.a).Decimal().Compare(Value(row.b).Decimal()); got != row.want {
			t.Errorf("%s, %s: %d", row.a, row.b, got)
		}
		if got := Value(row.b).Decimal().Compare(Value(row.a).Decimal()); got != -row.want {
			t.Errorf("%s, %s: %d", row.b, row.a, got)
		}
	}
}
