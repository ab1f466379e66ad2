package authclient

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"jwt/internal/httpclient"
	"jwt/internal/loopback"
	"jwt/internal/verdict"
)

// callbackPath is the path of the redirect URI on the loopback port.
const callbackPath = "/callback"

// plainRedirect is the redirect URI on loopback without a port: that of a registration, which fits
// any port (RFC 8252 §7.3), and of an answer that is pasted, for which nothing listens.
const plainRedirect = "http://127.0.0.1" + callbackPath

// patience is how long a login waits for the user.
const patience = 10 * time.Minute

// A callback is the loopback port at which the answer of a login page arrives (RFC 8252
// §7.3). It takes one request.
type callback struct {
	uri    string // the redirect URI
	server *http.Server
	used   atomic.Bool
	taken  chan url.Values // gets the parameters of the one request
}

// listen opens the port of a redirect URI, or any port if uri is "" or names no port.
func listen(uri string) (*callback, error) {
	u := &url.URL{Scheme: "http", Host: "127.0.0.1", Path: callbackPath}
	if uri != "" {
		var err error
		u, err = url.Parse(uri)
		if err != nil || u.Scheme != "http" || !loopback.Host(u.Hostname()) || u.RawQuery != "" {
			return nil, verdict.Errorf(verdict.Usage, "no answer can arrive at the redirect URI %s: it is not http on loopback", httpclient.HideUser(uri)).
				Hintf("--flow paste")
		}
	}
	host, port := u.Hostname(), u.Port()
	if loopback.Name(host) { // the port is this machine's alone
		host = "127.0.0.1"
	}
	if port == "" {
		port = "0"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, verdict.Errorf(verdict.IO, "the port of the redirect URI cannot be opened: %w", errors.Unwrap(err)).
			Hintf("is another login waiting? end it, or use another port: --redirect-uri")
	}
	if u.Port() == "" {
		_, port, _ = net.SplitHostPort(l.Addr().String())
		u.Host = net.JoinHostPort(u.Hostname(), port)
	}
	c := &callback{uri: u.String(), taken: make(chan url.Values, 1)}
	c.server = &http.Server{
		Handler: c.handler(u), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second,
		MaxHeaderBytes: 32 << 10, ErrorLog: log.New(io.Discard, "", 0),
	}
	go c.server.Serve(l) // ends with close
	return c, nil
}

// handler takes the first request to the redirect URI. Its host is compared, so that a page
// elsewhere, whose name leads to this machine, cannot read the answer.
func (c *callback) handler(at *url.URL) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.Method != http.MethodGet || withoutPort80(r.Host) != withoutPort80(at.Host) || r.URL.Path != at.Path && r.URL.Path != at.Path+"/" {
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, page("Not found", "This address only takes the answer of a login page."))
			return
		}
		query, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			query = url.Values{}
		}
		if c.used.Swap(true) {
			w.WriteHeader(http.StatusGone)
			io.WriteString(w, page("Too late", "The answer of this login was taken before."))
			return
		}
		c.taken <- query
		if query.Get("error") != "" {
			io.WriteString(w, page("Not logged in", "The terminal says why. You can close this page."))
			return
		}
		io.WriteString(w, page("Almost done", "The login goes on in the terminal. You can close this page."))
	})
}

// withoutPort80 returns a host without the port that browsers leave out.
func withoutPort80(host string) string { return strings.TrimSuffix(host, ":80") }

// page returns a small page in the colours of the system.
func page(title, text string) string {
	return `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>` + title + `</title>` +
		`<style>:root{color-scheme:light dark}body{font:1.2rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}</style>` +
		`<main><h1>` + title + `</h1><p>` + text + `</p></main></html>` + "\n"
}

// wait returns the parameters of the request.
func (c *callback) wait(ctx context.Context) (url.Values, error) {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case query := <-c.taken:
		return query, nil
	case <-waiting.Done():
		if ctx.Err() != nil {
			return nil, verdict.Errorf(verdict.Interrupted, "interrupted")
		}
		return nil, verdict.Errorf(verdict.LoginRefused, "the browser did not come back within %s", patience).
			Hintf("is the browser on another machine? --flow device, or --flow paste")
	}
}

// close ends the server. It lets the answer to the one request be sent.
func (c *callback) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if c.server.Shutdown(ctx) != nil {
		c.server.Close()
	}
}
