package flow_test

import (
	"strings"
	"testing"

	"jwt/internal/authserver"
	"jwt/internal/authserver/clients"
	"jwt/internal/flow"
	"jwt/internal/presets"
	"jwt/internal/verdict"
)

// The clients of the local server: one with a secret, and two that are public.
const localClients = `[
	{"client_id":"web","client_secret":"s3cr3t with=odd&characters","redirect_uris":["https://client.example/callback"],
	 "grant_types":["authorization_code","refresh_token","client_credentials","urn:ietf:params:oauth:grant-type:device_code"]},
	{"client_id":"spa","redirect_uris":["https://client.example/callback"],"grant_types":["authorization_code","refresh_token","urn:ietf:params:oauth:grant-type:device_code"]},
	{"client_id":"key","redirect_uris":["https://client.example/callback"],"jwks":{"keys":[` + publicKey + `]}},
	{"client_id":"other","redirect_uris":["https://client.example/callback"]}]`

// The key of the client "key", and its public half.
const (
	privateKey = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}` // RFC 7515 §A.3
	publicKey  = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`
)

// localOptions returns the options by which a client judges the local server.
func localOptions(t *testing.T, client, by string, faults ...string) flow.Options {
	t.Helper()
	known := &clients.Registry{}
	if err := known.Read(strings.NewReader(localClients)); err != nil {
		t.Fatal(err)
	}
	o := options(t, serve(t, authserver.Options{Clients: known}, faults...), "cookie")
	o.Preset = presets.Preset{}
	o.OAuth = &flow.OAuth{Flow: by, ClientID: client, Redirect: fakeRedirect, Other: "other"}
	switch client {
	case "web":
		o.OAuth.Secrets.ClientSecret = "s3cr3t with=odd&characters"
	case "key":
		o.OAuth.Secrets.ClientKey = privateKey
	}
	if by == flow.FlowClientCredentials {
		o.Protected = "/me"
	}
	return o
}

// TestLocalProviderKeepsEveryRule judges the local server by every flow.
func TestLocalProviderKeepsEveryRule(t *testing.T) {
	for name, c := range map[string]struct{ client, by, fault string }{
		"a public client":     {"spa", flow.FlowCode, ""},
		"a client and secret": {"web", flow.FlowCode, ""},
		"a client with a key": {"key", flow.FlowCode, ""},
		"client credentials":  {"web", flow.FlowClientCredentials, ""},
		"a device":            {"spa", flow.FlowDevice, ""},
		"nonces for DPoP":     {"spa", flow.FlowCode, "dpop-nonce,times=1"},
		"a slow device":       {"spa", flow.FlowCode, "device-slow-down"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var faults []string
				if c.fault != "" {
					faults = []string{c.fault}
				}
				r := run(t, localOptions(t, c.client, c.by, faults...))
				if r.Verdict() != flow.Passed {
					t.Errorf("the verdict is %s", r.Verdict())
				}
				for _, x := range r.Results {
					if x.Status != verdict.Pass && (x.Status != verdict.Skip || x.Untried) {
						t.Errorf("%s %s: %s", x.Status, x.ID, x.Actual)
					}
				}
			})
		})
	}
}

// localFaults maps the faults of the OAuth face of the local server to the rule that finds
// them, and the client that shows it. Of two, the public one is "spa".
var localFaults = []struct{ fault, client, broken string }{
	{"no-metadata", "spa", flow.DiscoveryWorks},
	{"other-issuer", "spa", flow.DiscoveryIssuer},
	{"no-state", "spa", flow.StateReturned},
	{"no-iss", "spa", flow.IssReturned},
	{"wrong-iss", "spa", flow.IssReturned},
	{"redirect-prefix-match", "spa", flow.RedirectPrefixRefused},
	{"redirect-any-port", "spa", flow.RedirectPortRefused},
	{"redirect-any-path", "spa", flow.RedirectPathRefused},
	{"redirect-307", "spa", flow.LoginRedirect},
	{"pkce-optional", "spa", flow.PKCERequired},
	{"plain-pkce-accepted", "spa", flow.PKCEPlainRefused},
	{"framed", "spa", flow.LoginPageFraming},
	{"cors", "spa", flow.AuthorizeNoCORS},
	{"verifier-optional", "spa", flow.PKCEVerifierRequired},
	{"verifier-unchecked", "spa", flow.PKCEVerifierChecked},
	{"pkce-downgrade", "web", flow.PKCEDowngradeRefused},
	{"redirect-not-bound", "spa", flow.CodeRedirectChecked},
	{"code-any-client", "web", flow.CodeClientChecked},
	{"code-twice", "spa", flow.CodeOnce},
	{"code-reuse-ignored", "spa", flow.CodeReuseRevokes},
	{"no-id-token", "spa", flow.IDTokenGiven},
	{"id-token-wrong-iss", "spa", flow.IDTokenIssuer},
	{"id-token-wrong-aud", "spa", flow.IDTokenAudience},
	{"id-token-wrong-nonce", "spa", flow.IDTokenNonce},
	{"id-token-wrong-at-hash", "spa", flow.IDTokenAtHash},
	{"id-token-wrong-alg", "spa", flow.IDTokenAlg},
	{"id-token-expired", "spa", flow.IDTokenTimes},
	{"jwks-stale", "spa", flow.IDTokenSignature},
	{"userinfo-of-another", "spa", flow.UserinfoSubject},
	{"revoke-keeps", "spa", flow.RefreshAfterLogout},
	{"revocation-unknown-fails", "spa", flow.RevocationUnknown},
	{"introspection-open", "web", flow.IntrospectionAuth},
	{"introspection-never", "web", flow.IntrospectionActive},
	{"introspection-always", "web", flow.IntrospectionInactive},
	{"introspection-open", "spa", flow.IntrospectionAuth},
	{"introspection-never", "spa", flow.IntrospectionActive},
	{"introspection-always", "spa", flow.IntrospectionInactive},
	{"device-no-expiry", "spa", flow.DeviceAuthorization},
	{"device-code-unchecked", "spa", flow.DeviceCodeChecked},
	{"device-not-asked", "spa", flow.DevicePending},
	{"any-client", "client", flow.UnknownClientRefused},
	{"secret-optional", "web", flow.ClientAuthRequired},
	{"secret-unchecked", "web", flow.ClientSecretChecked},
	{"secret-unchecked", "key", flow.ClientSecretChecked},
	{"secret-optional", "key", flow.ClientAuthRequired},
	{"dpop-ignored", "spa", flow.DPoPBound},
	{"dpop-no-cnf", "spa", flow.DPoPBound},
	{"dpop-proof-optional", "spa", flow.DPoPNeedsProof},
	{"dpop-any-key", "spa", flow.DPoPKeyChecked},
	{"dpop-replay-accepted", "spa", flow.DPoPReplay},
	{"refresh-unbound", "spa", flow.DPoPRefresh},
	{"refresh-any-client", "spa", flow.RefreshClientChecked},
	{"refresh-for-client", "client", flow.NoRefreshForClient},
	{"refresh-omitted", "spa", flow.Rotation},
	{"expires-in-string", "spa", flow.ExpiresInNumber},
	{"token-type-odd", "spa", flow.TokenTypeKnown},
	{"json-as-html", "spa", flow.TokenMediaType},
	{"error-200", "spa", flow.ErrorStatus},
}

// TestFindsEachLocalFault breaks one rule of the local server at a time, and checks that only
// this rule fails.
func TestFindsEachLocalFault(t *testing.T) {
	found := map[string]bool{}
	for _, c := range localFaults {
		found[c.broken] = true
		t.Run(c.fault+" "+c.client, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				client, by := c.client, flow.FlowCode
				if client == "client" {
					client, by = "web", flow.FlowClientCredentials
				}
				r, err := flow.Run(t.Context(), localOptions(t, client, by, c.fault))
				if (err != nil) != (c.broken == flow.DiscoveryWorks) { // without metadata nothing else can be judged
					t.Fatal(err)
				}
				for _, x := range r.Results {
					found := x.Status == verdict.Fail || x.Level == flow.Info && x.Status == verdict.Warn
					switch {
					case x.ID == c.broken && !found:
						t.Errorf("%s is %s: %s", x.ID, x.Status, x.Actual)
					case x.ID != c.broken && x.Status != verdict.Pass && x.Status != verdict.Skip:
						t.Errorf("%s %s: %s", x.Status, x.ID, x.Actual)
					}
				}
			})
		})
	}
	for _, id := range flow.RuleIDs(flow.OAuth2) {
		if !found[id] {
			t.Errorf("no fault of the local server breaks %s", id)
		}
	}
}
