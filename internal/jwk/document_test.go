package jwk

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/jsonobject"
)

const (
	documentKey   = `{"kty":"EC","kid":"a","crv":"P-256","x":"LflaCXX7TEVXsxwsUHvO-_weyvLgkLIOxbYKZxPfa2s","y":"aDE1Af0z0bc0yvYQ9L2NcpTNQyn5vuJs47hM7E3MtIA","iat":1.50}`
	documentOther = `{"kty":"XYZ", "kid":"b", "pub":"AAAA"}`
	documentOct   = `{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAA"}`
)

// entryText is the part of an entry that the tests compare.
type entryText struct {
	JWK, ID, Kind string
	Bad           bool
}

func entriesOf(s Set) []entryText {
	texts := []entryText{}
	for _, e := range s.Entries() {
		text := entryText{JWK: string(e.JWK), ID: e.ID, Bad: e.Err != nil}
		if !text.Bad {
			text.Kind = e.Key.Kind()
		}
		texts = append(texts, text)
	}
	return texts
}

func TestEntries(t *testing.T) {
	tests := []struct {
		text string
		want []entryText
	}{
		{`{"keys":[]}`, []entryText{}},
		{documentKey, []entryText{{documentKey, "a", "EC on P-256", false}}},
		{`{"keys":[` + documentOther + "," + documentKey + "," + documentOther + "," + documentOct + `],"x":1}`, []entryText{
			{documentOther, "b", "", true},
			{documentKey, "a", "EC on P-256", false},
			{documentOther, "b", "", true},
			{documentOct, "", "a secret", false},
		}},
		{`{"keys":[` + documentOther + `]}`, []entryText{{documentOther, "b", "", true}}},
	}
	for _, tt := range tests {
		set, _ := Parse([]byte(tt.text)) // Parse returns the entries of an unusable set, too
		if d := cmp.Diff(tt.want, entriesOf(set)); d != "" {
			t.Errorf("%s:\n%s", tt.text, d)
		}
	}
}

// TestEntriesOfOtherFormats checks that keys of other formats become JWKs in their place.
func TestEntriesOfOtherFormats(t *testing.T) {
	lines := string(file(t, "p256.pub")) + "ssh-dss AAAAB3NzaC1kc3M=\n" + string(file(t, "sshed25519.pub"))
	set, err := Parse([]byte(lines))
	if err != nil {
		t.Fatal(err)
	}
	got := entriesOf(set)
	if len(got) != 3 || got[0].Kind != "EC on P-256" || !got[1].Bad || got[1].JWK != "" || got[2].Kind != "OKP on Ed25519" {
		t.Fatalf("%+v", got)
	}
	for _, i := range []int{0, 2} {
		again, err := Parse([]byte(got[i].JWK))
		if err != nil || again.Keys[0].Thumbprint() != set.Entries()[i].Key.Thumbprint() {
			t.Errorf("entry %d: %s, %v", i, got[i].JWK, err)
		}
	}
}

// TestWith checks that unknown members of a set are kept exactly, and that a new set
// contains only its keys.
func TestWith(t *testing.T) {
	set, _ := Parse([]byte(`{ "x" : 1.50, "keys" : [` + documentOther + `, ` + documentKey + `] }`))
	entries := set.Entries()
	if got, want := string(set.With(entries[:1]).Bytes()), `{"x":1.50,"keys":[`+documentOther+`]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := string(set.With(nil).Bytes()); got != `{"x":1.50,"keys":[]}` {
		t.Errorf("got %s", got)
	}
	single, err := Parse([]byte(documentKey))
	if err != nil {
		t.Fatal(err)
	}
	if single.IsWrittenAsSet() || !set.IsWrittenAsSet() {
		t.Error("IsWrittenAsSet is wrong")
	}
	if got, want := string(single.With(append(single.Entries(), Entry{})).Bytes()), `{"keys":[`+documentKey+`]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if strings.Contains(string(set.JSON.Bytes()), `"keys":[`) {
		t.Error("With changed the set it was made of")
	}
	var zero jsonobject.Object
	if d := cmp.Diff(zero.Bytes(), Set{}.JSON.Bytes()); d != "" {
		t.Error(d)
	}
}
