package profile

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
)

func TestEntra(t *testing.T) {
	const v2 = `{"aud":"6e74172b-be56-4843-9ff4-e66a39bb12e3","iss":"https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0","iat":1700000000,"nbf":1700000000,"exp":1700003600,"azp":"6e74172b-be56-4843-9ff4-e66a39bb12e3","oid":"690222be-ff1a-4d56-abd1-7e4f7d38e474","scp":"access_as_user","sub":"HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ","tid":"72f988bf-86f1-41af-91ab-2d7cd011db47","ver":"2.0"}`
	testProfile(t, named(t, "entra"), `{"alg":"RS256"}`, v2, Presentation{}, []profileTest{
		{from: `RS256`, to: `PS256`, want: "alg:fail:alg_refused"},
		{from: `login.microsoftonline.com`, to: `login.microsoftonline.us`},
		{from: `https://login.microsoftonline.com`, to: `http://login.microsoftonline.com`, want: "iss:fail:iss_mismatch"},
		{from: `login.microsoftonline.com`, to: `shop.b2clogin.com`},
		{from: `login.microsoftonline.com`, to: `shop.b2clogin.com.evil.example`, want: "iss:fail:iss_mismatch"},
		{from: `login.microsoftonline.com`, to: `evil.example`, want: "iss:fail:iss_mismatch"},
		{from: `/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0`, to: `/common/v2.0`, want: "iss:fail:iss_mismatch"},
		{from: `"tid":"72f988bf`, to: `"tid":"82f988bf`, want: "iss:fail:iss_mismatch"},
		{from: `"tid":"72f988bf-86f1-41af-91ab-2d7cd011db47"`, to: `"tid":"contoso"`, want: "tid:fail:claims_malformed iss:fail:iss_mismatch"},
		{from: `"ver":"2.0"`, to: `"ver":"1.0"`, want: "iss:fail:iss_mismatch"},
		{from: `"ver":"2.0"`, to: `"ver":2`, want: "ver:fail:claim_mismatch"},
		{from: `"ver"`, to: `"x"`, want: "ver:fail:missing_claim"},
		{from: `"aud":"6e74172b-be56-4843-9ff4-e66a39bb12e3"`, to: `"aud":"api://shop"`, want: "aud:fail:aud_mismatch"},
		{from: `"scp":"access_as_user"`, to: `"scp":["access_as_user"]`, want: "scp:fail:claims_malformed"},
		{from: `"scp":"access_as_user"`, to: `"roles":"admin"`, want: "roles:fail:claims_malformed"},
	})
	const v1 = `{"aud":"api://shop","iss":"https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/","iat":1700000000,"nbf":1700000000,"exp":1700003600,"appid":"6e74172b-be56-4843-9ff4-e66a39bb12e3","sub":"x","tid":"72f988bf-86f1-41af-91ab-2d7cd011db47","ver":"1.0"}`
	testProfile(t, named(t, "entra"), `{"alg":"RS256"}`, v1, Presentation{}, []profileTest{
		{from: `db47/"`, to: `db47"`, want: "iss:fail:iss_mismatch"},
		{from: `sts.windows.net`, to: `login.microsoftonline.com`, want: "iss:fail:iss_mismatch"},
		{from: `"ver":"1.0"`, to: `"ver":"2.0"`, want: "iss:fail:iss_mismatch aud:fail:aud_mismatch"},
	})
}

func TestVerifiableCredential(t *testing.T) {
	const first = `{"iss":"https://issuer.example/14","nbf":1600000000,"exp":1800000000,"jti":"http://issuer.example/c/3732","sub":"did:example:alice","vc":{"@context":["https://www.w3.org/2018/credentials/v1","https://issuer.example/v1"],"id":"http://issuer.example/c/3732","type":["VerifiableCredential","Degree"],"issuer":{"id":"https://issuer.example/14"},"expirationDate":"2030-01-01T00:00:00Z","credentialSubject":{"id":"did:example:alice","degree":"BSc"}}}`
	testProfile(t, named(t, "jwt-vc"), `{"alg":"ES256","typ":"JWT"}`, first, Presentation{}, []profileTest{
		{from: `"typ":"JWT"`, to: `"typ":"at+jwt"`, want: "typ:fail:typ_mismatch"},
		{from: `"vc":`, to: `"x":`, want: "vc:fail:missing_claim"},
		{from: `"vc":`, to: `"vp":`, want: "vc:fail:claim_mismatch"},
		{from: `https://www.w3.org/2018/credentials/v1`, to: `https://www.w3.org/ns/credentials/v2`, want: "@context:fail:claim_mismatch"},
		{from: `"VerifiableCredential",`, to: ``, want: "type:fail:claim_mismatch"},
		{from: `"credentialSubject"`, to: `"subject"`, want: "credentialSubject:fail:missing_claim"},
		{from: `"iss":`, to: `"x":`, want: "iss:fail:missing_claim"},
		{from: `"iss":"https://issuer.example/14"`, to: `"iss":"https://issuer.example/15"`, want: "iss:fail:iss_mismatch"},
		{from: `"sub":"did:example:alice"`, to: `"sub":"did:example:bob"`, want: "sub:fail:sub_mismatch"},
		{from: `"jti":"http://issuer.example/c/3732"`, to: `"jti":"x"`, want: "jti:fail:claim_mismatch"},
		{from: `"nbf"`, to: `"x"`, want: "nbf:fail:missing_claim"},
		{from: `2030-01-01T00:00:00Z`, to: `2020-01-01T00:00:00Z`, want: "expirationDate:fail:expired"},
		{from: `"expirationDate":"2030-01-01T00:00:00Z"`, to: `"issuanceDate":"2030-01-01T00:00:00Z"`, want: "issuanceDate:fail:not_yet_valid"},
		{from: `2030-01-01T00:00:00Z`, to: `soon`, want: "expirationDate:fail:claims_malformed"},
		{from: `"degree":"BSc"}`, to: `"degree":"BSc"},"credentialStatus":{}`, want: "credentialStatus:skip"},
	})
	const second = `{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"http://issuer.example/c/3732","type":["VerifiableCredential"],"issuer":"https://issuer.example/14","validFrom":"2020-01-01T00:00:00Z","validUntil":"2030-01-01T00:00:00+01:00","credentialSubject":{"id":"did:example:alice"}}`
	testProfile(t, named(t, "jwt-vc"), `{"alg":"ES256","typ":"vc+jwt"}`, second, Presentation{}, []profileTest{
		{from: `"issuer"`, to: `"x"`, want: "issuer:fail:missing_claim"},
		{from: `"id":"http`, to: `"iss":"https://evil.example","id":"http`, want: "iss:fail:iss_mismatch"},
		{from: `"id":"http`, to: `"vc":{},"id":"http`, want: "vc:fail:claim_mismatch"},
		{from: `2020-01-01`, to: `2028-01-01`, want: "validFrom:fail:not_yet_valid"},
		{from: `2030-01-01T00:00:00+01:00`, to: `2023-11-14T23:13:20+01:00`, want: "validUntil:fail:expired"},
		{from: `2030-01-01T00:00:00+01:00`, to: `0001-01-01T00:00:00Z`, want: "validUntil:fail:expired"},
		{from: `2030-01-01T00:00:00+01:00`, to: `2030-01-01`, want: "validUntil:fail:claims_malformed"},
		{from: `"credentialSubject":{"id":"did:example:alice"}`, to: `"credentialSubject":[{}]`},
		{from: `"credentialSubject":{"id":"did:example:alice"}`, to: `"credentialSubject":"alice"`, want: "credentialSubject:fail:claims_malformed"},
	})
}

// certificate returns a certificate that has only an extension.
func certificate(oid ...int) *x509.Certificate {
	return &x509.Certificate{Extensions: []pkix.Extension{{Id: asn1.ObjectIdentifier(oid)}}}
}

func TestAppleNotification(t *testing.T) {
	leaf, intermediate, root := certificate(1, 2, 840, 113635, 100, 6, 11, 1), certificate(1, 2, 840, 113635, 100, 6, 2, 1), &x509.Certificate{}
	with := Presentation{Chain: []*x509.Certificate{leaf, intermediate, root}}
	const payload = `{"notificationType":"SUBSCRIBED","subtype":"INITIAL_BUY","notificationUUID":"002e14d5-51f5-4503-b5a8-c3a1af68eb20","version":"2.0","signedDate":1700000000000,"data":{"bundleId":"com.example.app","environment":"Sandbox"}}`
	testProfile(t, named(t, "apple-notification"), `{"alg":"ES256"}`, payload, with, []profileTest{
		{from: `ES256`, to: `RS256`, with: with, want: "alg:fail:alg_refused"},
		{from: `"version":"2.0"`, to: `"version":"1.0"`, with: with, want: "version:fail:claim_mismatch"},
		{from: `"notificationType"`, to: `"x"`, with: with, want: "notificationType:fail:missing_claim"},
		{from: `1700000000000`, to: `"now"`, with: with, want: "signedDate:fail:claims_malformed"},
		{from: `"bundleId"`, to: `"x"`, with: with, want: "data:fail:missing_claim"},
		{from: `"data":`, to: `"summary":`, with: with},
		{from: `"data":`, to: `"x":`, with: with, want: "data:fail:missing_claim"},
		{from: `"environment":"Sandbox"`, to: `"signedTransactionInfo":"a.b.c"`, with: with, want: "signedTransactionInfo:skip"},
		{from: `ES256`, to: `ES256`, want: "x5c:fail:chain_invalid"},
		{from: `ES256`, to: `ES256`, with: Presentation{Chain: []*x509.Certificate{leaf, root}}, want: "x5c:fail:chain_invalid"},
		{from: `ES256`, to: `ES256`, with: Presentation{Chain: []*x509.Certificate{root, intermediate, root}}, want: "x5c:fail:chain_invalid"},
		{from: `ES256`, to: `ES256`, with: Presentation{Chain: []*x509.Certificate{leaf, root, root}}, want: "x5c:fail:chain_invalid"},
	})
}
