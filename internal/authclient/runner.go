package authclient

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"jwt/internal/httpclient"
	"jwt/internal/jsonobject"
	"jwt/internal/loopback"
	"jwt/internal/verdict"
)

// RunnerToken fetches the ID token of a job of GitHub Actions from its runner, at an address
// that has the audience.
func (s *Client) RunnerToken(ctx context.Context, u *url.URL, secret string) (string, error) {
	if u.Scheme != "https" && !(u.Scheme == "http" && loopback.Host(u.Hostname())) {
		return "", verdict.Errorf(verdict.FetchRefused, "%s: the address of the runner's token is not https", httpclient.Show(u))
	}
	var what sent
	what.secrets.Add(secret)
	r, err := s.exchange(ctx, what, func(ctx context.Context) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
		if err == nil {
			req.Header = http.Header{"Authorization": {"Bearer " + secret}, "Accept": {"application/json"}, "User-Agent": {s.UserAgent}}
		}
		return req, err
	})
	if err != nil {
		return "", err
	}
	if !r.ok() {
		return "", r.refusal(verdict.FetchFailed)
	}
	answer, _ := jsonobject.Parse(r.body)
	token, _ := answer.Text("value")
	if strings.Count(token, ".") != 2 {
		return "", verdict.Errorf(verdict.FetchFailed, "%s: the answer of the runner has no token", httpclient.Show(u))
	}
	return token, nil
}
