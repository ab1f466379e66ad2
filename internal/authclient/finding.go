package authclient

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"jwt/internal/config"
	"jwt/internal/presets"
)

// A Finding is a preset that fits what a server answered.
type Finding struct {
	Preset   string
	Server   string // the URL to log in at
	Shown    bool   // an answer is one that only this kind of server gives; else the preset is a guess
	Evidence []Evidence
	Paths    map[string]string // of steps, where they differ from those of the preset
	User     string            // the field of the user name, where it differs
	API      string            // the origin that the token is for, if it is not that of Server
	Unknown  string            // what no answer has shown
}

// Evidence is an answer that fits a preset.
type Evidence struct {
	Request string // method, and path or URL of another server
	Status  int
	Says    string
}

// TOML returns the preset to keep under a name of its own.
func (f *Finding) TOML(name string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "[presets.%s]\nbased_on = %q\n", name, f.Preset)
	if p, err := presets.Find(f.Preset, config.File{}); err == nil {
		for _, value := range slices.Sorted(maps.Keys(p.Values)) {
			if p.Values[value] == "" {
				fmt.Fprintf(&b, "values.%s = \"\"\n", value)
			}
		}
	}
	if f.Unknown != "" {
		fmt.Fprintf(&b, "# not shown by the server: %s\n", f.Unknown)
	}
	for _, step := range slices.Sorted(maps.Keys(f.Paths)) {
		fmt.Fprintf(&b, "\n[presets.%s.%s]\npath = %q\n", name, step, f.Paths[step])
		if step == "login" && f.User != "" {
			fmt.Fprintf(&b, "fields = [%q, \"password=$password\"]\n", f.User+"=$username")
		}
	}
	return b.Bytes()
}

// Changes reports whether the preset to keep says more than the one that it is based on: the
// server differs, or the user has to set values.
func (f *Finding) Changes() bool {
	p, err := presets.Find(f.Preset, config.File{})
	return len(f.Paths) > 0 || f.User != "" || err == nil && p.Ready() != nil
}
