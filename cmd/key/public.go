package key

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
	"jwt/internal/jwk"
	"jwt/internal/keysource"
	"jwt/internal/verdict"
)

var publicCommand = cli.Command{
	Use:     "public [KEY…]",
	Short:   "write the public half of a key",
	Aliases: []string{"pub"},
	Build: func(env *cli.Env, c *cobra.Command) {
		var o publicOptions
		c.Long = `Write the public half of a key, or of each key of a set, in the format the key
is in. The output can be published: of a private JWK, only members known to be
public are kept.

A secret has no public half: alone it is an error, in a set it is left out.`
		c.Example = `  jwt key public private.pem -o public.pem
  jwt key public private.jwk
  jwt key public keys.jwks -o jwks.json
  jwt key public certificate.pem --format jwk
  jwt key public ~/.ssh/id_ed25519 --format openssh`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 7 8"}
		c.Args = cobra.ArbitraryArgs
		o.form.addFlags(c.Flags(), "format", "default: the format of the key")
		o.source.AddFlags(c.Flags())
		o.form.complete(c)
		c.RunE = func(c *cobra.Command, args []string) error { return runPublic(c.Context(), env, o, args) }
	},
}

type publicOptions struct {
	source keysource.Arguments
	form   formOptions
}

func runPublic(ctx context.Context, env *cli.Env, o publicOptions, args []string) error {
	if err := o.form.check(); err != nil {
		return err
	}
	ring, err := o.source.Sources(ctx, env, o.form.output(), args)
	if err != nil {
		return err
	}
	sources, err := ring.Usable()
	if err != nil {
		return err
	}
	all := textsOf(sources)
	halves, err := publicHalves(ring, all)
	if err != nil {
		return err
	}
	form, err := o.target(halves)
	if err != nil {
		return err
	}
	w := writer{form: form.Public(), set: asSet(sources), indent: !o.form.toStdout() || env.StdoutTTY}
	content, err := w.write(halves)
	if err != nil {
		return err
	}
	return o.form.emit(env, content, w.form, false, false)
}

// publicHalves returns the public halves of the keys, and says which have none.
func publicHalves(ring *keysource.Sources, all []text) ([]text, error) {
	var halves []text
	for _, t := range all {
		half, ok := t.public()
		switch {
		case ok:
			halves = append(halves, half)
		case len(all) == 1:
			return nil, verdict.Errorf(verdict.KeyRefused, "%s: a secret has no public half: whoever has it can sign", t.key.Source)
		default:
			ring.Output.Note(ring.Env, t.key.Source+": a secret is left out: it has no public half")
		}
	}
	if len(halves) == 0 && len(all) > 0 {
		return nil, verdict.Errorf(verdict.KeyRefused, "%s: holds secrets alone, which have no public half", all[0].key.Source)
	}
	return halves, nil
}

// target is the format asked for, or that of the first key.
func (o publicOptions) target(halves []text) (jwk.Format, error) {
	if o.form.form != "" {
		form, err := jwk.ParseFormat(o.form.form)
		return form, cli.FlagError("format", err)
	}
	return formOf(halves), nil
}

// formOf is the format that the first of the keys was read in.
func formOf(texts []text) jwk.Format {
	if len(texts) == 0 {
		return jwk.FormatJWK
	}
	switch format := texts[0].key.Format; {
	case strings.HasPrefix(format, "OpenSSH"):
		return jwk.FormatOpenSSH
	case strings.HasPrefix(format, "DER"):
		return jwk.FormatDER
	case strings.HasSuffix(format, "JWK"), texts[0].key.IsSecret():
		return jwk.FormatJWK
	default:
		return jwk.FormatPEM
	}
}
