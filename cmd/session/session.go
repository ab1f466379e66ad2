// Package session has the commands of jwt session: the client of a login session, the local
// server and the test of a server.
package session

import (
	"github.com/spf13/cobra"

	"jwt/cmd/session/serve"
	"jwt/internal/cli"
)

var Command = cli.Command{
	Use:   "session",
	Short: "log in, stay logged in, log out; a local server and its tests",
	Build: func(_ *cli.Env, c *cobra.Command) {
		c.Long = `Log in to a server once, and use the session from any process. The access token
lives for minutes and is sent with every request. The refresh token is
exchanged for new tokens, and only once, even if several processes refresh at
the same time.

A session has a name: --session NAME, JWT_SESSION, or "default". Only login
asks for input, and only on a terminal.`
		c.Example = `  jwt session login https://login.example --user alice
  jwt session token --format curl | curl -K - https://login.example/me
  jwt session request GET /me
  jwt session exec -- ./deploy.sh
  jwt session logout`
	},
	Subs: []*cli.Command{
		&loginCommand,
		&tokenCommand,
		&requestCommand,
		&execCommand,
		&proxyCommand,
		&refreshCommand,
		&keepaliveCommand,
		&whoamiCommand,
		&introspectCommand,
		&statusCommand,
		&listCommand,
		&presetsCommand,
		&detectCommand,
		&logoutCommand,
		&traceCommand,
		&flowCommand,
		&serve.Command,
	},
}
