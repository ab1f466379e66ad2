package token

import (
	"bytes"
	"slices"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
	"jwt/internal/jwk"
	"jwt/internal/serialization"
	"jwt/internal/tokensource"
	"jwt/internal/verdict"
)

var Convert = cli.Command{
	Use:   "convert [TOKEN]",
	Short: "write a token in another serialization, without keys",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o convertOptions
		c.Long = `Write a token in another serialization: compact, flattened JSON or general JSON
(RFC 7515 §7, RFC 7516 §7). Signatures stay as they are; nothing is verified,
and no key is needed. What a serialization cannot express is an error: a compact
token has one signature or recipient, and its whole header is protected.`
		c.Example = `  jwt convert TOKEN --to flattened
  jwt convert @token.json --to compact | jwt verify --key public.pem`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3"}
		c.Args = cli.AtMostOneArg("one token")
		f := c.Flags()
		f.StringVar(&o.to, "to", "compact", "the `SERIALIZATION` to write: compact, flattened or general")
		o.token.AddFlags(f)
		f.StringVar(&o.output.Color, "color", "auto", "use colour `WHEN`: auto, always or never (auto obeys NO_COLOR and CLICOLOR_FORCE)")
		cli.AddQuiet(f, &o.output.Quiet, "print only the token, no notes")
		cli.CompleteValues(c, "to", "compact", "flattened", "general")
		cli.CompleteValues(c, "color", "auto", "always", "never")
		c.RunE = func(_ *cobra.Command, args []string) error { return runConvert(env, o, args) }
	},
}

type convertOptions struct {
	token  tokensource.Options
	output cli.Output
	to     string
}

func runConvert(env *cli.Env, o convertOptions, args []string) error {
	if o.to != "compact" && o.to != "flattened" && o.to != "general" {
		e := verdict.Errorf(verdict.Usage, "--to: is %q, must be compact, flattened or general", o.to)
		if slices.Contains(jwk.Formats(), jwk.Format(o.to)) {
			return e.Hintf("a key is converted with jwt key convert FILE --to %s", o.to)
		}
		return e
	}
	if err := o.token.Check(); err != nil {
		return err
	}
	found, form, err := o.token.ReadForm(env, o.output, env.Input(), args, false)
	if err != nil {
		return err
	}
	if form == nil {
		read, err := serialization.Of(found.Token)
		if err != nil {
			return err
		}
		form = &read
	}
	text, err := written(*form, o.to)
	if err != nil {
		return err
	}
	o.output.Quiet = false // the token is the product
	return o.output.Write(env, append(bytes.TrimSpace(text), '\n'))
}

func written(form serialization.Form, to string) ([]byte, error) {
	if to == "compact" {
		text, err := form.Compact()
		return []byte(text), err
	}
	return form.JSON(to == "general")
}
