package inspect

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/base64url"
	"jwt/internal/compact"
	"jwt/internal/token"
)

// example is the presentation of RFC 9901 §5.2.
func example(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../sdjwt/testdata/rfc9901-5.2.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(b), "\n", "")
}

func TestOpenDisclosures(t *testing.T) {
	text := example(t)
	k := openAt(t, text, time.Unix(1748537300, 0))
	if k.Text() != text || k.Kind != compact.SDJWT || !k.Disclosures.Fit() {
		t.Fatalf("taken for something else: %v", k.Disclosures)
	}
	var parts []string
	for _, p := range k.Parts {
		parts = append(parts, p.Name)
	}
	if d := cmp.Diff(strings.Fields("header payload signature disclosure disclosure disclosure disclosure"), parts); d != "" {
		t.Error(d)
	}
	shown := map[string]string{}
	for m := range k.Members() {
		if m.Part == Disclosed {
			shown[m.Path] = m.Meaning.Meaning
		}
	}
	want := map[string]string{
		"family_name": "Surname", "given_name": "Given name", "nationalities[0]": "Nationalities", "address": "Postal address",
		"address.street_address": "Street and number", "address.locality": "City or locality",
		"address.region": "State, province or region", "address.country": "Country",
	}
	if d := cmp.Diff(want, shown); d != "" {
		t.Error(d)
	}
	if len(k.Nested) != 1 || k.Nested[0].Part != KeyBinding || len(k.Nested[0].Token.Claims.Members()) != 4 {
		t.Errorf("the key binding is not opened: %+v", k.Nested)
	}
	if v, ok := k.Claims.Get("_sd"); !ok || v.Kind() != '[' {
		t.Error("the payload is not the one that was signed")
	}
}

// What was changed is shown, and not put into any place.
func TestOpenForeignDisclosures(t *testing.T) {
	issued, _, _ := strings.Cut(example(t), "~")
	k := openAt(t, issued+"~WyJzIiwibmFtZSIseyJhIjoxfV0~", time.Unix(1748537300, 0))
	if k.Disclosures == nil || k.Disclosures.Err == nil || len(k.Disclosures.Processed.Payload.Members()) != 0 {
		t.Fatalf("fits: %+v", k.Disclosures)
	}
	members := slices.Collect(k.Members())
	last := members[len(members)-2]
	if last.Part != Disclosed || last.Path != "name" {
		t.Errorf("the disclosure is not shown: %+v", last)
	}
	if _, err := token.OpenLax(issued + "~x"); err == nil {
		t.Error("an SD-JWT that was cut off opens")
	}
}

// A name as long as a token may be is listed, but not before each of many members.
func TestLongNamesAreNotOpened(t *testing.T) {
	name := strings.Repeat("x", 100_000)
	payload := `{"` + name + `":[` + strings.TrimSuffix(strings.Repeat(`{"s":1},`, 2000), ",") + `],"short":{"a":1}}`
	k := openAt(t, base64url.Encode([]byte(`{"alg":"ES256"}`))+"."+base64url.Encode([]byte(payload))+".c2ln", time.Unix(0, 0))
	size := 0
	var last Member
	for m := range k.Members() {
		size += len(m.Path)
		last = m
	}
	if size > 3*len(name) {
		t.Errorf("the paths have %d bytes", size)
	}
	if last.Path != "short.a" {
		t.Errorf("the last member is %.40s", last.Path)
	}
}
