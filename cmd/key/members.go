package key

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// members are the flags that set members of a JWK.
type members struct {
	flags         *pflag.FlagSet
	kid, use, alg string
	kidAs         string
}

func (m *members) addFlags(f *pflag.FlagSet) {
	m.flags = f
	f.StringVar(&m.kid, "kid", "", "set the kid of the JWK to this `ID` (empty removes it)")
	f.StringVar(&m.kidAs, "kid-as", "", "set the kid computed from the key in this `FORM`: thumbprint, spki, x5t, x5t#S256 or libtrust")
	f.StringVar(&m.use, "use", "", "set the use of the JWK: `sig|enc` (empty removes it)")
	f.StringVarP(&m.alg, "alg", "A", "", "set the alg of the JWK to this `ALGORITHM` (empty removes it)")
}

func (m *members) complete(c *cobra.Command) {
	cli.CompleteValues(c, "use", "sig", "enc")
	cli.CompleteValues(c, "kid-as", jwk.IDForms()...)
	cli.CompleteValues(c, "alg", jwk.Algs()...)
}

// edit sets the members in a key that is one of several. A key whose format has no place
// for a kid gets its thumbprint, so that it can be found in a set. A secret does not: its
// thumbprint is a hash of it.
func (m members) edit(e jwk.Entry, format jwk.Format, several int) (jwk.Entry, error) {
	if err := m.check(e.Key, several); err != nil {
		return e, err
	}
	e, err := m.set(e)
	if err == nil && m.flags.Changed("kid-as") {
		return withComputedID(e, m.kidAs)
	}
	if err != nil || m.flags.Changed("kid") {
		return e, err
	}
	if o, _ := e.JWK.Object(); format.IsJSON() && !strings.HasSuffix(e.Key.Format, "JWK") && !e.Key.IsSecret() {
		if _, has := o.Get("kid"); !has {
			e.JWK = withMember(e.JWK, "kid", e.Key.Thumbprint())
		}
	}
	return e, nil
}

func (m members) check(key jwk.Key, several int) error {
	if m.flags.Changed("alg") && m.alg != "" {
		if _, err := key.For(m.alg); err != nil {
			return cli.FlagError("alg", err)
		}
	}
	if m.flags.Changed("kid") && m.flags.Changed("kid-as") {
		return verdict.Errorf(verdict.Usage, "--kid and --kid-as contradict each other: both set the kid")
	}
	if m.flags.Changed("kid") && m.kid != "" && several > 1 {
		return verdict.Errorf(verdict.Usage, "--kid: is for one key, there are %d", several)
	}
	return checkUse(m.use)
}

// withComputedID sets the kid that --kid-as asks for.
func withComputedID(e jwk.Entry, form string) (jwk.Entry, error) {
	id, err := e.Key.IDAs(form)
	if err != nil {
		return e, cli.FlagError("kid-as", err)
	}
	e.JWK, e.ID = withMember(e.JWK, "kid", id), id
	e.Key.ID, e.Key.HasID = id, true
	return e, nil
}

// checkUse refuses a value of --use that RFC 7517 §4.2 does not define.
func checkUse(use string) error {
	if use != "" && use != "sig" && use != "enc" {
		return verdict.Errorf(verdict.Usage, "--use: is %q, must be sig or enc", use)
	}
	return nil
}

// set sets the members and parses the JWK again, because they may contradict others.
func (m members) set(e jwk.Entry) (jwk.Entry, error) {
	edited, any := e.JWK, false
	for _, member := range [...]struct{ name, value string }{{"alg", m.alg}, {"use", m.use}, {"kid", m.kid}} {
		if m.flags.Changed(member.name) {
			edited, any = withMember(edited, member.name, member.value), true
		}
	}
	if !any {
		return e, nil
	}
	set, err := jwk.Parse(edited)
	if err != nil {
		return e, verdict.Errorf(verdict.Usage, "the edited key would be invalid: %w", err)
	}
	key := set.Keys[0]
	key.Format, key.Source, key.InSet = e.Key.Format, e.Key.Source, e.Key.InSet
	return jwk.Entry{JWK: edited, Key: key, ID: key.ID}, nil
}

// withMember sets a member, or removes it if value is empty. A new member follows kty.
func withMember(written jsonobject.Value, name, value string) jsonobject.Value {
	o, _ := written.Object()
	if value == "" {
		o.Delete(name)
		return o.Bytes()
	}
	if _, has := o.Get(name); has {
		o.Set(name, jsonobject.Quote(value))
		return o.Bytes()
	}
	var edited jsonobject.Object
	for _, m := range o.Members() {
		edited.Set(m.Name, m.Value)
		if m.Name == "kty" {
			edited.Set(name, jsonobject.Quote(value))
		}
	}
	return edited.Bytes()
}
