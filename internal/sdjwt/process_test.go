package sdjwt

import (
	"crypto"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/base64url"
	"jwt/internal/verdict"
)

// compose returns an SD-JWT with an invalid signature. #1 in the payload or in a later
// disclosure stands for the digest of the first disclosure.
func compose(hash crypto.Hash, payload string, disclosures ...string) string {
	var encoded []string
	for i, d := range disclosures {
		for j := range i {
			d = strings.ReplaceAll(d, fmt.Sprintf("#%d", j+1), digest(hash, encoded[j]))
		}
		encoded = append(encoded, base64url.Encode([]byte(d)))
	}
	for i, e := range encoded {
		payload = strings.ReplaceAll(payload, fmt.Sprintf("#%d", i+1), digest(hash, e))
	}
	text := base64url.Encode([]byte(`{"alg":"ES256"}`)) + "." + base64url.Encode([]byte(payload)) + ".c2ln~"
	for _, e := range encoded {
		text += e + "~"
	}
	return text
}

func process(text string) (Processed, error) {
	t, err := Parse(text)
	if err != nil {
		return Processed{}, err
	}
	return t.Process()
}

func TestProcess(t *testing.T) {
	for _, test := range []struct {
		name, payload string
		disclosures   []string
		want          string
	}{
		{"no disclosures", `{"sub":"alice"}`, nil, `{"sub":"alice"}`},
		{"spelling stays", ` {"a" : 1.0,"b":"\u00fc" , "c":[ 1,{"x": 2} ]} `, nil, `{"a" : 1.0,"b":"\u00fc" , "c":[ 1,{"x": 2} ]}`},
		{"no digests", `{"_sd":[],"a":1}`, nil, `{"a":1}`},
		{"nothing left", `{"_sd":["x"]}`, nil, `{}`},
		{"nothing left inside", `{"a":{"_sd":["x"]},"b":[{"...":"y"}]}`, nil, `{"a":{},"b":[]}`},
		{"in the place of _sd, in the order of the disclosures", `{"a":1,"_sd":["#2","x","#1"],"z":2}`, []string{`["s","b",true]`, `["t","c",null]`}, `{"a":1,"b":true,"c":null,"z":2}`},
		{"exact values", `{"_sd":["#1"]}`, []string{`["s", "n", 12345678901234567890.10]`}, `{"n":12345678901234567890.10}`},
		{"array elements", `{"l":["a",{"...":"#1"},{"...":"x"},{"...":"#2"},{"x":"..."}]}`, []string{`["s",1]`, `["t",[2]]`}, `{"l":["a",1,[2],{"x":"..."}]}`},
		{"arrays in arrays", `{"l":[[{"...":"#1"}],[{"...":"x"}]]}`, []string{`["s","in"]`}, `{"l":[["in"],[]]}`},
		{"one in another", `{"_sd":["#3"]}`, []string{`["s","street","x"]`, `["t",{"_sd":["#1"]}]`, `["u","places",[{"...":"#2"},{"...":"y"}]]`}, `{"places":[{"street":"x"}]}`},
		{"sha-256 by name", `{"_sd_alg":"sha-256","_sd":["#1"]}`, []string{`["s","a",1]`}, `{"a":1}`},
		{"_sd_alg inside is a claim", `{"x":{"_sd_alg":"md5","_sd":["d"]}}`, nil, `{"x":{"_sd_alg":"md5"}}`},
		{"escaped names are the same names", `{"\u005fsd":["#1"],"l":[{"\u002e..":"#2"}]}`, []string{`["s","a",1]`, `["t",2]`}, `{"a":1,"l":[2]}`},
		{"same name in different objects", `{"_sd":["#1"],"o":{"_sd":["#2"]}}`, []string{`["s","a",1]`, `["t","a",2]`}, `{"a":1,"o":{"a":2}}`},
		{"an empty name", `{"_sd":["#1"]}`, []string{`["","",0]`}, `{"":0}`},
	} {
		p, err := process(compose(crypto.SHA256, test.payload, test.disclosures...))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if d := cmp.Diff(test.want, string(p.Payload.Bytes())); d != "" {
			t.Errorf("%s:\n%s", test.name, d)
		}
		if len(p.Disclosed) != len(test.disclosures) {
			t.Errorf("%s: %d disclosed of %d", test.name, len(p.Disclosed), len(test.disclosures))
		}
	}
}

func TestProcessHashes(t *testing.T) {
	for name, hash := range map[string]crypto.Hash{"sha-256": crypto.SHA256, "sha-384": crypto.SHA384, "sha-512": crypto.SHA512} {
		p, err := process(compose(hash, `{"_sd_alg":"`+name+`","_sd":["#1"]}`, `["s","a",1]`))
		if err != nil || p.Hash != name || string(p.Payload.Bytes()) != `{"a":1}` {
			t.Errorf("%s: %s, %s, %v", name, p.Hash, p.Payload.Bytes(), err)
		}
	}
	if _, err := process(compose(crypto.SHA512, `{"_sd":["#1"]}`, `["s","a",1]`)); verdict.ClassOf(err) != verdict.Malformed {
		t.Errorf("a hash that _sd_alg does not name: %v", err)
	}
}

func TestProcessReportsPaths(t *testing.T) {
	p, err := process(compose(crypto.SHA256, `{"_sd":["k1"],"a":{"_sd":["k2","#1"],"l":["x",{"...":"k3"},{"...":"#2"}]}}`, `["s","b",1]`, `["t","y"]`))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]Undisclosed{{"k1", ""}, {"k2", "a"}, {"k3", "a.l"}}, p.Undisclosed); d != "" {
		t.Error(d)
	}
	if got := p.Disclosed[0].Path + " " + p.Disclosed[1].Path; got != "a.b a.l[1]" {
		t.Errorf("paths %s", got)
	}
}

func TestRefuses(t *testing.T) {
	const ok = `["s","a",1]`
	deep := strings.Repeat("[", 98) + strings.Repeat("]", 98)
	for _, test := range []struct {
		name, payload string
		disclosures   []string
		class         verdict.Class
		says          string
	}{
		{"digest is missing", `{"_sd":["x"]}`, []string{ok}, verdict.Malformed, `disclosure 1 ("a"): its digest is not in the token (RFC 9901 §7.1 step 5)`},
		{"digest of an element is missing", `{"_sd":["x"]}`, []string{`["s",1]`}, verdict.Malformed, "disclosure 1 (an array element): its digest is not in the token"},
		{"only inside itself", `{"x":1}`, []string{ok, `["t","b",{"_sd":["#1"]}]`}, verdict.Malformed, "its digest is not in the token"},
		{"the same disclosure twice", `{"_sd":["#1"]}`, []string{ok, ok}, verdict.Malformed, "disclosures 1 and 2 are the same"},
		{"a digest twice", `{"_sd":["#1","#1"]}`, []string{ok}, verdict.Malformed, "occurs more than once (RFC 9901 §7.1 step 4)"},
		{"a digest in two places", `{"_sd":["#1"],"o":{"_sd":["#1"]}}`, []string{ok}, verdict.Malformed, "occurs more than once"},
		{"a digest in payload and disclosure", `{"_sd":["#1","#2"]}`, []string{ok, `["t","o",{"_sd":["#1"]}]`}, verdict.Malformed, "occurs more than once"},
		{"an undisclosed digest twice", `{"_sd":["x"],"l":[{"...":"x"}]}`, nil, verdict.Malformed, "occurs more than once"},
		{"an element's for a claim", `{"_sd":["#1"]}`, []string{`["s",1]`}, verdict.Malformed, "has no name, but its digest is a claim's"},
		{"a claim's for an element", `{"l":[{"...":"#1"}]}`, []string{ok}, verdict.Malformed, "has a name, but its digest is an array element's"},
		{"name exists already", `{"a":0,"_sd":["#1"]}`, []string{ok}, verdict.Malformed, `the payload has "a" already`},
		{"name comes later", `{"o":{"_sd":["#1"],"a":0}}`, []string{ok}, verdict.Malformed, `"o" has "a" already`},
		{"two of one name", `{"_sd":["#1","#2"]}`, []string{ok, `["t","a",2]`}, verdict.Malformed, `has "a" already`},
		{"_sd_alg exists already", `{"_sd_alg":"sha-256","_sd":["#1"]}`, []string{`["s","_sd_alg","x"]`}, verdict.Malformed, "already"},
		{"named _sd", `{"_sd":["#1"]}`, []string{`["s","_sd",[]]`}, verdict.Malformed, `disclosure 1: the claim's name is "_sd", which is reserved`},
		{"named ...", `{"_sd":["#1"]}`, []string{`["s","...","x"]`}, verdict.Malformed, `the claim's name is "...", which is reserved`},
		{"escaped _sd", `{"_sd":["#1"]}`, []string{`["s","\u005fsd",[]]`}, verdict.Malformed, "reserved"},
		{"... as a member", `{"...":"x"}`, nil, verdict.Malformed, `the payload has a member "..."`},
		{"... as a member inside", `{"o":{"p":{"...":"x"}}}`, nil, verdict.Malformed, `"o.p" has a member "..."`},
		{"... with another member", `{"l":[{"...":"x","y":1}]}`, nil, verdict.Malformed, `"l[0]": "..." must be a string and the only member`},
		{"... of another kind", `{"l":[{"...":["x"]}]}`, nil, verdict.Malformed, "must be a string"},
		{"_sd of another kind", `{"_sd":"x"}`, nil, verdict.Malformed, "_sd of the payload: must be an array of strings"},
		{"_sd with a number", `{"o":{"_sd":["x",1]}}`, nil, verdict.Malformed, `_sd of "o"`},
		{"_sd in a disclosed value", `{"_sd":["#1"]}`, []string{`["s","a",{"_sd":{}}]`}, verdict.Malformed, `_sd of "a"`},
		{"_sd twice", `{"_sd":["x"],"_sd":["y"]}`, nil, verdict.DuplicateMember, "more than once"},
		{"a name twice", `{"a":1,"a":2}`, nil, verdict.DuplicateMember, "/a"},
		{"a name twice in a disclosed value", `{"_sd":["#1"]}`, []string{`["s","a",{"b":1,"b":2}]`}, verdict.DuplicateMember, "/a/b"},
		{"a broken hash", `{"_sd_alg":"md5"}`, nil, verdict.AlgRefused, `_sd_alg: is "md5"`},
		{"a hash in capitals", `{"_sd_alg":"SHA-256"}`, nil, verdict.AlgRefused, `want sha-256, sha-384 or sha-512`},
		{"a hash of another kind", `{"_sd_alg":256}`, nil, verdict.Malformed, "_sd_alg: is a number"},
		{"not an object", `["a"]`, nil, verdict.Malformed, "must be a JSON object"},
		{"not JSON", `{`, nil, verdict.Malformed, "must be a JSON object"},
		{"too deep", `{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, nil, verdict.LimitExceeded, "deeper than 100"},
		{"too deep together", `{"o":{"_sd":["#2"]}}`, []string{`["s",` + deep + `]`, `["t","a",{"p":[{"...":"#1"}]}]`}, verdict.LimitExceeded, "deeper than 100"},

		{"... after another member", `{"l":[{"y":1,"...":"x"}]}`, nil, verdict.Malformed, `"l[0]" has a member "..."`},
		{"_sd_alg disclosed", `{"_sd":["#1"]}`, []string{`["s","_sd_alg","md5"]`}, verdict.Malformed, "already"},

		{"not an array", `{}`, []string{`{"s":1}`}, verdict.Malformed, "disclosure 1: is not an array of salt, name and value"},
		{"one element", `{}`, []string{`["s"]`}, verdict.Malformed, "is not an array of"},
		{"four elements", `{}`, []string{`["s","a",1,2]`}, verdict.Malformed, "is not an array of"},
		{"salt is not a string", `{}`, []string{`[1,"a",1]`}, verdict.Malformed, "the salt is a number"},
		{"name is not a string", `{}`, []string{ok, `["s",null,1]`}, verdict.Malformed, "disclosure 2: the claim's name is null"},
		{"broken JSON", `{}`, []string{`["s","a",1`}, verdict.Malformed, "disclosure 1: is not JSON"},
		{"a disclosure too deep", `{}`, []string{`["s","a",` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `]`}, verdict.LimitExceeded, "disclosure 1: is nested"},
	} {
		p, err := process(compose(crypto.SHA256, test.payload, test.disclosures...))
		if got := verdict.ClassOf(err); got != test.class {
			t.Errorf("%s: class %q, want %q (%v)", test.name, got, test.class, err)
			continue
		}
		if !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %q does not say %q", test.name, err, test.says)
		}
		if len(p.Payload.Members()) > 0 || p.Disclosed != nil {
			t.Errorf("%s: a payload came with the error", test.name)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	const issued = "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"
	disclosure := base64url.Encode([]byte(`["s","a",1]`))
	for text, says := range map[string]string{
		issued:                                    "an SD-JWT has a ~",
		issued + "~~":                             "disclosure 1: is empty",
		issued + "~" + disclosure:                 "ends with neither a ~ nor a Key Binding JWT",
		issued + "~" + disclosure + "=~":          "disclosure 1: is not base64url",
		issued + "~" + disclosure + "~a.b":        "the Key Binding JWT: a token has 3 parts",
		issued + "~" + disclosure + "~a.b.c":      "the Key Binding JWT: the header is not",
		issued + "~a.b.c~":                        "disclosure 1: is not base64url",
		"~" + issued:                              "the token is empty",
		"a.b~" + disclosure + "~":                 "a token has 3 parts",
		"eyJhbGciOiJFUzI1NiJ9.e30.c2ln.x.y" + "~": "encrypted",
	} {
		token, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want an error that says %q", text, err, says)
		}
		if token.KeyBinding != nil {
			t.Errorf("%s: a key binding came with the error", text)
		}
	}
}

// FuzzProcess checks that a processed payload is JSON without digests, made only of the
// payload and the disclosures, and that all disclosures are used.
func FuzzProcess(f *testing.F) {
	for _, section := range []string{"5.2", "a.1", "a.2"} {
		f.Add(example(f, section))
	}
	f.Add(compose(crypto.SHA256, `{"_sd":["#2"],"l":[{"...":"#1"},{"...":"x"}]}`, `["s",1]`, `["t","a",{"_sd":["y"]}]`))
	f.Fuzz(func(t *testing.T, text string) {
		token, err := Parse(text)
		if err != nil {
			return
		}
		again := token.Issued.Text() + "~"
		for _, d := range token.Disclosures {
			again += d.Text + "~"
		}
		if token.bound != again {
			t.Fatalf("bound to %q, want %q", token.bound, again)
		}
		if token.KeyBinding != nil {
			again += token.KeyBinding.Text()
		}
		if again != text {
			t.Fatalf("%q reads as %q", text, again)
		}
		p, err := token.Process()
		if err != nil {
			return
		}
		var v map[string]any
		if err := json.Unmarshal(p.Payload.Bytes(), &v); err != nil {
			t.Fatalf("%q: %v", p.Payload.Bytes(), err)
		}
		if holdsDigests(v) {
			t.Fatalf("digests are left in %s", p.Payload.Bytes())
		}
		for i, d := range p.Disclosed {
			if d.Path == "" && d.Name != "" || d.Text != token.Disclosures[i].Text {
				t.Fatalf("disclosure %d has no path", i+1)
			}
		}
	})
}

func holdsDigests(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if name == "_sd" || name == "..." || holdsDigests(member) {
				return true
			}
		}
	case []any:
		for _, element := range v {
			if holdsDigests(element) {
				return true
			}
		}
	}
	return false
}
