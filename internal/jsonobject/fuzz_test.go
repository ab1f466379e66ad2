package jsonobject

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var seeds = []string{
	`{}`,
	` { "a" : [ 1 , 2.50e-3 , {"b":"\u00e9\ud83d\ude00"} ] , "c" : null } `,
	`{"a":1,"a":2,"n":{"x":[{"y":0,"y":0}]}}`,
	`{"\u0061lg":"none","alg":"HS256"}`,
	`{"a":"\ud800"}`,
	"{\"a\":\"\xff\"}",
	`{"a":[1,]}`,
	`{"a":1}}`,
	`[{"a":"]"}]`,
	`{"` + `\\\"` + `":"\\"}`,
	`"{`,
}

// FuzzParse compares Parse with encoding/json. Both return the same values, and Parse
// refuses only what I-JSON or the depth limit excludes.
func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		before := bytes.Clone(src)
		o, err := Parse(src)
		if !bytes.Equal(src, before) {
			t.Fatal("Parse changed its input")
		}
		var theirs map[string]json.RawMessage
		theirErr := json.Unmarshal(src, &theirs)
		if err != nil {
			if theirErr == nil && theirs != nil && fine(src, MaxDepth) {
				t.Fatalf("Parse(%q) refuses valid I-JSON: %v", src, err)
			}
			return
		}
		if theirErr != nil {
			t.Fatalf("Parse(%q) accepts what encoding/json does not: %v", src, theirErr)
		}
		if !bytes.Equal(o.Bytes(), src) {
			t.Fatalf("Bytes() = %q, want %q", o.Bytes(), src)
		}
		names := map[string]bool{}
		for _, m := range o.Members() {
			names[m.Name] = true
			last, ok := o.Get(m.Name)
			if !ok {
				t.Fatalf("Get(%q) finds nothing in %q", m.Name, src)
			}
			if d := cmp.Diff(decode(t, theirs[m.Name]), decode(t, last)); d != "" {
				t.Fatalf("%q of %q (-encoding/json +ours):\n%s", m.Name, src, d)
			}
		}
		if len(names) != len(theirs) {
			t.Fatalf("%d names in %q, encoding/json sees %d", len(names), src, len(theirs))
		}
		if len(names) < len(o.Members()) && len(o.Duplicates()) == 0 {
			t.Fatalf("duplicates of %q are not reported", src)
		}
	})
}

// FuzzEdit sets and then deletes every name, and checks that the order and all other
// members stay the same.
func FuzzEdit(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s), "alg")
	}
	f.Fuzz(func(t *testing.T, src []byte, name string) {
		o, err := Parse(src)
		if err != nil || !utf8.ValidString(name) {
			return
		}
		var want []Member // o without duplicates of name, its value 7
		set := false
		for _, m := range o.Members() {
			switch {
			case m.Name != name:
				want = append(want, m)
			case !set:
				want, set = append(want, Member{name, Value(`7`)}), true
			}
		}
		if !set {
			want = append(want, Member{name, Value(`7`)})
		}
		edited := o
		edited.Set(name, Int(7))
		if d := cmp.Diff(want, edited.Members()); d != "" {
			t.Fatalf("Set(%q) in %q:\n%s", name, src, d)
		}
		again, err := Parse(edited.Bytes())
		if err != nil {
			t.Fatalf("the result of Set does not parse: %v", err)
		}
		if d := cmp.Diff(edited.Members(), again.Members()); d != "" {
			t.Fatalf("the result of Set parses differently:\n%s", d)
		}
		if !edited.Delete(name) {
			t.Fatalf("Delete(%q) finds nothing after Set", name)
		}
		if _, ok := edited.Get(name); ok || len(edited.Members()) != len(want)-1 {
			t.Fatalf("Delete(%q) left %q", name, edited.Bytes())
		}
	})
}

// FuzzValue calls every method on values that are not JSON. Their results may be wrong,
// but they must not panic or loop.
func FuzzValue(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		v := Value(src)
		if elements, ok := v.Elements(); ok && v.Kind() != '[' {
			t.Fatalf("%q has elements %q", src, elements)
		}
		v.Texts()
		v.IsText("alg")
		if text, ok := v.Text(); ok && len(src) > 1 && !v.IsText(text) || v.IsText(text+"x") {
			t.Fatalf("%q has the text %q, IsText says otherwise", src, text)
		}
		v.Object()
		parsed, err := ParseValue(src)
		switch valid := json.Valid(src); {
		case err == nil && !valid:
			t.Fatalf("ParseValue(%q) accepts what encoding/json does not", src)
		case err != nil && valid && fine(src, MaxDepth-1):
			t.Fatalf("ParseValue(%q) refuses valid I-JSON: %v", src, err)
		}
		if err == nil && !bytes.Equal(parsed, bytes.Trim(src, " \t\r\n")) {
			t.Fatalf("ParseValue(%q) = %q", src, parsed)
		}
		if elements, ok := parsed.Elements(); ok {
			var theirs []json.RawMessage
			if err := json.Unmarshal(src, &theirs); err != nil || len(theirs) != len(elements) {
				t.Fatalf("%q has %d elements, encoding/json sees %d (%v)", src, len(elements), len(theirs), err)
			}
			for i, e := range elements {
				if !bytes.Equal(e, theirs[i]) {
					t.Fatalf("element %d of %q is %q, want %q", i, src, e, theirs[i])
				}
			}
		}
	})
}

// fine reports whether Parse must accept a text that encoding/json accepts: valid UTF-8,
// no escape that could be half a surrogate pair, and not too deep.
func fine(src []byte, depth int) bool {
	return utf8.Valid(src) && !bytes.Contains(src, []byte(`\u`)) && tooDeep(src, depth) < 0
}

func decode(t *testing.T, text []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return v
}

// FuzzPlain checks that the walk of plain text accepts only what jsontext accepts, without
// duplicates, and finds the same members.
func FuzzPlain(f *testing.F) {
	for _, s := range append(seeds, `{"a":-0.5e+7,"b":[true,false,null,"\\\"x"],"c":{"d":{}}}`, `{"é":"é"}`, `{"a":1 , "b":2}`, `{"a":01}`, `{"a":1.}`) {
		f.Add([]byte(s), []byte(s))
	}
	f.Add([]byte(`{"a":1,"b":2}`), []byte(`{"a":1,"a":2}`))
	f.Add([]byte(`{"a":1,"b":2}`), []byte(`{"a":1,"c":2,"a":3}`))
	f.Add([]byte(`{"a":1,"b":2}`), []byte(`{"a":1}`))
	f.Add([]byte(`{"a":1,"b":2}`), []byte(`{"a":{"b":1,"a":2,"a":3},"b":2,"b":3}`))
	f.Add([]byte(`{"a":1,"b":2}`), []byte(`{"a":1,"b":2,"b":3}`))
	f.Fuzz(func(t *testing.T, before, src []byte) {
		var r Reader
		compareReader(t, &r, before)
		compareReader(t, &r, src)
		if !r.readPlain(src) {
			return
		}
		if !jsontext.Value(src).IsValid() {
			t.Fatalf("%q is not valid or has duplicates", src)
		}
		if flat := jsontext.Value(bytes.Clone(src)); flat.Compact(jsontext.PreserveRawStrings(true)) != nil || bytes.Equal(flat, src) == r.spaced {
			t.Fatalf("%q: spaced is %t", src, r.spaced)
		}
		var got []Member
		for _, p := range r.places {
			name, _ := unquote(p.name.of(src))
			got = append(got, Member{name, p.value.of(src)})
		}
		if want := split(src, skipSpace(src, 0)); !cmp.Equal(got, want, cmpopts.EquateEmpty()) {
			t.Fatalf("%q: members %q, want %q", src, got, want)
		}
	})
}

// compareReader checks that a Reader, whatever it read before, reads a text as Parse does.
func compareReader(t *testing.T, r *Reader, src []byte) {
	t.Helper()
	got, gotErr := r.Parse(src)
	want, wantErr := Parse(src)
	if (gotErr == nil) != (wantErr == nil) || gotErr != nil && gotErr.Error() != wantErr.Error() {
		t.Fatalf("%q: error %v, want %v", src, gotErr, wantErr)
	}
	if !cmp.Equal(got.Members(), want.Members(), cmpopts.EquateEmpty()) || !cmp.Equal(got.Duplicates(), want.Duplicates()) || got.Spaced() != want.Spaced() {
		t.Fatalf("%q: members %q, want %q", src, got.Members(), want.Members())
	}
}
