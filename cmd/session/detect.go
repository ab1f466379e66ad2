package session

import (
	"bytes"
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/authclient"
	"jwt/internal/cli"
	"jwt/internal/config"
	"jwt/internal/httpclient"
	"jwt/internal/presets"
	"jwt/internal/render"
	"jwt/internal/session"
	"jwt/internal/verdict"
)

var detectCommand = cli.Command{
	Use:   "detect URL",
	Short: "propose a preset for a server",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o detectOptions
		c.Long = `Ask a server which preset describes it, and print the TOML to keep in
config.toml. The answers that speak for the preset are listed on stderr.

No credential is sent, and no cookie. The requests are GET and OPTIONS: for the
metadata of OAuth 2.0 and OpenID Connect, the metadata that a 401 names
(RFC 9728), and well-known paths of frameworks. Only if these show nothing, an
empty JSON object is posted to usual paths of logins.

A preset is called shown if an answer is one that only this kind of server
gives, else a guess.`
		c.Example = `  jwt session detect https://api.example
  jwt session detect http://127.0.0.1:8000 >> ~/.config/jwt/config.toml
  jwt session detect https://api.example -j | jq -r .login`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 8 130", cli.Exits + "0": "a preset is proposed", cli.Exits + "8": "the server does not answer, or no preset fits"}
		c.Args = cli.OneArg("one URL")
		o.addFlags(c.Flags())
		o.output.Complete(c)
		c.RunE = func(c *cobra.Command, args []string) error { return runDetect(c.Context(), env, o, args[0]) }
	},
}

type detectOptions struct {
	verbose bool
	output  cli.Output
}

func (o *detectOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVarP(&o.verbose, "verbose", "v", false, "show requests and responses on stderr")
	o.output.AddFlags(f)
	f.Lookup("output").Usage = cli.BareFormat
}

func runDetect(ctx context.Context, env *cli.Env, o detectOptions, target string) error {
	found, err := o.detect(ctx, env, target)
	if err != nil {
		return o.output.Fail(env, err)
	}
	if len(found) == 0 {
		return o.output.Fail(env, verdict.Errorf(verdict.FetchFailed, "%s: no preset fits what the server answers", httpclient.HideUser(target)).
			Hintf("look at a login in the browser's developer tools, and write a preset: jwt session presets --help"))
	}
	name := presetName(found[0])
	if o.output.SaysJSON() {
		return o.output.WriteJSON(env, detectJSON(found, name))
	}
	for i, f := range found {
		o.tell(env, f, i == 0)
	}
	best := found[0]
	text := "# proposed by jwt session detect for " + best.Server + "\n# " + loginWith(best, name) + "\n\n" + string(best.TOML(name))
	return o.output.WriteBytes(env, []byte(text))
}

func (o detectOptions) detect(ctx context.Context, env *cli.Env, target string) ([]*authclient.Finding, error) {
	const each, whole = 10 * time.Second, 2 * time.Minute
	if err := o.output.Check(); err != nil {
		return nil, err
	}
	u, err := httpclient.ParseServer(target)
	if err != nil {
		return nil, err
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, whole)
	defer cancel()
	transport := httpclient.Transport(env.HTTP, each)
	if o.verbose {
		transport = session.Traced(transport, escaping{env.Stderr}, env.Now)
	}
	client := &authclient.Client{URL: u, Transport: transport, UserAgent: env.UserAgent(), Now: env.Now, Timeout: each}
	found, err := client.Detect(ctx)
	return found, interrupted(ctx, err)
}

// tell lists the answers that speak for a preset.
func (o detectOptions) tell(env *cli.Env, f *authclient.Finding, best bool) {
	if o.output.Quiet {
		return
	}
	t := render.NewText(cli.Colored(env, env.StderrTTY, o.output.Color))
	what := map[bool]string{true: "shown", false: "a guess"}[f.Shown]
	if !best {
		what = "also fits, " + what
	}
	t.Styled(render.Name, f.Preset).Put(" (", what, ")").Line()
	for _, e := range f.Evidence {
		t.Put("  ", e.Request, ": ", httpclient.Status(e.Status), ", ", e.Says).Line()
	}
	if f.Unknown != "" {
		t.Put("  not shown: ", f.Unknown).Line()
	}
	env.Stderr.Write(t.Bytes())
}

// presetName returns a name for the preset of a server: its host, without what TOML would
// need quotes for.
func presetName(f *authclient.Finding) string {
	u, err := httpclient.ParseServer(f.Server)
	if err != nil {
		return "mine"
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, u.Host)
	return strings.Trim(name, "-")
}

// loginWith returns the command that logs in with a finding.
func loginWith(f *authclient.Finding, name string) string {
	var b bytes.Buffer
	b.WriteString("jwt session login " + f.Server)
	if !f.Changes() {
		name = f.Preset
	}
	if p, err := presets.Find(f.Preset, config.File{}); err == nil && p.IsOAuth() {
		b.WriteString(" --client-id ID")
	} else {
		b.WriteString(" --user NAME")
	}
	b.WriteString(" --preset " + name)
	if f.API != "" {
		b.WriteString(" --api " + f.API)
	}
	return b.String()
}

// detectJSON is the output of detect.
func detectJSON(found []*authclient.Finding, name string) render.Object {
	object := func(f *authclient.Finding) render.Object {
		var evidence []render.Object
		for _, e := range f.Evidence {
			evidence = append(evidence, render.Object{{Name: "request", Value: e.Request}, {Name: "status", Value: e.Status}, {Name: "says", Value: e.Says}})
		}
		o := render.Object{{Name: "preset", Value: f.Preset}, {Name: "shown", Value: f.Shown}, {Name: "server", Value: f.Server}, {Name: "evidence", Value: evidence}}
		if f.Unknown != "" {
			o.Add("not_shown", f.Unknown)
		}
		return o
	}
	o := object(found[0])
	o.Add("login", loginWith(found[0], name))
	o.Add("toml", string(found[0].TOML(name)))
	also := []render.Object{}
	for _, f := range found[1:] {
		also = append(also, object(f))
	}
	o.Add("also", also)
	return o
}
