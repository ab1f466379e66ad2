package faulty

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"jwt/internal/authserver"
	"jwt/internal/authserver/clients"
	"jwt/internal/base64url"
	"jwt/internal/dpop"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jwk/jwktest"
	"jwt/internal/jws"
)

const (
	verifier = "dBjftJeZ4CVP-mBOLxvV2i1CNhN8qQB7iy_2fR0qKlM"
	native   = "http://127.0.0.1:8080/callback"
	web      = "https://web.example/callback"
	secret   = "s3cret"
)

// withClient adds the client web, which has a secret.
func withClient(t *testing.T) func(*authserver.Options) {
	t.Helper()
	return func(o *authserver.Options) {
		o.Clients = &clients.Registry{}
		err := o.Clients.Read(strings.NewReader(`[{"client_id":"web","client_secret":"` + secret + `","redirect_uris":["` + web + `"],"grant_types":["authorization_code","refresh_token","client_credentials"]}]`))
		if err != nil {
			t.Fatal(err)
		}
	}
}

func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64url.Encode(sum[:])
}

// query returns an authorization request of the client native, with changes; "-" deletes.
func query(changes ...string) url.Values {
	v := url.Values{}
	pairs := append([]string{
		"client_id", "native", "response_type", "code", "redirect_uri", native, "state", "s1", "scope", "openid", "nonce", "n1",
		"code_challenge", challenge(verifier), "code_challenge_method", "S256",
	}, changes...)
	for i := 0; i < len(pairs); i += 2 {
		if v.Set(pairs[i], pairs[i+1]); pairs[i+1] == "-" {
			v.Del(pairs[i])
		}
	}
	return v
}

// post sends a form of a page.
func (s *site) post(path string, q url.Values, form, cookie string) answer {
	s.t.Helper()
	return s.ask("POST", path+"?"+q.Encode(), form, formType, "Origin: "+s.url, "Cookie: "+cookie)
}

// authorize logs in and agrees. It returns the parameters that go to the redirect URI, or nil.
func (s *site) authorize(changes ...string) url.Values {
	s.t.Helper()
	q := query(changes...)
	if a := s.ask("GET", "/authorize?"+q.Encode(), ""); a.status == 400 {
		return nil
	} else if to := a.header.Get("Location"); to != "" {
		u, _ := url.Parse(to)
		return u.Query()
	}
	login := s.post("/authorize/login", q, url.Values{"username": {alice}, "password": {password}}.Encode(), "")
	if login.cookies["login"] == nil {
		s.t.Fatalf("no login: %d %s", login.status, login.body)
	}
	q.Set("account", alice) // which the consent page shows
	a := s.post("/authorize/consent", q, "action=allow", "login="+login.cookies["login"].Value)
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil || u.Host == "" {
		s.t.Fatalf("no redirect: %d %s", a.status, a.body)
	}
	return u.Query()
}

// redeem redeems a code of the client native, with changes.
func (s *site) redeem(code string, changes ...string) answer {
	s.t.Helper()
	return s.form("/token", append([]string{"grant_type", "authorization_code", "client_id", "native", "code", code, "redirect_uri", native, "code_verifier", verifier}, changes...)...)
}

// grant logs in and redeems the code.
func (s *site) grant() answer {
	s.t.Helper()
	return s.redeem(s.authorize().Get("code"))
}

func (a answer) text(t *testing.T, name string) string {
	t.Helper()
	var text string
	json.Unmarshal([]byte(a.member(t, name)), &text)
	return text
}

// idToken logs in. It reports whether a test holds for the ID token and the text of a claim.
// A missing ID token breaks another rule.
func (s *site) idToken(claim string, holds func(token jws.Token, text string) bool) bool {
	s.t.Helper()
	given := s.grant().text(s.t, "id_token")
	if given == "" {
		return true
	}
	token, err := jws.Parse(given)
	if err != nil {
		s.t.Fatal(err)
	}
	o, err := jsonobject.Parse(token.Payload)
	if err != nil {
		s.t.Fatal(err)
	}
	text, _ := o.Text(claim)
	return holds(token, text)
}

// proof returns the header line of a DPoP proof.
func (s *site) proof(key jwk.Key, method, path, token, nonce string) string {
	s.t.Helper()
	alg, _ := jwa.Lookup("ES256")
	if key.Type == "OKP" {
		alg, _ = jwa.Lookup("EdDSA")
	}
	text, err := dpop.Prove(dpop.Request{Method: method, URL: s.url + path, AccessToken: token, Nonce: nonce}, key, alg, s.clock.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	return "DPoP: " + text
}

// bound logs in with a proof.
func (s *site) bound(key jwk.Key) answer {
	s.t.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "client_id": {"native"}, "code": {s.authorize().Get("code")}, "redirect_uri": {native}, "code_verifier": {verifier}}.Encode()
	return s.ask("POST", "/token", form, formType, s.proof(key, "POST", "/token", "", ""))
}

func (s *site) introspect(token string, who ...string) answer {
	s.t.Helper()
	return s.form("/introspect", append([]string{"token", token}, who...)...)
}

// oauthRules maps each rule of OAuth that a fault can break to its check.
var oauthRules = map[string]func(t *testing.T, s *site) bool{
	"discovery-issuer": func(t *testing.T, s *site) bool {
		return s.ask("GET", "/.well-known/openid-configuration", "").text(t, "issuer") == s.url && s.ask("GET", "/.well-known/oauth-authorization-server", "").text(t, "issuer") == s.url
	},
	"discovery-works": func(t *testing.T, s *site) bool {
		return s.ask("GET", "/.well-known/openid-configuration", "").status == 200 && s.ask("GET", "/.well-known/oauth-authorization-server", "").status == 200
	},
	"code-client-checked": func(_ *testing.T, s *site) bool {
		code := s.authorize("client_id", "web", "redirect_uri", web).Get("code")
		return code != "" && s.redeem(code, "redirect_uri", web).status == 400
	},
	"device-code-checked": func(_ *testing.T, s *site) bool {
		return s.form("/token", "grant_type", "urn:ietf:params:oauth:grant-type:device_code", "client_id", "native", "device_code", "invented").status == 400
	},
	"state-returned": func(_ *testing.T, s *site) bool { return s.authorize().Get("state") == "s1" },
	"iss-returned":   func(_ *testing.T, s *site) bool { return s.authorize().Get("iss") == s.url },
	"redirect-prefix-refused": func(_ *testing.T, s *site) bool {
		return s.authorize("redirect_uri", "http://127.0.0.1.evil.example/") == nil
	},
	"redirect-port-refused": func(_ *testing.T, s *site) bool {
		return s.authorize("client_id", "web", "redirect_uri", "https://web.example:444/callback") == nil
	},
	"redirect-path-refused": func(_ *testing.T, s *site) bool {
		return s.authorize("client_id", "web", "redirect_uri", "https://web.example/other") == nil
	},
	"login-redirect": func(_ *testing.T, s *site) bool {
		a := s.post("/authorize/login", query(), url.Values{"username": {alice}, "password": {password}}.Encode(), "")
		return a.status == http.StatusSeeOther
	},
	"pkce-required": func(_ *testing.T, s *site) bool {
		return !s.authorize("code_challenge", "-", "code_challenge_method", "-").Has("code")
	},
	"pkce-plain-refused": func(_ *testing.T, s *site) bool {
		return !s.authorize("code_challenge", verifier, "code_challenge_method", "plain").Has("code")
	},
	"login-page-framing": func(_ *testing.T, s *site) bool {
		return strings.Contains(s.ask("GET", "/authorize?"+query().Encode(), "").header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
	},
	"authorize-no-cors": func(_ *testing.T, s *site) bool {
		return s.ask("GET", "/authorize?"+query().Encode(), "", "Origin: https://evil.example").header.Get("Access-Control-Allow-Origin") == ""
	},
	"pkce-verifier-required": func(_ *testing.T, s *site) bool {
		return s.redeem(s.authorize().Get("code"), "code_verifier", "").status == 400
	},
	"pkce-verifier-checked": func(_ *testing.T, s *site) bool {
		return s.redeem(s.authorize().Get("code"), "code_verifier", "other").status == 400
	},
	"pkce-downgrade-refused": func(_ *testing.T, s *site) bool {
		code := s.authorize("client_id", "web", "redirect_uri", web, "code_challenge", "-", "code_challenge_method", "-").Get("code")
		return code != "" && s.redeem(code, "client_id", "web", "client_secret", secret, "redirect_uri", web).status == 400
	},
	"code-once": func(_ *testing.T, s *site) bool {
		code := s.authorize().Get("code")
		s.redeem(code)
		return s.redeem(code).status == 400
	},
	"code-reuse-revokes": func(t *testing.T, s *site) bool {
		code := s.authorize().Get("code")
		token := s.redeem(code).text(t, "refresh_token")
		s.redeem(code)
		return s.form("/token", "grant_type", "refresh_token", "client_id", "native", "refresh_token", token).status == 400
	},
	"id-token-given": func(t *testing.T, s *site) bool { return s.grant().member(t, "id_token") != "" },
	"id-token-issuer": func(_ *testing.T, s *site) bool {
		return s.idToken("iss", func(_ jws.Token, iss string) bool { return iss == s.url })
	},
	"id-token-audience": func(_ *testing.T, s *site) bool {
		return s.idToken("aud", func(_ jws.Token, aud string) bool { return aud == "native" })
	},
	"id-token-nonce": func(_ *testing.T, s *site) bool {
		return s.idToken("nonce", func(_ jws.Token, nonce string) bool { return nonce == "n1" })
	},
	"id-token-signature": func(_ *testing.T, s *site) bool {
		return s.idToken("iss", func(token jws.Token, _ string) bool { return len(token.Signature) > 0 })
	},
	"id-token-at-hash": func(t *testing.T, s *site) bool {
		a := s.grant()
		if a.text(t, "id_token") == "" {
			return true
		}
		token, err := jws.Parse(a.text(t, "id_token"))
		sum := sha256.Sum256([]byte(a.text(t, "access_token")))
		return err == nil && strings.Contains(string(token.Payload), `"at_hash":"`+base64url.Encode(sum[:16])+`"`)
	},
	"id-token-times": func(_ *testing.T, s *site) bool {
		return s.idToken("iss", func(token jws.Token, _ string) bool {
			return strings.Contains(string(token.Payload), `"exp":`+string(jsonobject.Int(s.clock.Now().Add(time.Hour).Unix())))
		})
	},
	"userinfo-subject": func(t *testing.T, s *site) bool {
		return s.ask("GET", "/userinfo", "", "Authorization: Bearer "+s.grant().text(t, "access_token")).text(t, "sub") == alice
	},
	"client-credentials-no-refresh": func(t *testing.T, s *site) bool {
		a := s.form("/token", "grant_type", "client_credentials", "client_id", "web", "client_secret", secret)
		return a.status == 200 && a.member(t, "refresh_token") == ""
	},
	"refresh-of-client": func(t *testing.T, s *site) bool {
		token := s.grant().text(t, "refresh_token")
		return s.form("/token", "grant_type", "refresh_token", "client_id", "web", "client_secret", secret, "refresh_token", token).status == 400
	},
	"code-redirect-checked": func(_ *testing.T, s *site) bool {
		return s.redeem(s.authorize().Get("code"), "redirect_uri", "http://127.0.0.1:8080/other").status == 400
	},
	"unknown-client-refused": func(_ *testing.T, s *site) bool {
		return s.form("/token", "grant_type", "client_credentials", "client_id", "unknown", "client_secret", secret).status == 401
	},
	"client-auth-required": func(_ *testing.T, s *site) bool {
		return s.form("/token", "grant_type", "client_credentials", "client_id", "web").status == 401
	},
	"client-secret-checked": func(_ *testing.T, s *site) bool {
		return s.form("/token", "grant_type", "client_credentials", "client_id", "web", "client_secret", "wrong").status == 401
	},
	"device-pending": func(t *testing.T, s *site) bool {
		code := s.form("/device_authorization", "client_id", "native").text(t, "device_code")
		return s.form("/token", "grant_type", "urn:ietf:params:oauth:grant-type:device_code", "client_id", "native", "device_code", code).status == 400
	},
	"revocation-works": func(t *testing.T, s *site) bool {
		a := s.grant()
		s.form("/revoke", "client_id", "native", "token", a.text(t, "refresh_token"))
		return s.me(a.text(t, "access_token")).status == 401
	},
	"revocation-unknown-token": func(_ *testing.T, s *site) bool {
		return s.form("/revoke", "client_id", "native", "token", "x").status == 200
	},
	"introspection-active": func(t *testing.T, s *site) bool {
		return s.introspect(s.grant().text(t, "access_token"), "client_id", "web", "client_secret", secret).member(t, "active") == "true"
	},
	"introspection-inactive": func(t *testing.T, s *site) bool {
		return s.introspect("x", "client_id", "web", "client_secret", secret).member(t, "active") == "false"
	},
	"introspection-auth": func(t *testing.T, s *site) bool { return s.introspect("x").status == 401 },
	"device-authorization": func(t *testing.T, s *site) bool {
		return s.form("/device_authorization", "client_id", "native").member(t, "expires_in") == "600"
	},
	"device-patience": func(t *testing.T, s *site) bool {
		code := s.form("/device_authorization", "client_id", "native").text(t, "device_code")
		for range 2 {
			a := s.form("/token", "grant_type", "urn:ietf:params:oauth:grant-type:device_code", "client_id", "native", "device_code", code)
			if a.member(t, "error") == "" || a.text(t, "error") != "authorization_pending" {
				return false
			}
			s.clock.Advance(10 * time.Second)
		}
		return true
	},
	"dpop-works": func(_ *testing.T, s *site) bool { return s.bound(jwktest.KeyFor("ES256")).status == 200 },
	"dpop-bound": func(t *testing.T, s *site) bool {
		a := s.bound(jwktest.KeyFor("ES256"))
		if a.status != 200 {
			return true // judged by dpop-works
		}
		token, err := jws.Parse(a.text(t, "access_token"))
		return err == nil && a.text(t, "token_type") == "DPoP" && strings.Contains(string(token.Payload), `"cnf":{"jkt":"`)
	},
	"dpop-needs-proof": func(t *testing.T, s *site) bool {
		token, bound := s.boundToken(t)
		return !bound || s.me(token).status == 401
	},
	"dpop-key-checked": func(t *testing.T, s *site) bool {
		token, bound := s.boundToken(t)
		return !bound || s.ask("GET", "/me", "", "Authorization: DPoP "+token, s.proof(jwktest.KeyFor("EdDSA"), "GET", "/me", token, "")).status == 401
	},
	"dpop-once": func(t *testing.T, s *site) bool {
		token, bound := s.boundToken(t)
		line := s.proof(jwktest.KeyFor("ES256"), "GET", "/me", token, "")
		s.ask("GET", "/me", "", "Authorization: DPoP "+token, line)
		return !bound || s.ask("GET", "/me", "", "Authorization: DPoP "+token, line).status == 401
	},
	"dpop-refresh-bound": func(t *testing.T, s *site) bool {
		a := s.bound(jwktest.KeyFor("ES256"))
		if a.status != 200 || a.text(t, "token_type") != "DPoP" {
			return true
		}
		return s.form("/token", "grant_type", "refresh_token", "client_id", "native", "refresh_token", a.text(t, "refresh_token")).status == 400
	},
}

// boundToken returns an access token, and whether it is bound to the key.
func (s *site) boundToken(t *testing.T) (string, bool) {
	t.Helper()
	a := s.bound(jwktest.KeyFor("ES256"))
	if a.status != 200 {
		return "", false
	}
	token, err := jws.Parse(a.text(t, "access_token"))
	return token.Text(), err == nil && strings.Contains(string(token.Payload), "cnf")
}

func (s *site) brokenOAuth(t *testing.T) string {
	var names []string
	for name, holds := range oauthRules {
		if !holds(t, s) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// TestOAuthFaults checks that every fault breaks its rule, and no unrelated rule.
func TestOAuthFaults(t *testing.T) {
	same(t, "without a fault", serve(t, withClient(t)).brokenOAuth(t), "")
	for fault, rules := range oauthFaults {
		t.Run(fault, func(t *testing.T) {
			same(t, "broken", serve(t, withClient(t), fault).brokenOAuth(t), rules)
		})
	}
}

// oauthFaults maps the faults of OAuth to the rules that they break.
var oauthFaults = map[string]string{
	"other-issuer":             "discovery-issuer",
	"no-metadata":              "discovery-issuer discovery-works",
	"code-any-client":          "code-client-checked",
	"device-code-unchecked":    "device-code-checked",
	"no-state":                 "state-returned",
	"no-iss":                   "iss-returned",
	"wrong-iss":                "iss-returned",
	"redirect-prefix-match":    "redirect-prefix-refused",
	"redirect-any-port":        "redirect-port-refused",
	"redirect-any-path":        "redirect-path-refused",
	"redirect-307":             "login-redirect",
	"pkce-optional":            "pkce-required",
	"plain-pkce-accepted":      "pkce-plain-refused",
	"framed":                   "login-page-framing",
	"cors":                     "authorize-no-cors",
	"verifier-optional":        "pkce-verifier-required",
	"verifier-unchecked":       "pkce-verifier-checked",
	"pkce-downgrade":           "pkce-downgrade-refused",
	"code-twice":               "code-once code-reuse-revokes",
	"code-reuse-ignored":       "code-reuse-revokes",
	"no-id-token":              "id-token-given",
	"id-token-wrong-iss":       "id-token-issuer",
	"id-token-wrong-aud":       "id-token-audience",
	"id-token-wrong-nonce":     "id-token-nonce",
	"id-token-wrong-at-hash":   "id-token-at-hash",
	"id-token-wrong-alg":       "id-token-signature",
	"id-token-expired":         "id-token-times",
	"userinfo-of-another":      "userinfo-subject",
	"refresh-for-client":       "client-credentials-no-refresh",
	"refresh-any-client":       "refresh-of-client",
	"refresh-unbound":          "dpop-refresh-bound",
	"revoke-keeps":             "revocation-works",
	"revocation-unknown-fails": "revocation-unknown-token",
	"introspection-open":       "introspection-auth",
	"introspection-never":      "introspection-active",
	"introspection-always":     "introspection-inactive",
	"device-no-expiry":         "device-authorization",
	"device-slow-down":         "device-patience",
	"device-not-asked":         "device-patience device-pending",
	"redirect-not-bound":       "code-redirect-checked",
	"any-client":               "unknown-client-refused",
	"secret-optional":          "client-auth-required",
	"secret-unchecked":         "client-secret-checked",
	"dpop-nonce":               "dpop-works",
	"dpop-ignored":             "dpop-bound",
	"dpop-no-cnf":              "dpop-bound",
	"dpop-proof-optional":      "dpop-needs-proof",
	"dpop-any-key":             "dpop-key-checked",
	"dpop-replay-accepted":     "dpop-once",
}
