package flow_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/authserver"
	"jwt/internal/flow"
	"jwt/internal/flow/report"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

// A thief records every secret that it forwards.
type thief struct {
	base    http.RoundTripper
	mu      sync.Mutex
	secrets map[string]bool
}

func (th *thief) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := th.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	th.mu.Lock()
	defer th.mu.Unlock()
	var said struct{ AccessToken, RefreshToken string }
	if json.Unmarshal(body, &said) == nil && said.AccessToken != "" {
		th.secrets[said.AccessToken] = true
		if i := strings.LastIndexByte(said.AccessToken, '.'); i >= 0 {
			th.secrets[said.AccessToken[i+1:]] = true // a token is useless without its signature
		}
	}
	if said.RefreshToken != "" {
		th.secrets[said.RefreshToken] = true
	}
	for _, c := range resp.Cookies() {
		if c.Value != "" {
			th.secrets[c.Value] = true
		}
	}
	return resp, err
}

// written returns the report in every format.
func written(r flow.Report) map[string]string {
	var text render.Text
	report.Head(&text, r)
	for _, s := range r.Steps {
		report.StepText(&text, s, r.Server, false)
	}
	report.VerdictText(&text, r)
	return map[string]string{
		"text": string(text.Bytes()), "json": string(report.JSON(r).JSON(true)),
		"junit": string(report.JUnit(r)), "mermaid": string(report.Mermaid(r)), "html": string(report.HTML(r)),
	}
}

func TestNoSecretIsShown(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		servers := map[string]string{
			"local": serve(t, authserver.Options{}, "reuse-undetected"),
			"plain": handle(t, plainServer()), // repeats the request
		}
		for name, server := range servers {
			o := options(t, server, "cookie")
			th := &thief{base: transport(t), secrets: map[string]bool{password: true}}
			o.HTTP = &http.Client{Transport: th}
			o.Skip = []string{flow.ExpiredRefused, flow.RetryWorks} // needs no wait
			r := run(t, o)
			if least := map[string]int{"local": 10, "plain": 2}[name]; len(th.secrets) < least {
				t.Fatalf("%s: %d secrets passed", name, len(th.secrets))
			}
			for format, text := range written(r) {
				for secret := range th.secrets {
					if strings.Contains(text, secret) {
						t.Errorf("%s: %s shows %q", name, format, secret)
					}
				}
			}
		}
	})
}

// hostile returns a report in which every text of the server is an attack.
func hostile() flow.Report {
	const evil = "</title></style></script><script src=//evil.example/x.js>alert(1)</script>'\"`&<img src=x onerror=alert(1)>]]>\x00\x1b[31m\u202e\xff\n  C->>S: forged;%%"
	return flow.Report{
		Server: "http://127.0.0.1:1", Preset: evil, Began: time.Unix(1700000000, 0), Took: 2 * time.Second,
		Results: []flow.Result{
			{Rule: flow.Rules()[0], Status: verdict.Fail, Actual: evil},
			{Rule: flow.Rules()[1], Status: verdict.Warn, Actual: evil},
			{Rule: flow.Rules()[2], Status: verdict.Skip, Actual: evil},
			{Rule: flow.Rules()[3], Status: verdict.Pass, Actual: evil},
		},
		Steps: []flow.Step{
			{N: 1, Name: evil, Method: "GET", URL: "http://127.0.0.1:1/" + evil, Status: 401, At: time.Second, Took: time.Millisecond, Note: evil},
			{N: 2, Name: "wait", At: time.Second, Took: time.Second, Note: evil},
			{N: 3, Name: "call", Method: "GET", URL: "http://127.0.0.1:1/me", Note: "no answer"},
		},
		Tokens: []flow.Token{{Name: "A1", Kind: "access", Shown: evil, Expires: -1, Ended: time.Second, End: evil}},
		Err:    errors.New(evil),
	}
}

func TestReportEscapesMarkup(t *testing.T) {
	all := written(hostile())
	tag := regexp.MustCompile(`<[^>]*>`)
	for _, found := range tag.FindAllString(all["html"], -1) {
		if strings.Contains(found, "<script") || strings.Contains(found, "<img") || strings.Contains(found, "evil") {
			t.Errorf("html has %s", found)
		}
	}
	if n := strings.Count(all["html"], "</title>"); n != 1+2+3+1 { // the page, two drawings, three steps, a token
		t.Errorf("%d titles", n)
	}
	for _, line := range strings.Split(strings.TrimSuffix(all["mermaid"], "\n"), "\n")[1:] {
		if !regexp.MustCompile(`^    (participant [CS] as |Note over C(,S)?: |C->>S: |S-->>C: |S--xC: )[^;%<>]*(#\d+;[^;%<>]*)*$`).MatchString(line) {
			t.Errorf("mermaid: %q", line)
		}
	}
	for format, text := range all {
		for _, bad := range []string{"\x00", "\x1b", "\u202e", "\xff"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s has %q", format, bad)
			}
		}
	}
	if !json.Valid([]byte(all["json"])) {
		t.Error("the JSON is invalid")
	}
}

func TestHTMLLoadsNothing(t *testing.T) {
	html := written(hostile())["html"]
	policy := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; base-uri 'none'; form-action 'none'">`)
	if !policy.MatchString(html) {
		t.Error("no strict policy")
	}
	for _, bad := range []string{" src=\"", " href=", "url(", "@import", " style=\"", "<script", "<link", "<iframe", "<form", "<base"} {
		if strings.Contains(html, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	d := xml.NewDecoder(strings.NewReader(html[strings.Index(html, "<body>"):])) // the body has no void elements except br
	d.Strict, d.AutoClose = false, []string{"br"}
	for {
		_, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil && !strings.Contains(err.Error(), "unexpected end element </html>") {
			t.Fatal(err)
		}
		if err != nil {
			break
		}
	}
}

type suites struct {
	XMLName xml.Name `xml:"testsuites"`
	Tests   int      `xml:"tests,attr"`
	Failed  int      `xml:"failures,attr"`
	Errors  int      `xml:"errors,attr"`
	Skipped int      `xml:"skipped,attr"`
	Cases   []struct {
		Name    string `xml:"name,attr"`
		Class   string `xml:"classname,attr"`
		Failure *struct {
			Type    string `xml:"type,attr"`
			Message string `xml:"message,attr"`
		} `xml:"failure"`
		Error   *struct{} `xml:"error"`
		Skipped *struct{} `xml:"skipped"`
	} `xml:"testsuite>testcase"`
}

func TestJUnit(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		for name, r := range map[string]flow.Report{"hostile": hostile(), "real": run(t, func() flow.Options {
			o := options(t, serve(t, authserver.Options{}, "cookie-no-httponly"), "cookie")
			o.Only = []string{flow.CookieHTTPOnly, flow.CookieSecure, flow.NoStore}
			return o
		}())} {
			var s suites
			if err := xml.Unmarshal(report.JUnit(r), &s); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			failed, skipped, broken := map[string]string{}, 0, 0
			for _, c := range s.Cases {
				if c.Failure != nil {
					failed[c.Name] = c.Failure.Type
				}
				if c.Skipped != nil {
					skipped++
				}
				if c.Error != nil {
					broken++
				}
			}
			want := map[string]map[string]string{"hostile": {flow.LoginWorks: "must"}, "real": {flow.CookieHTTPOnly: "must"}}[name]
			if d := cmp.Diff(want, failed); d != "" {
				t.Errorf("%s: %s", name, d)
			}
			if s.Tests != len(s.Cases) || s.Failed != len(failed) || s.Skipped != skipped || s.Errors != broken {
				t.Errorf("%s: counts %+v", name, s)
			}
		}
	})
}

func TestMermaid(t *testing.T) {
	r := flow.Report{
		Server: "http://127.0.0.1:3000", Preset: "cookie",
		Steps: []flow.Step{
			{N: 1, Name: "log in", Method: "POST", URL: "http://127.0.0.1:3000/login", Status: 200, Note: "access token A1"},
			{N: 2, Name: "wait", Took: 3 * time.Second, Note: "until A1 has expired"},
			{N: 3, Name: "call", Method: "GET", URL: "http://127.0.0.1:3000/me", Note: "no answer; none"},
		},
		Results: []flow.Result{{Rule: flow.Rules()[0], Status: verdict.Fail, Actual: "404 Not Found"}},
	}
	want := `sequenceDiagram
    participant C as jwt
    participant S as http://127.0.0.1:3000
    C->>S: POST /login (log in)
    S-->>C: 200, access token A1
    Note over C: wait 3000 ms until A1 has expired
    C->>S: GET /me (call)
    S--xC: no answer, no answer#59; none
    Note over C,S: fail login-works (RFC 6749 §5.1), 404 Not Found
    Note over C,S: verdict fail
`
	if d := cmp.Diff(want, string(report.Mermaid(r))); d != "" {
		t.Error(d)
	}
}
