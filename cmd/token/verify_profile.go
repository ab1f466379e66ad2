package token

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/base64url"
	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/jws"
	"jwt/internal/profile"
	"jwt/internal/verdict"
	"jwt/internal/verify"
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
	{"jkt", []string{"dpop+jwt", "openid4vci-proof+jwt"}},
}

func (o *profileOptions) addFlags(f *pflag.FlagSet) {
	o.flags = f
	f.StringVar(&o.name, "profile", "", "check the token against a specification, by `NAME`: "+strings.Join(profileNames(), ", "))
	f.StringVar(&o.accessToken, "access-token", "", "the access token whose hash is in at_hash or ath, from a `SOURCE`: @PATH, env:NAME, fd:N, -, or its own text")
	f.StringVar(&o.code, "code", "", "the authorization code whose hash is in c_hash, from a `SOURCE` as for --access-token")
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
	const column = 22
	var lines []string
	for _, p := range profile.All() {
		lines = append(lines, "  "+p.Name+strings.Repeat(" ", column-len(p.Name))+p.About)
	}
	return strings.Join(lines, "\n")
}

// ownKey reports whether the key in the header of the token verifies it.
func (o profileOptions) ownKey() bool {
	p, _ := profile.Lookup(o.name)
	return p.OwnKey != ""
}

// check refuses unknown profiles and flags that the profile does not use.
func (o profileOptions) check() error {
	_, known := profile.Lookup(o.name)
	if o.flags.Changed("profile") && !known {
		return verdict.Errorf(verdict.Usage, "--profile: unknown profile %q", o.name).Hintf("one of %s", strings.Join(profileNames(), " "))
	}
	for _, f := range profileFlags {
		if o.flags.Changed(f.name) && !slices.Contains(f.profiles, o.name) {
			return verdict.Errorf(verdict.Usage, "--%s: requires --profile %s", f.name, strings.Join(f.profiles, " or ")).
				Hintf("--%s VALUE --profile %s", f.name, f.profiles[0])
		}
	}
	return nil
}

// read adds the profile to the policy, and what comes with the token.
func (o profileOptions) read(policy *verify.Policy, in *input.Reader) (err error) {
	policy.Profile, _ = profile.Lookup(o.name)
	with := profile.Presentation{
		Audiences: policy.Audiences, Nonce: policy.Nonce,
		MaxAge: policy.MaxAge, Leeway: policy.Leeway, Location: policy.Location,
	}
	if policy.Profile.OwnKey != "" {
		policy.MaxAge = nil // the profile checks the age itself
	}
	if with.AccessToken, err = o.companion(in, "access-token", o.accessToken); err != nil {
		return err
	}
	if with.Code, err = o.companion(in, "code", o.code); err != nil {
		return err
	}
	err = o.readRequest(&with)
	policy.Presentation = with
	return err
}

// readRequest sets the HTTP request that a DPoP proof is for, and its key.
func (o profileOptions) readRequest(with *profile.Presentation) error {
	if o.flags.Changed("htm") {
		with.Method = &o.htm
	}
	if o.flags.Changed("htu") {
		if _, ok := profile.NormalizeTarget(o.htu); !ok {
			return verdict.Errorf(verdict.Usage, "--htu: is %q, must be an http or https URI", o.htu)
		}
		with.URI = &o.htu
	}
	if o.flags.Changed("jkt") {
		const size = 32 // of SHA-256
		if b, err := base64url.Decode(o.jkt); err != nil || len(b) != size {
			return verdict.Errorf(verdict.Usage, "--jkt: is %q, must be the base64url of a SHA-256 thumbprint", o.jkt).
				Hintf("jwt key thumbprint FILE")
		}
		with.KeyThumbprint = &o.jkt
	}
	return nil
}

// companion reads what comes with the token, or returns nil without the flag.
func (o profileOptions) companion(in *input.Reader, flag, source string) (*string, error) {
	if !o.flags.Changed(flag) {
		return nil, nil
	}
	what := strings.ReplaceAll(flag, "-", " ")
	var text []byte
	var err error
	if strings.HasPrefix(source, "env:") || strings.HasPrefix(source, "fd:") {
		read, bytesErr := in.Bytes(source, "the "+what, jws.MaxTokenBytes)
		text, err = read.Data, bytesErr
	} else {
		text, err = in.Text([]string{source}, what, jws.MaxTokenBytes)
	}
	if err != nil {
		return nil, cli.FlagError(flag, err)
	}
	s := strings.TrimSpace(string(text))
	switch {
	case s == "" && source == "":
		return nil, verdict.Errorf(verdict.Usage, "--%s: is empty", flag).Hintf("is the shell variable set?")
	case s == "":
		return nil, verdict.Errorf(verdict.Usage, "--%s: %s is empty", flag, strings.TrimPrefix(source, "@")).Hintf("it must have the %s", what)
	}
	return &s, nil
}
