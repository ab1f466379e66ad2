package token

import (
	"crypto/x509"
	"errors"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/chain"
	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/jwk"
	"jwt/internal/keysource"
	"jwt/internal/verdict"
)

// anchorOptions are the flags that trust tokens by their certificates.
type anchorOptions struct {
	sources   []string
	name, use string
	flags     *pflag.FlagSet
}

// systemAnchors is the source of the certificates that the system trusts.
const systemAnchors = "system"

func (o *anchorOptions) addFlags(f *pflag.FlagSet) {
	o.flags = f
	f.StringArrayVar(&o.sources, "trust-anchor", nil, "verify by the certificate chain in the header (x5c), which must reach a certificate from this `SOURCE`: PATH, -, env:NAME, fd:N, its own text, or system (repeatable)")
	f.StringVar(&o.name, "x5c-name", "", "the `NAME` that the leaf certificate must have: a DNS name, URI, e-mail address or common name")
	f.StringVar(&o.use, "x5c-eku", "", "the extended key `USAGE` that the leaf certificate must have: a name or an object identifier")
}

func (o *anchorOptions) complete(c *cobra.Command) {
	cli.CompleteValues(c, "x5c-eku", chain.UsageNames()...)
}

func (o anchorOptions) given() bool { return len(o.sources) > 0 }

// check refuses another source of keys, and flags that need an anchor.
func (o anchorOptions) check(keys keysource.Options, p profileOptions) error {
	switch {
	case !o.given():
		for _, name := range []string{"x5c-name", "x5c-eku"} {
			if o.flags.Changed(name) {
				return verdict.Errorf(verdict.Usage, "--%s: requires --trust-anchor", name)
			}
		}
		return nil
	case keys.Given():
		return verdict.Errorf(verdict.Usage, "--trust-anchor and --key contradict each other: the certificate in the header verifies the token, or your key does")
	case p.ownKey():
		return verdict.Errorf(verdict.Usage, "--trust-anchor: the key in the header verifies a token of --profile %s", p.name)
	}
	for _, name := range []string{"x5c-name", "x5c-eku"} {
		if v, _ := o.flags.GetString(name); o.flags.Changed(name) && v == "" {
			return verdict.Errorf(verdict.Usage, "--%s: is empty", name).Hintf("is the shell variable set?")
		}
	}
	return nil
}

// read returns the anchors, or nil without any.
func (o anchorOptions) read(in *input.Reader) (*chain.Anchors, error) {
	if !o.given() {
		return nil, nil
	}
	a := &chain.Anchors{Roots: x509.NewCertPool(), Name: o.name}
	if slices.Contains(o.sources, systemAnchors) {
		pool, err := x509.SystemCertPool()
		if err != nil {
			return nil, verdict.Errorf(verdict.KeyUnreadable, "--trust-anchor: the certificates of the system: %w", err)
		}
		a.Roots = pool
	}
	for _, source := range o.sources {
		if source == systemAnchors {
			continue
		}
		if err := addAnchors(a, in, source); err != nil {
			return nil, err
		}
	}
	if o.use != "" {
		var err error
		if a.Usage, err = chain.ParseUsage(o.use); err != nil {
			return nil, cli.FlagError("x5c-eku", err)
		}
	}
	return a, nil
}

func addAnchors(a *chain.Anchors, in *input.Reader, source string) error {
	read, err := in.Bytes(source, "the trust anchor", jwk.MaxBytes)
	if err != nil {
		return cli.FlagError("trust-anchor", err)
	}
	certificates, err := chain.ParseAnchors(read.Data)
	var e *verdict.Error
	if errors.As(err, &e) {
		return verdict.Errorf(e.Class, "--trust-anchor: %s: %s", read.Name, e.Message)
	}
	for _, c := range certificates {
		a.Roots.AddCert(c)
	}
	return err
}
