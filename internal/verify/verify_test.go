package verify

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"jwt/internal/diagnose"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jwk/jwktest"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/verdict"
)

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// source is Keys whose answers the test decides.
type source struct {
	keys      []jwk.Key
	err       error
	later     []jwk.Key // that Refetch returns
	refetched int
	owners    []string
	unusable  error
	warnings  []verdict.Check
}

func (s *source) Keys() ([]jwk.Key, error) { return s.keys, s.err }
func (s *source) Refetch([]jwk.Key) ([]jwk.Key, error) {
	s.refetched++
	return s.later, nil
}
func (s *source) IssuersOf(jwk.Key) []string          { return s.owners }
func (s *source) Texts() [][]byte                     { return nil }
func (s *source) LeftOut(jws.Token) []diagnose.Cause  { return nil }
func (s *source) Warnings(...jwk.Key) []verdict.Check { return slices.Clone(s.warnings) }
func (s *source) Explain(err error, kid string) error {
	if s.unusable != nil && verdict.ClassOf(err) == verdict.KeyNotFound {
		return s.unusable
	}
	return err
}

// signed returns an ES256 token with a kid.
func signed(t *testing.T, kid, payload string) string {
	t.Helper()
	var header jsonobject.Object
	header.Set("alg", jsonobject.Quote("ES256"))
	header.Set("kid", jsonobject.Quote(kid))
	alg, _ := jwa.Lookup("ES256")
	token, err := jws.Sign(header, []byte(payload), jwktest.KeyFor("ES256"), alg, true)
	if err != nil {
		t.Fatal(err)
	}
	return token.Text()
}

func TestToken(t *testing.T) {
	key := jwktest.InSet(jwktest.Public(jwktest.KeyFor("ES256")), "k1")
	other := jwktest.InSet(jwktest.Public(jwktest.KeyFor("ES384")), "k2")
	const claims = `{"iss":"https://a.example","exp":1769860900}`
	warning := verdict.Check{Name: "key_file", Status: verdict.Warn, Class: verdict.KeyFilePermissions}
	typed := verdict.Check{Name: "secret", Status: verdict.Warn, Class: verdict.SecretInArgv}
	for _, c := range []struct {
		name      string
		payload   string // claims if empty
		keys      source
		policy    Policy
		class     verdict.Class // "" if valid
		refetched int
	}{
		{name: "valid", keys: source{keys: []jwk.Key{other, key}}},
		{name: "under a key that appears later", keys: source{keys: []jwk.Key{other}, later: []jwk.Key{key}}, refetched: 1},
		{name: "under no key, now or later", keys: source{keys: []jwk.Key{other}}, class: verdict.KeyNotFound, refetched: 1},
		{
			name: "one source cannot be read", class: verdict.IO,
			keys: source{keys: []jwk.Key{key}, err: verdict.Errorf(verdict.IO, "no such file"), later: []jwk.Key{key}},
		},
		{
			name: "the key of this kid cannot be used", class: verdict.KeyRefused, refetched: 1,
			keys: source{keys: []jwk.Key{other}, unusable: verdict.Errorf(verdict.KeyRefused, "too short"), later: []jwk.Key{other}},
		},
		{
			name: "the key of this kid can be used in the newer set", refetched: 1,
			keys: source{keys: []jwk.Key{other}, unusable: verdict.Errorf(verdict.KeyRefused, "too short"), later: []jwk.Key{key}},
		},
		{name: "expired", payload: `{"exp":1769860799}`, keys: source{keys: []jwk.Key{key}}, class: verdict.Expired},
		{name: "the key belongs to this issuer", keys: source{keys: []jwk.Key{key}, owners: []string{"https://a.example"}}},
		{name: "the key belongs to another issuer", keys: source{keys: []jwk.Key{key}, owners: []string{"https://b.example"}}, class: verdict.IssMismatch},
		{
			name: "the key belongs to an issuer that is not allowed", class: verdict.IssMismatch,
			keys:   source{keys: []jwk.Key{key}, owners: []string{"https://b.example"}},
			policy: Policy{Policy: jwt.Policy{Issuers: []string{"https://a.example"}}},
		},
		{name: "a warning", keys: source{keys: []jwk.Key{key}, warnings: []verdict.Check{warning}}},
		{name: "a warning, strictly", keys: source{keys: []jwk.Key{key}, warnings: []verdict.Check{warning}}, policy: Policy{Strict: true}, class: verdict.KeyFilePermissions.Rejection()},
		{name: "how a secret was typed, strictly", keys: source{keys: []jwk.Key{key}, warnings: []verdict.Check{typed}}, policy: Policy{Strict: true}},
		{name: "an opaque payload", payload: `{"exp":1}`, keys: source{keys: []jwk.Key{key}}, policy: Policy{Opaque: true}},
		{name: "without the required key binding", keys: source{keys: []jwk.Key{key}}, policy: Policy{Binding: true}, class: verdict.MissingClaim},
		{name: "an algorithm that is not allowed", keys: source{keys: []jwk.Key{key}}, policy: Policy{Algs: []string{"ES384"}}, class: verdict.AlgRefused},
	} {
		t.Run(c.name, func(t *testing.T) {
			payload := c.payload
			if payload == "" {
				payload = claims
			}
			keys := c.keys
			r := Token(signed(t, "k1", payload), &keys, c.policy, noon)
			if r.Class != c.class || r.Valid != (c.class == "") || (r.Err == nil) != r.Valid || verdict.ClassOf(r.Err) != r.Class {
				t.Fatalf("%v: %s: %v %+v", r.Valid, r.Class, r.Err, r.Checks)
			}
			if r.Valid && string(r.Payload) != payload || !r.Valid && r.Payload != nil {
				t.Errorf("payload %q", r.Payload)
			}
			if r.Token == nil || !r.Token.HasClaims() {
				t.Errorf("the report shows no token: %+v", r.Token)
			}
			if keys.refetched != c.refetched {
				t.Errorf("refetched %d times, want %d", keys.refetched, c.refetched)
			}
		})
	}
}

// Whatever byte of a token is changed, the report is no and has no payload.
// TestSigned checks that a report on one signature stays as it is while others are verified.
func TestSigned(t *testing.T) {
	key := jwktest.InSet(jwktest.Public(jwktest.KeyFor("ES256")), "k1")
	v := New(&source{keys: []jwk.Key{key}}, Policy{}, noon)
	report := func(payload string) Report {
		token, err := jws.Parse(signed(t, "k1", payload))
		if err != nil {
			t.Fatal(err)
		}
		return v.Signed(token, "one of several")
	}
	const claims = `{"sub":"alice","exp":1769860900}`
	first := report(claims)
	for _, payload := range []string{`{"sub":"mallory","admin":true}`, "no claims"} {
		report(payload)
		if got := string(first.Token.Claims.Bytes()); got != claims || !first.Valid {
			t.Fatalf("after %s: got %s", payload, got)
		}
	}
}

func TestChanged(t *testing.T) {
	keys := source{keys: []jwk.Key{jwktest.InSet(jwktest.Public(jwktest.KeyFor("ES256")), "k1")}}
	text := signed(t, "k1", `{"sub":"alice"}`)
	for i := range len(text) {
		for _, c := range []byte("A-.~ ") {
			changed := text[:i] + string(c) + text[i+1:]
			if changed == text {
				continue
			}
			if r := Token(changed, &keys, Policy{}, noon); r.Valid || r.Payload != nil || r.Err == nil {
				t.Fatalf("%q at %d: %+v", c, i, r)
			}
		}
	}
}

func TestNoToken(t *testing.T) {
	r := NoToken(verdict.Errorf(verdict.Malformed, "nothing there").Hintf("give one"))
	if r.Valid || r.Token != nil || r.Class != verdict.Malformed || r.Hint != "give one" || len(r.Checks) != 1 || r.Checks[0].Name != "shape" {
		t.Errorf("%+v", r)
	}
	var e *verdict.Error
	if !errors.As(r.Err, &e) || !strings.HasPrefix(e.Message, "not valid: ") {
		t.Errorf("%v", r.Err)
	}
}

// In a batch, a header whose tokens have no cause is not diagnosed again and again.
func TestDiagnosis(t *testing.T) {
	other := jwktest.InSet(jwktest.Public(jwktest.KeyFor("ES256")), "k1")
	keys := source{keys: []jwk.Key{other}}
	d := &Diagnosis{}
	text := signed(t, "k1", `{"sub":"alice"}`)
	forged := text[:len(text)-10] + "AAAAAAAAAA"
	for range 40 {
		if r := Token(forged, &keys, Policy{Diagnosis: d}, noon); r.Class != verdict.SignatureInvalid || r.Valid {
			t.Fatalf("%+v", r)
		}
	}
	if n := d.Skipped.Load(); n != 40-mostVain {
		t.Errorf("%d of 40 were not diagnosed", n)
	}
	if Token(signed(t, "another header", `{}`), &keys, Policy{Diagnosis: d}, noon); d.Skipped.Load() != 40-mostVain {
		t.Error("a token with another header was not diagnosed")
	}
	off := &Diagnosis{Off: true}
	if r := Token(forged, &keys, Policy{Diagnosis: off}, noon); len(r.Causes) > 0 || r.Class != verdict.SignatureInvalid {
		t.Errorf("%+v", r)
	}
}
