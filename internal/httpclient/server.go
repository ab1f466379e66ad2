package httpclient

import (
	"cmp"
	"net"
	"net/url"
	"strings"

	"jwt/internal/loopback"
	"jwt/internal/verdict"
)

// ParseServer reads the URL of a server that credentials may be sent to: https, or http
// on loopback, with at most a path after the host.
func ParseServer(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		return nil, verdict.Errorf(verdict.Usage, "%q is not a URL", HideUser(text)).Hintf("%s%s", schemeFor(text), cmp.Or(HideUser(text), "example.com"))
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, verdict.Errorf(verdict.Usage, "%q is not a URL", HideUser(text)).Hintf("a server's URL looks like https://login.example")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, verdict.Errorf(verdict.Usage, "%s: the URL of a server is https, not %s", Show(u), u.Scheme)
	case u.Hostname() == "":
		return nil, verdict.Errorf(verdict.Usage, "%s: the URL names no host", Show(u))
	case u.User != nil:
		return nil, verdict.Errorf(verdict.Usage, "%s: a URL with a user name or password in it is refused", Show(u)).
			Hintf("--user NAME, and the password from a prompt, --password-stdin, --password-file or --password-env")
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return nil, verdict.Errorf(verdict.Usage, "%s: the URL of a server has no query and no fragment", Show(u))
	case u.Scheme == "http" && !loopback.Host(u.Hostname()):
		return nil, verdict.Errorf(verdict.FetchRefused, "%s: http is for loopback only, an attacker on the network could read the password", Show(u)).
			Hintf("use https://%s", strings.TrimPrefix(Show(u), "http://"))
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	u.Host = strings.ToLower(u.Host)
	return u, nil
}

// schemeFor returns the scheme that a server written without one most likely has.
func schemeFor(text string) string {
	host, _, _ := strings.Cut(text, "/")
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if loopback.Host(host) {
		return "http://"
	}
	return "https://"
}
