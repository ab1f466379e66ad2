package key

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/jwk"
	"jwt/internal/keysource"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

var thumbprintCommand = cli.Command{
	Use:     "thumbprint [KEY…]",
	Short:   "print the RFC 7638 thumbprint of a key",
	Aliases: []string{"kid"},
	Build: func(env *cli.Env, c *cobra.Command) {
		var o thumbprintOptions
		c.Long = `Print the JWK thumbprint of a key (RFC 7638): the same for the private and the
public key, in every format. For a set, print one line per key.`
		c.Example = `  jwt key thumbprint public.pem
  jwt key thumbprint --uri private.jwk
  jwt key thumbprint --hash sha512 https://issuer.example/jwks.json`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 7 8"}
		c.Args = cobra.ArbitraryArgs
		o.addFlags(c.Flags())
		o.output.Complete(c)
		cli.CompleteValues(c, "hash", jwk.ThumbprintHashes()...)
		c.RunE = func(c *cobra.Command, args []string) error { return runThumbprint(c.Context(), env, o, args) }
	},
}

type thumbprintOptions struct {
	source keysource.Arguments
	output cli.Output
	uri    bool
	hash   string
}

func (o *thumbprintOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.uri, "uri", false, "print it as a URI (RFC 9278)")
	f.StringVar(&o.hash, "hash", "sha256", "the `HASH`: sha256, sha384 or sha512")
	o.source.AddFlags(f)
	o.output.AddFlags(f)
	f.Lookup("output").Usage = cli.BareFormat
}

func runThumbprint(ctx context.Context, env *cli.Env, o thumbprintOptions, args []string) error {
	if err := o.output.Check(); err != nil {
		return err
	}
	sources, err := o.source.Sources(ctx, env, o.output, args)
	if err != nil {
		return err
	}
	all, err := o.thumbprints(env, sources)
	if err != nil {
		return err
	}
	if o.output.SaysJSON() {
		return o.output.WriteJSON(env, thumbprintsJSON(all))
	}
	var lines []byte
	for _, p := range all {
		line := p.text
		if o.uri {
			line = p.uri
		}
		lines = append(append(lines, line...), '\n')
	}
	return o.output.Write(env, lines)
}

type thumbprint struct {
	key       jwk.Key
	text, uri string
}

func (o thumbprintOptions) thumbprints(env *cli.Env, sources *keysource.Sources) ([]thumbprint, error) {
	read, err := sources.Usable()
	if err != nil {
		return nil, err
	}
	hash := strings.ToLower(strings.ReplaceAll(o.hash, "-", ""))
	var all []thumbprint
	for _, s := range read {
		for _, k := range s.Set.Keys {
			text, err := k.ThumbprintWith(hash)
			if err != nil {
				return nil, cli.FlagError("hash", err)
			}
			if k.IsSecret() {
				o.output.Note(env, s.Name+": the thumbprint of a secret is a hash of it: an attacker can test guesses of a weak secret with it")
			}
			all = append(all, thumbprint{k, text, jwk.ThumbprintURI(hash, text)})
		}
	}
	if len(all) == 0 {
		return nil, verdict.Errorf(verdict.KeyNotFound, "there is no key in it")
	}
	return all, nil
}

func thumbprintsJSON(all []thumbprint) render.Object {
	var list []render.Object
	for _, p := range all {
		o := render.Object{{Name: "source", Value: p.key.Source}}
		if p.key.HasID {
			o.Add("kid", p.key.ID)
		}
		o.Add("thumbprint", p.text)
		o.Add("uri", p.uri)
		list = append(list, o)
	}
	return render.Object{{Name: "keys", Value: list}}
}
