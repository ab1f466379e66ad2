package cmd

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/jwk"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

var keyThumbprintCommand = command{
	use:     "thumbprint [KEY…]",
	short:   "print the RFC 7638 thumbprint of a key",
	aliases: []string{"kid"},
	build: func(env *Env, c *cobra.Command) {
		var o keyThumbprintOptions
		c.Long = `Print the JWK thumbprint of a key (RFC 7638): the same for the private and the
public key, and for every format they are in. Of a set, one line a key.`
		c.Example = `  jwt key thumbprint public.pem
  jwt key thumbprint --uri private.jwk
  jwt key thumbprint --hash sha512 https://issuer.example/jwks.json`
		c.Annotations = map[string]string{exits: "0 1 2 3 7 8"}
		c.Args = anyKeys
		o.addFlags(c.Flags())
		o.output.complete(c)
		completeValues(c, "hash", jwk.ThumbprintHashes()...)
		c.RunE = func(c *cobra.Command, args []string) error { return runKeyThumbprint(c.Context(), env, o, args) }
	},
}

type keyThumbprintOptions struct {
	source keySourceOptions
	output outputOptions
	uri    bool
	hash   string
}

func (o *keyThumbprintOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.uri, "uri", false, "print it as a URI (RFC 9278)")
	f.StringVar(&o.hash, "hash", "sha256", "the `HASH`: sha256, sha384 or sha512")
	o.source.addFlags(f)
	o.output.addFlags(f)
}

func runKeyThumbprint(ctx context.Context, env *Env, o keyThumbprintOptions, args []string) error {
	if err := o.output.check(); err != nil {
		return err
	}
	hash := strings.ToLower(strings.ReplaceAll(o.hash, "-", ""))
	ring, err := o.source.ring(ctx, env, o.output, args)
	if err != nil {
		return err
	}
	sources, err := ring.usable()
	if err != nil {
		return o.fail(env, err)
	}
	var lines []byte
	var list []render.Object
	for _, s := range sources {
		for _, k := range s.set.Keys {
			print, err := k.ThumbprintWith(hash)
			if err != nil {
				return flagError("hash", err)
			}
			uri := jwk.ThumbprintURI(hash, print)
			if k.IsSecret() {
				o.output.note(env, s.name+": the thumbprint of a secret is a hash of it: with a secret that can be guessed, it tells when the guess is right")
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
	case o.output.saysJSON():
		return o.output.writeJSON(env, render.Object{{Name: "keys", Value: list}})
	default:
		return o.output.write(env, lines)
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

// fail answers in JSON only where it was asked for: the thumbprint itself is
// plain text in a pipe too.
func (o keyThumbprintOptions) fail(env *Env, err error) error {
	if !o.output.saysJSON() {
		return err
	}
	return o.output.fail(env, err)
}
