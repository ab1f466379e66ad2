// Package trust has the commands that keep the issuers a user trusts.
package trust

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
	"jwt/internal/config"
	"jwt/internal/privatefile"
	"jwt/internal/trust"
	"jwt/internal/verdict"
)

// Command is the group of commands.
var Command = cli.Command{
	Use:   "trust",
	Short: "keep the issuers that jwt verify trusts without a key",
	Build: func(_ *cli.Env, c *cobra.Command) {
		c.Long = `Keep the issuers that you trust, in config.toml. Without a key, jwt verify TOKEN
then verifies a token of one of them under its keys, audience and profile. A
token selects one of your entries by its iss; it cannot add one.`
		c.Example = `  jwt trust add https://login.example --aud api --profile at+jwt
  jwt trust add internal --secret env:JWT_SECRET --iss my-service
  jwt trust check
  jwt verify TOKEN
  jwt trust remove https://login.example`
	},
	Subs: []*cli.Command{&listCommand, &addCommand, &removeCommand, &checkCommand},
}

// writeConfig replaces config.toml as a whole. It may hold the names of credentials, so only the
// user can read a new one.
func writeConfig(c config.File, text []byte) error {
	if !filepath.IsAbs(c.Name) {
		return verdict.Errorf(verdict.IO, "the folder of config.toml is unknown").Hintf("set HOME or XDG_CONFIG_HOME")
	}
	if err := os.MkdirAll(filepath.Dir(c.Name), 0o700); err != nil {
		return verdict.Errorf(verdict.IO, "%w", err)
	}
	mode := privatefile.Private
	if info, err := os.Stat(c.Name); err == nil {
		mode = info.Mode().Perm()
	}
	name, err := filepath.EvalSymlinks(c.Name) // a link to a file of dotfiles stays a link
	if errors.Is(err, fs.ErrNotExist) {
		name, err = c.Name, nil
	}
	if err != nil {
		return verdict.Errorf(verdict.IO, "%w", err)
	}
	files := privatefile.Files{}
	files.Replace(name, text, mode)
	if err := files.Commit(); err != nil {
		return verdict.Errorf(verdict.IO, "%w", err)
	}
	return nil
}

// completeNames completes an argument with the names of the entries.
func completeNames(env *cli.Env) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		config, err := env.ReadConfig()
		if err != nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		all, _ := trust.Entries(config)
		var names []cobra.Completion
		for _, e := range all {
			names = append(names, e.Name)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}
