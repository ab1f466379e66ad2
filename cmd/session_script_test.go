package cmd

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// servers are the servers that a script has started, by name.
type servers map[string]*server

type serversKey struct{}

// start NAME FLAGS… runs jwt session serve in the background with these flags, on a free port.
// $NAME is its address, $NAME_PASSWORD the password of its user, NAME.log its stderr. It is
// killed when the script ends.
func cmdStart(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: start NAME FLAGS…")
	}
	name := args[0]
	log, err := os.Create(ts.MkAbs(name + ".log"))
	ts.Check(err)
	defer log.Close()
	s, err := startServer(ts.MkAbs("."), append(os.Environ(), "XDG_STATE_HOME="+ts.Getenv("XDG_STATE_HOME")), log, args[1:]...)
	if err != nil {
		ts.Fatalf("%s: %v\n%s", name, err, ts.ReadFile(name+".log"))
	}
	ts.Defer(s.kill)
	ts.Value(serversKey{}).(servers)[name] = s
	ts.Setenv(name, s.url)
	if !strings.Contains(strings.Join(args, " "), "--user") {
		_, err := s.says("user: demo")
		ts.Check(err)
		password, err := s.says("password: ")
		ts.Check(err)
		ts.Setenv(name+"_PASSWORD", password)
	}
}

// authserver [NAME] FLAGS… is start NAME (default SERVER) with a store in memory and a user
// demo whose password is $PASSWORD.
func cmdAuthserver(ts *testscript.TestScript, neg bool, args []string) {
	name := "SERVER"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	cmdStart(ts, neg, append([]string{name, "--store", "memory", "--user", testUser}, args...))
}

// halt NAME [SIGNAL] sends the server TERM, INT or KILL and waits for its end, with status 0
// for the first two.
func cmdHalt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: halt NAME [TERM|INT|KILL]")
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

// http STATUS METHOD URL [BODY] [HEADER: VALUE…] sends a request, with a JSON body unless a
// header says otherwise, and prints header and body of the response. Cookies of the response
// become $COOKIE_name.
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
		Timeout:       time.Minute,
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
