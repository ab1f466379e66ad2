package cmd

import (
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/jsonobject"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

// outputOptions say how a command answers.
type outputOptions struct {
	format string // auto, text, json
	json   bool   // -j
	color  string // auto, always, never
	quiet  bool
}

func (o *outputOptions) addFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.format, "output", "o", "auto", "`FORMAT` of the answer: text, json, or auto (text on a terminal, json in a pipe)")
	f.BoolVarP(&o.json, "json", "j", false, "same as --output json")
	f.StringVar(&o.color, "color", "auto", "colour `WHEN`: auto, always or never (NO_COLOR and CLICOLOR_FORCE are heard under auto)")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing: the exit status is the answer")
}

func (o *outputOptions) complete(c *cobra.Command) {
	completeValues(c, "output", "auto", "text", "json")
	completeValues(c, "color", "auto", "always", "never")
}

// check refuses values that the flags do not have.
func (o outputOptions) check() error {
	if o.json && o.format == "text" {
		return verdict.Errorf(verdict.Usage, "--json and --output text contradict each other")
	}
	switch o.format {
	case "auto", "text", "json":
	default:
		return verdict.Errorf(verdict.Usage, "--output: is %q, must be auto, text or json", o.format)
	}
	switch o.color {
	case "auto", "always", "never":
		return nil
	default:
		return verdict.Errorf(verdict.Usage, "--color: is %q, must be auto, always or never", o.color)
	}
}

// wantJSON reports whether the answer is JSON.
func (o outputOptions) wantJSON(env *Env) bool {
	return o.saysJSON() || o.format == "auto" && !env.StdoutTTY
}

// saysJSON reports whether JSON was asked for by name.
func (o outputOptions) saysJSON() bool { return o.json || o.format == "json" }

// text returns an empty Text for stdout.
func (o outputOptions) text(env *Env) *render.Text {
	t := render.NewText(colored(env, env.StdoutTTY, o.color))
	if env.StdoutTTY {
		t.Width = env.Width
	}
	return t
}

// write puts the whole answer on stdout; with --quiet it drops it.
func (o outputOptions) write(env *Env, answer []byte) error {
	if o.quiet {
		return nil
	}
	if _, err := env.Stdout.Write(answer); err != nil {
		return verdict.Errorf(verdict.IO, "writing the answer: %w", err)
	}
	return nil
}

// writeJSON prints a JSON object: indented on a terminal, on one line elsewhere.
func (o outputOptions) writeJSON(env *Env, object render.Object) error {
	return o.write(env, append(object.JSON(env.StdoutTTY), '\n'))
}

// writeValue prints one JSON value of a token, its own spelling kept: coloured and
// indented on a terminal, on one line elsewhere.
func (o outputOptions) writeValue(env *Env, v jsonobject.Value) error {
	if !env.StdoutTTY {
		return o.write(env, append(render.JSON(v, false), '\n'))
	}
	return o.write(env, o.text(env).Value(v).Bytes())
}

// writeBytes prints bytes that came out of a token: exactly, or escaped where a
// terminal would act on them.
func (o outputOptions) writeBytes(env *Env, b []byte) error {
	if !env.StdoutTTY {
		return o.write(env, b)
	}
	t := o.text(env)
	for line := range strings.Lines(string(b)) {
		t.Put(strings.TrimSuffix(line, "\n")).Line()
	}
	return o.write(env, t.Bytes())
}

// note writes one line on stderr that is no failure.
func (o outputOptions) note(env *Env, message string) {
	if o.quiet {
		return
	}
	t := render.NewText(colored(env, env.StderrTTY, o.color))
	t.Styled(render.Caution, "note:").Put(" ", message).Line()
	env.Stderr.Write(t.Bytes())
}

// saidOutput is what the flags of the command that ran say, whoever owns them. Where
// a part of a token is asked for, no JSON of ours may be taken for it.
func saidOutput(f *pflag.FlagSet) outputOptions {
	var o outputOptions
	o.quiet, _ = f.GetBool("quiet")
	o.color, _ = f.GetString("color")
	if slices.ContainsFunc([]string{"header", "payload", "raw"}, f.Changed) {
		return o
	}
	o.json, _ = f.GetBool("json")
	if format := f.Lookup("output"); format != nil && format.DefValue == "auto" { // elsewhere it is a file
		o.format = format.Value.String()
	}
	return o
}

// fail answers with an error: as JSON on stdout where JSON is what is read there.
// The caller returns what it returns, so that stderr and the exit status follow.
func (o outputOptions) fail(env *Env, err error) error {
	if o.wantJSON(env) {
		if werr := o.writeJSON(env, errorObject(err)); werr != nil {
			return werr
		}
	}
	return err
}

// count says "1 byte", "2 bytes".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// colored decides whether a stream gets escape sequences.
func colored(env *Env, tty bool, when string) bool {
	switch when {
	case "always":
		return true
	case "never":
		return false
	}
	if env.Getenv("NO_COLOR") != "" {
		return false
	}
	if force := env.Getenv("CLICOLOR_FORCE"); force != "" && force != "0" {
		return true
	}
	return tty && env.Getenv("TERM") != "dumb"
}

// completeValues completes a flag whose values are few and known.
func completeValues(c *cobra.Command, flag string, values ...string) {
	err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag is not this command's: a bug no user can cause
	}
}

// shortened quotes an argument that may be a whole token, and a secret with it.
func shortened(s string) string {
	const most = 24
	if len(s) > most {
		s = s[:most] + "…"
	}
	return `"` + s + `"`
}

// errorObject is how an error stands in JSON, in every command.
func errorObject(err error) render.Object {
	e := classified(err)
	o := render.Object{{Name: "class", Value: string(e.Class)}, {Name: "message", Value: e.Message}}
	if e.Hint != "" {
		o.Add("hint", e.Hint)
	}
	return render.Object{{Name: "error", Value: o}}
}
