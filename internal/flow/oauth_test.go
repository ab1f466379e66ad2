package flow_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"jwt/internal/authclient"
	"jwt/internal/flow"
	"jwt/internal/presets"
	"jwt/internal/verdict"
)

// TestProviderKeepsEveryRule judges a provider that breaks no rule.
func TestProviderKeepsEveryRule(t *testing.T) {
	for name, c := range map[string]struct{ by, secret, variant string }{
		"a public client":     {flow.FlowCode, "", ""},
		"a client and secret": {flow.FlowCode, "s3cr3t with=odd&characters", ""},
		"client credentials":  {flow.FlowClientCredentials, "s3cr3t with=odd&characters", ""},
		"no refresh token":    {flow.FlowCode, "", "no-refresh-token"},
		"no rotation":         {flow.FlowCode, "s3cr3t", "rotation-off"},
		"nonces for DPoP":     {flow.FlowCode, "", "dpop-nonce"},
		"slow devices":        {flow.FlowCode, "", "device-slow-down"},
		"pushed requests":     {flow.FlowCode, "s3cr3t with=odd&characters", "par"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := run(t, oauthOptions(t, fakeProviderAt(t, c.variant, c.secret), c.by))
				if r.Verdict() != flow.Passed {
					t.Errorf("the verdict is %s", r.Verdict())
				}
				for _, x := range r.Results {
					if x.Status != verdict.Pass && (x.Status != verdict.Skip || x.Untried) && x.ID != flow.AccessAfterLogout {
						t.Errorf("%s %s: %s", x.Status, x.ID, x.Actual)
					}
				}
				for format, text := range written(r) {
					if strings.Contains(text, "s3cr3t") || strings.Contains(text, "opaque-") || strings.Contains(text, password) {
						t.Errorf("%s shows a secret:\n%s", format, text)
					}
				}
			})
		})
	}
}

// TestFindsEachProviderFault breaks one rule at a time, and checks that only this rule fails.
func TestFindsEachProviderFault(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range []struct{ fault, secret, broken string }{
		{"other-issuer", "", flow.DiscoveryIssuer},
		{"no-state", "", flow.StateReturned},
		{"no-iss", "", flow.IssReturned},
		{"wrong-iss", "", flow.IssReturned},
		{"redirect-prefix-match", "", flow.RedirectPrefixRefused},
		{"redirect-any-port", "", flow.RedirectPortRefused},
		{"redirect-any-path", "", flow.RedirectPathRefused},
		{"pkce-optional", "", flow.PKCERequired},
		{"plain-pkce-accepted", "", flow.PKCEPlainRefused},
		{"framed", "", flow.LoginPageFraming},
		{"cors", "", flow.AuthorizeNoCORS},
		{"redirect-307", "", flow.LoginRedirect},
		{"verifier-optional", "", flow.PKCEVerifierRequired},
		{"verifier-unchecked", "", flow.PKCEVerifierChecked},
		{"pkce-downgrade", "s3cr3t", flow.PKCEDowngradeRefused},
		{"redirect-not-bound", "", flow.CodeRedirectChecked},
		{"code-twice", "", flow.CodeOnce},
		{"code-reuse-ignored", "", flow.CodeReuseRevokes},
		{"json-as-html", "", flow.TokenMediaType},
		{"token-type-odd", "", flow.TokenTypeKnown},
		{"expires-in-string", "", flow.ExpiresInNumber},
		{"error-200", "", flow.ErrorStatus},
		{"no-id-token", "", flow.IDTokenGiven},
		{"id-token-wrong-alg", "", flow.IDTokenAlg},
		{"jwks-stale", "", flow.IDTokenSignature},
		{"id-token-wrong-iss", "", flow.IDTokenIssuer},
		{"id-token-wrong-aud", "", flow.IDTokenAudience},
		{"id-token-wrong-nonce", "", flow.IDTokenNonce},
		{"id-token-wrong-at-hash", "", flow.IDTokenAtHash},
		{"id-token-expired", "", flow.IDTokenTimes},
		{"userinfo-of-another", "", flow.UserinfoSubject},
		{"any-client", "", flow.UnknownClientRefused},
		{"secret-optional", "s3cr3t", flow.ClientAuthRequired},
		{"secret-unchecked", "s3cr3t", flow.ClientSecretChecked},
		{"refresh-for-client", "s3cr3t", flow.NoRefreshForClient},
		{"revocation-unknown-fails", "", flow.RevocationUnknown},
		{"introspection-open", "s3cr3t", flow.IntrospectionAuth},
		{"introspection-never", "s3cr3t", flow.IntrospectionActive},
		{"introspection-always", "s3cr3t", flow.IntrospectionInactive},
		{"device-no-expiry", "", flow.DeviceAuthorization},
		{"device-not-asked", "", flow.DevicePending},
		{"device-code-unchecked", "", flow.DeviceCodeChecked},
		{"dpop-ignored", "", flow.DPoPBound},
		{"no-cnf", "", flow.DPoPBound},
		{"proof-optional", "", flow.DPoPNeedsProof},
		{"proof-of-any-key", "", flow.DPoPKeyChecked},
		{"no-no-store", "", flow.NoStore},
		{"rotation-off", "", flow.Rotation},
		{"pkce-optional", "s3cr3t", flow.PKCERequired},
		{"code-any-client", "", flow.CodeClientChecked},
		{"refresh-any-client", "", flow.RefreshClientChecked},
		{"refresh-unbound", "", flow.DPoPRefresh},
		{"proof-replay", "", flow.DPoPReplay}, // a warning
	} {
		tested[c.broken] = true
		t.Run(c.fault, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				by := flow.FlowCode
				if c.broken == flow.NoRefreshForClient {
					by = flow.FlowClientCredentials
				}
				r := run(t, oauthOptions(t, fakeProviderAt(t, c.fault, c.secret), by))
				for _, x := range r.Results {
					switch {
					case x.ID == c.broken:
						if x.Status != verdict.Fail && (x.Level != flow.Info || x.Status != verdict.Warn) {
							t.Errorf("%s is %s: %s", x.ID, x.Status, x.Actual)
						}
					case x.Status != verdict.Pass && x.Status != verdict.Skip && x.ID != flow.AccessAfterLogout:
						t.Errorf("%s %s: %s", x.Status, x.ID, x.Actual)
					}
				}
			})
		})
	}
	for _, id := range flow.RuleIDs(flow.OAuth2) {
		if !tested[id] && !slices.Contains([]string{flow.DiscoveryWorks}, id) {
			t.Errorf("no fault breaks %s", id)
		}
	}
}

// TestLoginPages judges servers whose pages are not filled in. A browser brings them to
// their end, or nobody does.
func TestLoginPages(t *testing.T) {
	for _, c := range []struct {
		name, page string
		visit      func(f *fakeProvider, address string) (url.Values, error)
		want       flow.Verdict
		class      verdict.Class
	}{
		{"nobody visits another page", "another page", nil, flow.Incomplete, verdict.LoginRefused},
		{"a form that goes elsewhere", "another action", nil, flow.Incomplete, verdict.LoginRefused},
		{"a browser", "another page", func(f *fakeProvider, address string) (url.Values, error) { return f.visit(address), nil }, flow.Passed, ""},
		{"a browser that fails", "another page", func(*fakeProvider, string) (url.Values, error) {
			return nil, verdict.Errorf(verdict.LoginRefused, "no display")
		}, flow.Incomplete, verdict.LoginRefused},
		{"a browser that brings an error", "another page", func(*fakeProvider, string) (url.Values, error) {
			return url.Values{"error": {"access_denied"}}, nil
		}, flow.Incomplete, verdict.LoginRefused},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				f := fakeProviderAt(t, c.page, "")
				o := oauthOptions(t, f, flow.FlowCode)
				if c.visit != nil {
					o.OAuth.Visit = func(_ context.Context, address string) (url.Values, error) { return c.visit(f, address) }
				}
				r, err := flow.Run(t.Context(), o)
				if verdict.ClassOf(err) != c.class || r.Verdict() != c.want && c.want == flow.Passed {
					t.Errorf("%s, %v, want %s, %s", r.Verdict(), err, c.want, c.class)
				}
				if f.filled != 0 {
					t.Errorf("the page was filled in %d times", f.filled)
				}
			})
		})
	}
}

// visit plays the user in a browser.
func (f *fakeProvider) visit(address string) url.Values {
	u, err := url.Parse(address)
	if err != nil {
		f.t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuses(u.Query()) != "" {
		return url.Values{"error": {"invalid_request"}}
	}
	code := f.random()
	f.codes[code] = &fakeCode{query: u.Query()}
	return url.Values{"code": {code}, "state": {u.Query().Get("state")}, "iss": {f.issuer}}
}

// TestEndpointsElsewhere refuses metadata that sends secrets where they do not belong.
func TestEndpointsElsewhere(t *testing.T) {
	for name, endpoint := range map[string]string{
		"unencrypted": "http://login.example/token", "a file": "file:///etc/passwd", "no URL": "::", "a user in it": "https://a:b@login.example/", "none": "",
	} {
		inBubble(t, func(t *testing.T) {
			asked := 0
			server := handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				fmt.Fprintf(w, `{"issuer":"http://%s","authorization_endpoint":"http://%s/authorize","token_endpoint":%q}`, r.Host, r.Host, endpoint)
			}))
			o := options(t, server, "cookie")
			o.Preset, o.OAuth = presets.Preset{}, &flow.OAuth{Flow: flow.FlowCode, ClientID: "c", Secrets: authclient.OAuthSecrets{ClientSecret: "s3cr3t"}, Redirect: fakeRedirect}
			r, err := flow.Run(t.Context(), o)
			if verdict.ClassOf(err) != verdict.FetchFailed || r.Verdict() != flow.Failed || asked != 1 {
				t.Errorf("%s: %s, %v, %d requests", name, r.Verdict(), err, asked)
			}
		})
	}
}
