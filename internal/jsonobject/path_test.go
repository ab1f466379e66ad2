package jsonobject

import (
	"strings"
	"testing"
)

func TestLookup(t *testing.T) {
	o := mustParse(t, `{
		"sub":"s", "a.b":"literal", "a":{"b":"nested","c":[10,[20,{"d":30}]],"":"empty"},
		"https://e.example/roles":["x"], "kubernetes.io":{"pod.name":{"v":1},"pod":{"uid":2}},
		"":{"":"twice empty"}, "l[0]":"literal index", "l":[1], "d.e":{"x":1}, "d":{"e":{"y":2}}}`)
	for path, want := range map[string]string{
		"sub":                        `"s"`,
		"a.b":                        `"literal"`,
		"a.c[0]":                     `10`,
		"a.c[1][0]":                  `20`,
		"a.c[1][1].d":                `30`,
		"a.":                         `"empty"`,
		"":                           `{"":"twice empty"}`,
		".":                          `"twice empty"`,
		"https://e.example/roles":    `["x"]`,
		"https://e.example/roles[0]": `"x"`,
		"kubernetes.io.pod.name.v":   `1`,
		"kubernetes.io.pod.uid":      `2`,
		"l[0]":                       `"literal index"`,
		"d.e.x":                      `1`,
		"d.e.y":                      `2`,
		"Sub":                        "",
		"a.c[2]":                     "",
		"a.c[00]":                    "",
		"a.c[+1]":                    "",
		"a.c[-1]":                    "",
		"a.c[]":                      "",
		"a.c[0":                      "",
		"a.c[0]x":                    "",
		"a.c[99999999999999999999]":  "",
		"a.c.0":                      "",
		"sub.x":                      "",
		"sub[0]":                     "",
		"[0]":                        "",
		"a..b":                       "",
	} {
		v, ok := o.Lookup(path)
		if string(v) != want || ok != (want != "") {
			t.Errorf("%q: %s %v, want %s", path, v, ok, want)
		}
	}
}

func FuzzLookup(f *testing.F) {
	f.Add(`{"a":{"b":[1,{"c":2}]}}`, "a.b[1].c")
	f.Add(`{"a.b":1,"a":{"b":2}}`, "a.b")
	f.Add(`{"":{"":[[]]}}`, ".[0][0]")
	f.Fuzz(func(t *testing.T, text, path string) {
		o, err := Parse([]byte(text))
		if err != nil {
			return
		}
		v, ok := o.Lookup(path)
		if ok && !strings.Contains(text, string(v)) {
			t.Errorf("%q in %s: %s is not part of the text", path, text, v)
		}
		for _, m := range o.Members() {
			want, _ := o.Get(m.Name)
			if got, ok := o.Lookup(m.Name); !ok || string(got) != string(want) {
				t.Errorf("%q in %s: %s, want %s", m.Name, text, got, want)
			}
		}
	})
}
