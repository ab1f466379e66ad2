package cmd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jwt/internal/cli"
	"jwt/internal/verdict"
)

// A page is a running jwt web.
type page struct {
	t   *testing.T
	env *cli.Env
	url string
}

// openPage runs jwt web in an environment of its own, in which testdata/keys/p256.pub.pem is the
// key of the trusted issuer https://a.example. It ends with the test, with status 0.
func openPage(t *testing.T, args ...string) *page {
	t.Helper()
	dir := t.TempDir()
	key, err := filepath.Abs("../testdata/keys/p256.pub.pem")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "jwt"), 0o700); err != nil {
		t.Fatal(err)
	}
	config := "[trust.\"https://a.example\"]\nkey = '" + key + "'\naud = \"api\"\n"
	if err := os.WriteFile(filepath.Join(dir, "jwt", "config.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &page{t: t, env: &cli.Env{
		Stdin: strings.NewReader(""), Width: 80,
		LookupEnv: func(name string) (string, bool) {
			value, ok := map[string]string{"XDG_CONFIG_HOME": dir, "SECRET": "0123456789abcdef0123456789abcdef"}[name]
			return value, ok
		},
		Now:  func() time.Time { return time.Unix(1769860800, 0) },
		HTTP: &http.Client{Transport: noNetwork{nil}},
	}}
	out, stdout := io.Pipe()
	var stderr bytes.Buffer
	own := *p.env
	own.Stdout, own.Stderr = stdout, &stderr
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() { ended <- Run(ctx, &own, append([]string{"web"}, args...)) }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	p.url = strings.TrimSpace(line)
	t.Cleanup(func() {
		cancel()
		if status := <-ended; status != verdict.ExitOK || stderr.Len() > 0 {
			t.Errorf("jwt web ends with status %d and says %q", status, stderr.String())
		}
	})
	return p
}

// ask asks as the page does, and returns the JSON of the command line and the whole answer.
func (p *page) ask(name string, fields map[string]string) (result json.RawMessage, whole string) {
	p.t.Helper()
	body, err := json.Marshal(fields)
	if err != nil {
		p.t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, p.url+name, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", strings.Join(strings.SplitN(p.url, "/", 4)[:3], "/"))
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	var a struct{ Result json.RawMessage }
	if err := errors.Join(err, json.Unmarshal(text, &a)); err != nil {
		p.t.Fatalf("status %d: %v: %s", w.StatusCode, err, text)
	}
	return a.Result, string(text)
}

// run runs another command in the same environment.
func (p *page) run(args ...string) result {
	var stdout, stderr bytes.Buffer
	own := *p.env
	own.Stdout, own.Stderr = &stdout, &stderr
	status := Run(p.t.Context(), &own, args)
	return result{status, stdout.String(), stderr.String()}
}

// TestPageSaysWhatTheCommandsSay compares the answers of the page with the JSON of the commands.
func TestPageSaysWhatTheCommandsSay(t *testing.T) {
	t.Parallel()
	p := openPage(t, "--secret", "env:SECRET", "--aud", "api", "-q")
	mint := func(args ...string) string {
		r := p.run(append([]string{"sign", "-q"}, args...)...)
		if r.status != verdict.ExitOK {
			t.Fatal(r.stderr)
		}
		return strings.TrimSpace(r.stdout)
	}
	own := mint("--secret", "env:SECRET", "--aud", "api", "--exp", "+1h", "-c", "n:=12345678901234567890")
	trusted := mint("--key", "../testdata/keys/p256.pem", "--iss", "https://a.example", "--aud", "api", "--exp", "+1h", "-c", "html=<script>alert(1)</script>")
	late := mint("--key", "../testdata/keys/p256.pem", "--iss", "https://a.example", "--aud", "api", "--exp", "-1h")
	sealed := strings.TrimSpace(p.run("encrypt", "-q", "--secret", "env:SECRET", "--sub", "alice").stdout)
	forged := own[:len(own)-4] + "AAAA"
	public, err := os.ReadFile("../testdata/keys/p256.pub.pem")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name     string
		endpoint string
		fields   map[string]string
		command  []string
	}{
		{"inspect", "inspect", map[string]string{"token": own}, []string{"inspect", "-j", own}},
		{"inspect what carries a token", "inspect", map[string]string{"token": "Authorization: Bearer " + trusted}, []string{"inspect", "-j", trusted}},
		{"inspect an encrypted token", "inspect", map[string]string{"token": sealed}, []string{"inspect", "-j", sealed}},
		{"inspect what the secret given decrypts", "inspect", map[string]string{"token": sealed, "keys": "given"}, []string{"inspect", "-j", sealed, "--secret", "env:SECRET"}},
		{"verify an encrypted token", "verify", map[string]string{"token": sealed, "keys": "given"}, []string{"verify", "-j", sealed, "--secret", "env:SECRET"}},
		{"inspect garbage", "inspect", map[string]string{"token": "garbage, no token"}, []string{"inspect", "-j", "garbage, no token"}},
		{"verify under the secret given", "verify", map[string]string{"token": own, "keys": "given", "audience": "api"}, []string{"verify", "-j", own, "--secret", "env:SECRET", "--aud", "api"}},
		{"verify a forged token", "verify", map[string]string{"token": forged, "keys": "given"}, []string{"verify", "-j", forged, "--secret", "env:SECRET"}},
		{"verify for another audience", "verify", map[string]string{"token": own, "keys": "given", "audience": "web"}, []string{"verify", "-j", own, "--secret", "env:SECRET", "--aud", "web"}},
		{"verify under another key", "verify", map[string]string{"token": trusted, "keys": "given"}, []string{"verify", "-j", trusted, "--secret", "env:SECRET"}},
		{"verify under the trusted issuer", "verify", map[string]string{"token": trusted, "keys": "trusted"}, []string{"verify", "-j", trusted}},
		{"verify an expired token", "verify", map[string]string{"token": late, "keys": "trusted"}, []string{"verify", "-j", late}},
		{"verify for another audience than the entry's", "verify", map[string]string{"token": trusted, "keys": "trusted", "audience": "web"}, []string{"verify", "-j", trusted, "--aud", "web"}},
		{"verify without issuer", "verify", map[string]string{"token": own, "keys": "trusted"}, []string{"verify", "-j", own}},
		{"verify by a profile", "verify", map[string]string{"token": trusted, "keys": "trusted", "profile": "at+jwt"}, []string{"verify", "-j", trusted, "--profile", "at+jwt"}},
		{"verify a wrapped token", "verify", map[string]string{"token": own[:40] + "\n" + own[40:], "keys": "given"}, []string{"verify", "-j", own[:40] + "\n" + own[40:], "--secret", "env:SECRET"}},
		{"compare", "compare", map[string]string{"token": own, "other": trusted}, []string{"diff", "-j", own, trusted}},
		{"compare garbage", "compare", map[string]string{"token": own, "other": "x"}, []string{"diff", "-j", own, "x"}},
		{"sign", "sign", map[string]string{"keys": "0", "header": `{"alg":"HS256","typ":"JWT"}`, "claims": `{ "sub": "alice", "n": 12345678901234567890 }`}, []string{"sign", "-j", "--no-iat", "--secret", "env:SECRET", `{"sub":"alice","n":12345678901234567890}`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := p.ask(tt.endpoint, tt.fields)
			want := strings.TrimSpace(p.run(tt.command...).stdout)
			if string(got) != want {
				t.Errorf("the page: %s\ncommand:  %s", got, want)
			}
		})
	}

	t.Run("what is signed verifies", func(t *testing.T) {
		result, _ := p.ask("sign", map[string]string{"keys": "0", "header": "{}", "claims": `{"aud":"api"}`})
		var made struct{ Token string }
		if err := json.Unmarshal(result, &made); err != nil {
			t.Fatal(err)
		}
		if got, whole := p.ask("verify", map[string]string{"token": made.Token, "keys": "given", "audience": "api"}); !strings.HasPrefix(string(got), `{"valid":true,`) {
			t.Error(whole)
		}
	})
	t.Run("a pasted public key verifies", func(t *testing.T) {
		result, whole := p.ask("verify", map[string]string{"token": trusted, "keys": "key", "pasted": string(public)})
		if !strings.HasPrefix(string(result), `{"valid":true,`) || !strings.Contains(whole, "jwt verify @token.txt --key public.pem") {
			t.Error(whole)
		}
	})
	t.Run("a public key is not a secret", func(t *testing.T) {
		if result, _ := p.ask("verify", map[string]string{"token": own, "keys": "secret", "pasted": string(public)}); !strings.Contains(string(result), "key_refused") {
			t.Errorf("%s", result)
		}
	})
	t.Run("a command never has the token or a secret", func(t *testing.T) {
		_, whole := p.ask("verify", map[string]string{"token": own, "keys": "secret", "pasted": "0123456789abcdef0123456789abcdef"})
		if !strings.Contains(whole, "jwt verify @token.txt --secret @secret.txt") || strings.Contains(whole, "0123456789abcdef0123456789abcdef") {
			t.Error(whole)
		}
	})
	t.Run("a public key signs nothing", func(t *testing.T) {
		if result, _ := p.ask("sign", map[string]string{"keys": "key", "pasted": string(public), "header": "{}", "claims": "{}"}); !strings.Contains(string(result), "key_mismatch") {
			t.Errorf("%s", result)
		}
	})
	t.Run("alg none signs with the key", func(t *testing.T) {
		if result, whole := p.ask("sign", map[string]string{"keys": "0", "header": `{"alg":"none"}`, "claims": "{}"}); !strings.Contains(string(result), `"header":{"alg":"HS256"}`) || !strings.Contains(whole, "so alg has changed") {
			t.Error(whole)
		}
	})
	t.Run("an unknown number of a key", func(t *testing.T) {
		for _, number := range []string{"1", "-1", "99999999999999999999"} {
			if result, _ := p.ask("sign", map[string]string{"keys": number, "header": `{}`, "claims": "{}"}); !strings.Contains(string(result), `"class":"usage"`) {
				t.Errorf("%s: %s", number, result)
			}
		}
	})
	t.Run("markup in a token stays text", func(t *testing.T) {
		_, whole := p.ask("inspect", map[string]string{"token": trusted})
		var a struct{ View []any }
		if err := json.Unmarshal([]byte(whole), &a); err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		elements(a.View, names)
		for name := range names {
			if !strings.Contains(" header section h2 h3 p small dl div dt dd code span ul li progress wbr details summary strong button ", " "+name+" ") {
				t.Errorf("the view has an element %s", name)
			}
		}
		if len(names) < 10 {
			t.Errorf("the view has only %v", names)
		}
	})
}

// elements collects the names of elements in a view.
func elements(nodes []any, names map[string]bool) {
	for _, n := range nodes {
		if e, ok := n.([]any); ok {
			names[e[0].(string)] = true
			elements(e[2:], names)
		}
	}
}

// TestWebOpensBrowser checks when the browser is opened.
func TestWebOpensBrowser(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		tty   bool
		args  []string
		opens bool
	}{
		{"on a terminal", true, nil, true},
		{"in a pipe", false, nil, false},
		{"with --no-browser", true, []string{"--no-browser"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			opened := ""
			var stdout bytes.Buffer
			env := &cli.Env{
				Stdin: strings.NewReader(""), Stdout: writer(func(b []byte) { stdout.Write(b); cancel() }), Stderr: io.Discard, StdinTTY: tt.tty, StderrTTY: tt.tty,
				LookupEnv: func(string) (string, bool) { return "", false }, Now: time.Now,
				Browse: func(url string) error { opened = url; return nil },
			}
			if status := Run(ctx, env, append([]string{"web"}, tt.args...)); status != verdict.ExitOK {
				t.Errorf("status %d", status)
			}
			address := strings.TrimSpace(stdout.String())
			if want := map[bool]string{true: address}[tt.opens]; opened != want || !strings.HasPrefix(address, "http://127.0.0.1:") || len(address) < 40 {
				t.Errorf("the address is %q, opened %q", address, opened)
			}
		})
	}
}

type writer func([]byte)

func (w writer) Write(b []byte) (int, error) {
	w(b)
	return len(b), nil
}

// TestWebHidesSecrets requires that the command line on the page has no secret of the start, also
// of one that looks like the source of a key.
func TestWebHidesSecrets(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"0123456789abcdef0123456789abcdef", "did:0123456789abcdef0123456789abcdef", "https:0123456789abcdef0123456789ab"} {
		p := openPage(t, "-q", "--secret", secret)
		var signed struct{ Token string }
		made, _ := p.ask("sign", map[string]string{"keys": "0", "header": "{}", "claims": "{}"})
		if err := json.Unmarshal(made, &signed); err != nil {
			t.Fatal(err)
		}
		_, whole := p.ask("verify", map[string]string{"token": signed.Token, "keys": "given"})
		if !strings.Contains(whole, "jwt verify @token.txt --secret @secret.txt") || strings.Contains(whole, secret) {
			t.Errorf("%s: %s", secret, whole)
		}
	}
}
