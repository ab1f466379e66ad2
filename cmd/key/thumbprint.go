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
	hash := strings.ToLower(strings.ReplaceAll(o.hash, "-", ""))
	ring, err := o.source.Sources(ctx, env, o.output, args)
	if err != nil {
		return err
	}
	sources, err := ring.Usable()
	if err != nil {
		return o.fail(env, err)
	}
	var lines []byte
	var list []render.Object
	for _, s := range sources {
		for _, k := range s.Set.Keys {
			print, err := k.ThumbprintWith(hash)
			if err != nil {
				return cli.FlagError("hash", err)
			}
			uri := jwk.ThumbprintURI(hash, print)
			if k.IsSecret() {
				o.output.Note(env, s.Name+": the thumbprint of a secret is a hash of it: an attacker can test guesses of a weak secret with it")
			}
			list = append(list, thumbprintObject(k, print, uri))
			if o.uri {
				print = uri
			}
			lines = append(append(lines, print...), '\n')
		}
	}
	switch {
	case len(list) == 0:
		return o.fail(env, verdict.Errorf(verdict.KeyNotFound, "there is no key in it"))
	case o.output.SaysJSON():
		return o.output.WriteJSON(env, render.Object{{Name: "keys", Value: list}})
	default:
		return o.output.Write(env, lines)
	}
}

func thumbprintObject(k jwk.Key, print, uri string) render.Object {
	o := render.Object{{Name: "source", Value: k.Source}}
	if k.HasID {
		o.Add("kid", k.ID)
	}
	o.Add("thumbprint", print)
	o.Add("uri", uri)
	return o
}

// fail answers in JSON only if JSON was asked for, because a thumbprint is plain text in
// a pipe too.
func (o thumbprintOptions) fail(env *cli.Env, err error) error {
	if !o.output.SaysJSON() {
		return err
	}
	return o.output.Fail(env, err)
}
