package jwk

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"jwt/internal/verdict"
)

// quoted returns a text as a JSON string.
func quoted(text []byte) string {
	b, _ := json.Marshal(string(text))
	return string(b)
}

// A handedOut is a file that a platform hands out, with what is read from it.
type handedOut struct {
	name, text string
	keys       int
	kid        string // of the first key; - for none
	thumbprint string
	private    bool
}

// handedOuts are also the seeds of FuzzParse.
func handedOuts(t testing.TB) []handedOut {
	private, public, ec := file(t, "rsa.pkcs8.pem"), file(t, "rsa.spki.pem"), file(t, "p256.spki.pem")
	bare := func(pem []byte) string {
		return strings.Join(strings.Fields(string(pem[bytes.IndexByte(pem, '\n'):bytes.LastIndex(pem, []byte("-----END"))])), "")
	}
	b64 := base64.StdEncoding.EncodeToString
	return []handedOut{
		{"a Google service account", `{"type":"service_account","project_id":"p","private_key_id":"abc","private_key":` + quoted(private) + `,"client_email":"a@p.iam.gserviceaccount.com","client_x509_cert_url":"https://x"}`, 1, "abc", "rsa", true},
		{"fastlane", `{"key_id":"D383SF739","issuer_id":"6053b7fe","key":` + quoted(file(t, "p256.pkcs8.pem")) + `,"in_house":false}`, 1, "D383SF739", "p256", true},
		{"Hasura", `{"type":"RS256","key":` + quoted(public) + `,"claims_namespace":"x"}`, 1, "-", "rsa", false},
		{"a Keycloak realm", `{"realm":"demo","public_key":"` + bare(public) + `","token-service":"https://k","tokens-not-before":0}`, 1, "-", "rsa", false},
		{"a Kubernetes secret as JSON", `{"apiVersion":"v1","kind":"Secret","data":{"tls.key":"` + b64(private) + `"},"metadata":{"name":"x"}}`, 1, "-", "rsa", true},
		{"a Kubernetes secret as YAML", "apiVersion: v1\ndata:\n  tls.key: " + b64(private) + "\nkind: Secret\n", 1, "-", "rsa", true},
		{"Vault's transit engine", `{"data":{"type":"rsa-2048","keys":{"1":{"name":"rsa-2048","public_key":` + quoted(public) + `}}}}`, 1, "-", "rsa", false},
		{"keys of a Keycloak realm", `{"active":{"RS256":"a"},"keys":[{"kid":"a","type":"RSA","algorithm":"RS256","publicKey":"` + bare(public) + `"},{"kid":"b","type":"EC","algorithm":"ES256","publicKey":"` + bare(ec) + `"},{"kid":"c","type":"OCT","algorithm":"HS512"}]}`, 2, "a", "rsa", false},
		{"an item of 1Password", `{"title":"jwt","fields":[{"label":"user","value":"x"},{"label":"key","value":` + quoted(private) + `}]}`, 1, "-", "rsa", true},
		{"Azure Key Vault", `{"attributes":{"enabled":true},"key":{"kid":"k","kty":"OKP-HSM","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","key_ops":["verify"]}}`, 1, "k", "", false},
		{"a pair", `{"public":` + quoted(public) + `,"private":` + quoted(private) + `}`, 1, "-", "rsa", true},
		{"a map of PEMs", `{"2025":` + quoted(public) + `,"2026":` + quoted(ec) + `}`, 2, "2025", "rsa", false},
		{"a JWK in a member", `{"public_key":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"k"}}`, 1, "k", "", false},
		{"Base64 of a PEM", b64(public) + "\n", 1, "-", "rsa", false},
		{"Base64 of the Base64 of a PEM", b64([]byte(b64(public))), 1, "-", "rsa", false},
		{"Base64 of a JWK", b64([]byte(`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`)), 1, "-", "", false},
		{"did:jwk", "did:jwk:eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9#0", 1, "-", "", false},
		{"did:key Ed25519", "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", 1, "-", "", false},
		{"did:key P-256", "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169", 1, "-", "", false},
		{"did:key secp256k1", "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme", 1, "-", "", false},
		{"a point of Web Push", "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8", 1, "-", "", false},
	}
}

// TestWherePlatformsPutKeys reads keys out of the files that platforms hand out.
func TestWherePlatformsPutKeys(t *testing.T) {
	for _, row := range handedOuts(t) {
		t.Run(row.name, func(t *testing.T) {
			set, err := Parse([]byte(row.text))
			if err != nil || len(set.Keys) != row.keys {
				t.Fatalf("%d keys, %v", len(set.Keys), err)
			}
			k := set.Keys[0]
			if kid := k.ID; kid != row.kid && (k.HasID || row.kid != "-") {
				t.Errorf("kid %q, want %q", kid, row.kid)
			}
			if row.thumbprint != "" && k.Thumbprint() != thumbprints[row.thumbprint] || k.IsPrivate() != row.private {
				t.Errorf("thumbprint %s, private %t", k.Thumbprint(), k.IsPrivate())
			}
		})
	}
}

func TestHasuraSecret(t *testing.T) {
	set, err := Parse([]byte(`{"type":"HS256","key":"3EK6FD+o0+c7tzBNVfjpMkNDi2yARAAKzQlk8O2IKoxQu4nF7EdAh8s3TwpHwrdWT6R"}`))
	if err != nil || len(set.Keys) != 1 || !set.Keys[0].IsSecret() || set.Keys[0].Alg != "HS256" {
		t.Errorf("got %+v, %v", set.Keys, err)
	}
	if set, err := Parse([]byte(`{"type":"HS256","key":` + quoted(file(t, "rsa.spki.pem")) + `}`)); err == nil {
		t.Errorf("a public key is a secret: %+v", set.Keys)
	}
}

func TestVAPIDPair(t *testing.T) {
	const other = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
	k, err := Generate("P-256", 0)
	if err != nil {
		t.Fatal(err)
	}
	o := k.JWK(true)
	x, _ := o.Text("x")
	y, _ := o.Text("y")
	d, _ := o.Text("d")
	point := append(append([]byte{4}, raw(t, x)...), raw(t, y)...)
	text := func(point []byte, d string) []byte {
		return []byte(`{"publicKey":"` + base64.RawURLEncoding.EncodeToString(point) + `","privateKey":"` + d + `"}`)
	}
	set, err := Parse(text(point, d))
	if err != nil || len(set.Keys) != 1 || set.Keys[0].Thumbprint() != k.Thumbprint() || !set.Keys[0].IsPrivate() {
		t.Errorf("got %+v, %v", set.Keys, err)
	}
	compressed := append([]byte{2 + point[64]&1}, point[1:33]...)
	for _, form := range [][]byte{compressed, []byte(base64.RawURLEncoding.EncodeToString(compressed)), point} {
		if set, err := Parse(form); err != nil || set.Keys[0].Thumbprint() != k.Thumbprint() {
			t.Errorf("%d bytes: %v", len(form), err)
		}
	}
	if _, err := Parse(text(raw(t, other), d)); verdict.ClassOf(err) != verdict.KeyRefused {
		t.Errorf("the halves of two pairs: %v", err)
	}
}

func raw(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func didJWK(text string) string {
	return "did:jwk:" + base64.RawURLEncoding.EncodeToString([]byte(text))
}

func TestInsideRefuses(t *testing.T) {
	public, ec := quoted(file(t, "rsa.spki.pem")), quoted(file(t, "p256.spki.pem"))
	layers := file(t, "rsa.spki.pem")
	for range 6 {
		layers = []byte(base64.StdEncoding.EncodeToString(layers))
	}
	for _, row := range []struct{ name, text, says string }{
		{"an algorithm of another kind of key", `{"type":"RS256","key":` + ec + `}`, "type: is RS256, the key beside it is EC on P-256"},
		{"an algorithm of another kind than two keys", `{"type":"HS256","a":` + ec + `,"b":` + public + `}`, "type: is HS256, the key beside it is EC on P-256"},
		{"did:jwk of a secret", didJWK(`{"kty":"oct","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"}`), "must have a public key"},
		{"did:jwk of a private key", didJWK(string(makeKey(t, "P-256").JWK(true).Bytes())), "must have a public key"},
		{"did:jwk of PEM", didJWK(string(file(t, "p256.spki.pem"))), "not one JWK"},
		{"did:jwk of a set", didJWK(`{"keys":[` + string(makeKey(t, "P-256").JWK(false).Bytes()) + `]}`), "not one JWK"},
		{"a member twice", `{"key":` + ec + `,"key":` + public + `}`, "neither"},
		{"no key", `{"error":"not found"}`, "neither"},
		{"too deep", `{"a":{"b":{"c":{"d":{"key":` + ec + `}}}}}`, "neither"},
		{"too many layers", string(layers), ""},
		{"did:key that is not base58", "did:key:z0OIl", "base58"},
		{"did:key of another base", "did:key:uABC", "z"},
		{"did:key of X25519", "did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc", "does not sign"},
		{"did:key that is huge", "did:key:z" + strings.Repeat("z", 5000), "base58"},
		{"did:jwk of nothing", "did:jwk:e30", "neither"},
		{"another DID", "did:web:example.com", "not resolved"},
	} {
		t.Run(row.name, func(t *testing.T) {
			set, err := Parse([]byte(row.text))
			if err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("%d keys, %v", len(set.Keys), err)
			}
		})
	}
}
