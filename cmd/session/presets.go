package session

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/presets"
	"jwt/internal/render"
)

var presetsCommand = cli.Command{
	Use:   "presets [NAME]",
	Short: "list the presets, or print one",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o presetsOptions
		c.Long = "List the presets, or print one as TOML with all its fields and where they come\nfrom.\n\n" + strings.TrimRight(presets.Fields(), "\n")
		c.Example = `  jwt session presets
  jwt session presets simplejwt
  jwt session presets cookie >> ~/.config/jwt/config.toml`
		c.Annotations = map[string]string{cli.Exits: "0 1 2"}
		c.Args = cli.AtMostOneArg("one preset")
		o.output.AddFlags(c.Flags())
		c.Flags().Lookup("output").Usage = cli.BareFormat
		o.output.Complete(c)
		c.ValidArgsFunction = func(_ *cobra.Command, args []string, begin string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return startingWith(presetNames(env), begin), cobra.ShellCompDirectiveNoFileComp
		}
		c.RunE = func(_ *cobra.Command, args []string) error { return runPresets(env, o, args) }
	},
}

type presetsOptions struct{ output cli.Output }

// A described preset is a preset and who wrote it.
type described struct {
	presets.Preset
	source string
}

// presetNames returns the names of all presets, for completion.
func presetNames(env *cli.Env) []string {
	config, _ := env.ReadConfig()
	names, _ := presets.Names(config)
	return names
}

func startingWith(names []string, begin string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, begin) })
}

func runPresets(env *cli.Env, o presetsOptions, args []string) error {
	if err := o.output.Check(); err != nil {
		return o.output.Fail(env, err)
	}
	all, err := describe(env, args)
	if err != nil {
		return o.output.Fail(env, err)
	}
	switch {
	case o.output.SaysJSON():
		return o.output.WriteJSON(env, presetsJSON(all, len(args) > 0))
	case len(args) > 0:
		text := "# " + all[0].Name + ": " + all[0].About + "\n# " + all[0].source + "\n\n" + string(all[0].TOML())
		return o.output.WriteBytes(env, []byte(text))
	}
	t := o.output.Text(env)
	presetsText(t, all)
	return o.output.Write(env, t.Bytes())
}

// describe returns the preset of that name, or all.
func describe(env *cli.Env, names []string) ([]described, error) {
	config, err := env.ReadConfig()
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		if names, err = presets.Names(config); err != nil {
			return nil, err
		}
	}
	var all []described
	for _, name := range names {
		p, err := presets.Find(name, config)
		if err != nil {
			return nil, err
		}
		origin, err := presets.OriginOf(name, config)
		if err != nil {
			return nil, err
		}
		source := string(origin)
		if origin != presets.BuiltIn {
			source += " " + config.Name
		}
		all = append(all, described{p, source})
	}
	return all, nil
}

func presetsText(t *render.Text, all []described) {
	width := 0
	for _, p := range all {
		width = max(width, len(p.Name))
	}
	for _, p := range all {
		t.Styled(render.Name, p.Name).Pad(len(p.Name), width).Put("  ", p.About)
		if p.source != string(presets.BuiltIn) {
			t.Put(" (", p.source, ")")
		}
		t.Line()
	}
}

// presetsJSON is the output of presets. The members of a preset are the fields in TOML.
func presetsJSON(all []described, one bool) render.Object {
	var list []render.Object
	for _, p := range all {
		list = append(list, render.Object{
			{Name: "preset", Value: p.Name},
			{Name: "about", Value: p.About},
			{Name: "source", Value: p.source},
			{Name: "fields", Value: jsonobject.Value(p.JSON())},
		})
	}
	if one {
		return list[0]
	}
	return render.Object{{Name: "presets", Value: list}}
}
