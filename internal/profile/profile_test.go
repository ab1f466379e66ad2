package profile

import (
	"slices"
	"strings"
	"testing"
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/verdict"
)

// noon is the instant of the tests, 2023-11-14T22:13:20Z.
var noon = time.Unix(1700000000, 0)

func object(t testing.TB, text string) jsonobject.Object {
	t.Helper()
	o, err := jsonobject.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func signed(t testing.TB, header, payload string) jws.Verified {
	t.Helper()
	h := object(t, header)
	h.Set("alg", jsonobject.Quote("HS256"))
	key, err := jwk.Secret([]byte("a secret of thirty-two bytes, yes"))
	if err != nil {
		t.Fatal(err)
	}
	alg, _ := jwa.Lookup("HS256")
	token, err := jws.Sign(h, []byte(payload), key, alg, true)
	if err != nil {
		t.Fatal(err)
	}
	v, _, err := token.Verify([]jwk.Key{key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func claims(t testing.TB, payload string) jwt.Claims {
	t.Helper()
	c, err := jwt.ClaimsOf(signed(t, `{}`, payload))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// hold checks a token against a profile and returns the results that did not pass as
// "RULE:STATUS" or "RULE:STATUS:CLASS", in order.
func hold(t *testing.T, p Profile, header, payload string, with Presentation) (came string, checks []verdict.Check) {
	t.Helper()
	checks = p.Check(claims(t, payload), object(t, header), with, noon)
	var words []string
	for _, c := range checks {
		rule, ok := strings.CutPrefix(c.Name, p.CheckName(""))
		if !ok || rule == "" {
			t.Errorf("%s: a check is named %q", p.Name, c.Name)
		}
		if !strings.HasPrefix(c.Detail, rule+": ") {
			t.Errorf("%s: the detail is not about it: %q", c.Name, c.Detail)
		}
		if (c.Status == verdict.Fail || c.Status == verdict.Warn) != (c.Class != "") {
			t.Errorf("%s: status %s, class %q", c.Name, c.Status, c.Class)
		}
		if c.Status == verdict.Pass {
			continue
		}
		word := rule + ":" + string(c.Status)
		if c.Class != "" {
			word += ":" + string(c.Class)
		}
		words = append(words, word)
	}
	return strings.Join(words, " "), checks
}

func named(t *testing.T, name string) Profile {
	t.Helper()
	p, ok := Lookup(name)
	if !ok {
		t.Fatalf("no profile %s", name)
	}
	return p
}

func said(s string) *string { return &s }

// A profileTest changes one part of a valid token and lists the resulting failures; none
// if want is empty.
type profileTest struct {
	from, to string // replaced in the payload, or in the header if it occurs there
	with     Presentation
	want     string
}

func testProfile(t *testing.T, p Profile, header, payload string, with Presentation, tests []profileTest) {
	t.Helper()
	if came, checks := hold(t, p, header, payload, with); came != "" || len(checks) == 0 {
		t.Errorf("%s: of a valid token: %q, %d checks", p.Name, came, len(checks))
	}
	for _, test := range tests {
		h, c := header, payload
		switch {
		case strings.Contains(h, test.from):
			h = strings.Replace(h, test.from, test.to, 1)
		case strings.Contains(c, test.from):
			c = strings.Replace(c, test.from, test.to, 1)
		default:
			t.Fatalf("%s: %s is not in the token", p.Name, test.from)
		}
		if came, checks := hold(t, p, h, c, test.with); came != test.want {
			t.Errorf("%s with %s for %s: %q, want %q; %v", p.Name, test.to, test.from, came, test.want, checks)
		}
	}
}

func TestAccessToken(t *testing.T) {
	const header = `{"typ":"at+jwt","alg":"RS256"}`
	const payload = `{"iss":"https://as.example","exp":1700003600,"aud":"https://rs.example","sub":"alice","client_id":"s6BhdRkqt3","iat":1700000000,"jti":"dbe39bf3a3ba4238a513f51d6e1691c4","scope":"openid","auth_time":1,"acr":"1","amr":["pwd"]}`
	testProfile(t, named(t, "at+jwt"), header, payload, Presentation{}, []profileTest{
		{from: `"at+jwt"`, to: `"application/at+jwt"`},
		{from: `"at+jwt"`, to: `"AT+JWT"`},
		{from: `"at+jwt"`, to: `"JWT"`, want: "typ:fail:typ_mismatch"},
		{from: `"at+jwt"`, to: `"at+jwt "`, want: "typ:fail:typ_mismatch"},
		{from: `"at+jwt"`, to: `7`, want: "typ:fail:typ_mismatch"},
		{from: `"typ":"at+jwt",`, to: ``, want: "typ:fail:typ_mismatch"},
		{from: `"iss":`, to: `"x":`, want: "iss:fail:missing_claim"},
		{from: `"exp":`, to: `"x":`, want: "exp:fail:missing_claim"},
		{from: `"aud":`, to: `"x":`, want: "aud:fail:missing_claim"},
		{from: `"sub":`, to: `"x":`, want: "sub:fail:missing_claim"},
		{from: `"client_id":`, to: `"Client_ID":`, want: "client_id:fail:missing_claim"},
		{from: `"iat":1700000000`, to: `"iat":null`, want: "iat:fail:missing_claim"},
		{from: `"jti":`, to: `"x":`, want: "jti:fail:missing_claim"},
		{from: `"s6BhdRkqt3"`, to: `["s6BhdRkqt3"]`, want: "client_id:fail:claims_malformed"},
		{from: `"openid"`, to: `["openid"]`, want: "scope:fail:claims_malformed"},
		{from: `"auth_time":1`, to: `"auth_time":"1"`, want: "auth_time:fail:claims_malformed"},
		{from: `"acr":"1"`, to: `"acr":1`, want: "acr:fail:claims_malformed"},
		{from: `["pwd"]`, to: `"pwd"`, want: "amr:fail:claims_malformed"},
		{from: `"iss":"https://as.example","exp":1700003600,`, to: ``, want: "iss:fail:missing_claim exp:fail:missing_claim"},
	})
}

func TestIDToken(t *testing.T) {
	rs256, _ := jwa.Lookup("RS256")
	eddsa, _ := jwa.Lookup("EdDSA")
	// The token and hash of OpenID Connect Core §A.3, and the code and hash of §A.4.
	token, code := said("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), said("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk")
	const header = `{"alg":"RS256"}`
	const payload = `{"iss":"https://server.example.com","sub":"248289761001","aud":"s6BhdRkqt3","nonce":"n-0S6_WzA2Mj","exp":1700003600,"iat":1700000000,"at_hash":"77QmUPtjPfzWtF2AnpK9RQ","c_hash":"LDktKdoQak3Pk0cnXxCltA","azp":"s6BhdRkqt3"}`
	full := Presentation{Alg: rs256, Audiences: []string{"s6BhdRkqt3"}, Nonce: said("n-0S6_WzA2Mj"), AccessToken: token, Code: code}
	changed := func(change func(*Presentation)) Presentation {
		with := full
		change(&with)
		return with
	}
	both := changed(func(p *Presentation) { p.Audiences = []string{"s6BhdRkqt3", "other"} })
	testProfile(t, named(t, "id-token"), header, payload, full, []profileTest{
		{from: `"alg"`, to: `"typ":"JWT","alg"`, with: full},
		{from: `"alg"`, to: `"typ":"at+jwt","alg"`, with: full, want: "typ:fail:typ_mismatch"},
		{from: `"alg"`, to: `"typ":"logout+jwt","alg"`, with: full, want: "typ:fail:typ_mismatch"},
		{from: `"alg"`, to: `"typ":null,"alg"`, with: full, want: "typ:fail:typ_mismatch"},
		{from: `"iss"`, to: `"x"`, with: full, want: "iss:fail:missing_claim"},
		{from: `"sub"`, to: `"x"`, with: full, want: "sub:fail:missing_claim"},
		{from: `"aud"`, to: `"x"`, with: full, want: "aud:fail:missing_claim"},
		{from: `"exp"`, to: `"x"`, with: full, want: "exp:fail:missing_claim"},
		{from: `"iat"`, to: `"x"`, with: full, want: "iat:fail:missing_claim"},
		{from: `"248289761001"`, to: `"` + strings.Repeat("s", 255) + `"`, with: full},
		{from: `"248289761001"`, to: `"` + strings.Repeat("s", 256) + `"`, with: full, want: "sub:fail:claims_malformed"},
		{from: `"248289761001"`, to: `"älice"`, with: full, want: "sub:fail:claims_malformed"},
		{from: `,"azp":"s6BhdRkqt3"`, to: ``, with: full},
		{from: `"azp":"s6BhdRkqt3"`, to: `"azp":"s6BhdRkqt4"`, with: full, want: "azp:fail:claim_mismatch"},
		{from: `"azp":"s6BhdRkqt3"`, to: `"azp":["s6BhdRkqt3"]`, with: full, want: "azp:fail:claims_malformed"},
		{from: `"aud":"s6BhdRkqt3"`, to: `"aud":["s6BhdRkqt3","other"]`, with: full},
		{from: `"aud":"s6BhdRkqt3"`, to: `"aud":["s6BhdRkqt3","other"],"x":[{"azp":1}]`, with: both},
		{from: `"azp":"s6BhdRkqt3"`, to: `"azp":"s6BhdRkqt3"`, with: changed(func(p *Presentation) { p.Audiences = nil }), want: "azp:skip"},
		{from: `"n-0S6_WzA2Mj"`, to: `"n-0S6_WzA2Mj"`, with: changed(func(p *Presentation) { p.Nonce = nil }), want: "nonce:skip"},
		{from: `"n-0S6_WzA2Mj"`, to: `7`, with: full, want: "nonce:fail:claims_malformed"},
		{from: `77QmUPtjPfzWtF2AnpK9RQ`, to: `77QmUPtjPfzWtF2AnpK9RR`, with: full, want: "at_hash:fail:claim_mismatch"},
		{from: `"77QmUPtjPfzWtF2AnpK9RQ"`, to: `null`, with: full, want: "at_hash:fail:claim_mismatch"},
		{from: `"at_hash"`, to: `"x"`, with: full, want: "at_hash:fail:missing_claim"},
		{from: `"at_hash"`, to: `"at_hash"`, with: changed(func(p *Presentation) { p.AccessToken = nil }), want: "at_hash:skip"},
		{from: `"at_hash"`, to: `"at_hash"`, with: changed(func(p *Presentation) { p.AccessToken = code }), want: "at_hash:fail:claim_mismatch"},
		{from: `"c_hash"`, to: `"x"`, with: full, want: "c_hash:fail:missing_claim"},
		{from: `"c_hash"`, to: `"c_hash"`, with: changed(func(p *Presentation) { p.Code = token }), want: "c_hash:fail:claim_mismatch"},
		{from: `"alg"`, to: `"alg"`, with: changed(func(p *Presentation) { p.Alg, p.Curve = eddsa, "Ed25519" }), want: "at_hash:fail:claim_mismatch c_hash:fail:claim_mismatch"},
		{from: `"alg"`, to: `"alg"`, with: changed(func(p *Presentation) { p.Alg, p.Curve = eddsa, "Ed448" }), want: "at_hash:skip c_hash:skip"},
		{from: `"alg"`, to: `"alg"`, with: changed(func(p *Presentation) { p.Alg = jwa.Algorithm{Name: "ML-DSA-44"} }), want: "at_hash:skip c_hash:skip"},
	})
	alone := strings.Replace(payload, `,"azp":"s6BhdRkqt3"`, "", 1)
	several := strings.Replace(alone, `"aud":"s6BhdRkqt3"`, `"aud":["s6BhdRkqt3","other"]`, 1)
	if came, _ := hold(t, named(t, "id-token"), header, several, full); came != "azp:fail:missing_claim" {
		t.Errorf("a stranger in aud and no azp: %q", came)
	}
	if came, _ := hold(t, named(t, "id-token"), header, several, both); came != "" {
		t.Errorf("two audiences, both trusted: %q", came)
	}
}

func TestLogoutToken(t *testing.T) {
	const header = `{"typ":"logout+jwt","alg":"RS256"}`
	const payload = `{"iss":"https://server.example.com","sub":"248289761001","aud":"s6BhdRkqt3","iat":1700000000,"exp":1700000120,"jti":"bWJq","sid":"08a5019c","events":{"http://schemas.openid.net/event/backchannel-logout":{}}}`
	testProfile(t, named(t, "logout+jwt"), header, payload, Presentation{}, []profileTest{
		{from: `"logout+jwt"`, to: `"JWT"`, want: "typ:skip"},
		{from: `"typ":"logout+jwt",`, to: ``, want: "typ:skip"},
		{from: `"logout+jwt"`, to: `"at+jwt"`, want: "typ:fail:typ_mismatch"},
		{from: `"iss"`, to: `"x"`, want: "iss:fail:missing_claim"},
		{from: `"aud"`, to: `"x"`, want: "aud:fail:missing_claim"},
		{from: `"iat"`, to: `"x"`, want: "iat:fail:missing_claim"},
		{from: `"exp"`, to: `"x"`, want: "exp:fail:missing_claim"},
		{from: `"jti"`, to: `"x"`, want: "jti:fail:missing_claim"},
		{from: `"sub"`, to: `"x"`},
		{from: `"sid"`, to: `"x"`},
		{from: `"sub":"248289761001","aud":"s6BhdRkqt3","iat":1700000000,"exp":1700000120,"jti":"bWJq","sid":"08a5019c"`, to: `"aud":"s6BhdRkqt3","iat":1,"exp":2,"jti":"b"`, want: "sub:fail:missing_claim"},
		{from: `"08a5019c"`, to: `8`, want: "sid:fail:claims_malformed"},
		{from: `"events"`, to: `"x"`, want: "events:fail:missing_claim"},
		{from: `{"http://schemas.openid.net/event/backchannel-logout":{}}`, to: `["http://schemas.openid.net/event/backchannel-logout"]`, want: "events:fail:claims_malformed"},
		{from: `backchannel-logout"`, to: `other"`, want: "events:fail:missing_claim"},
		{from: `logout":{}`, to: `logout":null`, want: "events:fail:claims_malformed"},
		{from: `"jti"`, to: `"nonce":"n","jti"`, want: "nonce:fail:claim_mismatch"},
		{from: `"jti"`, to: `"nonce":null,"jti"`, want: "nonce:fail:claim_mismatch"},
	})
}

// dpop is the proof of RFC 9449 §4.2 with the access token's hash of §7.1.
const (
	dpopHeader  = `{"typ":"dpop+jwt","alg":"ES256"}`
	dpopPayload = `{"jti":"e1j3V_bKic8-LAEB","htm":"GET","htu":"https://resource.example.org/protectedresource","iat":1700000000,"ath":"fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo","nonce":"eyJ7S_zG"}`
	dpopToken   = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
)

func TestDPoPProof(t *testing.T) {
	p := named(t, "dpop+jwt")
	if p.OwnKey == "" {
		t.Error("the key of a DPoP proof is not its own")
	}
	full := Presentation{
		Thumbprint: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", KeyThumbprint: said("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"),
		Method: said("GET"), URI: said("https://resource.example.org/protectedresource"), Nonce: said("eyJ7S_zG"),
	}
	changed := func(change func(*Presentation)) Presentation {
		with := full
		change(&with)
		return with
	}
	hour := time.Hour
	bearing := changed(func(p *Presentation) { p.AccessToken = said(dpopToken) })
	full.AccessToken = nil
	without := strings.Replace(dpopPayload, `,"ath":"fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"`, "", 1)
	testProfile(t, p, dpopHeader, without, full, []profileTest{
		{from: `"dpop+jwt"`, to: `"JWT"`, with: full, want: "typ:fail:typ_mismatch"},
		{from: `"typ":"dpop+jwt",`, to: ``, with: full, want: "typ:fail:typ_mismatch"},
		{from: `"jti"`, to: `"x"`, with: full, want: "jti:fail:missing_claim"},
		{from: `"htm"`, to: `"x"`, with: full, want: "htm:fail:missing_claim"},
		{from: `"htu"`, to: `"x"`, with: full, want: "htu:fail:missing_claim"},
		{from: `"iat"`, to: `"x"`, with: full, want: "iat:fail:missing_claim"},
		{from: `"GET"`, to: `"get"`, with: full, want: "htm:fail:claim_mismatch"},
		{from: `"GET"`, to: `1`, with: full, want: "htm:fail:claims_malformed"},
		{from: `"GET"`, to: `"GET"`, with: changed(func(p *Presentation) { p.Method = nil }), want: "htm:skip"},
		{from: `protectedresource`, to: `protectedresource?q=1#f`, with: full},
		{from: `https://resource.example.org/protectedresource`, to: `HTTPS://Resource.example.ORG:443/a/../%70rotectedresource`, with: full},
		{from: `protectedresource`, to: `protectedresource/`, with: full, want: "htu:fail:claim_mismatch"},
		{from: `https:`, to: `http:`, with: full, want: "htu:fail:claim_mismatch"},
		{from: `resource.example.org`, to: `resource.example.org:8443`, with: full, want: "htu:fail:claim_mismatch"},
		{from: `https://resource.example.org/protectedresource`, to: `/protectedresource`, with: full, want: "htu:fail:claims_malformed"},
		{from: `https://resource.example.org/protectedresource`, to: `ftp://resource.example.org/protectedresource`, with: full, want: "htu:fail:claims_malformed"},
		{from: `"https://resource.example.org/protectedresource"`, to: `{}`, with: full, want: "htu:fail:claims_malformed"},
		{from: `"htu"`, to: `"htu"`, with: changed(func(p *Presentation) { p.URI = nil }), want: "htu:skip"},
		{from: `"eyJ7S_zG"`, to: `7`, with: full, want: "nonce:fail:claims_malformed"},
		{from: `1700000000`, to: `1699999700`, with: full},
		{from: `1700000000`, to: `1699999699`, with: full, want: "iat:fail:too_old"},
		{from: `1700000000`, to: `1700000300`, with: full},
		{from: `1700000000`, to: `1700000301`, with: full, want: "iat:fail:not_yet_valid"},
		{from: `1700000000`, to: `1700000301`, with: changed(func(p *Presentation) { p.Leeway = time.Second })},
		{from: `1700000000`, to: `1699999699`, with: changed(func(p *Presentation) { p.MaxAge = &hour })},
		{from: `"jti"`, to: `"ath":"x","jti"`, with: full, want: "ath:skip"},
		{from: `"jti"`, to: `"jti"`, with: bearing, want: "ath:fail:missing_claim cnf:skip"},
		{from: `"jti"`, to: `"ath":"fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo","jti"`, with: bearing, want: "cnf:skip"},
		{from: `"jti"`, to: `"ath":"fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEp","jti"`, with: bearing, want: "ath:fail:claim_mismatch cnf:skip"},
		{from: `"jti"`, to: `"jti"`, with: changed(func(p *Presentation) { p.Thumbprint = "other" }), want: "jkt:fail:claim_mismatch"},
	})
}

// TestDPoPBinding checks that the proof must use the key that the access token is bound
// to.
func TestDPoPBinding(t *testing.T) {
	for payload, want := range map[string]string{
		`{"cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}`: "",
		`{"cnf":{"jkt":"1ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}`: "cnf:fail:claim_mismatch",
		`{"cnf":{"jkt":7}}`:         "cnf:fail:claim_mismatch",
		`{"cnf":{"x5t#S256":"bw"}}`: "cnf:fail:missing_claim",
		`{"sub":"alice"}`:           "cnf:fail:missing_claim",
	} {
		token := signed(t, `{}`, payload).Token().Text()
		proof := strings.Replace(dpopPayload, "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo", AccessTokenHash(token), 1)
		with := Presentation{
			Thumbprint: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", AccessToken: &token,
			Method: said("GET"), URI: said("https://resource.example.org/protectedresource"),
		}
		if came, checks := hold(t, named(t, "dpop+jwt"), dpopHeader, proof, with); came != want {
			t.Errorf("%s: %q, want %q; %v", payload, came, want, checks)
		}
	}
}

func TestSecurityEvent(t *testing.T) {
	const header = `{"typ":"secevent+jwt","alg":"RS256"}`
	const payload = `{"jti":"4d3559ec67504aaba65d40b0363faad8","iat":1700000000,"iss":"https://scim.example.com","aud":["https://scim.example.com/Feeds/98d52461fa5bbc879593b7754"],"events":{"urn:ietf:params:scim:event:create":{"ref":"x"},"https://x.example/e":{}},"toe":1700000000,"txn":"8675309"}`
	testProfile(t, named(t, "secevent+jwt"), header, payload, Presentation{}, []profileTest{
		{from: `"secevent+jwt"`, to: `"application/secevent+jwt"`},
		{from: `"secevent+jwt"`, to: `"JWT"`, want: "typ:skip"},
		{from: `"secevent+jwt"`, to: `"logout+jwt"`, want: "typ:fail:typ_mismatch"},
		{from: `"iss"`, to: `"x"`, want: "iss:fail:missing_claim"},
		{from: `"iat"`, to: `"x"`, want: "iat:fail:missing_claim"},
		{from: `"jti"`, to: `"x"`, want: "jti:fail:missing_claim"},
		{from: `"aud"`, to: `"x"`},
		{from: `"events"`, to: `"x"`, want: "events:fail:missing_claim"},
		{from: `{"urn:ietf:params:scim:event:create":{"ref":"x"},"https://x.example/e":{}}`, to: `{}`, want: "events:fail:missing_claim"},
		{from: `{"urn:ietf:params:scim:event:create":{"ref":"x"},"https://x.example/e":{}}`, to: `[]`, want: "events:fail:claims_malformed"},
		{from: `"https://x.example/e":{}`, to: `"https://x.example/e":true`, want: "events:fail:claims_malformed"},
		{from: `"https://x.example/e"`, to: `"e"`, want: "events:fail:claims_malformed"},
		{from: `"https://x.example/e"`, to: `"1a:e"`, want: "events:fail:claims_malformed"},
		{from: `"toe":1700000000`, to: `"toe":"now"`, want: "toe:fail:claims_malformed"},
		{from: `"8675309"`, to: `8675309`, want: "txn:fail:claims_malformed"},
	})
}

func TestClientAssertion(t *testing.T) {
	const payload = `{"iss":"client","sub":"client","aud":"https://login.example","exp":1700000060,"jti":"1"}`
	testProfile(t, named(t, "client-assertion"), `{"alg":"ES256"}`, payload, Presentation{}, []profileTest{
		{from: `"sub":"client"`, to: `"sub":"other"`, want: "sub:fail:sub_mismatch"},
		{from: `"sub"`, to: `"x"`, want: "sub:fail:missing_claim"},
		{from: `"iss"`, to: `"x"`, want: "iss:fail:missing_claim"},
		{from: `"aud"`, to: `"x"`, want: "aud:fail:missing_claim"},
		{from: `"exp"`, to: `"x"`, want: "exp:fail:missing_claim"},
		{from: `"jti"`, to: `"x"`, want: "jti:fail:missing_claim"},
	})
}

func TestAuthorizationResponse(t *testing.T) {
	const payload = `{"iss":"https://login.example","aud":"client","exp":1700000600,"code":"c","state":"s"}`
	testProfile(t, named(t, "jarm"), `{"alg":"ES256"}`, payload, Presentation{}, []profileTest{
		{from: `"code":"c"`, to: `"error":"access_denied"`},
		{from: `"code"`, to: `"x"`, want: "code:fail:missing_claim"},
		{from: `"code":"c"`, to: `"code":1`, want: "code:fail:claims_malformed"},
		{from: `"state":"s"`, to: `"state":1`, want: "state:fail:claims_malformed"},
		{from: `"iss"`, to: `"x"`, want: "iss:fail:missing_claim"},
		{from: `"aud"`, to: `"x"`, want: "aud:fail:missing_claim"},
		{from: `"exp"`, to: `"x"`, want: "exp:fail:missing_claim"},
	})
}

func TestWorkload(t *testing.T) {
	const payload = `{"sub":"spiffe://example.org/ns/prod/sa/web","aud":["api"],"exp":1700000600}`
	testProfile(t, named(t, "spiffe"), `{"alg":"ES256","typ":"JWT"}`, payload, Presentation{}, []profileTest{
		{from: `,"typ":"JWT"`, to: ``},
		{from: `"JWT"`, to: `"JOSE"`},
		{from: `"JWT"`, to: `"at+jwt"`, want: "typ:fail:typ_mismatch"},
		{from: `"ES256"`, to: `"EdDSA"`, want: "alg:fail:alg_refused"},
		{from: `"ES256"`, to: `"HS256"`, want: "alg:fail:alg_refused"},
		{from: `spiffe://example.org/ns`, to: `https://example.org/ns`, want: "sub:fail:sub_mismatch"},
		{from: `spiffe://example.org/ns/prod/sa/web`, to: `spiffe://example.org`, want: "sub:fail:sub_mismatch"},
		{from: `spiffe://example.org/ns/prod/sa/web`, to: `spiffe://example.org/a?b`, want: "sub:fail:sub_mismatch"},
		{from: `spiffe://example.org`, to: `spiffe://example.org:8443`, want: "sub:fail:sub_mismatch"},
		{from: `"sub"`, to: `"x"`, want: "sub:fail:missing_claim"},
		{from: `"aud"`, to: `"x"`, want: "aud:fail:missing_claim"},
		{from: `"exp"`, to: `"x"`, want: "exp:fail:missing_claim"},
	})
}

func TestDigitalCredential(t *testing.T) {
	const payload = `{"vct":"https://credentials.example/id","iss":"https://issuer.example"}`
	testProfile(t, named(t, "sd-jwt-vc"), `{"alg":"ES256","typ":"dc+sd-jwt"}`, payload, Presentation{}, []profileTest{
		{from: `"dc+sd-jwt"`, to: `"vc+sd-jwt"`},
		{from: `"dc+sd-jwt"`, to: `"application/dc+sd-jwt"`},
		{from: `"dc+sd-jwt"`, to: `"JWT"`, want: "typ:fail:typ_mismatch"},
		{from: `"vct"`, to: `"x"`, want: "vct:fail:missing_claim"},
		{from: `"https://credentials.example/id"`, to: `1`, want: "vct:fail:claims_malformed"},
	})
}

func TestServiceAccount(t *testing.T) {
	const header = `{"alg":"RS256","kid":"k"}`
	const payload = `{"aud":["https://kubernetes.default.svc"],"exp":1731613413,"iat":1700077413,"iss":"https://kubernetes.default.svc","jti":"ea28","kubernetes.io":{"namespace":"my-ns","node":{"name":"n","uid":"u1"},"pod":{"name":"p","uid":"u2"},"serviceaccount":{"name":"my-sa","uid":"14ee3fa4"},"warnafter":1700081020},"nbf":1700077413,"sub":"system:serviceaccount:my-ns:my-sa"}`
	testProfile(t, named(t, "kubernetes"), header, payload, Presentation{}, []profileTest{
		{from: `"iss"`, to: `"x"`, want: "iss:fail:missing_claim"},
		{from: `"aud"`, to: `"x"`, want: "aud:fail:missing_claim"},
		{from: `"exp"`, to: `"x"`, want: "exp:fail:missing_claim"},
		{from: `"iat"`, to: `"x"`, want: "iat:fail:missing_claim"},
		{from: `"nbf"`, to: `"x"`, want: "nbf:fail:missing_claim"},
		{from: `"sub"`, to: `"x"`, want: "sub:fail:missing_claim"},
		{from: `"system:serviceaccount:my-ns:my-sa"`, to: `"alice"`, want: "sub:fail:sub_mismatch kubernetes.io:fail:claim_mismatch"},
		{from: `"system:serviceaccount:my-ns:my-sa"`, to: `"system:serviceaccount:my-ns:my-sa:x"`, want: "sub:fail:sub_mismatch kubernetes.io:fail:claim_mismatch"},
		{from: `"system:serviceaccount:my-ns:my-sa"`, to: `"system:serviceaccount::my-sa"`, want: "sub:fail:sub_mismatch kubernetes.io:fail:claim_mismatch"},
		{from: `serviceaccount:my-ns:my-sa`, to: `serviceaccount:other:my-sa`, want: "kubernetes.io:fail:claim_mismatch"},
		{from: `"kubernetes.io"`, to: `"x"`, want: "kubernetes.io:fail:missing_claim"},
		{from: `"kubernetes.io":{`, to: `"kubernetes.io/serviceaccount/namespace":"my-ns","x":{`, want: "kubernetes.io:fail:missing_claim"},
		{from: `"kubernetes.io":{`, to: `"kubernetes.io":"","x":{`, want: "kubernetes.io:fail:claims_malformed"},
		{from: `"namespace"`, to: `"x"`, want: "kubernetes.io:fail:missing_claim"},
		{from: `{"name":"my-sa","uid":"14ee3fa4"}`, to: `{"name":"my-sa"}`, want: "kubernetes.io:fail:missing_claim"},
		{from: `{"name":"my-sa","uid":"14ee3fa4"}`, to: `{"name":"my-sa","uid":1}`, want: "kubernetes.io:fail:claims_malformed"},
		{from: `{"name":"p","uid":"u2"}`, to: `{"name":"p"}`, want: "kubernetes.io:fail:missing_claim"},
		{from: `{"name":"n","uid":"u1"}`, to: `{"uid":"u1"}`, want: "kubernetes.io:fail:missing_claim"},
	})
}

func TestKeyBinding(t *testing.T) {
	const header = `{"alg":"ES256","typ":"kb+jwt"}`
	const payload = `{"nonce":"1234567890","aud":"https://verifier.example.org","iat":1699999990,"sd_hash":"0_Af-2B-EhLWX5ydh_w2xzwmO6iM66B_2QCEanI4fUY"}`
	full := Presentation{Audiences: []string{"a", "https://verifier.example.org"}, Nonce: said("1234567890"), Digest: said("0_Af-2B-EhLWX5ydh_w2xzwmO6iM66B_2QCEanI4fUY")}
	changed := func(change func(*Presentation)) Presentation {
		with := full
		change(&with)
		return with
	}
	hour := time.Hour
	testProfile(t, KeyBinding(), header, payload, full, []profileTest{
		{from: `"kb+jwt"`, to: `"JWT"`, with: full, want: "typ:fail:typ_mismatch"},
		{from: `"iat"`, to: `"x"`, with: full, want: "iat:fail:missing_claim"},
		{from: `"aud"`, to: `"x"`, with: full, want: "aud:fail:missing_claim"},
		{from: `"nonce"`, to: `"x"`, with: full, want: "nonce:fail:missing_claim"},
		{from: `"sd_hash"`, to: `"_sd_hash"`, with: full, want: "sd_hash:fail:missing_claim"},
		{from: `"https://verifier.example.org"`, to: `["https://verifier.example.org"]`, with: full, want: "aud:fail:claims_malformed"},
		{from: `"https://verifier.example.org"`, to: `"https://verifier.example.com"`, with: full, want: "aud:fail:aud_mismatch"},
		{from: `"aud"`, to: `"aud"`, with: changed(func(p *Presentation) { p.Audiences = nil }), want: "aud:warn:aud_unchecked"},
		{from: `"1234567890"`, to: `"1234567891"`, with: full, want: "nonce:fail:nonce_mismatch"},
		{from: `"1234567890"`, to: `1234567890`, with: full, want: "nonce:fail:claims_malformed"},
		{from: `"nonce"`, to: `"nonce"`, with: changed(func(p *Presentation) { p.Nonce = nil }), want: "nonce:warn:nonce_unchecked"},
		{from: `0_Af`, to: `0_Ag`, with: full, want: "sd_hash:fail:claim_mismatch"},
		{from: `1699999990`, to: `1699999699`, with: full, want: "iat:fail:too_old"},
		{from: `1699999990`, to: `1`, with: full, want: "iat:fail:too_old"},
		{from: `1699999990`, to: `1699999000`, with: changed(func(p *Presentation) { p.MaxAge = &hour })},
		{from: `1699999990`, to: `1700000200`, with: full, want: "iat:warn:issued_in_future"},
		{from: `1699999990`, to: `1700000200`, with: changed(func(p *Presentation) { p.Leeway = hour })},
		{from: `1699999990`, to: `1700000301`, with: full, want: "iat:fail:not_yet_valid"},
	})
	for _, c := range KeyBinding().Check(claims(t, payload), object(t, header), full, noon) {
		if !strings.HasPrefix(c.Name, "key_binding:") {
			t.Errorf("a check is named %s", c.Name)
		}
	}
}

func TestNormalizeTarget(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.example":                    "https://a.example/",
		"https://a.example/":                   "https://a.example/",
		"https://A.Example:443/x?y#z":          "https://a.example/x",
		"http://a.example:80":                  "http://a.example/",
		"http://a.example:443/":                "http://a.example:443/",
		"https://a.example:/x":                 "https://a.example/x",
		"https://[::1]:443/x":                  "https://[::1]/x",
		"https://a.example/%7euser/%2f/%c3%a4": "https://a.example/~user/%2F/%C3%A4",
		"https://a.example/a/./b/../c":         "https://a.example/a/c",
		"https://a.example/a/..":               "https://a.example/",
		"https://a.example/../../a/.":          "https://a.example/a/",
		"https://a.example//a//":               "https://a.example//a//",
		"https://a.example/%2E%2E/a":           "https://a.example/a",
		"a.example/x":                          "",
		"https:///x":                           "",
		"https:x":                              "",
		"mailto:a@example":                     "",
		"https://u:p@a.example/":               "",
		"https://a.example/%zz":                "",
		"":                                     "",
	} {
		got, ok := NormalizeTarget(in)
		if got != want || ok != (want != "") {
			t.Errorf("%s is %q, want %q", in, got, want)
		}
		if again, ok := NormalizeTarget(got); ok && again != got {
			t.Errorf("%s: the normal form %s has another one, %s", in, got, again)
		}
	}
}

func FuzzNormalizeTarget(f *testing.F) {
	f.Add("https://A.example:443/%7e/../%2e/x?y#z")
	f.Fuzz(func(t *testing.T, s string) {
		normal, ok := NormalizeTarget(s)
		if !ok {
			return
		}
		if again, ok := NormalizeTarget(normal); !ok || again != normal {
			t.Errorf("%q: the normal form %q has another one, %q", s, normal, again)
		}
		if strings.ContainsAny(normal, "?#") {
			t.Errorf("%q: query or fragment in %q", s, normal)
		}
	})
}

func TestAll(t *testing.T) {
	var names []string
	for _, p := range All() {
		names = append(names, p.Name)
		if (p.OwnKey != "") != slices.Contains([]string{"dpop+jwt", "openid4vci-proof+jwt"}, p.Name) {
			t.Errorf("%s: own key %q", p.Name, p.OwnKey)
		}
		if p.About == "" || len(p.rules) == 0 {
			t.Errorf("%s says nothing", p.Name)
		}
		for _, r := range p.rules {
			if r.name == "" || r.section == "" {
				t.Errorf("%s: a rule without name or section", p.Name)
			}
		}
	}
	if want := []string{"at+jwt", "id-token", "logout+jwt", "dpop+jwt", "openid4vci-proof+jwt", "secevent+jwt", "kubernetes", "client-assertion", "jarm", "spiffe", "sd-jwt-vc", "jwt-vc", "entra", "apple-notification", "aws-alb"}; !slices.Equal(names, want) {
		t.Errorf("profiles %v, want %v", names, want)
	}
	if _, ok := Lookup("AT+JWT"); ok {
		t.Error("a profile of another spelling")
	}
}
