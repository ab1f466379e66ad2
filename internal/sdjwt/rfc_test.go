package sdjwt

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
)

// issuer is the issuer's key of RFC 9901 §A.5.
const issuer = `{"kty":"EC","crv":"P-256","x":"b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ","y":"Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8"}`

// holder is the holder's key, as "cnf" contains it.
const holder = `{"jwk": {"kty": "EC", "crv": "P-256", "x": "TCAER19Zvu3OHF4j4W4vfSVoHIP1ILilDls7vCeGemc", "y": "ZxjiWWbZMQGHVWKVQ4hbSIirsVfuecCE6t4jT9F2HZQ"}}`

// example reads a token that RFC 9901 prints over several lines.
func example(t testing.TB, section string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/rfc9901-" + section + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(b), "\n", "")
}

// verified verifies a token under the issuer's key.
func verified(t testing.TB, text string) (Token, Verified) {
	t.Helper()
	token, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := jwk.Parse([]byte(issuer))
	if err != nil {
		t.Fatal(err)
	}
	issued, _, err := token.Issued.Verify(keys.Keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := token.Verify(issued)
	if err != nil {
		t.Fatal(err)
	}
	return token, v
}

// TestRFC runs the examples of RFC 9901 §5 and Appendix A as they are published.
func TestRFC(t *testing.T) {
	for section, want := range map[string]struct {
		payload     string
		disclosed   string // paths
		undisclosed int
		digest      string // of a key binding; "" if there is none
	}{
		"5.1": {
			payload: `{"given_name":"John","family_name":"Doe","email":"johndoe@example.com","address":{"street_address": "123 Main St", "locality": "Anytown", "region": "Anystate", "country": "US"},` +
				`"iss":"https://issuer.example.com","iat":1683000000,"exp":1883000000,"sub":"user_42","nationalities":["US","DE"],"cnf":` + holder + `}`,
			disclosed: "given_name family_name email address nationalities[0] nationalities[1]", undisclosed: 4,
		},
		"5.2": {
			payload: `{"family_name":"Doe","address":{"street_address": "123 Main St", "locality": "Anytown", "region": "Anystate", "country": "US"},"given_name":"John",` +
				`"iss":"https://issuer.example.com","iat":1683000000,"exp":1883000000,"sub":"user_42","nationalities":["US"],"cnf":` + holder + `}`,
			disclosed: "family_name address given_name nationalities[0]", undisclosed: 6,
			digest: "0_Af-2B-EhLWX5ydh_w2xzwmO6iM66B_2QCEanI4fUY",
		},
		"a.1": {
			payload:   `{"iss":"https://issuer.example.com","iat":1683000000,"exp":1883000000,"address":{"region":"\u6e2f\u533a","country":"JP"}}`,
			disclosed: "address.region address.country", undisclosed: 14,
		},
		"a.2": {
			payload: `{"iss":"https://issuer.example.com","iat":1683000000,"exp":1883000000,"verified_claims":{"verification":{"time":"2012-04-23T18:25Z","trust_framework":"de_aml","evidence":[{"method":"pipp"}]},` +
				`"claims":{"given_name":"Max","family_name":"M\u00fcller","address":{"locality": "Maxstadt", "postal_code": "12344", "country": "DE", "street_address": "Weidenstra\u00dfe 22"}}}}`,
			disclosed: "verified_claims.verification.time verified_claims.verification.evidence[0] verified_claims.verification.evidence[0].method" +
				" verified_claims.claims.given_name verified_claims.claims.family_name verified_claims.claims.address",
			undisclosed: 10,
		},
		"a.4": {
			payload: `{"@context":["https://www.w3.org/2018/credentials/v1", "https://w3id.org/vaccination/v1"],"type":["VerifiableCredential", "VaccinationCertificate"],"issuer":"https://example.com/issuer",` +
				`"issuanceDate":"2023-02-09T11:01:59Z","expirationDate":"2028-02-08T11:01:59Z","name":"COVID-19 Vaccination Certificate","description":"COVID-19 Vaccination Certificate",` +
				`"credentialSubject":{"order":"3/3","dateOfVaccination":"2021-06-23T13:40:12Z","vaccine":{"atcCode":"J07BX03","medicinalProductName":"COVID-19 Vaccine Moderna","type":"Vaccine"},` +
				`"recipient":{"type":"VaccineRecipient"},"type":"VaccinationEvent"},"cnf":` + holder + `}`,
			disclosed:   "credentialSubject.order credentialSubject.dateOfVaccination credentialSubject.vaccine.atcCode credentialSubject.vaccine.medicinalProductName",
			undisclosed: 10,
			digest:      "IoWUH91llf3XErl42bQ3sx_53V1o1ujCz08hDqHK7Dk",
		},
	} {
		t.Run(section, func(t *testing.T) {
			text := example(t, section)
			token, v := verified(t, text)
			p := v.Processed()
			if d := cmp.Diff(want.payload, string(p.Payload.Bytes())); d != "" {
				t.Errorf("processed payload:\n%s", d)
			}
			var paths []string
			for _, d := range p.Disclosed {
				paths = append(paths, d.Path)
			}
			if d := cmp.Diff(strings.Fields(want.disclosed), paths); d != "" {
				t.Errorf("disclosed:\n%s", d)
			}
			if len(p.Undisclosed) != want.undisclosed || p.Hash != "sha-256" {
				t.Errorf("%d digests undisclosed (%s), want %d: %v", len(p.Undisclosed), p.Hash, want.undisclosed, p.Undisclosed)
			}
			if v.Issued().Token().Text()+"~" != text[:strings.IndexByte(text, '~')+1] || token.Text != text {
				t.Error("the text is not what was sent")
			}
			if (token.KeyBinding != nil) != (want.digest != "") {
				t.Fatalf("key binding: %v", token.KeyBinding)
			}
			kb, err := v.VerifyKeyBinding()
			if want.digest == "" {
				if err == nil {
					t.Error("a missing key binding verified")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			claims, _ := jsonobject.Parse(kb.Payload())
			hash, _ := claims.Get("sd_hash")
			if got, _ := hash.Text(); got != want.digest || v.Digest() != want.digest {
				t.Errorf("digest %s, sd_hash %s, want %s", v.Digest(), got, want.digest)
			}
		})
	}
}

// TestRFCDigests checks the digests that RFC 9901 §4.2.3, §4.2.4.2 and §5.1 print for
// single disclosures.
func TestRFCDigests(t *testing.T) {
	for text, want := range map[string]string{
		"WyIyR0xDNDJzS1F2ZUNmR2ZyeU5STjl3IiwgImdpdmVuX25hbWUiLCAiSm9obiJd": "jsu9yVulwQQlhFlM_3JlzMaSFzglhQG0DpfayQwLUK4",
		"WyJlbHVWNU9nM2dTTklJOEVZbnN4QV9BIiwgImZhbWlseV9uYW1lIiwgIkRvZSJd": "TGf4oLbgwd5JQaHyKVQZU9UdGE0w5rtDsrZzfUaomLo",
		"WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIlVTIl0":                      "pFndjkZ_VCzmyTa6UjlZo3dh-ko8aIKQc9DlGzhaVYo",
		"WyJuUHVvUW5rUkZxM0JJZUFtN0FuWEZBIiwgIkRFIl0":                      "7Cf6JkPudry3lcbwHgeZ8khAv1U1OSlerP0VkBJrWZ0",
	} {
		_, hash, err := hashOf(jsonobject.Object{})
		if err != nil {
			t.Fatal(err)
		}
		if got := digest(hash, text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
