package token

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/base64url"
	"jwt/internal/cli"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/keysource"
	"jwt/internal/profile"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

// profileOptions are the flags for the profile of a token and what comes with it.
type profileOptions struct {
	flags *pflag.FlagSet

	name              string
	accessToken, code string // where to read them
	htm, htu, jkt     string
}

// profileFlags has the flags that only some profiles use.
var profileFlags = []struct {
	name     string
	profiles []string
}{
	{"access-token", []string{"id-token", "dpop+jwt"}},
	{"code", []string{"id-token"}},
	{"htm", []string{"dpop+jwt"}},
	{"htu", []string{"dpop+jwt"}},
	{"jkt", []string{"dpop+jwt"}},
}

func (o *profileOptions) addFlags(f *pflag.FlagSet) {
	o.flags = f
	f.StringVar(&o.name, "profile", "", "check the token against a specification, by `NAME`: "+strings.Join(profileNames(), ", "))
	f.StringVar(&o.accessToken, "access-token", "", "the access token whose hash is in at_hash or ath, from a `SOURCE`: @PATH, env:NAME, fd:N, - or its own text")
	f.StringVar(&o.code, "code", "", "the authorization code whose hash is in c_hash, from a `SOURCE`")
	f.StringVar(&o.htm, "htm", "", "the HTTP `METHOD` of the request that a DPoP proof is for")
	f.StringVar(&o.htu, "htu", "", "the `URI` of the request that a DPoP proof is for")
	f.StringVar(&o.jkt, "jkt", "", "the RFC 7638 `THUMBPRINT` of the key that must have signed a DPoP proof")
}

func (o *profileOptions) complete(c *cobra.Command) {
	cli.CompleteValues(c, "profile", profileNames()...)
	cli.CompleteValues(c, "htm", "GET", "POST", "PUT", "PATCH", "DELETE")
}

func profileNames() []string {
	var names []string
	for _, p := range profile.All() {
		names = append(names, p.Name)
	}
	return names
}

// profilesHelp lists the profiles, one per line.
func profilesHelp() string {
	const column = 14
	var lines []string
	for _, p := range profile.All() {
		lines = append(lines, "  "+p.Name+strings.Repeat(" ", column-len(p.Name))+p.About)
	}
	return strings.Join(lines, "\n")
}

// check refuses unknown profiles and flags that the profile does not use. It requires keys,
// or refuses them if the token has its own.
func (o profileOptions) check(keys keysource.Options) error {
	p, known := profile.Lookup(o.name)
	if o.flags.Changed("profile") && !known {
		return verdict.Errorf(verdict.Usage, "--profile: unknown profile %q", o.name).Hintf("one of %s", strings.Join(profileNames(), " "))
	}
	for _, f := range profileFlags {
		if o.flags.Changed(f.name) && !slices.Contains(f.profiles, o.name) {
			return verdict.Errorf(verdict.Usage, "--%s: requires --profile %s", f.name, strings.Join(f.profiles, " or "))
		}
	}
	switch {
	case p.OwnKey == "":
		return keys.Check()
	case keys.Given():
		return verdict.Errorf(verdict.Usage, "--profile %s: takes no key, because the key in the header of the token verifies it", p.Name).
			Hintf("--jkt THUMBPRINT requires that key")
	default:
		return keys.CheckAlgs()
	}
}

// readProfile looks up the profile and reads what comes with the token.
func (v *verifier) readProfile() (err error) {
	o := v.options.profile
	if o.name != "" {
		v.profile, _ = profile.Lookup(o.name)
	}
	v.presentation = profile.Presentation{
		Audiences: v.policy.Audiences, Nonce: v.policy.Nonce,
		MaxAge: v.policy.MaxAge, Leeway: v.policy.Leeway, Location: v.policy.Location,
	}
	if v.profile.OwnKey != "" {
		v.policy.MaxAge = nil // the profile checks the age itself
	}
	if v.presentation.AccessToken, err = v.companion("access-token", o.accessToken); err != nil {
		return err
	}
	if v.presentation.Code, err = v.companion("code", o.code); err != nil {
		return err
	}
	return v.readRequest(o)
}

// readRequest sets the HTTP request of the presentation.
func (v *verifier) readRequest(o profileOptions) error {
	if o.flags.Changed("htm") {
		v.presentation.Method = &o.htm
	}
	if o.flags.Changed("htu") {
		if _, ok := profile.NormalizeTarget(o.htu); !ok {
			return verdict.Errorf(verdict.Usage, "--htu: is %q, must be an http or https URI", o.htu)
		}
		v.presentation.URI = &o.htu
	}
	if o.flags.Changed("jkt") {
		const size = 32 // of SHA-256
		if b, err := base64url.Decode(o.jkt); err != nil || len(b) != size {
			return verdict.Errorf(verdict.Usage, "--jkt: is %q, must be the base64url of a SHA-256 thumbprint", o.jkt).
				Hintf("jwt key thumbprint FILE")
		}
		v.presentation.KeyThumbprint = &o.jkt
	}
	return nil
}

// companion reads what comes with the token, or returns nil without the flag.
func (v *verifier) companion(flag, source string) (*string, error) {
	if !v.options.profile.flags.Changed(flag) {
		return nil, nil
	}
	what := strings.ReplaceAll(flag, "-", " ")
	var text []byte
	var err error
	if strings.HasPrefix(source, "env:") || strings.HasPrefix(source, "fd:") {
		read, bytesErr := v.sources.In.Bytes(source, "the "+what, jws.MaxTokenBytes)
		text, err = read.Data, bytesErr
	} else {
		text, err = v.sources.In.Text([]string{source}, what, jws.MaxTokenBytes)
	}
	if err != nil {
		return nil, cli.FlagError(flag, err)
	}
	s := strings.TrimSpace(string(text))
	if s == "" {
		return nil, verdict.Errorf(verdict.Usage, "--%s: is empty", flag).Hintf("is the shell variable set?")
	}
	return &s, nil
}

// verifyPossession checks a token that is verified by the key in its own header.
func (v *verifier) verifyPossession(token jws.Token, r *render.Report) (jws.Verified, error) {
	verified, checks, err := token.VerifyPossession(v.options.keys.Algs)
	for i, c := range checks {
		if c.Name == "jwk" {
			checks[i] = v.profile.OwnKeyCheck(c)
		}
	}
	r.Checks = append(r.Checks, checks...)
	return verified, err
}

// checkProfile checks the claims of a verified token against the profile.
func (v *verifier) checkProfile(claims jwt.Claims, verified jws.Verified) []verdict.Check {
	if v.profile.Name == "" {
		return nil
	}
	with := v.presentation
	key := verified.Key()
	with.Alg, with.Curve = verified.Alg(), key.Curve
	if !key.IsSecret() { // the thumbprint of a secret is a hash of it
		with.Thumbprint = key.Thumbprint()
	}
	return v.profile.Check(claims, verified.Token().Header, with, v.now)
}
