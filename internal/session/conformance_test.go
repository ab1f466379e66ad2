package session

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"jwt/internal/authclient"
	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/verdict"
)

// A module is one of the OpenID conformance suite for clients that log in by the code flow:
// a provider that misbehaves in one way, or is unusual in one that is allowed.
type module struct {
	name  string
	plant func(*provider)
	login func(*Login)
	// says is a part of the error; "" means that the login succeeds.
	says  string
	check func(*testing.T, *provider, *Session)
}

// TestOpenIDClient runs the modules of the suite, which itself needs a browser and a server.
func TestOpenIDClient(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range append(authorizationModules(), append(idTokenModules(), otherModules()...)...) {
		if seen[m.name] {
			t.Errorf("%s is there twice", m.name)
		}
		seen[m.name] = true
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			if m.plant != nil {
				m.plant(p)
			}
			s, err := p.login(authclient.FlowCode, m.login)
			if m.says != "" {
				if err == nil || !strings.Contains(err.Error(), m.says) {
					t.Fatalf("got the error %v, want %q", err, m.says)
				}
				if _, err := p.client().Store.Peek(DefaultName); verdict.ClassOf(err) != verdict.NotLoggedIn {
					t.Errorf("a session was stored: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if m.check != nil {
				m.check(t, p, s)
			}
		})
	}
	const modules = 45
	if len(seen) < modules {
		t.Errorf("%d modules, want at least %d", len(seen), modules)
	}
}

func withSecret(l *Login) { l.OAuth.ClientSecret = "a secret" }

// authorizationModules are about the metadata and the authorization response.
func authorizationModules() []module {
	answer := func(change func(url.Values)) func(*provider) { return func(p *provider) { p.redirect = change } }
	return []module{
		{name: "client-secret-basic", login: withSecret, check: func(t *testing.T, p *provider, _ *Session) {
			if id, secret := p.last("/token/").basic(); id != "native" || secret != "a secret" {
				t.Errorf("%q %q", id, secret)
			}
		}},
		{name: "discovery-issuer-mismatch", plant: func(p *provider) { p.metadata["issuer"] = "https://other.example" }, says: "issuer: is"},
		{name: "invalid state", plant: answer(func(v url.Values) { v.Set("state", "x"+v.Get("state")[1:]) }), says: "state is not that of this login"},
		{name: "missing state", plant: answer(func(v url.Values) { v.Del("state") }), says: "state: missing"},
		{name: "invalid iss", plant: answer(func(v url.Values) { v.Set("iss", "https://other.example") }), says: "iss: is"},
		{name: "iss removed", plant: answer(func(v url.Values) { v.Del("iss") }), says: "iss: missing"},
		{name: "iss of a server that does not announce it", plant: func(p *provider) {
			p.metadata["authorization_response_iss_parameter_supported"] = nil
			p.redirect = func(v url.Values) { v.Set("iss", "https://other.example") }
		}, says: "iss: is"},
		{name: "code twice", plant: answer(func(v url.Values) { v.Add("code", "other") }), says: "code is there twice"},
		{name: "unknown parameters in the response", plant: answer(func(v url.Values) { v.Set("session_state", "x"); v.Set("foo", "bar") })},
		{name: "error response shown", plant: answer(func(v url.Values) {
			v.Del("code")
			v.Set("error", "access_denied")
			v.Set("error_description", "Alice said no")
		}), says: "access_denied: Alice said no"},
		{name: "PKCE sent", check: func(t *testing.T, p *provider, _ *Session) {
			if verifier := p.last("/token/").form.Get("code_verifier"); len(verifier) != 43 {
				t.Errorf("the verifier is %q", verifier)
			}
		}},
		{name: "redirect to another path refused", login: func(l *Login) {
			visit := l.Dialog.Visit
			l.Dialog.Visit = func(page string) {
				u, _ := url.Parse(page)
				to, _ := url.Parse(u.Query().Get("redirect_uri"))
				to.Path, to.RawQuery = "/other", url.Values{"code": {"x"}, "state": {u.Query().Get("state")}}.Encode()
				if resp, err := http.Get(to.String()); err != nil || resp.StatusCode != http.StatusNotFound {
					panic("the other path answers")
				}
				visit(page)
			}
		}},
	}
}

// idTokenModules are about the ID token.
func idTokenModules() []module {
	claim := func(name string, value any) func(*provider) {
		return func(p *provider) {
			p.idToken = func(_, claims map[string]any) {
				claims[name] = value
				if value == nil {
					delete(claims, name)
				}
			}
		}
	}
	ago := func(d time.Duration) int64 { return time.Now().Add(-d).Unix() }
	half := func(text string) string { sum := sha256.Sum256([]byte(text)); return base64url.Encode(sum[:16]) }
	return []module{
		{name: "idtoken signed none", plant: unsecured, says: "ID token"},
		{name: "idtoken signed RS256", plant: func(p *provider) { p.key = mustKey("RSA") }},
		{name: "invalid signature ES256", plant: tampered("P-256"), says: "signature"},
		{name: "invalid signature RS256", plant: tampered("RSA"), says: "signature"},
		{name: "invalid signature HS256", login: withSecret, plant: hmac("a secret"), says: "ID token"},
		{name: "invalid signature", plant: func(p *provider) {
			other := mustKey("P-256")
			p.sign = func(header, claims []byte) string { return signWith(other, header, claims) }
		}, says: "signature"},
		{name: "invalid alternate alg", plant: func(p *provider) {
			other := mustKey("RSA")
			p.sign = func(header, claims []byte) string {
				return signWith(other, []byte(strings.Replace(string(header), "ES256", "PS256", 1)), claims)
			}
		}, says: "ID token"},
		{name: "invalid null alg", plant: func(p *provider) {
			p.sign = func(_, claims []byte) string {
				return base64url.Encode([]byte(`{"alg":null}`)) + "." + base64url.Encode(claims) + ".AA"
			}
		}, says: "ID token"},
		{name: "iss invalid", plant: claim("iss", "https://other.example"), says: "iss: is"},
		{name: "iss missing", plant: claim("iss", nil), says: "iss: missing"},
		{name: "aud invalid", plant: claim("aud", "other"), says: "aud: is"},
		{name: "aud missing", plant: claim("aud", nil), says: "aud: missing"},
		{name: "secondary aud invalid", plant: claim("aud", []string{"native", "other"}), says: "azp"},
		{name: "aud as array valid", plant: claim("aud", []string{"native"})},
		{name: "azp of another client", plant: claim("azp", "other"), says: "azp: is"},
		{name: "exp missing", plant: claim("exp", nil), says: "exp: missing"},
		{name: "exp expired", plant: claim("exp", ago(5*time.Minute)), says: "expired"},
		{name: "exp within the leeway", plant: claim("exp", ago(20*time.Second))},
		{name: "iat missing", plant: claim("iat", nil), says: "iat"},
		{name: "iat a week old", plant: claim("iat", ago(7*24*time.Hour)), says: "iat"},
		{name: "sub missing", plant: claim("sub", nil), says: "sub: missing"},
		{name: "nonce invalid", plant: claim("nonce", "other"), says: "nonce"},
		{name: "nonce missing", plant: claim("nonce", nil), says: "nonce"},
		{name: "at_hash invalid", plant: claim("at_hash", half("other")), says: "at_hash"},
		{name: "c_hash invalid", plant: claim("c_hash", half("other")), says: "c_hash"},
		{name: "s_hash invalid", plant: claim("s_hash", half("other")), says: "s_hash"},
		{name: "kid absent with a single key", plant: nil},
		{name: "kid absent with multiple keys", plant: func(p *provider) { p.more = []jwk.Key{mustKey("P-256"), mustKey("RSA")} }},
		{name: "max_age without auth_time", plant: claim("auth_time", nil), login: func(l *Login) { l.OAuth.MaxAge = "60" }, says: "auth_time: missing"},
		{name: "max_age with an old login", plant: claim("auth_time", ago(time.Hour)), login: func(l *Login) { l.OAuth.MaxAge = "60" }, says: "auth_time"},
		{name: "encrypted ID token with RSA-OAEP opened", plant: sealed(jose.RSA_OAEP), login: withClientKey},
		{name: "encrypted ID token with RSA1_5 refused", plant: sealed(jose.RSA1_5), login: withClientKey, says: "RSA1_5"},
		{name: "ID token missing", plant: func(p *provider) {
			p.answer = func(_ string, fields map[string]any) { delete(fields, "id_token") }
		}, says: "no ID token"},
	}
}

// otherModules are about the token response, userinfo and the life of the session.
func otherModules() []module {
	field := func(name string, value any) func(*provider) {
		return func(p *provider) {
			p.answer = func(_ string, fields map[string]any) {
				fields[name] = value
				if value == nil {
					delete(fields, name)
				}
			}
		}
	}
	whoami := func(says string) func(*testing.T, *provider, *Session) {
		return func(t *testing.T, p *provider, _ *Session) {
			claims, err := p.client().Whoami(t.Context())
			if says != "" {
				if err == nil || !strings.Contains(err.Error(), says) {
					t.Errorf("got %v, want the error %q", err, says)
				}
				return
			}
			if name, _ := claims.Text("name"); err != nil || name != "Alice" {
				t.Errorf("%v %s", err, claims.Bytes())
			}
		}
	}
	userinfo := func(kind, body string) func(*provider) {
		return func(p *provider) {
			p.around = func(w http.ResponseWriter, r *http.Request, handle func()) {
				if r.URL.Path != "/userinfo" {
					handle()
					return
				}
				w.Header().Set("Content-Type", kind)
				text := body
				if kind == "application/jwt" {
					text = signWith(p.key, []byte(`{"alg":"ES256"}`), []byte(strings.ReplaceAll(body, "ISS", p.url)))
				}
				w.Write([]byte(text))
			}
		}
	}
	return []module{
		{name: "userinfo scope claims", check: whoami("")},
		{name: "userinfo bearer header", check: func(t *testing.T, p *provider, s *Session) {
			whoami("")(t, p, s)
			if asked := p.last("/userinfo"); asked.header.Get("Authorization") != "Bearer "+s.AccessToken || asked.body != "" {
				t.Errorf("%v", asked)
			}
		}},
		{name: "userinfo invalid sub", plant: userinfo("application/json", `{"sub":"mallory","name":"Alice"}`), check: whoami("sub: is")},
		{name: "userinfo missing sub", plant: userinfo("application/json", `{"name":"Alice"}`), check: whoami("sub: is")},
		{name: "userinfo signed", plant: userinfo("application/jwt", `{"iss":"ISS","aud":"native","sub":"alice","name":"Alice"}`), check: whoami("")},
		{name: "userinfo signed for another client", plant: userinfo("application/jwt", `{"iss":"ISS","aud":"other","sub":"alice","name":"Alice"}`), check: whoami("aud: is")},
		{name: "token type in any case", plant: field("token_type", "bEARER")},
		{name: "no scope in the token response", plant: field("scope", nil)},
		{name: "token response without expires_in", plant: field("expires_in", nil), check: func(t *testing.T, _ *provider, s *Session) {
			if !s.AccessExpires.IsZero() {
				t.Errorf("expires %s", s.AccessExpires)
			}
		}},
		{name: "DPoP scheme in any case", plant: field("token_type", "dpop"), login: func(l *Login) { l.OAuth.DPoP = true }},
		{name: "DPoP without nonce", plant: field("token_type", "DPoP"), login: func(l *Login) { l.OAuth.DPoP = true }, check: func(t *testing.T, p *provider, _ *Session) {
			if asked := p.asked("/token/"); len(asked) != 1 || asked[0].header.Get("DPoP") == "" {
				t.Errorf("%d token requests", len(asked))
			}
		}},
		{name: "key rotation at the provider", check: func(t *testing.T, p *provider, _ *Session) {
			p.key = mustKey("P-256")
			p.mustLogin(authclient.FlowCode, nil)
		}},
		{name: "refresh with a rotated token", check: func(t *testing.T, p *provider, s *Session) {
			for range 2 {
				p.age()
				if _, err := p.client().Token(t.Context(), 0); err != nil {
					t.Fatal(err)
				}
			}
		}},
		{name: "refresh with the ID token of another user", check: func(t *testing.T, p *provider, _ *Session) {
			p.age()
			p.idToken = func(_, claims map[string]any) { claims["sub"] = "mallory" }
			_, err := p.client().Token(t.Context(), 0)
			mustFail(t, err, verdict.FetchRefused, "another sub")
			if s := p.stored(); s.RefreshToken != p.refresh || s.Ended != nil {
				t.Error("the session is lost")
			}
		}},
		{name: "logout", check: func(t *testing.T, p *provider, s *Session) {
			f, err := p.client().Logout(t.Context())
			if err != nil || !f.Revoked {
				t.Fatalf("%+v %v", f, err)
			}
			if form := p.asked("/revoke")[0].form; form.Get("token") != s.RefreshToken || form.Get("token_type_hint") != "refresh_token" {
				t.Errorf("%v", form)
			}
		}},
	}
}

func mustKey(kind string) jwk.Key {
	key, err := jwk.Generate(kind, 0)
	if err != nil {
		panic(err)
	}
	return key
}

// signWith signs claims with the algorithm in the header, or the first of the key.
func signWith(key jwk.Key, header, claims []byte) string {
	object, err := jsonobject.Parse(header)
	if err != nil {
		panic(err)
	}
	name, _ := object.Text("alg")
	alg, ok := jwa.Lookup(name)
	if !ok || !key.CanVerify(alg) {
		alg = key.Algorithms()[0]
		object.Set("alg", jsonobject.Quote(alg.Name))
	}
	token, err := jws.Sign(object, claims, key, alg, false)
	if err != nil {
		panic(err)
	}
	return token.Text()
}

func unsecured(p *provider) {
	p.sign = func(_, claims []byte) string {
		return base64url.Encode([]byte(`{"alg":"none"}`)) + "." + base64url.Encode(claims) + "."
	}
}

// tampered signs with a key of the kind, and changes one bit of the signature.
func tampered(kind string) func(*provider) {
	return func(p *provider) {
		p.key = mustKey(kind)
		p.sign = func(header, claims []byte) string {
			token, err := jws.Parse(signWith(p.key, header, claims))
			if err != nil {
				panic(err)
			}
			token.Signature[5] ^= 1
			return token.SigningInput() + "." + base64url.Encode(token.Signature)
		}
	}
}

// hmac signs with a secret that is not in the provider's key set.
func hmac(secret string) func(*provider) {
	return func(p *provider) {
		key, err := jwk.Secret([]byte(secret + " of thirty-two bytes at least!!"))
		if err != nil {
			panic(err)
		}
		p.sign = func(_, claims []byte) string { return signWith(key, []byte(`{"alg":"HS256"}`), claims) }
	}
}

// clientKey is the key to which ID tokens are encrypted.
var clientKey = mustKey("RSA")

func withClientKey(l *Login) {
	l.OAuth.ClientKey = string(clientKey.JWK(true).Bytes())
}

// sealed encrypts the ID token to the client's key.
func sealed(alg jose.KeyAlgorithm) func(*provider) {
	return func(p *provider) {
		p.sign = func(header, claims []byte) string {
			to := jose.Recipient{Algorithm: alg, Key: clientKey.VerificationMaterial()}
			encrypter, err := jose.NewEncrypter(jose.A128CBC_HS256, to, (&jose.EncrypterOptions{}).WithContentType("JWT"))
			if err != nil {
				panic(err)
			}
			token, err := encrypter.Encrypt([]byte(signWith(p.key, header, claims)))
			if err != nil {
				panic(err)
			}
			text, err := token.CompactSerialize()
			if err != nil {
				panic(err)
			}
			return text
		}
	}
}
