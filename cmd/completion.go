package cmd

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/keysource"
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
		return []byte(bashAt.Replace(b.String())), err
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

// bashAt makes a word of @FILE in bash, which otherwise ends a word at an @.
var bashAt = strings.NewReplacer(
	"_init_completion -n =: ", "_init_completion -n =:@ ",
	"\n    __jwt_handle_special_char \"$cur\" =\n", "\n    __jwt_handle_special_char \"$cur\" =\n    __jwt_handle_special_char \"$cur\" @\n",
)

// completeFiles completes @FILE in the arguments and flags that have no completion of their own.
func completeFiles(env *cli.Env, c *cobra.Command) {
	if c.ValidArgsFunction == nil && len(c.ValidArgs) == 0 {
		c.ValidArgsFunction = filesAfterAt
	}
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "key" {
			c.RegisterFlagCompletionFunc(f.Name, keySources(env))
			return
		}
		if _, ok := c.GetFlagCompletionFunc(f.Name); !ok && f.NoOptDefVal == "" {
			c.RegisterFlagCompletionFunc(f.Name, filesAfterAt)
		}
	})
}

// keySources completes a key: agent:FINGERPRINT, or a file.
func keySources(env *cli.Env) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		if strings.HasPrefix(word, "agent:") {
			return keysource.AgentNames(c.Context(), env), cobra.ShellCompDirectiveNoFileComp
		}
		return filesAfterAt(c, args, word)
	}
}

// filesAfterAt returns the files that @PREFIX can mean, and the variables that env:PREFIX can
// mean. Files without an @ are left to the shell.
func filesAfterAt(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
	if prefix, ok := strings.CutPrefix(word, "env:"); ok {
		return variables(prefix), cobra.ShellCompDirectiveNoFileComp
	}
	prefix, ok := strings.CutPrefix(word, "@")
	if !ok {
		return nil, cobra.ShellCompDirectiveDefault
	}
	dir, base := filepath.Split(prefix)
	entries, _ := os.ReadDir(filepath.Clean(dir + "."))
	var files []string
	directive := cobra.ShellCompDirectiveNoFileComp
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, base) || base == "" && strings.HasPrefix(name, ".") {
			continue
		}
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.IsDir() {
			name += "/"
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		files = append(files, "@"+dir+name)
	}
	return files, directive
}

// variables returns the sources that are environment variables whose names begin with prefix.
func variables(prefix string) []string {
	var sources []string
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, prefix) {
			sources = append(sources, "env:"+name)
		}
	}
	slices.Sort(sources)
	return sources
}
