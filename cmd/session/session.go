package session

import (
	"github.com/spf13/cobra"

	"jwt/internal/cli"
)

var Command = cli.Command{
	Use:   "session",
	Short: "log in, stay logged in, log out, and the server to try it on",
	Build: func(_ *cli.Env, c *cobra.Command) {
		c.Long = `Log in to a server once, and use what it gave from anywhere. The access token
lives for minutes and goes with every request; the refresh token buys the next
one and is spent by it: once, however many processes want it at the same time.

A session has a name: --session NAME, JWT_SESSION, or "default". No command but
login asks anything, and without a terminal none does.`
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
		&refreshCommand,
		&keepaliveCommand,
		&statusCommand,
		&listCommand,
		&logoutCommand,
		&flowCommand,
		&serveCommand,
	},
}
