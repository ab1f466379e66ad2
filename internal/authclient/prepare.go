package authclient

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"jwt/internal/jwk"
	"jwt/internal/oauth"
	"jwt/internal/presets"
	"jwt/internal/verdict"
)

// Prepare completes what a login at an OAuth 2.0 server needs and the user left out, from the
// metadata of the server. With register it registers a client first if the user named no client.
func (s *Client) Prepare(ctx context.Context, register bool) error {
	o := s.OAuth
	o.Flow = cmp.Or(o.Flow, defaultFlow(o.Server.Metadata))
	if err := o.checkFlow(); err != nil {
		return err
	}
	o.defaultScope(s.Preset.OAuth)
	o.defaultParams(s.Preset.OAuth)
	if o.DPoP {
		key, err := o.newDPoPKey()
		if err != nil {
			return err
		}
		o.DPoPKey = key
	}
	if o.ClientID == "" && register {
		if err := s.register(ctx); err != nil {
			return err
		}
	}
	if o.ClientID == "" && o.Flow != FlowExchange {
		return verdict.Errorf(verdict.Usage, "which client?").Hintf("--client-id ID of a client that is registered at the server, or --register")
	}
	o.ClientAuth = cmp.Or(o.ClientAuth, o.ChooseAuth())
	return o.CheckAuth()
}

// OfflineAccess is the scope of a refresh token at an OpenID provider (OpenID Connect Core
// §11). Others refuse unknown scopes, so it is asked for only where the server lists it.
const OfflineAccess = "offline_access"

// defaultFlow returns the flow of a person at a server: the code flow, or that of a device if
// the server has no login page for the other.
func defaultFlow(m oauth.Metadata) string {
	if m.AuthorizationEndpoint == "" && m.DeviceEndpoint != "" {
		return FlowDevice
	}
	return FlowCode
}

// checkFlow refuses a flow for which the server has no endpoint.
func (o *OAuth) checkFlow() error {
	m := o.Server.Metadata
	lacks := func(what string) error {
		return verdict.Errorf(verdict.Usage, "%s: the server has no %s", m.Issuer, what).Hintf("choose a flow that it has: --flow")
	}
	visits := o.Flow == FlowCode || o.Flow == FlowPaste // the authorization endpoint
	switch {
	case m.TokenEndpoint == "":
		return lacks("token endpoint")
	case visits && m.AuthorizationEndpoint == "":
		return lacks("authorization endpoint")
	case o.Flow == FlowDevice && m.DeviceEndpoint == "":
		return lacks("device authorization endpoint")
	case visits && m.RequirePAR && m.PAREndpoint == "":
		return lacks("pushed authorization request endpoint, which it requires")
	case o.PAR && !visits:
		return verdict.Errorf(verdict.Usage, "the flow %s has no authorization request to push", o.Flow)
	case o.PAR && m.PAREndpoint == "":
		return verdict.Errorf(verdict.Usage, "%s: the server has no pushed authorization request endpoint", m.Issuer)
	}
	return nil
}

// defaultScope sets the scope of a person's login: that of the preset, without what the server
// does not list. A scope that is not granted is not an error.
func (o *OAuth) defaultScope(p presets.OAuth) {
	if o.Scope != "" || o.Flow == FlowClientCredentials || o.Flow == FlowExchange {
		return
	}
	listed := o.Server.ScopesSupported
	wanted := strings.Fields(p.Scope)
	o.Scope = strings.Join(slices.DeleteFunc(wanted, func(scope string) bool {
		return !slices.Contains(listed, scope) && (len(listed) > 0 || scope == OfflineAccess)
	}), " ")
}

// defaultParams adds the parameters of the preset that the user has not set.
func (o *OAuth) defaultParams(p presets.OAuth) {
	for _, param := range p.Params {
		name, _, _ := strings.Cut(param, "=")
		if !slices.ContainsFunc(o.Params, func(own string) bool { return strings.HasPrefix(own, name+"=") }) {
			o.Params = append(o.Params, param)
		}
	}
}

// dpopKinds are the kinds of key of DPoP algorithms, the preferred one first.
var dpopKinds = []struct{ alg, kind string }{{"ES256", "P-256"}, {"EdDSA", "Ed25519"}, {"Ed25519", "Ed25519"}, {"ES384", "P-384"}, {"ES512", "P-521"}, {"RS256", "RSA"}, {"PS256", "RSA"}}

// newDPoPKey returns a new key of an algorithm that the server takes.
func (o *OAuth) newDPoPKey() (string, error) {
	named := o.Server.DPoPAlgsSupported
	for _, k := range dpopKinds {
		if len(named) > 0 && !slices.Contains(named, k.alg) {
			continue
		}
		key, err := jwk.Generate(k.kind, 0)
		if err != nil {
			return "", err
		}
		key.Alg = k.alg
		return string(key.JWK(true).Bytes()), nil
	}
	return "", verdict.Errorf(verdict.AlgRefused, "the server accepts DPoP proofs signed with %s only, and a key for them cannot be generated", strings.Join(named, ", "))
}
