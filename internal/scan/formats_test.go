package scan

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"jwt/internal/verdict"
)

// TestFormats: other credentials are named, in every usual carrier, and no byte of them is
// printed.
func TestFormats(t *testing.T) {
	long := strings.Repeat("Ab3", 20)
	for _, c := range []struct{ text, name string }{
		{"v2.local." + long, "PASETO"},
		{"v4.public." + long + "." + long, "PASETO"},
		{"k4.secret." + long, "PASETO"},
		{"hvs." + long, "HashiCorp Vault"},
		{"k8s-aws-v1." + long, "AWS STS"},
		{"ya29.a0" + long, "Google"},
		{"ghp_" + long, "GitHub"},
		{"github_pat_" + long, "GitHub"},
		{"glpat-" + long, "GitLab"},
		{"xoxb-1234-" + long, "Slack"},
		{"npm_" + long, "npm"},
		{"sb_secret_" + long, "Supabase"},
		{"AKIAIOSFODNN7EXAMPLE", "AWS"},
		{"MDAxY2xvY2F0aW9uIGh0dHA6Ly9teWJhbmsvCjAwMjZpZGVudGlmaWVyIHdlIHVzZWQgb3VyIHNlY3JldCBrZXkKMDAyZnNpZ25hdHVyZSDj2eApCFJsTAA5rhURQRXZf91ovyujebNCqvD2F9BVLwo", "macaroon"},
		{base64.URLEncoding.EncodeToString([]byte("\x12\x76\x0a\x0c\x18\x03\x22\x08\x0a\x06\x08\x00\x12\x02\x18\x0d\x12\x24\x08\x00\x12\x20" + long)), "biscuit"},
		{"gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==", "Fernet"},
		{"887RR9GfJHjr2W00QtLK6hayHqQvehehJHOh4WWdbX7J7BgzbsRh6z2bEWnN1FkatU9KqJiRphQSB", "Branca"},
		{"eyJhIjoxfQ:1lmgxv:" + strings.Repeat("a", 43), "Django"},
		{".eJxVjDsOwjAQ:1lmgxv:" + strings.Repeat("a", 27), "Django"},
		{encode(`{"user":"alice"}`) + ".XxYyZg." + strings.Repeat("A", 27), "Flask"},
		{".eJwlzjkOwjAQAMC_uKbY9R5x8hm0l6BNSIX4O5aYdqp8uS", ""},
		{".eJwlzjkOwjAQAMC_uKbY.XxYyZg." + strings.Repeat("A", 27), "Flask"},
		{"MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs", "Discord"},
		{"MTE3MDAyNDQ4NzM0NTQ1OTI1MA.GaBcDe.AbCdEfGhIjKlMnOpQrStUvWxYz0123456789ab", "Discord"},
		{encode("12345") + ".XxYyZg." + strings.Repeat("A", 27), "Flask"}, // a session may be a number
		{"s%3A" + long + "." + strings.Repeat("x8%2Fy", 10) + "A%2B0", "Express"},
		{"s:" + long + "." + strings.Repeat("A", 43), "Express"},
		{"s:" + long + "." + strings.Repeat("A", 42), ""},
		{"chunks-2", "ASP.NET"},
		{"shpat_" + long, "API key"},
		{"Xb4m0dJpI7qWxw.atlasv1." + long, "Terraform"},
		{"pypi-AgEIcHlwaS5vcmcCJGYxYzUwZTk3LTk0YjAtNGFkYy1hYjM5LTg2NmEwZjk2YzMxZgACKlszLCJhMTE3MTVkOC0zYmQ1LTQwMzQtYmQ5OS0xMzE4N2U5NWNmYTUiXQAABiD3", "macaroon"},
		{"fm2_lJPECAAAAAAAAAAB" + long, "Fly.io"},
		{"dQw4w9WgXcQ:APA91b" + long, "Firebase Cloud Messaging"},
		{"SFMyNTY.g2gDYQFuBgBA5Z2HkQFiAAFRgA." + strings.Repeat("A", 43), "Phoenix"},
		{base64.StdEncoding.EncodeToString([]byte(`{"iv":"YWJjZGVmZ2hpamtsbW5vcA==","value":"` + long + `","mac":"8f14","tag":""}`)), "Laravel"},
		{"Fe26.2*1*8f14e45f*" + long + "*1795867200000*123*~2", "iron-session"},
		{"BAh7B0kiD3Nlc3Npb25faWQ--" + strings.Repeat("0f", 20), "Rails"},
		{"CfDJ8" + long, "ASP.NET"},
		{base64.StdEncoding.EncodeToString([]byte(`<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">`)), "SAML"},
		{base64.StdEncoding.EncodeToString([]byte("\x60\x82\x05\x00\x06\x06+\x06\x01\x05\x05\x02\xa0" + long)), "Kerberos"},
		{"TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAGAbEdAAAADw==", "NTLM"},
		{"8f14e45f-ceea-467a-9f1c-2d1d5e4b7c3a", "UUID"},
		{"8f14e45fceea167a", ""},
	} {
		for _, carrier := range []string{"%", "Bearer %", "Authorization: Bearer %", "session=%", "Cookie: session=%; Path=/", "X-Token: %", `"%"`, "Authorization: Bot %", "Authorization: Negotiate %"} {
			text := strings.ReplaceAll(carrier, "%", c.text)
			for _, join := range []bool{false, true} {
				found, err := One([]byte(text), Options{Join: join})
				var e *verdict.Error
				if !errors.As(err, &e) || e.Class != verdict.Malformed || found.Token != "" {
					t.Errorf("%s: %+v, %v", text, found, err)
					continue
				}
				if strings.Contains(e.Message, "this is ") != (c.name != "") || !strings.Contains(e.Message, c.name) {
					t.Errorf("%s: %s (%s)", text, e.Message, e.Hint)
				}
				if strings.Contains(e.Message+e.Hint, c.text) {
					t.Errorf("%s: is printed: %s (%s)", c.text, e.Message, e.Hint)
				}
			}
		}
	}
}

// TestCarriersInBase64: a named token in Base64 is found; a bare one is only shown.
func TestCarriersInBase64(t *testing.T) {
	std := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	docker := `{"auths":{"r.example":{"auth":"` + std("user:"+token) + `"}}}`
	session := std(`{"access_token":"` + token + `","refresh_token":"v1","user":{"token":"` + second + `"}}`)
	chunked := "base64-" + session
	for _, c := range []struct {
		text  string
		named bool
	}{
		{std(token), false},
		{std(token + "\n"), false},
		{"data:\n  token: " + std(token) + "\n", true},
		{`{"kind":"Secret","data":{"namespace":"ZGVmYXVsdA==","token":"` + std(token) + `"}}`, true},
		{docker, true},
		{`{"data":{".dockerconfigjson":"` + std(docker) + `"}}`, true},
		{"//npm.example/:_auth=" + std("user:"+token), true},
		{"Authorization: Basic " + std("user:"+token), true},
		{"Cookie: sb-x-auth-token=base64-" + session, true},
		{"Cookie: sb-x-auth-token=base64-" + strings.TrimRight(session, "="), true},
		{"Cookie: a=b; sb-x.1=" + chunked[100:] + "; sb-x.0=" + chunked[:100], true},
		{"Cookie: s.0=" + token[:40] + "; s.1=" + token[40:80] + "; s.2=" + token[80:], true},
		{"Cookie: __session__1=" + token[40:] + "; __session__0=" + token[:40], true},
		{cookieOf(token, 12), true},
		{"sb-x.0=" + chunked[:100] + "\nsb-x.1=" + chunked[100:], true},
	} {
		for _, join := range []bool{false, true} {
			found, err := One([]byte(c.text), Options{Join: join})
			if accept := join || c.named; (err == nil) != accept || accept && found.Token != token {
				t.Errorf("%s (join %t): got %+v, %v", c.text, join, found, err)
			}
		}
	}
	for _, text := range []string{
		"Cookie: s.0=" + token[:40] + "; s.2=" + token[40:],                // a chunk is missing
		"Cookie: s.0=" + token[:40] + "; t.1=" + token[40:],                // of another cookie
		"Cookie: s.0=" + token[:40] + "; s__1=" + token[40:],               // of another, too
		"Cookie: s.0=" + token[:40] + "; s.01=" + token[40:],               // not a number of a chunk
		"Cookie: s_0=" + token[:40] + "; s_1=" + token[40:],                // any names
		"Cookie: .0=" + token[:40] + "; .1=" + token[40:],                  // no name
		"Cookie: s.0=" + token[:40] + "; s.1=" + token[40:] + "; s.1=AAAA", // twice
		"data:\n  a: " + std(token) + "\n  b: " + std(second),
		`{"data":{"token":"` + std("nothing but text that is long enough") + `"}}`,
	} {
		if found, err := One([]byte(text), Options{Join: true}); err == nil {
			t.Errorf("%s: got %+v", text, found)
		}
	}
	if found, err := One([]byte("Cookie: s.1="+token+"; a=b"), Options{}); err != nil || found.Token != token {
		t.Errorf("a cookie whose name ends with a number: %+v, %v", found, err)
	}
}

// TestMissingChunks: a part of a cookie is called one only when its name, its text and the cookies
// beside it show it.
func TestMissingChunks(t *testing.T) {
	payload := strings.Index(token, ".") + 10
	first, rest := token[:payload], token[payload:]
	for _, c := range []struct{ text, missing string }{
		{"Cookie: next-auth.session-token.1=" + rest, "of the parts of next-auth.session-token, next-auth.session-token.0 is missing"},
		{"next-auth.session-token.1=" + rest, "next-auth.session-token.0 is missing"},
		{"Set-Cookie: s.1=" + rest + "; Path=/; Secure", "s.0 is missing"},
		{"Cookie: a=b; s.0=" + first + "; c=d", "s.1 is missing"},
		{"Cookie: s.0=" + first + "; s.2=" + rest, "s.1 is missing"},
		{"Cookie: __session__1=" + rest, "of the parts of __session, __session__0 is missing"},
		{"Cookie: theme.1=dark; lang=en", ""},
		{"Cookie: theme.0=" + strings.Repeat("a", 40), ""},
		{"Cookie: s=" + rest, ""},
		{"Cookie: s.0=" + first + "; s.1=" + strings.ReplaceAll(rest, ".", ""), ""},
	} {
		for _, join := range []bool{false, true} {
			found, err := One([]byte(c.text), Options{Join: join})
			if err == nil || !strings.Contains(err.Error(), c.missing) || strings.Contains(err.Error(), " is missing") != (c.missing != "") {
				t.Errorf("%s: got %+v, %v, want %q", c.text, found, err, c.missing)
			}
		}
	}
}

// cookieOf returns a cookie with a token in n parts.
func cookieOf(token string, n int) string {
	line, size := "Cookie: a=b", len(token)/n+1
	for i := range n {
		line += fmt.Sprintf("; s.%d=%s", i, token[min(i*size, len(token)):min((i+1)*size, len(token))])
	}
	return line
}

func TestPairs(t *testing.T) {
	creds := "-----BEGIN NATS USER JWT-----\nTOKEN\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\nSUAIBDPBAUTWCWBKIO6XHQNI\n------END USER NKEY SEED------\n"
	for _, c := range []struct {
		text   string
		others int
	}{
		{creds, 0},
		{strings.ReplaceAll(creds, "\n", "\r\n"), 0},
		{"Authorization: DPoP TOKEN\nDPoP: OTHER\n", 1},
		{"> GET / HTTP/1.1\n> DPoP: OTHER\n> Authorization: DPoP TOKEN\n", 1},
		{"a=TOKEN\nb=TOKEN\n", 0},
		{"Authorization: Bearer TOKEN\nCookie: access=TOKEN", 0},
		{"ghs_123456_TOKEN", 0},
		{"GITHUB_TOKEN=ghs_123456_TOKEN", 0},
		{`{"token":"ghs_123456_TOKEN"}`, 0},
		{"Authorization: token ghs_123456_TOKEN", 0},
	} {
		found, err := One([]byte(expand(c.text)), Options{})
		if err != nil || found.Token != token || len(found.Others) != c.others || found.GitHub != strings.Contains(c.text, "ghs_") {
			t.Errorf("%s: got %+v, %v", c.text, found, err)
		}
	}
	if found, err := One([]byte(expand("Authorization: DPoP TOKEN\nDPoP: OTHER\nCookie: a=OTHER; b=c")), Options{}); err == nil {
		t.Errorf("two access tokens: got %+v", found)
	}
}

// TestIncomplete: a piece of a token is named.
func TestIncomplete(t *testing.T) {
	parts := strings.Split(token, ".")
	for _, c := range []struct{ text, hint string }{
		{parts[0], "one part"},
		{parts[0][:10], "cut off in its header"},
		{parts[0] + "." + parts[1], "signature is missing"},
		{parts[0] + "." + parts[1][:20], "cut off in its payload"},
		{parts[1] + "." + parts[2], "second half"},
		{parts[1][7:] + "." + parts[2], "beginning is missing"},
		{parts[1][8:] + "." + parts[2], "beginning is missing"},
		{strings.Repeat("Ab3", 20) + "." + parts[2], "opaque"},
		{token + token + token, "two tokens run together"},
	} {
		_, err := One([]byte(c.text), Options{})
		var e *verdict.Error
		if !errors.As(err, &e) || !strings.Contains(e.Hint, c.hint) {
			t.Errorf("%s: %v, want %s", c.text, e, c.hint)
		}
	}
}

// TestDeepIsLinear: text that begins like Base64 or armour many times takes no longer than
// its size.
func TestDeepIsLinear(t *testing.T) {
	for _, piece := range []string{"-----BEGIN X-----\n", "base64-eyJ", "ZXlK ", "a.0=b; ", "ghs_eyJ.", "Basic AAAA\n", `{"a":"ZXlKaGJHY2lPaUpJVXpJMU5pSXNJblI1Y0NJNklrcFhWQ0o5"}` + "\n"} {
		text := []byte(strings.Repeat(piece, 1<<20/len(piece)))
		start := time.Now()
		_, _ = One(text, Options{})
		_, _ = One(text, Options{Join: true})
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%q: %v", piece, d)
		}
	}
}

// TestNamedMistakes: what carries no token is named.
func TestNamedMistakes(t *testing.T) {
	for _, c := range []struct{ text, hint string }{
		{`{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"}`, "Google service account"},
		{`{"kind":"Secret","data":{"a":"ZGVmYXVsdA=="}}`, "Kubernetes Secret"},
		{`{"access_token":"ya29.a0AfB_byC0123456789"}`, "an access token of Google"},
		{`{"token":"ghp_0123456789abcdefghij0123456789abcdef"}`, "a token of GitHub"},
		{`<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">`, "SAML"},
		{token[:30] + "*****" + token[60:], "asterisks replace"},
		{token[:30] + "[...]" + token[60:], "brackets replace"},
		{"x-amzn-oidc-data: " + encode(`{"alg":"ES256","signer":"arn:aws:elasticloadbalancing:eu:1:x"}`) + "==.e30=.AAAA", "AWS load balancers"},
	} {
		_, err := One([]byte(c.text), Options{})
		var e *verdict.Error
		if !errors.As(err, &e) || !strings.Contains(e.Hint, c.hint) || strings.Contains(e.Error()+e.Hint, "MIIE") {
			t.Errorf("%s: %v (%+v), want %s", c.text, err, e, c.hint)
		}
	}
}

// Two bare tokens are one only where it is shown, never where trust is decided.
func TestSameTokenTwice(t *testing.T) {
	for _, text := range []string{"TOKEN TOKEN", "TOKEN\nTOKEN", "a=TOKEN\nTOKEN", "Bearer TOKEN\nBearer TOKEN"} {
		if found, err := One([]byte(expand(text)), Options{}); err == nil {
			t.Errorf("%s: got %+v", text, found)
		}
		if found, err := One([]byte(expand(text)), Options{Join: true}); err != nil || found.Token != token {
			t.Errorf("%s: got %+v, %v", text, found, err)
		}
	}
}
