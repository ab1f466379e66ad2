package jwt

import (
	"strings"
	"testing"

	"jwt/internal/jsonobject"
	"jwt/internal/verdict"
)

func TestParseMember(t *testing.T) {
	for text, want := range map[string]jsonobject.Member{
		`role=admin`:            {Name: "role", Value: []byte(`"admin"`)},
		`role=`:                 {Name: "role", Value: []byte(`""`)},
		`role=a=b:=c`:           {Name: "role", Value: []byte(`"a=b:=c"`)},
		`role=a"b`:              {Name: "role", Value: []byte(`"a\"b"`)},
		`n:= 1e2 `:              {Name: "n", Value: []byte(`1e2`)},
		`o:={"b":1, "a":[]}`:    {Name: "o", Value: []byte(`{"b":1, "a":[]}`)},
		`https://e.example/r=x`: {Name: "https://e.example/r", Value: []byte(`"x"`)},
	} {
		got, err := ParseMember(text)
		if err != nil || got.Name != want.Name || string(got.Value) != string(want.Value) {
			t.Errorf("%s: %q %s %v, want %q %s", text, got.Name, got.Value, err, want.Name, want.Value)
		}
	}
	for text, says := range map[string]string{
		`role`:                 "has no =",
		``:                     "has no =",
		`=x`:                   "has no name",
		`:=1`:                  "has no name",
		`role:=admin`:          `"admin" is not JSON`,
		`n:=`:                  "is not JSON",
		`n:=1 2`:               "is not JSON",
		`n:={"a":1,"a":1}`:     "/a more than once",
		`n:=[[{"a":1,"a":1}]]`: "/a more than once",
		"n=\xff":               "is not UTF-8",
	} {
		_, err := ParseMember(text)
		if verdict.ClassOf(err) != verdict.Usage || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want a usage error that says %q", text, err, says)
		}
	}
}
