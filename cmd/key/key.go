// Package key has the commands of jwt key: they make, convert and inspect keys and edit key
// sets.
package key

import (
	"github.com/spf13/cobra"

	"jwt/internal/cli"
)

var Command = cli.Command{
	Use:   "key",
	Short: "make, convert and inspect keys",
	Build: func(_ *cli.Env, c *cobra.Command) {
		c.Long = `Make keys, and convert them between JWK, JWK Set, PEM, DER and OpenSSH. The
format is detected from the content, never from the file name.

A key is given as PATH, -, env:NAME, fd:N, https://…, oidc:ISSUER,
agent:FINGERPRINT, or its own text; man jwt explains each.`
		c.Example = `  jwt key generate --alg ES256 --out private.jwk --public public.jwk
  jwt key convert private.pem                   a JWK
  jwt key convert private.jwk --to pem
  jwt key public private.pem
  jwt key thumbprint public.jwk
  jwt key inspect https://issuer.example/jwks.json
  jwt key set add jwks.json public.pem`
	},
	Subs: []*cli.Command{
		&generateCommand,
		&convertCommand,
		&publicCommand,
		&thumbprintCommand,
		&inspectCommand,
		&setCommand,
	},
}
