package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

// Output say how a command answers.
type Output struct {
	Format string // auto, text, json
	AsJSON bool   // -j
	Color  string // auto, always, never
	Quiet  bool
}

// BareFormat is the usage of --output where auto means text in a pipe too.
const BareFormat = "`FORMAT` of the output: json, text, or auto (text, also in a pipe)"

func (o *Output) AddFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.Format, "output", "o", "auto", "`FORMAT` of the output: text, json, or auto (text on a terminal, json in a pipe)")
	f.BoolVarP(&o.AsJSON, "json", "j", false, "same as --output json")
	f.StringVar(&o.Color, "color", "auto", "use colour `WHEN`: auto, always or never (auto obeys NO_COLOR and CLICOLOR_FORCE)")
	f.BoolVarP(&o.Quiet, "quiet", "q", false, "print nothing; the exit status is the result")
}

func (o *Output) Complete(c *cobra.Command) {
	CompleteValues(c, "output", "auto", "text", "json")
	CompleteValues(c, "color", "auto", "always", "never")
}

// Check refuses values that the flags do not have.
func (o Output) Check() error {
	if o.AsJSON && o.Format == "text" {
		return verdict.Errorf(verdict.Usage, "--json and --output text contradict each other")
	}
	switch o.Format {
	case "auto", "text", "json":
	default:
		return verdict.Errorf(verdict.Usage, "--output: is %q, must be auto, text or json", o.Format)
	}
	switch o.Color {
	case "auto", "always", "never":
		return nil
	default:
		return verdict.Errorf(verdict.Usage, "--color: is %q, must be auto, always or never", o.Color)
	}
}

// WantsJSON reports whether the answer is JSON.
func (o Output) WantsJSON(env *Env) bool {
	return o.SaysJSON() || o.Format == "auto" && !env.StdoutTTY
}

// SaysJSON reports whether JSON was asked for by name.
func (o Output) SaysJSON() bool { return o.AsJSON || o.Format == "json" }

// Text returns an empty Text for stdout.
func (o Output) Text(env *Env) *render.Text {
	t := render.NewText(Colored(env, env.StdoutTTY, o.Color))
	if env.StdoutTTY {
		t.Width = env.Width
	}
	return t
}

// Write puts the whole answer on stdout; with --quiet it drops it.
func (o Output) Write(env *Env, answer []byte) error {
	if o.Quiet {
		return nil
	}
	if _, err := env.Stdout.Write(answer); err != nil {
		return verdict.Errorf(verdict.IO, "writing the answer: %w", err)
	}
	return nil
}

// WriteJSON prints a JSON object: indented on a terminal, on one line elsewhere.
func (o Output) WriteJSON(env *Env, object render.Object) error {
	return o.Write(env, append(object.JSON(env.StdoutTTY), '\n'))
}

// WriteValue prints one JSON value of a token, its own spelling kept: coloured and
// indented on a terminal, on one line elsewhere.
func (o Output) WriteValue(env *Env, v jsonobject.Value) error {
	if !env.StdoutTTY {
		return o.Write(env, append(render.JSON(v, false), '\n'))
	}
	return o.Write(env, o.Text(env).Value(v).Bytes())
}

// WriteBytes prints bytes that came out of a token: exactly, or escaped where a
// terminal would act on them.
func (o Output) WriteBytes(env *Env, b []byte) error {
	if !env.StdoutTTY {
		return o.Write(env, b)
	}
	t := o.Text(env)
	for line := range strings.Lines(string(b)) {
		t.Put(strings.TrimSuffix(line, "\n")).Line()
	}
	return o.Write(env, t.Bytes())
}

// Note writes one line on stderr that is no failure.
func (o Output) Note(env *Env, message string) {
	if o.Quiet {
		return
	}
	t := render.NewText(Colored(env, env.StderrTTY, o.Color))
	t.Styled(render.Caution, "note:").Put(" ", message).Line()
	env.Stderr.Write(t.Bytes())
}

// OutputOf is what the flags of the command that ran say, whoever owns them. Where
// a part of a token is asked for, no JSON of ours may be taken for it.
func OutputOf(f *pflag.FlagSet) Output {
	var o Output
	o.Quiet, _ = f.GetBool("quiet")
	o.Color, _ = f.GetString("color")
	if slices.ContainsFunc([]string{"header", "payload", "raw"}, f.Changed) {
		return o
	}
	o.AsJSON, _ = f.GetBool("json")
	if format := f.Lookup("output"); format != nil && format.DefValue == "auto" { // elsewhere it is a file
		o.Format = format.Value.String()
	}
	return o
}

// Fail answers with an error: as JSON on stdout where JSON is what is read there.
// The caller returns what it returns, so that stderr and the exit status follow.
func (o Output) Fail(env *Env, err error) error {
	if o.WantsJSON(env) {
		if werr := o.WriteJSON(env, ErrorObject(err)); werr != nil {
			return werr
		}
	}
	return err
}

// Colored decides whether a stream gets escape sequences.
func Colored(env *Env, tty bool, when string) bool {
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

// CompleteValues completes a flag whose values are few and known.
func CompleteValues(c *cobra.Command, flag string, values ...string) {
	err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag is not this command's: a bug no user can cause
	}
}

// QuoteArg quotes the beginning of an argument, which may be a whole token or a secret.
func QuoteArg(arg string) string {
	const most = 24
	return `"` + phrase.ShortTo(arg, most) + `"`
}

// ErrorObject is how an error stands in JSON, in every command.
func ErrorObject(err error) render.Object {
	e := Classified(err)
	o := render.Object{{Name: "class", Value: string(e.Class)}, {Name: "message", Value: e.Message}}
	if e.Hint != "" {
		o.Add("hint", e.Hint)
	}
	return render.Object{{Name: "error", Value: o}}
}
