package jwks

import (
	"net/url"
	"strings"

	"jwt/internal/httpclient"
	"jwt/internal/loopback"
	"jwt/internal/verdict"
)

// A Source is a place to fetch keys from: a URL, or an issuer to discover.
type Source struct {
	URL    string // https://…, or http://… on loopback
	Issuer string // of oidc:ISSUER; its metadata names the URL of the keys
}

// ParseSource reads oidc:ISSUER and any text of the form scheme://…, and returns false
// for other text. Addresses are checked when they are fetched.
func ParseSource(text string) (Source, bool) {
	if issuer, ok := strings.CutPrefix(text, "oidc:"); ok {
		return Source{Issuer: issuer}, true
	}
	scheme, _, ok := strings.Cut(text, "://")
	if !ok || scheme == "" || strings.ContainsFunc(scheme, notOfScheme) {
		return Source{}, false
	}
	return Source{URL: text}, true
}

// notOfScheme reports whether the scheme of a URI cannot contain the character (RFC 3986
// §3.1).
func notOfScheme(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '+', r == '-', r == '.':
		return false
	}
	return true
}

// parseAddress reads a URL that may be fetched: https, or http on loopback, where no
// attacker can intervene. It drops the fragment, which is never sent.
func parseAddress(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" {
		return nil, verdict.Errorf(verdict.Usage, "%q is not a URL", httpclient.HideUser(text)).Hintf("a key set's URL looks like https://example.com/jwks.json")
	}
	u.Fragment, u.RawFragment = "", ""
	return u, checkAddress(u)
}

func checkAddress(u *url.URL) error {
	switch {
	case u.Scheme == "file":
		return refusedf("%s: keys are not fetched from file: URLs", httpclient.Show(u)).Hintf("give the path itself: %s", u.Host+u.Path)
	case u.Scheme != "https" && u.Scheme != "http":
		return refusedf("%s: keys are fetched over https, not %s", httpclient.Show(u), u.Scheme).Hintf("download it yourself and give the file")
	case u.Hostname() == "":
		return verdict.Errorf(verdict.Usage, "%s: the URL names no host", httpclient.Show(u))
	case u.User != nil:
		return refusedf("%s: a URL with a user name or password in it is refused", httpclient.Show(u)).
			Hintf("leave out the part before the @: a key set is public, and no credentials are sent for it")
	case u.Scheme == "http" && !loopback.Host(u.Hostname()):
		return refusedf("%s: http is for loopback only, an attacker on the network could replace the keys", httpclient.Show(u)).
			Hintf("use https://%s", strings.TrimPrefix(httpclient.Show(u), "http://"))
	}
	return nil
}

// checkStep checks a redirect or a jwks_uri. https never leads to http, not even on
// loopback: a public server could make the program send requests to local ones.
func checkStep(from, to *url.URL) error {
	if err := checkAddress(to); err != nil {
		return err
	}
	if from.Scheme == "https" && to.Scheme != "https" {
		return refusedf("%s: http is refused after https", httpclient.Show(to))
	}
	return nil
}

func refusedf(format string, args ...any) *verdict.Error {
	return verdict.Errorf(verdict.FetchRefused, format, args...)
}
