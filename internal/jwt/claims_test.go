package jwt

import (
	"strings"
	"testing"

	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/verdict"
)

// signed returns a verified token with this payload. It signs with HS256 and sets alg;
// the rest of the header stays.
func signed(t testing.TB, header, payload string) jws.Verified {
	t.Helper()
	v, err := trySigned(t, header, payload)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func trySigned(t testing.TB, header, payload string) (jws.Verified, error) {
	t.Helper()
	h := object(t, header)
	h.Delete("crit")
	h.Delete("kid")
	h.Set("alg", jsonobject.Quote("HS256"))
	key, err := jwk.Secret([]byte("a secret of thirty-two bytes, yes"))
	if err != nil {
		t.Fatal(err)
	}
	alg, _ := jwa.Lookup("HS256")
	token, err := jws.Sign(h, []byte(payload), key, alg, true)
	if err != nil {
		return jws.Verified{}, err
	}
	v, _, err := token.Verify([]jwk.Key{key}, nil)
	return v, err
}

func claims(t testing.TB, payload string) Claims {
	t.Helper()
	c, err := ClaimsOf(signed(t, `{}`, payload))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func object(t testing.TB, text string) jsonobject.Object {
	t.Helper()
	o, err := jsonobject.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestClaimsOfKeepsTheBytes(t *testing.T) {
	const payload = " {\"b\" : 12345678901234567890.0,\n\"a\":{\"x\":\"\\u0061\"} } "
	c := claims(t, payload)
	if got := string(c.Object().Bytes()); got != payload {
		t.Errorf("got %q, want %q", got, payload)
	}
}

func TestClaimsOfRefuses(t *testing.T) {
	const inner = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0."
	for _, test := range []struct {
		header, payload string
		class           verdict.Class
		says            string
	}{
		{`{}`, `{"aud":"a","aud":"b"}`, verdict.DuplicateMember, "the payload has /aud more than once"},
		{`{}`, `{"x":[{"a":1,"\u0061":2}]}`, verdict.DuplicateMember, "/x/0/a"},
		{`{}`, ``, verdict.ClaimsMalformed, "the payload is empty"},
		{`{}`, `[]`, verdict.ClaimsMalformed, "the payload is an array, must be a JSON object"},
		{`{}`, ` true `, verdict.ClaimsMalformed, "the payload is a boolean"},
		{`{}`, `null`, verdict.ClaimsMalformed, "the payload is null"},
		{`{}`, `hello`, verdict.ClaimsMalformed, "at byte 0"},
		{`{}`, `{"a":1} x`, verdict.ClaimsMalformed, "at byte 8"},
		{`{}`, "\xEF\xBB\xBF{}", verdict.ClaimsMalformed, "byte order mark"},
		{`{}`, "{\"a\":\"\xff\"}", verdict.ClaimsMalformed, "not a JSON object"},
		{`{}`, `{"exp":01}`, verdict.ClaimsMalformed, "at byte 8"},
		{`{}`, `{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, verdict.LimitExceeded, "nested deeper than 100"},
		{`{}`, inner, verdict.ClaimsMalformed, "itself a token"},
		{`{"cty":"JWT"}`, inner, verdict.ClaimsMalformed, "itself a token"},
		{`{"cty":"jwt"}`, inner, verdict.ClaimsMalformed, "itself a token"},
		{`{"cty":"application/JWT"}`, inner, verdict.ClaimsMalformed, "itself a token"},
		{`{"cty":"application/jwt ; v=1"}`, inner, verdict.ClaimsMalformed, "itself a token"},
		{`{"zip":"DEF"}`, "\x00", verdict.Malformed, "not DEFLATE data"},
	} {
		c, err := ClaimsOf(signed(t, test.header, test.payload))
		if got := verdict.ClassOf(err); got != test.class {
			t.Errorf("%s %.40s: class %q, want %q", test.header, test.payload, got, test.class)
			continue
		}
		if !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s %.40s: %q does not say %q", test.header, test.payload, err, test.says)
		}
		if len(c.Object().Members()) != 0 {
			t.Errorf("%s %.40s: claims came with the error", test.header, test.payload)
		}
	}
}

func TestClaimsOfOtherContentTypes(t *testing.T) {
	for _, cty := range []string{`"json"`, `"application/json"`, `""`, `"jwt+x"`, `"text/jwt"`} {
		if _, err := ClaimsOf(signed(t, `{"cty":`+cty+`}`, `{}`)); err != nil {
			t.Errorf("cty %s: %v", cty, err)
		}
	}
}

// TestParseClaimsShowsDuplicates checks that ParseClaims accepts what ClaimsOf refuses.
func TestParseClaimsShowsDuplicates(t *testing.T) {
	o, err := ParseClaims([]byte(`{"a":1,"a":2}`))
	if err != nil || len(o.Members()) != 2 {
		t.Errorf("got %d members and %v, want 2 and none", len(o.Members()), err)
	}
}
