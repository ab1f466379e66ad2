package serialization_test

import (
	"strings"
	"testing"

	"jwt/internal/compact"
	"jwt/internal/serialization"
	"jwt/internal/verdict"
)

const token = "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"

func TestThereAndBack(t *testing.T) {
	for _, text := range []string{token, "eyJhbGciOiJIUzI1NiJ9..c2ln", "eyJlbmMiOiJBMTI4R0NNIn0.a2V5.aXY.Y3Q.dGFn", "eyJlbmMiOiJBMTI4R0NNIn0..aXY.Y3Q.dGFn"} {
		f, err := serialization.Of(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, general := range []bool{false, true} {
			j, err := f.JSON(general)
			if err != nil || !serialization.Is(j) {
				t.Fatalf("%s, %v", j, err)
			}
			back, err := serialization.Parse(j)
			if err != nil || back.General != general {
				t.Fatalf("%s: %+v, %v", j, back, err)
			}
			if got, err := back.Compact(); err != nil || got != text {
				t.Errorf("%s: %s, %v", j, got, err)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, row := range []struct {
		name, text string
		class      verdict.Class
		says       string
	}{
		{"not JSON", `{"signature"`, verdict.Malformed, "not a JSON object"},
		{"another object", `{"a":1}`, verdict.Malformed, "is not a token"},
		{"a member twice", `{"payload":"e30","protected":"e30","protected":"e30","signature":"a"}`, verdict.DuplicateMember, "protected"},
		{"both forms", `{"payload":"e30","protected":"e30","signature":"a","signatures":[{"protected":"e30","signature":"b"}]}`, verdict.Malformed, "must not be beside signatures"},
		{"no signatures", `{"payload":"e30","signatures":[]}`, verdict.Malformed, "not empty"},
		{"signatures that are no array", `{"payload":"e30","signatures":{}}`, verdict.Malformed, "array"},
		{"a signature that is no object", `{"payload":"e30","signatures":["a"]}`, verdict.Malformed, "signatures[0]"},
		{"a signature without a header", `{"payload":"e30","signatures":[{"signature":"a"}]}`, verdict.Malformed, "neither protected nor header"},
		{"no signature", `{"payload":"e30","signatures":[{"protected":"e30"}]}`, verdict.Malformed, "signature: is missing"},
		{"a payload that is an object", `{"payload":{},"protected":"e30","signature":"a"}`, verdict.Malformed, "payload: is an object"},
		{"too many", `{"payload":"e30","signatures":[` + strings.Repeat(`{"protected":"e30","signature":"a"},`, 64) + `{"protected":"e30","signature":"a"}]}`, verdict.Malformed, "the limit is 64"},
		{"another member", `{"payload":"e30","protected":"e30","x":".e30.","signature":"a"}`, verdict.Malformed, "x: is not a member"},
		{"another member of a signature", `{"payload":"e30","signatures":[{"protected":"e30","x":1,"signature":"a"}]}`, verdict.Malformed, "x: is not a member"},
		{"recipients beside a key", `{"ciphertext":"a","encrypted_key":"b","recipients":[{}]}`, verdict.Malformed, "beside recipients"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f, err := serialization.Parse([]byte(row.text))
			if err == nil || verdict.ClassOf(err) != row.class || !strings.Contains(err.Error(), row.says) {
				t.Errorf("%+v, %v", f, err)
			}
		})
	}
}

func TestWhatCompactCannotExpress(t *testing.T) {
	for _, text := range []string{
		`{"payload":"e30","signatures":[{"protected":"e30","signature":"a"},{"protected":"e30","signature":"b"}]}`,
		`{"payload":"e30","protected":"e30","header":{"kid":"x"},"signature":"a"}`,
		`{"protected":"e30","ciphertext":"a","recipients":[{},{}]}`,
		`{"protected":"e30","ciphertext":"a","aad":"YQ"}`,
		`{"protected":"e30","ciphertext":"a","unprotected":{"jku":"x"}}`,
	} {
		f, err := serialization.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := f.Compact(); verdict.ClassOf(err) != verdict.UnsupportedSerialization {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
}

func TestDistinct(t *testing.T) {
	f, err := serialization.Parse([]byte(`{"payload":"e30","signatures":[{"protected":"e30","signature":"a"},{"protected":"e30","signature":"a"},{"protected":"e30","signature":"b"}]}`))
	if err != nil || len(f.Distinct()) != 2 {
		t.Errorf("%d, %v", len(f.Distinct()), err)
	}
}

// FuzzParse checks that whatever is read can be written, and is then read the same.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"payload":"e30","signatures":[{"protected":"e30","header":{"kid":"x"},"signature":"a"}]}`))
	f.Add([]byte(`{"protected":"e30","unprotected":{"a":1},"recipients":[{"header":{"b":2},"encrypted_key":"k"}],"iv":"i","ciphertext":"c","tag":"t","aad":"d"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		form, err := serialization.Parse(text)
		if err != nil {
			return
		}
		j, err := form.JSON(true)
		if err != nil {
			t.Fatal(err)
		}
		back, err := serialization.Parse(j)
		if err != nil || back.Kind != form.Kind || back.Payload != form.Payload || len(back.Signatures) != len(form.Signatures) || len(back.Recipients) != len(form.Recipients) {
			t.Errorf("%s: %+v, %v", j, back, err)
		}
		if form.Kind == compact.Other {
			t.Error("no kind")
		}
	})
}
