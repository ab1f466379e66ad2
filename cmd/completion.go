package cmd

import (
	"bytes"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
	"jwt/internal/verdict"
)

var completionShells = []string{"bash", "zsh", "fish", "powershell"}

var completionCommand = cli.Command{
	Use:   "completion bash|zsh|fish|powershell",
	Short: "print the completion script of a shell",
	Build: func(env *cli.Env, c *cobra.Command) {
		c.Long = `Print the script with which a shell completes the commands, flags and flag
values of jwt. In bash it needs the package bash-completion.`
		c.Example = `  source <(jwt completion bash)
  jwt completion zsh > "${fpath[1]}/_jwt"
  jwt completion fish > ~/.config/fish/completions/jwt.fish
  jwt completion powershell | Out-String | Invoke-Expression`
		c.Annotations = map[string]string{cli.Exits: "0 1 2"}
		c.Args = cli.OneArg("a shell: bash, zsh, fish or powershell")
		c.ValidArgs = completionShells
		c.RunE = func(c *cobra.Command, args []string) error {
			script, err := completionScript(c.Root(), args[0])
			if err != nil {
				return err
			}
			return cli.Output{}.Write(env, script)
		}
	},
}

func completionScript(root *cobra.Command, shell string) ([]byte, error) {
	var b bytes.Buffer
	var err error
	switch shell {
	case "bash":
		err = root.GenBashCompletionV2(&b, true)
	case "zsh":
		err = root.GenZshCompletion(&b)
	case "fish":
		err = root.GenFishCompletion(&b, true)
	case "powershell":
		err = root.GenPowerShellCompletionWithDesc(&b)
	default:
		return nil, verdict.Errorf(verdict.Usage, "no completion for %s", cli.QuoteArg(shell)).
			Hintf("jwt completion bash|zsh|fish|powershell")
	}
	return b.Bytes(), err
}
