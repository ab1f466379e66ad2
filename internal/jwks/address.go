package jwks

import (
	"net/url"
	"strings"

	"jwt/internal/httpclient"
	"jwt/internal/loopback"
	"jwt/internal/verdict"
)

// A Source is a key source that is fetched: a URL, or an issuer to be discovered.
type Source struct {
	URL    string // https://…, or http://… on loopback
	Issuer string // of oidc:ISSUER; its metadata says where the keys are
}

// ParseSource reads oidc:ISSUER and anything of the form scheme://…, and returns
// false for every other text. Which addresses are refused is decided on fetching.
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

// notOfScheme holds for what cannot stand in a URI's scheme (RFC 3986 §3.1).
func notOfScheme(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '+', r == '-', r == '.':
		return false
	}
	return true
}

// parseAddress reads a URL that may be asked: https, or http on loopback, where
// nobody stands between. The fragment, which is never sent, is dropped.
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
		return refusedf("%s: keys are not fetched from file: URLs", httpclient.Show(u)).Hintf("give the path itself: %s", u.Path)
	case u.Scheme != "https" && u.Scheme != "http":
		return refusedf("%s: keys are fetched over https, not %s", httpclient.Show(u), u.Scheme).Hintf("download it yourself and give the file")
	case u.Hostname() == "":
		return verdict.Errorf(verdict.Usage, "%s: the URL names no host", httpclient.Show(u))
	case u.User != nil:
		return refusedf("%s: a URL with a user name or password in it is refused", httpclient.Show(u)).
			Hintf("leave out what stands before the @: a key set is public, no credentials are sent for it")
	case u.Scheme == "http" && !loopback.Host(u.Hostname()):
		return refusedf("%s: http is for loopback only, anybody on the way could put in a key", httpclient.Show(u)).
			Hintf("use https://%s", strings.TrimPrefix(httpclient.Show(u), "http://"))
	}
	return nil
}

// checkStep holds for the step from one address to the next, be it by a redirect
// or by a jwks_uri: https never leads to http, not even to http on loopback,
// where a public server has no business.
func checkStep(from, to *url.URL) error {
	if err := checkAddress(to); err != nil {
		return err
	}
	if from.Scheme == "https" && to.Scheme != "https" {
		return refusedf("%s: http is refused where https leads to it", httpclient.Show(to))
	}
	return nil
}

func refusedf(format string, args ...any) *verdict.Error {
	return verdict.Errorf(verdict.FetchRefused, format, args...)
}
