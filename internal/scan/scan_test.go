package scan

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/verdict"
)

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

var (
	token    = encode(`{"alg":"HS256","typ":"JWT"}`) + "." + encode(`{"sub":"alice","exp":1700003600}`) + ".ql9yVt01fafn51sFcb9cS7wz8wN70i1uacuFCZp_WiI"
	second   = encode(`{"alg":"HS256","typ":"JWT"}`) + "." + encode(`{"sub":"bob"}`) + ".ZZZyVt01fafn51sFcb9cS7wz8wN70i1uacuFCZp_WiI"
	unsure   = encode(`{"alg":"HS999","typ":"JWT"}`) + token[36:] // an algorithm whose signature length is unknown
	unsigned = encode(`{"alg":"none"}`) + "." + encode(`{"sub":"alice"}`) + "."
	sealed   = encode(`{"alg":"dir","enc":"A128GCM"}`) + "..AAAAAAAAAAAAAAAA.cGxhaW4.AAAAAAAAAAAAAAAAAAAAAA"
)

// expand replaces the words TOKEN, OTHER and UNSURE of a table.
func expand(s string) string {
	return strings.NewReplacer("TOKEN", token, "OTHER", second, "UNSURE", unsure).Replace(s)
}

const curl = "HTTP/2 302\r\nlocation: https://id.example/login?x=1\r\nset-cookie: lang=en; Path=/; HttpOnly\r\n\r\n" +
	"HTTP/2 200\r\ncontent-type: application/json\r\nset-cookie: sid=1.2; Max-Age=0; Secure\r\n\r\n"

// TestCarriers: a carrier with one token gives that token, byte for byte.
func TestCarriers(t *testing.T) {
	tests := []struct{ text, where string }{
		{"TOKEN", ""},
		{"\xef\xbb\xbfTOKEN\r\n", ""},
		{" \t\r\nTOKEN \t\r\n\r\n", ""},
		{`"TOKEN"`, ""},
		{`'TOKEN'`, ""},
		{"`TOKEN`", ""},
		{"\"TOKEN\"\n", ""},
		{"Bearer TOKEN", ""},
		{"bearer  TOKEN", ""},
		{"DPoP TOKEN", ""},
		{"JWT TOKEN", ""},
		{`"Bearer TOKEN"`, ""},
		{"Authorization: Bearer TOKEN", "Authorization header"},
		{"authorization:bearer TOKEN\r\n", "Authorization header"},
		{"Authorization: TOKEN", "Authorization header"},
		{"-H 'Authorization: Bearer TOKEN'", "Authorization header"},
		{`-H "Authorization: Bearer TOKEN"`, "Authorization header"},
		{`--header "Authorization: DPoP TOKEN"`, "Authorization header"},
		{"curl -s -H 'Authorization: Bearer TOKEN' https://api.example/v1", "Authorization header"},
		{`curl -H "Authorization: Bearer TOKEN" -d '{"a":"b"}' https://api.example/v1`, "Authorization header"},
		{"curl 'https://api.example/x?y=1' \\\n  -H 'accept: */*' \\\n  -H 'authorization: Bearer TOKEN' \\\n  --compressed", "authorization header"},
		{`curl -d '{"token":"TOKEN"}' https://api.example`, "token of the JSON response"},
		{`curl -d "{\"token\":\"TOKEN\"}" https://api.example`, "token of the JSON response"},
		{`http GET api.example Authorization:"Bearer TOKEN"`, "Authorization header"},
		{"kubectl --token TOKEN --server=https://k8s", "--token"},
		{"kubectl --token=TOKEN --server=k8s", "token"},
		{"Cookie: a=b; session=TOKEN", "cookie session"},
		{"Cookie: session=TOKEN; theme=dark", "cookie session"},
		{"Cookie: session=TOKEN;theme=dark;", "cookie session"},
		{`Cookie: theme=dark; session="TOKEN"`, "session"},
		{"Set-Cookie: session=TOKEN; Path=/; HttpOnly; Secure; SameSite=Lax", "cookie session"},
		{"set-cookie: session=TOKEN; HttpOnly\r\n", "cookie session"},
		{"session=TOKEN", "session"},
		{"a=b; session=TOKEN", "cookie session"},
		{"export JWT=TOKEN", "JWT"},
		{"export JWT='TOKEN'", "JWT"},
		{`JWT="TOKEN"`, "JWT"},
		{"export JWT=TOKEN; export A=b", "JWT"},
		{"set JWT=TOKEN", "JWT"},
		{`$env:JWT = "TOKEN"`, "JWT"},
		{"jwt = TOKEN", "jwt"},
		{"DEBUG=1\nJWT=TOKEN\nPORT=80\n", "JWT"},
		{"JWT=TOKEN # until Friday", "JWT"},
		{`const token = "TOKEN";`, "token"},
		{"token = b'TOKEN'", "token"},
		{`fetch("/x", {headers: {"authorization": "Bearer TOKEN"}})`, "authorization header"},
		{"users:\n- name: me\n  user:\n    token: TOKEN\nkind: Config\n", "token"},
		{"token: TOKEN\n---\n", "token"},
		{"- token: TOKEN", "token"},
		{"https://app.example/cb#access_token=TOKEN&token_type=bearer", "URL parameter access_token"},
		{"https://app.example/cb?state=a.b.c&id_token=TOKEN", "URL parameter id_token"},
		{"https://app.example/cb?token=TOKEN#top", "URL parameter token"},
		{`"https://app.example/cb?token=TOKEN"`, "URL parameter token"},
		{"https://app.example/confirm/TOKEN", "URL path"},
		{"https://app.example/confirm/TOKEN?x=1", "URL path"},
		{"/cb#access_token=TOKEN", "URL parameter access_token"},
		{"#access_token=TOKEN", "URL parameter access_token"},
		{"?token=TOKEN", "URL parameter token"},
		{"localhost:3000/#access_token=TOKEN", "URL parameter access_token"},
		{"grant_type=password&assertion=TOKEN&scope=a", "form parameter assertion"},
		{"GET /x?access_token=TOKEN HTTP/1.1\r\nHost: api.example\r\n\r\n", "URL parameter access_token"},
		{"GET /x HTTP/1.1\r\nHost: api.example\r\nAuthorization: Bearer TOKEN\r\nAccept: */*\r\n\r\n", "Authorization header"},
		{"time=12:00:01 level=info token=TOKEN user=5", "token"},
		{`"TOKEN"` + "\n", ""},
		{`["TOKEN"]`, "[0] of the JSON response"},
		{`{"jwt":"TOKEN"}`, "jwt of the JSON response"},
		{`{"access_token":"TOKEN","token_type":"Bearer","expires_in":3600}`, "access_token of the JSON response"},
		{"\xef\xbb\xbf{\r\n  \"access_token\" : \"TOKEN\"\r\n}\r\n", "access_token of the JSON response"},
		{`{"data":{"access_token":"TOKEN"}}`, "data.access_token of the JSON response"},
		{`{"kind":"TokenRequest","status":{"token":"TOKEN","expirationTimestamp":"2024-01-01T00:00:00Z"}}`, "status.token of the JSON response"},
		{`{"headers":[{"name":"Authorization","value":"Bearer TOKEN"}]}`, "headers[0].value of the JSON response"},
		{`{"location":"https://app.example/cb#access_token=TOKEN"}`, "URL parameter access_token"},
		{`{"token":"TOKEN","again":["TOKEN"]}`, "token of the JSON response"},
		{`{"token":"TOKEN","message":"your token OTHER is old"}`, "token of the JSON response"},
		{`{token: "TOKEN"}`, "token"},
		{`{'access_token': 'TOKEN', 'expires_in': 3600}`, "access_token"},
		{curl + `{"access_token":"TOKEN"}`, "access_token of the JSON response"},
		{curl + "{\n  \"access_token\": \"TOKEN\"\n}\n", "access_token of the JSON response"},
		{curl + "TOKEN\n", "response body"},
		{curl + "access_token=TOKEN&token_type=bearer", "form parameter access_token"},
		{"HTTP/1.1 302 Found\nLocation: https://app.example/cb#access_token=TOKEN&state=x\n\n", "URL parameter access_token"},
		{"HTTP/1.1 200 OK\nSet-Cookie: session=TOKEN; HttpOnly\nX-Session: TOKEN\n\n<html>hello</html>", "cookie session"},
		{"HTTP/1.1 200 OK\nX-Amzn-Oidc-Data: TOKEN\n\n", "X-Amzn-Oidc-Data header"},
		{"* Trying 127.0.0.1:80...\n* [HTTP/2] [1] [authorization: Bearer TOKEN]\n> GET /x HTTP/2\n> Authorization: Bearer TOKEN\n>\n< HTTP/2 200\n< content-type: text/plain\n<\n{ [2 bytes data]\nok, fine\n* Connection #0 to host x left intact\n", "Authorization header"},
		{"> POST /token HTTP/1.1\n> Authorization: Bearer OTHER\n>\n< HTTP/1.1 200 OK\n<\n{\"access_token\":\"TOKEN\"}* Connection #0 to host x left intact", "access_token of the JSON response"},
		{"This is the token you asked for:\n\nTOKEN\n\nIt lives for an hour.\n", ""},
		{"```\nTOKEN\n```\n", ""},
		{`<form method="post"><input type="hidden" name="id_token" value="TOKEN"/></form>`, "value"},
		{"> authorization: Bearer TOKEN", "authorization header"},
		{"< set-cookie: a=TOKEN; Path=/", "cookie a"},
		{"> TOKEN", ""},
		{"Authorization: Bearer\tTOKEN", "Authorization header"},
		{"Bearer\tTOKEN", ""},
		{"GET / token=TOKEN 200", "token"},
		{"GET /confirm/TOKEN HTTP/1.1", "URL path"},
		{"12:00 info user=1 token=TOKEN took 5 ms", "token"},
		{"token=TOKEN, next", "token"},
		{"token=TOKEN.", "token"},
		{"I sent token=TOKEN. It failed.", "token"},
		{"<access_token>TOKEN</access_token>", "access_token"},
		{"<a x=\"y\"><b>TOKEN</b></a>", "b"},
		{"# Netscape HTTP Cookie File\n\n#HttpOnly_a.example\tFALSE\t/\tTRUE\t0\tsession\tTOKEN\na.example\tFALSE\t/\tTRUE\t0\tlang\ten\n", "cookie session"},
		{`1,"TOKEN","a b"`, ""},
		{"kubectl --token=TOKEN get po", "token"},
		{"kubectl --token TOKEN get po", "--token"},
		{"JWT=TOKEN cmd -x", "JWT"},
		{"export JWT=TOKEN abc", "JWT"},
		{"JWT=TOKEN\nabc", "JWT"},
		{"TOKEN\n200", ""},
		{"git clone https://oauth2:TOKEN@host/x.git", "oauth2"},
		{"Cookie: sid=s%3ATOKEN; a=b", "cookie sid"},
		{"Cookie: sid=s%3ATOKEN.x8%2Fy%2B0; a=b", "cookie sid"},
		{"sid=s:TOKEN.x8/y+0", "sid"},
		{"curl ^\"https://api.example/me^\" ^\r\n  -H ^\"authorization: Bearer TOKEN^\" ^\r\n  -H ^\"accept: */*^\"", "authorization header"},
		{`<?xml version="1.0"?><plist><dict><key>token</key><string>TOKEN</string></dict></plist>`, "string"},
		{"lang\ten\nauth.accessToken\tTOKEN\n", "auth.accessToken"},
		{`Authorization: Bearer "TOKEN"`, "Authorization header"},
		{`{"HTTP_AUTHORIZATION"=>"Bearer TOKEN", "PATH_INFO"=>"/"}`, ""},
		{"\u00a0TOKEN\u00a0", ""},
		{"Bearer TOKEN\u00a0\n", ""},
		{"token:\u00a0TOKEN", "token"},
		{"\x1b[32mTOKEN\x1b[0m", ""},
		{"\x1b[1;34m\"access_token\"\x1b[0m: \x1b[0;32m\"TOKEN\"\x1b[0m", "access_token"},
		{"{\x1b[34m\"token\"\x1b[0m:\x1b[32m\"TOKEN\"\x1b[39m}\x1b[0m\n", "token of the JSON response"},
		{"JWT=\x1b[01;31m\x1b[KTOKEN\x1b[m\x1b[K", "JWT"},
		{"https%3A%2F%2Fapp%2Fcb%3Ftoken%3DTOKEN", "token"},
		{"https://a.example/login?next=https%3A%2F%2Fapp%2Fcb%3Ftoken%3DTOKEN%26x%3Dy&z=1", "token"},
		{"next=%252Fcb%253Fid_token%253DTOKEN%2526x", "id_token"},
		{`{"level":"info","msg":"GET /x token=TOKEN 200"}`, "token"},
		{`{"x":"TOKEN","message":"not OTHER, is it"}`, "x of the JSON response"},
		{`10.0.0.1 - - [10/Oct/2024:13:55:36 +0000] "GET /x?token=TOKEN HTTP/1.1" 200 5`, "URL parameter token"},
	}
	for _, tt := range tests {
		text := expand(tt.text)
		found, err := One([]byte(text), Options{})
		if shown, serr := One([]byte(text), Options{Join: true}); err != nil || serr != nil || shown.Token != found.Token {
			t.Errorf("%q: %v; with Join %v", tt.text, err, serr)
			continue
		}
		if found.Token != token || found.Where != tt.where || found.Wrapped {
			t.Errorf("%q: got %+v, want the token from %q", tt.text, found, tt.where)
		}
		if !strings.Contains(tt.text, `\"`) && !strings.HasPrefix(text[found.Offset:], token) {
			t.Errorf("%q: offset %d is not that of the token", tt.text, found.Offset)
		}
	}
}

// TestInProse: Join finds a complete token in prose; without Join it is refused.
func TestInProse(t *testing.T) {
	for _, tt := range []struct{ text, where string }{
		{"TOKEN and more", ""},
		{"my token is TOKEN", ""},
		{"(TOKEN)", ""},
		{"see (TOKEN), please", ""},
		{"<TOKEN>", ""},
		{"[TOKEN]", ""},
		{"TOKEN,", ""},
		{"TOKEN;", ""},
		{"token: TOKEN;", "token"},
		{"| TOKEN | yes |", ""},
		{"<?xml version=\"1.0\"?>\n<t:response>\n  <t:token type=\"x\">TOKEN</t:token>\n</t:response>\n", ""},
		{"id,token,scope\n1,TOKEN,read write\n", ""},
		{"id;token;scope\n1;TOKEN;read\n", ""},
		{"id\ttoken\n1\tTOKEN\n", ""},
		{"https://TOKEN@host", ""},
		{"%7B%22token%22%3A%22TOKEN%22%7D", ""},
		{`{"level":"info","msg":"it is (TOKEN)"}`, "msg of the JSON response"},
	} {
		text := expand(tt.text)
		found, err := One([]byte(text), Options{Join: true})
		if err != nil || found.Token != token || found.Where != tt.where || found.Wrapped || !strings.HasPrefix(text[found.Offset:], token) && !strings.Contains(text, `"msg"`) {
			t.Errorf("%q: got %+v, %v, want the token from %q", tt.text, found, err, tt.where)
		}
		if found, err := One([]byte(text), Options{}); verdict.ClassOf(err) != verdict.Malformed {
			t.Errorf("%q: without Join: got %+v, %v", tt.text, found, err)
		}
	}
}

// TestQuotedInHeader: a server gets quotes that follow the scheme of a header, too.
func TestQuotedInHeader(t *testing.T) {
	for text, want := range map[string]bool{
		`Authorization: Bearer "TOKEN"`:                 true,
		`curl -H 'Authorization: Bearer "TOKEN"' https`: true,
		`{"Authorization":"Bearer \"TOKEN\""}`:          true,
		`Authorization: "Bearer TOKEN"`:                 false, // YAML
		`headers = {"Authorization": "Bearer TOKEN"}`:   false,
		`Authorization: 'Bearer ' + "TOKEN"`:            false,
	} {
		found, err := One([]byte(expand(text)), Options{Join: true})
		if err != nil || found.Token != token || found.Quoted != want {
			t.Errorf("%q: got %+v, %v, want Quoted %t", text, found, err, want)
		}
	}
}

// TestShapes: tokens with other faults reach the parser unchanged, because its errors are
// better.
func TestShapes(t *testing.T) {
	for _, text := range []string{unsigned, sealed, "a.b.c", "..", "e30.e30.", "a.b.c.d.e", "bm90IGpzb24.e30.AA"} {
		for _, carrier := range []string{"%s", "Bearer %s", "'%s'", "Authorization: Bearer %s\r\n"} {
			found, err := One(fmt.Appendf(nil, carrier, text), Options{})
			if err != nil || found.Token != text {
				t.Errorf(carrier+": got %+v, %v", text, found, err)
			}
		}
	}
	for _, text := range []string{unsigned, sealed} {
		for _, carrier := range []string{`{"token":"%s"}`, "session=%s", "https://x.example/#access_token=%s"} {
			found, err := One(fmt.Appendf(nil, carrier, text), Options{})
			if err != nil || found.Token != text {
				t.Errorf(carrier+": got %+v, %v", text, found, err)
			}
		}
	}
}

func TestResponse(t *testing.T) {
	tests := []struct {
		text   string
		others []string
	}{
		{`{"id_token":"OTHER","access_token":"TOKEN"}`, []string{"id_token"}},
		{`{"access_token":"TOKEN","id_token":"OTHER","refresh_token":"opaque"}`, []string{"id_token"}},
		{`{"access_token":"TOKEN","refresh_token":"OTHER"}`, []string{"refresh_token"}},
		{`{"refresh":"OTHER","access":"TOKEN"}`, []string{"refresh"}},
		{`{"idToken":"OTHER","accessToken":"TOKEN"}`, []string{"idToken"}},
		{`{"AuthenticationResult":{"AccessToken":"TOKEN","IdToken":"OTHER"}}`, []string{"AuthenticationResult.IdToken"}},
		{`{"access_token":"TOKEN","previous":{"access_token":"OTHER"}}`, []string{"previous.access_token"}},
		{`{"x":"OTHER","token":"TOKEN"}`, []string{"x"}},
		{`{"access_token":"TOKEN","id_token":"TOKEN"}`, nil},
		{"> Authorization: Bearer OTHER\n< HTTP/1.1 200 OK\n<\n" + `{"access_token":"TOKEN"}`, []string{"Authorization"}},
	}
	for _, tt := range tests {
		found, err := One([]byte(expand(tt.text)), Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if found.Token != token {
			t.Errorf("%s: got another token, from %q", tt.text, found.Where)
		}
		if diff := cmp.Diff(tt.others, found.Others); diff != "" {
			t.Errorf("%s: others (-want +got)\n%s", tt.text, diff)
		}
	}
}

func TestField(t *testing.T) {
	tests := []struct{ field, text string }{
		{"id_token", `{"access_token":"OTHER","id_token":"TOKEN"}`},
		{"data.id_token", `{"data":{"access_token":"OTHER","id_token":"TOKEN"}}`},
		{"id_token", `{"data":{"access_token":"OTHER","id_token":"TOKEN"}}`},
		{"a.b", `{"a":{"b":"OTHER"},"x":{"a.b":"OTHER"},"a.b":"TOKEN"}`},
		{"tokens[1]", `{"tokens":["OTHER","TOKEN"]}`},
		{"token", `{"x":{"token":"OTHER"},"token":"TOKEN"}`},
		{"session", "Cookie: other=OTHER; session=TOKEN"},
		{"session", "HTTP/1.1 200 OK\nAuthorization: Bearer OTHER\nSet-Cookie: session=TOKEN; Path=/\n\n"},
		{"AUTHORIZATION", "HTTP/1.1 200 OK\nAuthorization: Bearer TOKEN\nSet-Cookie: session=OTHER; Path=/\n\n"},
		{"authorization", "Authorization: Bearer TOKEN"},
		{"id_token", "https://app.example/cb#access_token=OTHER&id_token=TOKEN"},
		{"B", "A=OTHER\nB=TOKEN\n"},
		{"x", `{"x":"TOKEN","message":"not OTHER"}`},
		{"id_jwt", "ACCESS_JWT=OTHER\nID_JWT=TOKEN\n"},
		{"ID_JWT", "id_jwt=OTHER\nID_JWT=TOKEN\n"},
		{"authorization", "x: OTHER\nAuthorization: Bearer TOKEN"},
		{"sid", `{"cookies":[{"name":"lang","value":"OTHER"},{"name":"sid","value":"TOKEN","path":"/"}]}`},
		{"sid", `{"cookies":[{"value":"TOKEN","name":"sid"},{"name":"lang","value":"OTHER"}]}`},
		{"authorization", `{"headers":[{"name":"X","value":"OTHER"},{"name":"Authorization","value":"Bearer TOKEN"}]}`},
		{"b", "h.example\tTRUE\t/\tFALSE\t0\ta\tOTHER\nh.example\tTRUE\t/\tFALSE\t0\tb\tTOKEN\n"},
		{"b", "<r><a>OTHER</a><b>TOKEN</b></r>"},
	}
	for _, tt := range tests {
		found, err := One([]byte(expand(tt.text)), Options{Field: tt.field})
		if err != nil || found.Token != token {
			t.Errorf("--field %s of %s: got %q from %q, %v", tt.field, tt.text, found.Token, found.Where, err)
		}
	}
	if found, err := One([]byte(`{"x":"a.b.c"}`), Options{Field: "x"}); err != nil || found.Token != "a.b.c" {
		t.Errorf("the value of a requested field goes to the parser as it is: got %+v, %v", found, err)
	}

	refused := []struct{ field, text, message string }{
		{"x", "TOKEN", "field x: the text is a bare token, it has no fields"},
		{"x", `{"token":"TOKEN"}`, "field x: no such JSON member, header, cookie or parameter"},
		{"x", `{"x":"hello","token":"TOKEN"}`, "x of the JSON response: is not a token: it has 1 parts, want 3 (5 when encrypted)"},
		{"x", `{"x":"","token":"TOKEN"}`, "x of the JSON response: is empty, want a token"},
		{"x", `{"x":"a+b"}`, "x of the JSON response: stops looking like a token at byte 7 (0x2b '+')"},
		{"x", `{"a":{"x":"TOKEN"},"b":{"x":"OTHER"}}`, fmt.Sprintf("more than one token found: a.x (byte 11), b.x (byte %d), want one", 24+len(token))},
		{"Session", "Cookie: session=TOKEN", "field Session: no such JSON member, header, cookie or parameter"},
	}
	for _, tt := range refused {
		found, err := One([]byte(expand(tt.text)), Options{Field: tt.field})
		if err == nil || err.Error() != tt.message || verdict.ClassOf(err) != verdict.Malformed {
			t.Errorf("--field %s of %s: got %+v, %v", tt.field, tt.text, found, err)
		}
	}
}

// wrap breaks s after every width bytes.
func wrap(s string, width int, with string) string {
	var b strings.Builder
	for len(s) > width {
		b.WriteString(s[:width] + with)
		s = s[width:]
	}
	return b.String() + s
}

func TestWrapped(t *testing.T) {
	long := expand("TOKEN")
	head, tail, _ := strings.Cut(long, ".")
	texts := []string{
		wrap(long, 64, "\n"), wrap(long, 40, "\r\n"), wrap(long, 30, "\\\n"), wrap(long, 30, "\n    "), wrap(long, 7, "\r\n\t"),
		"  " + wrap(long, 64, "\n  ") + "\n", "Bearer " + wrap(long, 64, "\n"), "Authorization: Bearer " + wrap(long, 70, "\n "),
		`"` + wrap(long, 64, "\n") + `"`, head + "\n.\n" + tail, wrap(long, len(long)-3, "\n"), wrap(sealed, 33, "\n"), wrap(unsigned, 33, "\n"),
		"export JWT='" + wrap(long, 64, "\n") + "'", "Hello\n\n\"" + wrap(long, 64, "\n") + "\".", `{"token":"` + wrap(long, 64, `\n`) + `","x":1}`,
		`{"a":["` + wrap(long, 64, `\r\n`) + `\n"]}`, "token: >-\n  " + wrap(long, 64, "\n  ") + "\nkind: Config\n", "a: |\n  " + wrap(sealed, 32, "\n  ") + "\nb: c\n",
		"On Monday you wrote:\n> " + wrap(long, 64, "\n> ") + "\n> and more\n", ">> " + wrap(long, 64, "\r\n>> "),
	}
	for _, text := range texts {
		found, err := One([]byte(text), Options{Join: true})
		if err != nil || !found.Wrapped || found.Token != long && found.Token != sealed && found.Token != unsigned {
			t.Errorf("%q: got %+v, %v", text, found, err)
		}
		found, err = One([]byte(text), Options{})
		var e *verdict.Error
		if !errors.As(err, &e) || e.Class != verdict.Malformed || !strings.Contains(e.Message, "is wrapped over") || !strings.Contains(e.Hint, "tr -d") {
			t.Errorf("%q must not be joined without Join: got %+v, %v", text, found, err)
		}
	}
}

// TestEncodings: UTF-16 files, as PowerShell writes them, are read in both byte orders.
func TestEncodings(t *testing.T) {
	for _, text := range []string{"TOKEN\r\n", `{"access_token":"TOKEN","name":"Zo\u00eb \U0001f511"}`, "Authorization: Bearer TOKEN"} {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			var file []byte
			for _, unit := range utf16.Encode([]rune("\ufeff" + expand(text))) {
				file = order.AppendUint16(file, unit)
			}
			if found, err := One(file, Options{}); err != nil || found.Token != token {
				t.Errorf("%s of %q: got %+v, %v", order, text, found, err)
			}
		}
	}
}

// TestHowToChoose: the hint about several tokens names something that works.
func TestHowToChoose(t *testing.T) {
	for _, tt := range []struct {
		text, hint string
		o          Options
	}{
		{"A=TOKEN\nB=OTHER", "choose one with --field NAME", Options{}},
		{"A=TOKEN\nB=OTHER", "choose one with --field NAME, or pass one token per line to --batch", Options{Batch: true}},
		{"TOKEN OTHER", "pass only the token that you want", Options{}},
		{"TOKEN OTHER", "pass only the token that you want, or pass one token per line to --batch", Options{Batch: true}},
		{"Cookie: a=TOKEN; a=OTHER", "they have the same name: pass only the token that you want", Options{Field: "a"}},
		{`{"x":{"a":"TOKEN"},"a":{"a":"OTHER"}}`, "choose one by its path: --field x.a", Options{Field: "a"}},
	} {
		_, err := One([]byte(expand(tt.text)), tt.o)
		var e *verdict.Error
		if !errors.As(err, &e) || e.Hint != tt.hint {
			t.Errorf("%s, %+v: got %+v, want the hint %q", tt.text, tt.o, e, tt.hint)
		}
	}
}

// TestNotJoined: text that is not wrapping is not joined, even with Join.
func TestNotJoined(t *testing.T) {
	for _, with := range []string{" ", "\t", "\r", "\n\n", "\\", "\\ \n", " \n", "\v", "\f", "\x00", "\u2028", "\n\u00a0", "\n\v"} {
		for _, at := range []int{5, 36, 40, len(token) - 4} {
			text := token[:at] + with + token[at:]
			for _, o := range []Options{{}, {Join: true}} {
				if found, err := One([]byte(text), o); err == nil {
					t.Errorf("%q at %d, %+v: got %+v", with, at, o, found)
				}
			}
		}
	}
}

// TestLax: only Join accepts spellings that no server accepts.
func TestLax(t *testing.T) {
	head, tail, _ := strings.Cut(token, ".")
	for _, text := range []string{head + "==." + tail, head + "." + tail + "=", head + ".ab+/." + "AA"} {
		if found, err := One([]byte(text), Options{Join: true}); err != nil || found.Token != text {
			t.Errorf("%q, with Join: got %+v, %v", text, found, err)
		}
		if found, err := One([]byte(text), Options{}); verdict.ClassOf(err) != verdict.Malformed {
			t.Errorf("%q: got %+v, %v", text, found, err)
		}
	}
}

// TestRefused: texts without a token, with the error and hint.
func TestRefused(t *testing.T) {
	n := len(token)
	tests := []struct {
		text, message, hint string
	}{
		{"", "no token found: the input is empty", ""},
		{"\xef\xbb\xbf \r\n", "no token found: the input is empty", ""},
		{".", "no token found: a token has 3 parts joined by dots (5 when encrypted), this has 2", "the signature is missing"},
		{"TOKEN.AAAA", "no token found: a token has 3 parts joined by dots (5 when encrypted), this has 4", ""},
		{".TOKEN", "no token found: a token has 3 parts joined by dots (5 when encrypted), this has 4", ""},
		{"hunter2", "no token found: a token has 3 parts joined by dots (5 when encrypted), this has 1", "opaque"},
		{encode(`{"alg":"HS256"}`), "no token found: a token has 3 parts joined by dots (5 when encrypted), this has 1", "one part of a token"},
		{"Bearer", "no token found: a token has 3 parts joined by dots (5 when encrypted), this has 1", ""},
		{"Bearer Bearer TOKEN", "no token found: the scheme occurs twice before byte 14", "remove one"},
		{"Authorization: Bearer Bearer TOKEN", "no token found: the scheme occurs twice before byte 29", "remove one"},
		{`"TOKEN`, "no token found: the text stops looking like one at byte 0 (0x22 '\"')", "quotes come in pairs"},
		{`TOKEN"`, fmt.Sprintf("no token found: the text stops looking like one at byte %d (0x22 '\"')", n), "quotes come in pairs"},
		{`'TOKEN"`, "no token found: the text stops looking like one at byte 0 (0x27 ''')", "quotes come in pairs"},
		{`"TOKEN""`, fmt.Sprintf("no token found: the text stops looking like one at byte %d (0x22 '\"')", n+2), "quotes come in pairs"},
		{`curl -H 'Authorization: Bearer TOKEN https://x`, "no token found: the text stops looking like one", ""},
		{"TOKEN OTHER", fmt.Sprintf("more than one token found: byte 0, byte %d, want one", n+1), "--batch"},
		{"TOKEN\nOTHER", fmt.Sprintf("more than one token found: byte 0, byte %d, want one", n+1), "--batch"},
		{"TOKEN\n\nOTHER\n", fmt.Sprintf("more than one token found: byte 0, byte %d, want one", n+2), "--batch"},
		{"Bearer TOKEN\nBearer OTHER", fmt.Sprintf("more than one token found: byte 7, byte %d, want one", n+15), "--batch"},
		{"A=TOKEN\nB=OTHER", fmt.Sprintf("more than one token found: A (byte 2), B (byte %d), want one", n+5), "--field"},
		{"Cookie: a=TOKEN; b=OTHER", fmt.Sprintf("more than one token found: cookie a (byte 10), cookie b (byte %d), want one", n+14), "--field"},
		{`{"x":"TOKEN","y":"OTHER"}`, fmt.Sprintf("more than one token found: x (byte 6), y (byte %d), want one", n+13), "--field"},
		{`[{"token":"TOKEN"},{"token":"OTHER"}]`, fmt.Sprintf("more than one token found: [0].token (byte 11), [1].token (byte %d), want one", n+24), "--field"},
		{`{"token":"TOKEN","token":"OTHER"}`, fmt.Sprintf("more than one token found: token (byte 10), token (byte %d), want one", n+21), "--field"},
		{"https://x.example/#access_token=TOKEN&id_token=OTHER", fmt.Sprintf("more than one token found: URL parameter access_token (byte 32), URL parameter id_token (byte %d), want one", n+42), "--field"},
		{"UNSURE and more", fmt.Sprintf("no token found: the text stops looking like one at byte %d (0x20 space)", n), "no white space"},
		{"my token is UNSURE", "no token found: the text stops looking like one at byte 11 (0x20 space)", ""},
		{"TOKEN,OTHER", fmt.Sprintf("more than one token found: byte 0, byte %d, want one", n+1), "--batch"},
		{"TOKEN!OTHER", fmt.Sprintf("more than one token found: byte 0, byte %d, want one", n+1), "--batch"},
		{"(TOKEN) (OTHER)", fmt.Sprintf("more than one token found: byte 1, byte %d, want one", n+4), "--batch"},
		{"<a>TOKEN</a><b>OTHER</b>", fmt.Sprintf("more than one token found: a (byte 3), b (byte %d), want one", n+10), "--field"},
		{"1,TOKEN,OTHER,2", fmt.Sprintf("more than one token found: byte 2, byte %d, want one", n+3), "--batch"},
		{"kubectl --token=TOKEN --other=OTHER get po", fmt.Sprintf("more than one token found: token (byte 16), other (byte %d), want one", n+25), "--field"},
		{"host\tTRUE\t/\tFALSE\t0\ta\tTOKEN\nhost\tTRUE\t/\tFALSE\t0\tb\tOTHER", fmt.Sprintf("more than one token found: cookie a (byte 22), cookie b (byte %d), want one", n+45), "--field"},
		{"TOKEN!x", fmt.Sprintf("no token found: the text stops looking like one at byte %d (0x21 '!')", n), ""},
		{"TOKEN= x", fmt.Sprintf("no token found: the text stops looking like one at byte %d (0x3d '=')", n), "padding"},
		{"TOKEN.", "no token found: a token has 3 parts joined by dots (5 when encrypted), this has 4", ""},
		{"Authorization: Bearer TOKEN.", "no token found: ", ""},
		{"Cookie: a=TOKEN.; b=c", "no token found: ", ""},
		{"Cookie: a=s%3ATOKEN; b=s%3AOTHER", fmt.Sprintf("more than one token found: cookie a (byte 14), cookie b (byte %d), want one", n+22), "--field"},
		{"Cookie: a=s%3AUNSURE.AAAA; b=c", "no token found: ", ""},
		{"(UNSURE)", fmt.Sprintf("no token found: the text stops looking like one at byte %d (0x29 ')')", n+1), "leave it out"},
		{"see token=UNSURE, next", fmt.Sprintf("no token found: the text stops looking like one at byte %d (0x2c ',')", n+10), ""},
		{"\x1b[32mTOKEN\x1b[0m \x1b[32mOTHER\x1b[0m", fmt.Sprintf("more than one token found: byte 5, byte %d, want one", n+15), "--batch"},
		{"x!TOKEN", "no token found: the text stops looking like one at byte 1 (0x21 '!')", ""},
		{"TOKEN:OTHER", fmt.Sprintf("more than one token found: byte %d, byte 0, want one", n+1), "--batch"},
		{"TOKEN=OTHER", fmt.Sprintf("more than one token found: byte %d, byte 0, want one", n+1), "--batch"},
		{"session=UNSURE;abc", fmt.Sprintf("no token found: the text stops looking like one at byte %d (0x3b ';')", n+8), ""},
		{"export JWT=UNSURE abc", fmt.Sprintf("no token found: the text stops looking like one at byte %d (0x20 space)", n+11), "no white space"},
		{"JWT=UNSURE\nabc", fmt.Sprintf("no token found: the text stops looking like one at byte %d (0x61 'a')", n+5), ""},
		{"see below\nUNSURE\nabc", fmt.Sprintf("no token found: the text stops looking like one at byte %d (0x61 'a')", n+11), ""},
		{"\u201cTOKEN\u201d", fmt.Sprintf("no token found: the text stops looking like one at byte %d (U+201D, typographic quote)", n+3), "typographic"},
		{"\u201cTOKEN", "no token found: the text stops looking like one at byte 0 (U+201C, typographic quote)", "typographic"},
		{"\u200bTOKEN", "no token found: the text stops looking like one at byte 0 (U+200B, zero width space)", "invisible"},
		{"Bearer \u200bTOKEN", "no token found: the text stops looking like one at byte 7 (U+200B, zero width space)", "invisible"},
		{"eyJh\u00a0bGci", "no token found: the text stops looking like one at byte 4 (U+00A0, no-break space)", "invisible"},
		{"eyJh\u2013bGci", "no token found: the text stops looking like one at byte 4 (U+2013, en dash)", "hyphen"},
		{"eyJh\x1b[1mbGci", "no token found: the text stops looking like one at byte 4 (0x1b)", "colour"},
		{"token.jwt", "no token found: a token has 3 parts joined by dots (5 when encrypted), this has 2", "write @token.jwt"},
		{"../x/token.jwt", "no token found: the text stops looking like one at byte 2 (0x2f '/')", "write @../x/token.jwt"},
		{"/tmp/token", "no token found: the text stops looking like one at byte 0 (0x2f '/')", "write @/tmp/token"},
		{"<!DOCTYPE html><title>Sign in</title>", "no token found: the text stops looking like one at byte 0 (0x3c '<')", "HTML"},
		{`{"iss":"https://issuer.example","exp":1700003600}`, "no token found: the text stops looking like one at byte 0 (0x7b '{')", "jwt sign"},
		{`{"error":"invalid_grant"}`, "no token found: the text stops looking like one at byte 0 (0x7b '{')", "invalid_grant"},
		{`{"kty":"oct","k":"AA"}`, "no token found: the text stops looking like one at byte 0 (0x7b '{')", "--key"},
		{`{"a":`, "no token found: the text stops looking like one at byte 0 (0x7b '{')", "neither"},
		{"-----BEGIN PUBLIC KEY-----\nAAAA\n", "no token found: the text stops looking like one at byte 10 (0x20 space)", "--key"},
		{"\xff\xfee\x00y\x00", "no token found: a token has 3 parts joined by dots (5 when encrypted), this has 1", "opaque"},
		{"\xff\xfeTOKEN", "no token found: the text stops looking like one at byte 0 (0xff)", "UTF-16"},
		{"TOKEN...", fmt.Sprintf("no token found: the token is shortened by three dots at byte %d", n), "copy the token whole"},
		{"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOi...", "no token found: the token is shortened by three dots at byte 31", "copy the token whole"},
		{"Bearer eyJhbGciOi...", "no token found: the token is shortened by three dots at byte 17", "copy the token whole"},
		{"eyJhbGciOi...J9.e30.AAAA", "no token found: the token is shortened by three dots at byte 10", "copy the token whole"},
		{"eyJhbGciOi\u2026AAAA", "no token found: the text stops looking like one at byte 10 (U+2026, ellipsis)", "ellipsis"},
		{"UNSURE,", fmt.Sprintf("no token found: the text stops looking like one at byte %d (0x2c ',')", n), "leave it out"},
		{"undefined", "no token found: a token has 3 parts joined by dots (5 when encrypted), this has 1", "is the variable set"},
		{"Bearer undefined", "no token found: a token has 3 parts joined by dots (5 when encrypted), this has 1", "is the variable set"},
		{"Authorization: Bearer null", "no token found: a token has 3 parts joined by dots (5 when encrypted), this has 1", "is the variable set"},
		{"[object Promise]", "no token found: the text stops looking like one at byte 0 (0x5b '[')", "awaited"},
		{"$JWT", "no token found: the text stops looking like one at byte 0 (0x24 '$')", "is the variable set"},
		{"Bearer ${JWT}", "no token found: the text stops looking like one at byte 7 (0x24 '$')", "is the variable set"},
		{"Bearer {{access_token}}", "no token found: the text stops looking like one at byte 7 (0x7b '{')", "is the variable set"},
		{"<your token>", "no token found: the text stops looking like one at byte 0 (0x3c '<')", ""},
		{"<your-token>", "no token found: the text stops looking like one at byte 0 (0x3c '<')", "is the variable set"},
		{"YOUR_JWT_HERE", "no token found: a token has 3 parts joined by dots (5 when encrypted), this has 1", "is the variable set"},
		{"Bearer", "no token found: a token has 3 parts joined by dots (5 when encrypted), this has 1", "nothing follows Bearer"},
		{"Basic YWxpY2U6c2VjcmV0", "no token found: the text stops looking like one at byte 5 (0x20 space)", "Basic is a user name and a password"},
		{"Authorization: Basic YWxpY2U6c2VjcmV0", "no token found: the text stops looking like one at byte 20 (0x20 space)", "Basic is a user name and a password"},
		{"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"invalid_token\"\r\n\r\n{}", "no token found: the text stops looking like one at byte 4 (0x2f '/')", "the response is an error (401 Unauthorized)"},
		{"HTTP/2 204\r\n\r\n", "no token found: the text stops looking like one at byte 4 (0x2f '/')", "the response (204) carries no token"},
		{`{"access_token":"8f14e45fceea167a","token_type":"Bearer"}`, "no token found: the text stops looking like one at byte 0 (0x7b '{')", "its access_token is an opaque token"},
		{`{"access_token":null}`, "no token found: the text stops looking like one at byte 0 (0x7b '{')", "its access_token is empty"},
		{`{"access_token":"TO+KEN","id_token":"OTHER"}`, "", ""},
	}
	for _, tt := range tests {
		text := expand(tt.text)
		if tt.message == "" {
			text = strings.Replace(text, "TO+KEN", token[:50]+"+"+token[50:], 1)
			tt.message = "access_token of the JSON response: stops looking like a token at byte 67 (0x2b '+')"
		}
		for _, o := range []Options{{Batch: true}, {Join: true, Batch: true}} {
			found, err := One([]byte(text), o)
			var e *verdict.Error
			if !errors.As(err, &e) {
				t.Errorf("%q: got %+v, %v", tt.text, found, err)
				continue
			}
			if e.Class != verdict.Malformed || !strings.HasPrefix(e.Message, tt.message) || !strings.Contains(e.Hint, tt.hint) {
				t.Errorf("%q:\n got %s: %s\n     (%s)\nwant %s\n     (%s)", tt.text, e.Class, e.Message, e.Hint, tt.message, tt.hint)
			}
		}
	}
}

// hostile lists bytes that are invalid in a token and end no carrier of TestHostile.
var hostile = []string{
	" ", "\t", "\v", "\f", "\r", "\x00", "\x01", "\x1b", "\x7f", "\x80", "\xff", "!", "$", "%", "(", ")", "*", "+", ",", "/", ":", ";", "<", "=", ">",
	"?", "@", "[", "]", "{", "}", "\\", "^", "|", "~", "'", "\"", "`", "\u00a0", "\u200b", "\ufeff", "\uff0e", "%2E", "%20",
}

// TestHostile: one invalid byte inside a token never gives a shorter token.
func TestHostile(t *testing.T) {
	carriers := []string{
		"%s", `"%s"`, "'%s'", "Bearer %s", "Authorization: Bearer %s", "-H 'Authorization: Bearer %s'", "curl -H 'Authorization: Bearer %s' https://x.example/",
		"session=%s", "Cookie: a=b; session=%s", "Cookie: session=%s; a=b", "Set-Cookie: session=%s; HttpOnly", "export JWT=%s", `JWT="%s"`,
		`{"access_token":"%s"}`, `["%s"]`, "https://x.example/#access_token=%s", "https://x.example/?token=%s&a=b", "a=b&token=%s", "token: %s",
		"HTTP/1.1 200 OK\r\nSet-Cookie: session=%s; Path=/\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n%s",
	}
	structure := map[string]string{"https": "/", `{"acc`: "", `["%s"`: ""} // a path continues after a slash; JSON contains no other text
	for _, carrier := range carriers {
		for _, h := range hostile {
			for _, at := range []int{1, 4, 30, 36, 37, 50, 90, len(token) - 20, len(token) - 1} {
				if at >= len(token) || structure[carrier[:5%len(carrier)]] == h {
					continue
				}
				broken := token[:at] + h + token[at:]
				for _, o := range []Options{{}, {Join: true}} {
					found, err := One(fmt.Appendf(nil, carrier, broken), o)
					if err == nil && !(o.Join && found.Token == broken) {
						t.Errorf("%s with %q at %d: got %q from %q", carrier, h, at, found.Token, found.Where)
					}
				}
			}
		}
	}
}

func TestSerialization(t *testing.T) {
	for _, text := range []string{
		`{"payload":"e30","signatures":[{"protected":"e30","signature":"AA"}]}`,
		`{"payload":"e30","protected":"e30","signature":"AA"}`,
		`{"protected":"e30","signature":"AA"}`,
		`{"protected":"eyJhbGciOiJIUzI1NiJ9","x":".eyJpc3MiOiJ4In0.","payload":"e30","signature":"AA"}`,
		`{"protected":"e30","iv":"AA","ciphertext":"AA","tag":"AA"}`,
		"HTTP/1.1 200 OK\n\n" + `{"payload":"e30","protected":"e30","signature":"AA"}`,
	} {
		if found, err := One([]byte(text), Options{}); verdict.ClassOf(err) != verdict.UnsupportedSerialization {
			t.Errorf("%s: got %+v, %v", text, found, err)
		}
	}
}

func TestDeepJSON(t *testing.T) {
	nested := func(n int) []byte {
		return []byte(strings.Repeat("[", n) + `"` + token + `"` + strings.Repeat("]", n))
	}
	if found, err := One(nested(100), Options{}); err != nil || found.Token != token {
		t.Errorf("100 deep: got %+v, %v", found, err)
	}
	if found, err := One(nested(101), Options{}); verdict.ClassOf(err) != verdict.LimitExceeded {
		t.Errorf("101 deep: got %+v, %v", found, err)
	}
}

// TestLinear: the time for the worst input is linear in its size.
func TestLinear(t *testing.T) {
	const size = 256 << 10
	// A linear run takes milliseconds, and a second or two on a slow machine under the
	// race detector. A quadratic one of this size takes minutes there.
	const quadratic = 20 * time.Second
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	small := "e30.e30."
	texts := map[string]string{
		"dots": fill("."), "quotes": fill(`"`), "quoted": fill(`"' `), "open quotes": fill(` "`), "braces": fill("{"), "brackets": fill("["), "brace lines": fill("{\n"),
		"bracket lines": fill("[1,\n"), "colons": fill("a:"), "equals": fill("a="), "semicolons": fill("a=b;"), "ampersands": fill("a=b&"), "slashes": "https://" + fill("/"),
		"words": fill("a "), "dotted words": fill("a.b.c "), "lines": fill("\n"), "tokens": fill(small + " "), "token lines": fill(small + "\n"), "token pairs": fill("a=" + small + ";"),
		"token parameters": "https://x/?" + fill("a="+small+"&"), "refused tokens": fill(small + "!"), "token colons": fill("a:" + small + ":"), "escapes": `"` + fill(`\"`),
		"long header": fill("eyJh") + "." + fill("A") + ".A", "json": `{"` + fill("a") + `":[` + strings.Repeat(`"access"`+`,`, 1000) + `"x"]}`,
		"json tokens": `{"` + strings.Repeat("a", size/2) + `":[` + strings.Repeat(`"`+small+`",`, size/2/len(small)) + `"x"]}`, "headers": fill("> a: " + small + "\n"),
		"unclosed": "[" + fill("\n[],"), "deep": strings.Repeat("[\n", 99) + fill("1,\n"), "quoted json": "x '" + fill(`{"a":`) + "'", "wrapped": fill("AAAA\n"), "nested quotes": fill(`"'"`),
		"escapes of percent": fill("%25") + token, "wrapped JSON": `{"a":"` + fill(`eyJhbGci\n`) + `"}`, "quoted lines": fill("> eyJhbGci\n"), "complete tokens": fill(token + ", "),
		"one letter a line": wrap(token[:len(token)-1], 1, "\n") + fill("\nA"), "blank stops": fill(token + ". "), "signed": fill("s:" + token + "."), "colours": fill("\x1b["),
		"long signed header": "s:eyJh" + fill("A") + ".A.A.A", "jar": fill("a\ta\ta\ta\ta\ta\t" + token + "\n"), "names": `[` + fill(`{"name":"a","value":"`+token+`"},`) + `1]`,
	}
	for name, text := range texts {
		for _, o := range []Options{{}, {Join: true}, {Field: "a"}} {
			began := time.Now()
			_, _ = One([]byte(text), o)
			if took := time.Since(began); took > quadratic {
				t.Errorf("%s, %+v: %v", name, o, took)
			}
		}
	}
}

func TestAllocations(t *testing.T) {
	text := []byte(token + "\n")
	if n := testing.AllocsPerRun(100, func() { _, _ = One(text, Options{}) }); n > 1 {
		t.Errorf("a bare token costs %v allocations, want 1", n)
	}
}
