package token

import (
	"bytes"
	"slices"
	"strings"

	"jwt/internal/cli"
	"jwt/internal/jwks"
	"jwt/internal/jws"
	"jwt/internal/keysource"
	"jwt/internal/phrase"
	"jwt/internal/profile"
	"jwt/internal/verdict"
	"jwt/internal/verify"
)

// checkLoadBalancer refuses what does not go with the profile of load balancers.
func (o verifyOptions) checkLoadBalancer() error {
	if o.profile.name != profile.LoadBalancer {
		return nil
	}
	for _, name := range []string{"batch", "field", "payload-file", "trust-anchor", "as"} {
		if o.flags.Changed(name) {
			return verdict.Errorf(verdict.Usage, "--%s: --profile %s verifies one token of a load balancer", name, profile.LoadBalancer)
		}
	}
	places := 0
	for _, source := range o.keys.Keys {
		_, ok, err := jwks.ParseLoadBalancer(source)
		if err != nil {
			return cli.FlagError("key", err)
		}
		if ok {
			places++
		}
	}
	if places > 1 { // of which each expects a signer of its own, or any
		return verdict.Errorf(verdict.Usage, "--key: %s, want one load balancer or one region", phrase.Count(places, "source")+" with alb:")
	}
	return nil
}

// verifyLoadBalancer verifies the padded token of an AWS load balancer. Its key is at a URL that its
// kid completes.
func (v *verifier) verifyLoadBalancer(env *cli.Env, args []string) error {
	text, err := v.options.token.ReadText(v.sources.In, args)
	if err != nil {
		return v.options.answer(env, verify.NoToken(err))
	}
	token := loadBalancerToken(text)
	signed, err := jws.ParsePadded(token)
	if err != nil {
		if _, strictErr := jws.Parse(token); strictErr == nil { // a load balancer always pads the signature
			err = cli.Classified(err).Hintf("this token has no padding, so no load balancer made it: leave out --profile %s, and give its issuer's key", profile.LoadBalancer)
		}
		return v.options.answer(env, verify.NoToken(keysource.InFile(args, err)))
	}
	if err := v.locateKey(signed); err != nil {
		return v.options.answer(env, verify.NoToken(err))
	}
	report := verify.New(v.sources, v.policy, v.now).Signed(signed, "compact JWS with padding, of a load balancer")
	return v.options.answer(env, report)
}

// loadBalancerToken returns the value of the header x-amzn-oidc-data in text, or the text itself.
func loadBalancerToken(text []byte) string {
	for line := range bytes.Lines(text) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if ok && strings.EqualFold(string(bytes.TrimSpace(name)), "x-amzn-oidc-data") {
			return string(bytes.TrimSpace(value))
		}
	}
	return string(bytes.TrimSpace(text))
}

// locateKey replaces alb:REGION or alb:ARN by the URL of the token's key. An ARN is also the only load
// balancer that is accepted.
func (v *verifier) locateKey(signed jws.Token) error {
	keys := slices.Clone(v.sources.Options.Keys)
	for i, source := range keys {
		place, ok, err := jwks.ParseLoadBalancer(source)
		if err != nil {
			return cli.FlagError("key", err)
		}
		if !ok {
			continue
		}
		kid, _ := signed.Header.Text("kid")
		if keys[i], err = place.KeyURL(kid); err != nil {
			return err
		}
		v.policy.Presentation.Signer = place.ARN
	}
	v.sources.Options.Keys = keys
	return nil
}
