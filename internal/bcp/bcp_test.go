package bcp

import (
	"crypto/hmac"
	"crypto/sha256"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/token"
)

var now = time.Unix(1_700_000_000, 0)

// good is an access token as RFC 9068 requires, without findings.
const (
	goodHeader  = `{"alg":"ES256","typ":"at+jwt","kid":"2024-05"}`
	goodPayload = `{"iss":"https://as.example","sub":"u1","aud":"https://api.example","client_id":"c1","iat":1699999900,"exp":1700000500,"jti":"a1","scope":"read"}`
)

var goodSignature = strings.Repeat("\x11", 64)

// A sample is a token in parts. An empty part is that of good.
type sample struct{ header, payload, signature string }

func (s sample) text() string {
	if s.header == "" {
		s.header = goodHeader
	}
	if s.payload == "" {
		s.payload = goodPayload
	}
	switch s.signature {
	case "":
		s.signature = goodSignature
	case "none":
		s.signature = ""
	}
	return base64url.Encode([]byte(s.header)) + "." + base64url.Encode([]byte(s.payload)) + "." + base64url.Encode([]byte(s.signature))
}

// hs signs the sample with HS256.
func (s sample) hs(secret string) sample {
	t := s.text()
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(t[:strings.LastIndexByte(t, '.')]))
	s.signature = string(mac.Sum(nil))
	return s
}

func review(t testing.TB, text string) []Finding {
	t.Helper()
	decoded, err := token.OpenLax(text)
	if err != nil {
		t.Fatalf("the test's token does not parse: %v", err)
	}
	return Review(NewSubject(decoded, now))
}

func ids(findings []Finding) []string {
	var ids []string
	for _, f := range findings {
		ids = append(ids, f.Rule)
	}
	return ids
}

// payload returns the payload of good with changes: each is a member, or a name to remove.
func payload(changes ...string) string { return edited(goodPayload, changes) }

func header(changes ...string) string { return edited(goodHeader, changes) }

func edited(object string, changes []string) string {
	o, err := jsonobject.Parse([]byte(object))
	if err != nil {
		panic(err)
	}
	for _, c := range changes {
		name, value, set := strings.Cut(c, "=")
		if set {
			o.Set(name, jsonobject.Value(value))
		} else if !o.Delete(name) {
			panic("nothing to remove: " + c)
		}
	}
	return string(o.Bytes())
}

const (
	hsHeader    = `{"alg":"HS256","typ":"at+jwt","kid":"1"}`
	rsHeader    = `{"alg":"RS256","typ":"at+jwt","kid":"1"}`
	es256Key    = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`
	es256Secret = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}`
	dpopHeader  = `{"alg":"ES256","typ":"dpop+jwt","jwk":` + es256Key + `}`
	dpopPayload = `{"jti":"x","htm":"GET","htu":"https://api.example/","iat":1700000000}`
)

func rsaKey(bytes int) string {
	return `{"kty":"RSA","e":"AQAB","n":"` + base64url.Encode([]byte(strings.Repeat("\xC5", bytes))) + `"}`
}

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

// cases lists for every rule tokens that break it, and similar ones that do not.
var cases = []struct {
	rule   string
	breaks []sample
	keeps  []sample
}{
	{
		"alg-none",
		[]sample{{header: header(`alg="none"`), signature: "none"}, {header: header(`alg="nOnE"`), signature: "none"}, {header: header(`alg="NONE "`)}},
		[]sample{{signature: "none"}, {header: header(`alg="nones"`)}},
	},
	{
		"alg-missing",
		[]sample{{header: header("alg")}, {header: header("alg=null")}, {header: header(`alg=["ES256"]`)}},
		[]sample{{header: header(`alg=""`)}},
	},
	{
		"alg-unknown",
		[]sample{{header: header(`alg="es256"`)}, {header: header(`alg="RS1"`)}, {header: header(`alg=""`)}, {header: header(`alg="dir"`)}},
		[]sample{{header: header(`alg="ES256K"`)}, {header: header(`alg="ML-DSA-65"`)}, {header: header(`alg="none"`)}, {header: header("alg")}, {header: header("alg=1")}},
	},
	{"alg-legacy", []sample{{header: header(`alg="EdDSA"`)}}, []sample{{header: header(`alg="Ed25519"`)}}},
	{"alg-symmetric", []sample{{header: hsHeader}}, []sample{{header: rsHeader}}},
	{
		"weak-secret",
		[]sample{sample{header: hsHeader}.hs("secret"), sample{header: hsHeader}.hs("your-256-bit-secret"), sample{header: hsHeader}.hs("")},
		[]sample{sample{header: hsHeader}.hs("4pE8z3PBoHjnV1AhGk2e8h2PWNcPnLnb"), {header: hsHeader}, {header: header(`alg="none"`), signature: "none"}},
	},
	{
		"signature-empty",
		[]sample{{signature: "none"}, {header: hsHeader, signature: "none"}, {header: header("alg"), signature: "none"}},
		[]sample{{header: header(`alg="none"`), signature: "none"}, {signature: "x"}},
	},
	{
		"signature-length",
		[]sample{{signature: goodSignature[1:]}, {signature: "0E\x02\x21\x00" + goodSignature}, {header: rsHeader, signature: strings.Repeat("x", 255)}, {header: rsHeader, signature: strings.Repeat("x", 2064)}, {header: header(`alg="ES256K"`), signature: "x"}, {header: header(`alg="Ed25519"`), signature: strings.Repeat("x", 114)}, {header: header(`alg="EdDSA"`), signature: strings.Repeat("x", 65)}},
		[]sample{{}, {header: rsHeader, signature: strings.Repeat("x", 256)}, {header: rsHeader, signature: strings.Repeat("x", 384)}, {header: rsHeader, signature: "none"}, {header: header(`alg="ES256K"`)}, {header: header(`alg="EdDSA"`)}, {header: header(`alg="EdDSA"`), signature: strings.Repeat("x", 114)}, {header: header(`alg="unknown"`), signature: "x"}},
	},
	{
		"weak-rsa",
		[]sample{{header: rsHeader, signature: strings.Repeat("x", 128)}, {header: header("jwk=" + rsaKey(255))}, {header: header("jwk=" + rsaKey(256))}},
		[]sample{{header: rsHeader, signature: strings.Repeat("x", 256)}, {header: header("jwk=" + soundRSA)}, {header: header("jwk=" + es256Key)}},
	},

	{
		"crit-malformed",
		[]sample{{header: header("crit=[]")}, {header: header(`crit="exp"`)}, {header: header(`crit=["a"]`)}, {header: header(`crit=["a","a"]`, "a=1")}, {header: header(`crit=["alg"]`)}, {header: header("crit=null")}},
		[]sample{{header: header(`crit=["a"]`, "a=1")}, {header: header(`crit=["b64"]`, "b64=false")}},
	},
	{"crit-unknown", []sample{{header: header(`crit=["a"]`, "a=1")}}, []sample{{header: header(`crit=["b64"]`, "b64=false")}, {header: header("a=1")}}},
	{"b64-false", []sample{{header: header("b64=false")}, {header: header(`b64="false"`)}}, []sample{{header: header("b64=true")}}},
	{
		"header-type",
		[]sample{{header: header("kid=1")}, {header: header("typ=null")}, {header: header(`jwk="x"`)}, {header: header(`x5t=[]`)}},
		[]sample{{header: header(`kid=""`, `cty="x"`)}},
	},
	{
		"header-jwk",
		[]sample{{header: header("jwk=" + es256Key)}, {header: header("jwk=null")}},
		[]sample{{header: dpopHeader, payload: dpopPayload}, {header: header("jwks=" + es256Key)}, {header: `{"alg":"ES256","nonce":"n","url":"https://ca.example/","jwk":` + es256Key + `}`}},
	},
	{"header-jku", []sample{{header: header(`jku="https://as.example/jwks"`)}}, []sample{{header: header(`x5u="https://as.example/cert"`)}, {payload: payload(`jku="https://as.example/jwks"`)}}},
	{"header-x5u", []sample{{header: header(`x5u="https://as.example/cert"`)}}, []sample{{header: header(`jku="https://as.example/jwks"`)}, {header: header(`typ="passport"`, `x5u="https://as.example/cert"`)}}},
	{"header-x5c", []sample{{header: header(`x5c=["MIIB"]`)}}, []sample{{header: header(`x5t="MIIB"`)}}},
	{"header-url-insecure", []sample{
		{header: header(`jku="http://as.example/jwks"`)},
		{header: header(`x5u="https://127.0.0.1/"`)},
		{header: header(`jku="https://169.254.169.254/latest/"`)},
		{header: header(`jku="https://[::1]/"`)},
		{header: header(`jku="https://[::ffff:10.0.0.1]/"`)},
		{header: header(`jku="https://as.example@evil.example/"`)},
		{header: header(`jku="file:///etc/passwd"`)},
		{header: header(`jku="/jwks"`)},
		{header: header(`jku=""`)},
		{header: header(`jku="https://metadata.google.internal/"`)},
		{header: header(`jku="https://0177.0.0.1/"`)},
		{header: header(`jku="https://printer/"`)},
	}, []sample{{header: header(`jku="https://as.example/jwks"`)}, {header: header(`jku="HTTPS://as.example:8443/jwks?x=a@b"`)}, {header: header(`jku="https://93.184.216.34/"`)}, {header: header(`jku=1`)}}},
	{"kid-suspicious", []sample{
		{header: header(`kid="../../dev/null"`)},
		{header: header(`kid="/dev/null"`)},
		{header: header(`kid="..\\..\\win.ini"`)},
		{header: header(`kid="x' UNION SELECT 'k'--"`)},
		{header: header(`kid="key|/usr/bin/id"`)},
		{header: header(`kid="$(id)"`)},
		{header: header(`kid="http://evil.example/k"`)},
		{header: header(`kid="https://127.0.0.1/k"`)},
		{header: header(`kid="a\u0000b"`)},
		{header: header(`kid="*)(uid=*"`)},
		{header: header(`kid="%2e%2e/key"`)},
		{header: header(`kid="` + strings.Repeat("k", 257) + `"`)},
	}, []sample{
		{header: header(`kid="NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"`)},
		{header: header(`kid="/4x+K3f--9/ab=="`)},
		{header: header(`kid="did:web:as.example#key-1"`)},
		{header: header(`kid="arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab"`)},
		{header: header(`kid="https://vault.azure.example/keys/k/1"`)},
		{header: header(`kid="v1..2"`)},
		{header: header(`kid="` + strings.Repeat("k", 256) + `"`)},
	}},
	{"typ-missing", []sample{{header: header("typ")}}, []sample{{header: header(`typ=""`)}}},
	{"typ-generic", []sample{{header: header(`typ="JWT"`)}, {header: header(`typ="jwt"`)}, {header: header(`typ="application/JWT"`)}}, []sample{{}, {header: header(`typ="logout+jwt"`)}}},
	{
		"header-claim-mismatch",
		[]sample{{header: header(`iss="https://evil.example"`)}, {header: header(`aud=["a"]`)}},
		[]sample{{header: header(`iss="https://as.example"`)}, {header: header(`iss="https:\/\/as.example"`)}, {header: header(`iss="https://x.example"`), payload: payload("iss")}},
	},

	{
		"private-key",
		[]sample{{header: header("jwk=" + es256Secret)}, {payload: payload("cnf={\"jwk\":" + es256Secret + "}")}, {payload: payload(`key="-----BEGIN RSA PRIVATE KEY-----\nMII"`)}, {payload: payload(`keys=[{"kty":"oct","k":"AAAA"}]`)}, {payload: es256Secret}},
		[]sample{{header: header("jwk=" + es256Key)}, {payload: payload(`d="x"`, `cnf={"kty":"EC"}`)}, {payload: payload(`x={"d":"x","k":"y"}`)}, {payload: payload(`key="-----BEGIN PUBLIC KEY-----\nMII"`)}},
	},
	{
		"x5t-malformed",
		[]sample{{header: header(`x5t="` + base64url.Encode([]byte("86d0644cdb1a21b6912dd4de6fefe1706a1ea63f")) + `"`)}, {header: header(`x5t#S256="AAAA"`)}, {header: header(`x5t="a+b"`)}},
		[]sample{{header: header(`x5t="` + base64url.Encode(make([]byte, 20)) + `"`)}, {header: header(`x5t#S256="` + base64url.Encode(make([]byte, 32)) + `"`)}},
	},
	{
		"x5c-malformed",
		[]sample{{header: header(`x5c=["MIIB"]`)}, {header: header(`x5c=[]`)}, {header: header(`x5c="MIIB"`)}, {header: header(`x5c=["_-"]`)}},
		[]sample{{header: header(`x5t="MIIB"`)}},
	},

	{
		"duplicate-member",
		[]sample{{header: `{"alg":"ES256","alg":"none","typ":"at+jwt"}`}, {payload: `{"sub":"a","sub":"b"}`}, {payload: payload(`act={"sub":"a","sub":"b"}`)}},
		[]sample{{payload: payload(`act={"sub":"a"}`)}},
	},
	{"case-variant", []sample{
		{header: `{"alg":"none","ALG":"ES256","typ":"at+jwt"}`},
		{header: header(`Kid="x"`)},
		{payload: payload(`Exp=1`)},
		{payload: payload("i\u017Fs=\"x\"")},
		{payload: payload("\u0435xp=1")},
		{payload: payload(`exp =1`)},
		{payload: payload("exp\u200B=1")},
		{payload: payload("ｅｘｐ=1")},
		{header: header(`x5t#s256="x"`)},
	}, []sample{{payload: payload(`Name="x"`, `Exposure=1`)}, {header: header(`x5t#S256="x"`)}, {payload: payload(`expiry=1`, `имя="x"`)}, {header: header(`Version=1`)}}},
	{"payload-not-json-object", []sample{{payload: "hello"}, {payload: "[1]"}, {payload: `{"a":1}x`}, {payload: "\xff"}}, []sample{{payload: "{}"}, {payload: sample{}.text()}}},
	{"deep-nesting", []sample{{payload: payload("x=" + nested(20))}}, []sample{{payload: payload("x=" + nested(19))}}},
	{"header-size", []sample{{payload: payload(`x="` + strings.Repeat("x", 8000) + `"`)}}, []sample{{payload: payload(`x="` + strings.Repeat("x", 5000) + `"`)}}},
	{"cookie-size", []sample{{payload: payload(`x="` + strings.Repeat("x", 3000) + `"`)}}, []sample{{payload: payload(`x="` + strings.Repeat("x", 2000) + `"`)}, {payload: payload(`x="` + strings.Repeat("x", 8000) + `"`)}}},

	{"exp-missing", []sample{{payload: payload("exp")}}, []sample{{payload: payload("exp=null")}, {header: dpopHeader, payload: dpopPayload}, {header: header(`typ="secevent+jwt"`), payload: payload("exp")}, {payload: "not json"}}},
	{"exp-not-a-number", []sample{{payload: payload(`exp="1700000500"`)}, {payload: payload("exp=null")}, {payload: payload("exp=[]")}}, []sample{{payload: payload("exp=1.7e9")}, {payload: payload("exp")}}},
	{
		"exp-milliseconds",
		[]sample{{payload: payload("exp=1700000500000")}, {payload: payload("exp=1e400")}, {payload: payload("exp=17000005e5")}, {payload: payload("exp=1e999999999")}, {payload: payload("exp=1700000500000000000")}},
		[]sample{{}, {payload: payload("exp=17000005e2")}, {payload: payload("exp=0")}, {payload: payload("exp=-1e400")}, {payload: payload("exp=253402300799")}, {payload: payload(`exp="1700000500000"`)}},
	},
	{"time-milliseconds", []sample{{payload: payload("iat=1699999900000")}, {payload: payload("nbf=1699999900000")}, {payload: payload("auth_time=1699999900000")}}, []sample{{payload: payload("nbf=1699999900", "number=1699999900000")}, {payload: payload("exp=1700000500000")}}},
	{
		"lifetime-too-long",
		[]sample{{payload: payload("exp=1700086401", "iat=1700000000")}, {payload: payload("exp=1702592001", "iat=1700000000", "scope")}, {payload: payload("exp=1731622401", "iat=1700000000", `token_type="refresh"`)}, {payload: payload("exp=253402300799")}, {payload: payload("iat", "exp=1700086401")}},
		[]sample{{payload: payload("exp=1700086400", "iat=1700000000")}, {header: header(`typ="JWT"`), payload: payload("exp=1702592000", "iat=1700000000", "scope")}, {payload: payload("exp=1731622400", "iat=1700000000", `token_type="refresh"`)}, {payload: payload("exp=1700000500000")}},
	},
	{
		"lifetime-long",
		[]sample{{header: header(`typ="JWT"`), payload: payload("exp=1700086401", "iat=1700000000", "scope")}},
		[]sample{{header: header(`typ="JWT"`), payload: payload("exp=1700086400", "iat=1700000000", "scope")}, {payload: payload("exp=1700086401", "iat=1700000000")}, {header: header(`typ="JWT"`), payload: payload("exp=1702592001", "iat=1700000000", "scope")}},
	},
	{"nbf-after-exp", []sample{{payload: payload("nbf=1700000500")}}, []sample{{payload: payload("nbf=1700000499")}, {payload: payload("nbf=1", "exp=null")}}},
	{"iat-after-exp", []sample{{payload: payload("iat=1700000500")}}, []sample{{payload: payload("iat=1700000499")}}},
	{"iat-future", []sample{{payload: payload("iat=1700000061")}}, []sample{{payload: payload("iat=1700000060")}, {payload: payload(`iat="1700000061"`)}}},
	{"exp-expired", []sample{{payload: payload("exp=1700000000")}, {payload: payload("exp=-1e400")}, {payload: payload("exp=0")}}, []sample{{payload: payload("exp=1700000000.1")}, {payload: payload(`exp="1"`)}}},
	{"nbf-future", []sample{{payload: payload("nbf=1700000001")}}, []sample{{payload: payload("nbf=1700000000")}}},
	{"iat-missing", []sample{{header: header(`typ="JWT"`), payload: payload("iat")}}, []sample{{payload: payload("iat")}, {header: header(`typ="JWT"`), payload: payload("iat=null")}}},

	{"access-token-claims", []sample{{payload: payload("client_id")}, {payload: payload("exp")}, {header: header(`typ="application/at+JWT"`), payload: payload("jti")}}, []sample{{}, {header: header(`typ="JWT"`), payload: payload("client_id")}}},
	{"aud-missing", []sample{{header: header(`typ="JWT"`), payload: payload("aud")}, {header: header("typ"), payload: payload("aud")}}, []sample{{payload: payload("aud")}, {header: header(`typ="JWT"`), payload: payload("aud=[]")}, {header: dpopHeader, payload: dpopPayload}}},
	{"aud-wildcard", []sample{{payload: payload(`aud="*"`)}, {payload: payload(`aud=["a","https://*.example"]`)}}, []sample{{payload: payload(`aud="a"`, `scope="*"`)}}},
	{"iss-missing", []sample{{header: header(`typ="JWT"`), payload: payload("iss")}}, []sample{{payload: payload("iss")}, {header: header(`typ="JWT"`), payload: payload(`iss=""`)}}},
	{"iss-http", []sample{{payload: payload(`iss="http://as.example"`)}, {payload: payload(`iss="HTTP://as.example"`)}}, []sample{{payload: payload(`iss="http://localhost:8080"`)}, {payload: payload(`iss="http://127.0.0.1"`)}, {payload: payload(`iss="joe"`)}}},
	{"sub-missing", []sample{{header: header(`typ="JWT"`), payload: payload("sub")}}, []sample{{payload: payload("sub")}, {header: dpopHeader, payload: dpopPayload}}},
	{"jti-missing", []sample{{header: header(`typ="JWT"`), payload: payload("jti", "exp=1700090000")}}, []sample{{header: header(`typ="JWT"`), payload: payload("jti")}, {header: header(`typ="JWT"`), payload: payload("exp=1700090000")}}},
	{
		"claim-type",
		[]sample{{payload: payload("sub=1")}, {payload: payload("aud=[1]")}, {payload: payload("aud={}")}, {payload: payload(`nbf="1"`)}, {payload: payload(`email_verified="true"`)}, {payload: payload(`scope=["a"]`)}, {payload: payload(`cnf="x"`)}},
		[]sample{{payload: payload(`aud=["a"]`, "email_verified=true", `cnf={}`, "nbf=1.5")}, {payload: payload(`exp="x"`)}},
	},
	{"claim-empty", []sample{{payload: payload(`sub=""`)}, {payload: payload("aud=[]")}, {payload: payload(`iss=" "`)}, {header: header(`kid=""`)}}, []sample{{payload: payload(`nonce=""`)}}},

	{
		"secret-in-payload",
		[]sample{{payload: payload(`password="hunter2"`)}, {payload: payload(`user={"apiKey":"x"}`)}, {payload: payload(`x=["ghp_0123456789abcdefghij"]`)}, {payload: payload(`db="postgres://u:p@db.example/x"`)}, {payload: payload(`h="$2b$10$N9qo8uLOickgx2ZMRZoMye"`)}, {payload: payload(`k="AKIAIOSFODNN7EXAMPLE"`)}},
		[]sample{{payload: payload(`password=""`, "pwd_exp=3600", `secret=null`)}, {payload: payload(`kubernetes.io={"secret":{"name":"x"}}`)}, {payload: payload(`x="https://u@host.example/"`, `y="ghp_"`, "password_expired=true")}},
	},
	{
		"personal-data",
		[]sample{{payload: payload(`email="a@b.example"`)}, {payload: payload(`name="Ann"`)}, {payload: payload(`sub="a@b.example"`)}, {payload: payload(`user={"name":"Ann"}`)}, {payload: payload(`http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress="x"`)}, {payload: payload(`address={"locality":"X"}`)}},
		[]sample{{payload: payload(`kubernetes.io={"pod":{"name":"x"}}`, `preferred_username="ann"`, "email_verified=true", `email=null`, `name=""`)}},
	},
	{
		"control-characters",
		[]sample{{payload: payload(`x="\u001b[31m"`)}, {payload: payload(`x=["a\nb"]`)}, {payload: payload("x=\"\u202Eb\"")}, {payload: payload("a\u200Bb=1")}, {header: header(`x="\u009b"`)}, {payload: payload(`x="\u2028"`)}},
		[]sample{{payload: payload("x=\"نام\u200Cه 👩\u200D🚀 é\"")}},
	},
	{"unsafe-integer", []sample{{payload: payload("x=9007199254740992")}, {payload: payload("x=[-9007199254740992]")}, {payload: payload("x=1e999999999")}, {header: header("x=1e16")}}, []sample{{payload: payload("x=9007199254740991", "y=-9007199254740991", "z=1e15", "w=1e-999999999", "v=0e99999")}, {payload: payload(`x="9007199254740992"`)}}},
	{"nested-token", []sample{{header: header(`cty="JWT"`), payload: sample{}.text()}, {payload: payload(`x="` + sample{}.text() + `"`)}, {payload: payload(`x={"y":["Bearer ` + sample{}.text() + `"]}`)}}, []sample{{payload: payload(`x="eyJhbGciOiJub25lIn0"`, `y="a.b.c"`, `z="eyJ a.b.c"`)}}},
}

// elsewhere lists the rules that other tests cover.
var elsewhere = []string{"noncanonical-base64", "x5t-mismatch", "certificate-expired", "certificate-weak-hash", "validity-selective"}

func TestRulesFind(t *testing.T) {
	tested := slices.Clone(elsewhere)
	for _, c := range encryptedCases {
		tested = append(tested, c.rules...)
	}
	for _, c := range cases {
		tested = append(tested, c.rule)
		if len(c.breaks) == 0 || len(c.keeps) == 0 {
			t.Errorf("%s: no tokens to test it with", c.rule)
		}
		for i, s := range c.breaks {
			if got := ids(review(t, s.text())); !slices.Contains(got, c.rule) {
				t.Errorf("%s does not find token %d: %+v\nfound %q", c.rule, i, s, got)
			}
		}
		for i, s := range c.keeps {
			if got := ids(review(t, s.text())); slices.Contains(got, c.rule) {
				t.Errorf("%s finds near miss %d: %+v", c.rule, i, s)
			}
		}
	}
	for _, r := range table {
		if !slices.Contains(tested, r.ID) {
			t.Errorf("%s is not tested", r.ID)
		}
	}
}

// A claim that limits the token is not left to the holder to show.
func TestSelectiveValidity(t *testing.T) {
	for disclosure, want := range map[string]bool{
		`["salt","exp",1]`:                true,
		`["salt","cnf",{"jwk":{}}]`:       true,
		`["salt","aud","api"]`:            true,
		`["salt","given_name","Alice"]`:   false,
		`["salt","exp"]`:                  false, // an element of an array
		`["salt","expires","2026-01-01"]`: false,
	} {
		text := sample{}.text() + "~" + base64url.Encode([]byte(disclosure)) + "~"
		if got := ids(review(t, text)); slices.Contains(got, "validity-selective") != want {
			t.Errorf("%s: found %q", disclosure, got)
		}
	}
}

func TestRules(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range table {
		if seen[r.ID] {
			t.Errorf("%s occurs twice", r.ID)
		}
		seen[r.ID] = true
		if r.ID == "" || r.Severity.String() == "" || r.Title == "" || r.Advice == "" || r.Section == "" {
			t.Errorf("rule lacks something: %+v", r)
		}
		if !strings.HasSuffix(r.Advice, ".") || strings.HasSuffix(r.Title, ".") {
			t.Errorf("%s: the advice is a sentence, the title is not: %q, %q", r.ID, r.Title, r.Advice)
		}
	}
}

func TestGoodTokenHasNoFinding(t *testing.T) {
	if diff := cmp.Diff([]Finding(nil), review(t, sample{}.text())); diff != "" {
		t.Errorf("findings on a good token (-want +got):\n%s", diff)
	}
	for _, s := range []sample{
		{header: dpopHeader, payload: dpopPayload},
		{header: `{"alg":"RS256","typ":"JWT","kid":"1"}`, payload: payload("client_id", "scope", `nonce="n"`, "auth_time=1699999000"), signature: strings.Repeat("x", 256)},
		sample{header: `{"alg":"HS256"}`}.hs("0123456789abcdef0123456789abcdef"),
	} {
		for _, f := range review(t, s.text()) {
			if f.Severity > Info {
				t.Errorf("finding on a good token: %+v", f)
			}
		}
	}
}

func TestReviewSortsBySeverity(t *testing.T) {
	got := ids(review(t, sample{header: `{"alg":"none"}`, payload: `{"iss":"http://as.example","password":"x","email":"a@b.example"}`, signature: "none"}.text()))
	want := []string{
		"alg-none",
		"exp-missing", "secret-in-payload",
		"aud-missing", "iss-http",
		"personal-data",
		"typ-missing", "iat-missing", "sub-missing",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFinding(t *testing.T) {
	got := review(t, sample{payload: payload("exp=1700000500000")}.text())
	want := []Finding{{
		Rule: "exp-milliseconds", Severity: High, Part: Payload, Member: "exp",
		Title:  "exp is not in seconds",
		Detail: `exp is 1700000500000, in milliseconds 2023-11-14T22:21:40Z`,
		Advice: "Write it in seconds since 1970: as it is, the token is valid for thousands of years.", Section: "RFC 7519 §2",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMembers(t *testing.T) {
	tests := []struct {
		payload, rule string
		member        string
		detail        string
	}{
		{payload(`user={"emails":["a"],"a/b":{"phone":1}}`), "personal-data", "/user/emails", "/user/emails, /user/a~1b/phone"},
		{payload(`xs=[1,[2,{"pwd":"x"}],{"pwd":"y"}]`), "secret-in-payload", "/xs/1/1/pwd", "/xs/1/1/pwd, /xs/2/pwd"},
		{payload(`xs=["a",["b"],"c\u0000"]`), "control-characters", "/xs/2", "/xs/2"},
		{payload(`act={"sub":"a","sub":"b"}`), "duplicate-member", "/act/sub", "/act/sub"},
		{`{"a/b":1,"a/b":2}`, "duplicate-member", "a/b", "a/b"},
		{payload(`a=1e20`, `b=1e20`, `c=1e20`, `d=1e20`, `e=1e20`, `f=1e20`, `g=1e20`), "unsafe-integer", "a", "a, b, c, d, e and 2 more"},
		{payload("xs=[" + strings.Repeat("1e20,", 99) + "1e20]"), "unsafe-integer", "/xs/0", "/xs/0, /xs/1, /xs/2, /xs/3, /xs/4 and 95 more"},
	}
	for _, tt := range tests {
		for _, f := range review(t, sample{payload: tt.payload}.text()) {
			if f.Rule == tt.rule && (f.Member != tt.member || f.Detail != tt.detail) {
				t.Errorf("%s: %s at %q: %q; want %q: %q", tt.payload, f.Rule, f.Member, f.Detail, tt.member, tt.detail)
			}
		}
	}
}

func TestSecretsAreNotQuoted(t *testing.T) {
	const secret = "correct-horse-battery"
	samples := []sample{
		{payload: payload(`password="`+secret+`"`, `x={"client_secret":"`+secret+`"}`)},
		{payload: payload(`db="postgres://u:` + secret + `@db.example/x"`)},
		{payload: payload(`cnf={"jwk":{"kty":"oct","k":"` + secret + `"}}`)},
		{header: header(`jwk={"kty":"oct","k":"` + secret + `"}`)},
	}
	for _, s := range samples {
		findings := review(t, s.text())
		if len(findings) == 0 {
			t.Errorf("nothing found in %+v", s)
		}
		for _, f := range findings {
			if strings.Contains(f.Detail+f.Member, secret) {
				t.Errorf("%s quotes the secret: %q", f.Rule, f.Detail)
			}
		}
	}
}

func TestFlaws(t *testing.T) {
	text := sample{}.text()
	for _, bad := range []string{strings.Replace(text, ".", "=.", 1), text + "==", text[:40] + "\n" + text[40:]} {
		if got := ids(review(t, bad)); !slices.Equal(got, []string{"noncanonical-base64"}) {
			t.Errorf("%q: found %q", bad, got)
		}
	}
}

func TestSeverity(t *testing.T) {
	for i, s := range Severities() {
		got, err := ParseSeverity(s.String())
		if err != nil || got != s || i > 0 && s <= Severities()[i-1] {
			t.Errorf("ParseSeverity(%q) = %v, %v", s, got, err)
		}
	}
	for _, word := range []string{"", "High", "none", "hig"} {
		if s, err := ParseSeverity(word); err == nil {
			t.Errorf("ParseSeverity(%q) = %v, want an error", word, s)
		}
	}
}

func FuzzReview(f *testing.F) {
	for _, c := range cases {
		f.Add(c.breaks[0].header, c.breaks[0].payload, []byte(c.breaks[0].signature))
	}
	known := map[string]Severity{}
	for _, r := range table {
		known[r.ID] = r.Severity
	}
	f.Fuzz(func(t *testing.T, header, payload string, signature []byte) {
		text := base64url.Encode([]byte(header)) + "." + base64url.Encode([]byte(payload)) + "." + base64url.Encode(signature)
		decoded, err := token.OpenLax(text)
		if err != nil {
			return
		}
		findings := Review(NewSubject(decoded, now))
		for i, f := range findings {
			if f.Severity == 0 || known[f.Rule] != f.Severity {
				t.Errorf("finding of no rule: %+v", f)
			}
			if i > 0 && findings[i-1].Severity < f.Severity {
				t.Errorf("%s comes after %s", f.Rule, findings[i-1].Rule)
			}
			if f.Detail == "" || utf8.RuneCountInString(f.Detail) > 600 || !utf8.ValidString(f.Detail) {
				t.Errorf("%s: detail %q", f.Rule, f.Detail)
			}
			switch f.Part {
			case Header, Payload, Signature, Token, Key:
			default:
				t.Errorf("%s: part %q", f.Rule, f.Part)
			}
		}
		if diff := cmp.Diff(findings, Review(NewSubject(decoded, now))); diff != "" {
			t.Errorf("a second review differs:\n%s", diff)
		}
	})
}

// soundRSA is the key of RFC 7517, appendix A.1.
const soundRSA = `{"kty":"RSA","e":"AQAB","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}`
