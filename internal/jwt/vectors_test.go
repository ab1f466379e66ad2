package jwt

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jwt/internal/jws"
	"jwt/internal/verdict"
)

// A vector is a line of testdata/vectors, with the members about claims.
type vector struct {
	ID, Op, Profile, Token, Expect string
	Class                          []verdict.Class
	Now                            int64
	Payload                        *string
	Opts                           struct {
		Aud, Iss, Sub, Typ *string
		Leeway             int64
		MaxAge             *int64 `json:"max_age"`
		Require            []string
	}
}

func (v vector) policy() Policy {
	p := Policy{
		Issuers: one(v.Opts.Iss), Audiences: one(v.Opts.Aud), Subject: v.Opts.Sub, Type: v.Opts.Typ,
		Leeway: time.Duration(v.Opts.Leeway) * time.Second, Require: v.Opts.Require,
	}
	if v.Opts.MaxAge != nil {
		d := time.Duration(*v.Opts.MaxAge) * time.Second
		p.MaxAge = &d
	}
	return p
}

// TestVectors runs the families of vectors whose result depends on claims. It signs the
// tokens again with the key of the test.
func TestVectors(t *testing.T) {
	const families = "time claims fold/claim dup/claim json/payload json/depth term/error-iss control"
	ran := map[string]int{}
	for _, v := range readVectors(t, "attacks.jsonl") {
		family := slices.IndexFunc(strings.Fields(families), func(f string) bool { return strings.HasPrefix(v.ID, "attacks/"+f) })
		if family < 0 || v.Op != "verify" || v.Profile == "jws" {
			continue
		}
		token, err := jws.Parse(v.Token)
		if err != nil {
			continue // does not depend on claims
		}
		ran[strings.Fields(families)[family]]++
		t.Run(strings.TrimPrefix(v.ID, "attacks/"), func(t *testing.T) {
			class := judge(t, string(token.Header.Bytes()), string(token.Payload), v.policy(), time.Unix(v.Now, 0))
			switch {
			case v.Expect == "accept" && class != "":
				t.Errorf("class %s, want it accepted; payload %.200s", class, token.Payload)
			case v.Expect == "reject" && !slices.Contains(v.Class, class):
				t.Errorf("class %q, want one of %q; payload %.200s", class, v.Class, token.Payload)
			}
		})
	}
	for _, f := range strings.Fields(families) {
		if ran[f] == 0 {
			t.Errorf("no vector of the family %s", f)
		}
	}
}

// judge signs, verifies and checks a token, and returns the resulting class.
func judge(t *testing.T, header, payload string, p Policy, now time.Time) verdict.Class {
	t.Helper()
	v, err := trySigned(t, header, payload)
	if err != nil {
		return verdict.ClassOf(err)
	}
	c, err := ClaimsOf(v)
	if err != nil {
		return verdict.ClassOf(err)
	}
	if gravest := verdict.Gravest(p.Check(c, v.Token().Header, now)); gravest != nil {
		return gravest.Class
	}
	return ""
}

func readVectors(t *testing.T, file string) []vector {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "testdata", "vectors", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []vector
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
