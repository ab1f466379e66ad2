package cmd

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// servers are those that a script has started, by name.
type servers map[string]*exec.Cmd

type serversKey struct{}

// start NAME FLAGS…: jwt session serve runs in the background with these flags on
// a port of its own. $NAME is its address, $NAME_PASSWORD that of the user it made,
// NAME.log what it says on stderr. It is killed when the script ends.
func cmdStart(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: start NAME FLAGS…")
	}
	name := args[0]
	c := exec.Command("jwt", append([]string{"session", "serve", "--listen", "127.0.0.1:0"}, args[1:]...)...)
	c.Dir = ts.MkAbs(".")
	c.Env = append(os.Environ(), "XDG_STATE_HOME="+ts.Getenv("XDG_STATE_HOME"))
	log, err := os.Create(ts.MkAbs(name + ".log"))
	ts.Check(err)
	defer log.Close()
	c.Stderr = log
	stdout, err := c.StdoutPipe()
	ts.Check(err)
	ts.Check(c.Start())
	ts.Defer(func() {
		c.Process.Kill()
		c.Wait()
	})
	ts.Value(serversKey{}).(servers)[name] = c
	lines := bufio.NewScanner(stdout)
	value := func(prefix string) string {
		if !lines.Scan() || !strings.HasPrefix(lines.Text(), prefix) {
			ts.Fatalf("%s: says %q, want %s…\n%s", name, lines.Text(), prefix, ts.ReadFile(name+".log"))
		}
		return strings.TrimPrefix(lines.Text(), prefix)
	}
	ts.Setenv(name, value("listening on "))
	if !strings.Contains(strings.Join(args, " "), "--user") {
		value("user: demo")
		ts.Setenv(name+"_PASSWORD", value("password: "))
	}
}

// stop NAME [SIGNAL]: the server gets TERM, INT or KILL and ends, by the first two
// with status 0.
func cmdStop(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: stop NAME [TERM|INT|KILL]")
	}
	c := ts.Value(serversKey{}).(servers)[args[0]]
	if c == nil {
		ts.Fatalf("%s was not started", args[0])
	}
	signal := syscall.SIGTERM
	if len(args) == 2 {
		signal = map[string]syscall.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "KILL": syscall.SIGKILL}[args[1]]
	}
	ts.Check(c.Process.Signal(signal))
	if err := c.Wait(); err != nil && signal != syscall.SIGKILL {
		ts.Fatalf("%s ended with %v", args[0], err)
	}
}

// http STATUS METHOD URL [BODY] [HEADER: VALUE…]: sends a request, a body being JSON
// unless a header says otherwise, and shows header and body of the answer. Cookies
// of the answer become $COOKIE_name.
func cmdHTTP(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: http STATUS METHOD URL [BODY] [HEADER: VALUE…]")
	}
	want, method, url, rest := args[0], args[1], args[2], args[3:]
	body, headers := "", rest
	if len(rest) > 0 && !strings.Contains(rest[0], ": ") {
		body, headers = rest[0], rest[1:]
	}
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	ts.Check(err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		if r.Header.Set(name, value); name == "Host" {
			r.Host = value
		}
	}
	client := http.Client{
		Timeout:       10 * time.Second,
		Transport:     &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(r)
	if err != nil {
		if want != "lost" {
			ts.Fatalf("%v", err)
		}
		return
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	ts.Check(err)
	for _, c := range response.Cookies() {
		ts.Setenv("COOKIE_"+c.Name, c.Value)
	}
	response.Header.Write(ts.Stderr())
	fmt.Fprintf(ts.Stdout(), "%s", b)
	if got := fmt.Sprint(response.StatusCode); got != want {
		ts.Fatalf("status %s, want %s: %s", got, want, b)
	}
}

// stateIn gives a script a place for state of its own.
func stateIn(e *testscript.Env) {
	e.Setenv("XDG_STATE_HOME", filepath.Join(e.WorkDir, ".state"))
	e.Values[serversKey{}] = servers{}
}
