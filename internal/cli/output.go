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

// Output is the flags --output, --json, --color and --quiet.
type Output struct {
	Format string // auto, text, json
	Other  string // another format, which the command writes itself
	AsJSON bool   // -j
	Color  string // auto, always, never
	Quiet  bool
}

// BareFormat is the usage of --output where auto means text in a pipe too.
const BareFormat = "`FORMAT` of the output: json, text, or auto (text, also in a pipe)"

// AddFlags adds the flags.
func (o *Output) AddFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.Format, "output", "o", "auto", "`FORMAT` of the output: text, json, or auto (text on a terminal, json in a pipe)")
	f.BoolVarP(&o.AsJSON, "json", "j", false, "same as --output json")
	f.StringVar(&o.Color, "color", "auto", "use colour `WHEN`: auto, always or never (auto obeys NO_COLOR and CLICOLOR_FORCE)")
	f.BoolVarP(&o.Quiet, "quiet", "q", false, "print nothing; the exit status is the result")
}

// Complete completes the flags.
func (o *Output) Complete(c *cobra.Command) {
	CompleteValues(c, "output", "auto", "text", "json")
	CompleteValues(c, "color", "auto", "always", "never")
}

// Check refuses unknown values of the flags.
func (o Output) Check() error {
	if o.AsJSON && o.Format == "text" {
		return verdict.Errorf(verdict.Usage, "--json and --output text contradict each other")
	}
	switch o.Format {
	case "auto", "text", "json":
	default:
		known := "auto, text or json"
		if o.Other != "" {
			known = "auto, text, json or " + o.Other
		}
		return verdict.Errorf(verdict.Usage, "--output: is %q, must be %s", o.Format, known)
	}
	switch o.Color {
	case "auto", "always", "never":
		return nil
	default:
		return verdict.Errorf(verdict.Usage, "--color: is %q, must be auto, always or never", o.Color)
	}
}

// WantsJSON reports whether the output is JSON.
func (o Output) WantsJSON(env *Env) bool {
	return o.SaysJSON() || o.Format == "auto" && !env.StdoutTTY
}

// SaysJSON reports whether a flag asks for JSON.
func (o Output) SaysJSON() bool { return o.AsJSON || o.Format == "json" }

// Text returns an empty Text for stdout.
func (o Output) Text(env *Env) *render.Text {
	t := render.NewText(Colored(env, env.StdoutTTY, o.Color))
	if env.StdoutTTY {
		t.Width = env.Width
	}
	return t
}

// Show writes a result to stdout as JSON or as text, as the flags say.
func (o Output) Show(env *Env, object func() render.Object, text func(*render.Text)) error {
	if o.WantsJSON(env) {
		return o.WriteJSON(env, object())
	}
	t := o.Text(env)
	text(t)
	return o.Write(env, t.Bytes())
}

// Write writes the whole result to stdout, or drops it under --quiet.
func (o Output) Write(env *Env, answer []byte) error {
	if o.Quiet {
		return nil
	}
	if _, err := env.Stdout.Write(answer); err != nil {
		return verdict.Errorf(verdict.IO, "writing the output: %w", err)
	}
	return nil
}

// WriteJSON writes a JSON object: indented on a terminal, else on one line.
func (o Output) WriteJSON(env *Env, object render.Members) error {
	return o.Write(env, append(render.JSON(object, env.StdoutTTY), '\n'))
}

// WriteValue writes one JSON value as it is spelled: coloured and indented on a terminal,
// else on one line.
func (o Output) WriteValue(env *Env, v jsonobject.Value) error {
	if !env.StdoutTTY {
		return o.Write(env, append(render.JSON(v, false), '\n'))
	}
	return o.Write(env, o.Text(env).Value(v).Bytes())
}

// WriteBytes writes bytes exactly, except that control characters are escaped on a
// terminal.
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

// Note writes a note, one line, to stderr.
func (o Output) Note(env *Env, message string) {
	if o.Quiet {
		return
	}
	t := render.NewText(Colored(env, env.StderrTTY, o.Color))
	t.Styled(render.Caution, "note:").Put(" ", message).Line()
	env.Stderr.Write(t.Bytes())
}

// AddQuiet adds --quiet for a command whose result is more than its exit status: it silences notes.
func AddQuiet(f *pflag.FlagSet, quiet *bool, about string) {
	f.BoolVarP(quiet, "quiet", "q", false, about)
	KeepErrors(f)
}

// NoNotes is the usage of --quiet where a command prints a product, or nothing.
const NoNotes = "print no notes; errors are printed"

const errorsStay = "jwt_errors_stay"

// KeepErrors makes --quiet silence notes or a log, but never an error: a command whose
// result is more than its exit status would fail without a word.
func KeepErrors(f *pflag.FlagSet) { f.SetAnnotation("quiet", errorsStay, []string{"true"}) }

// OutputOf reads the output flags of the executed command. A command that prints a part
// of a token prints no JSON error, which could be mistaken for it.
func OutputOf(f *pflag.FlagSet) Output {
	var o Output
	o.Quiet, _ = f.GetBool("quiet")
	if flag := f.Lookup("quiet"); flag != nil && len(flag.Annotations[errorsStay]) > 0 {
		o.Quiet = false // of errors, which is all that the result is for
	}
	o.Color, _ = f.GetString("color")
	if slices.ContainsFunc([]string{"header", "payload", "raw"}, f.Changed) {
		return o
	}
	o.AsJSON, _ = f.GetBool("json")
	if format := f.Lookup("output"); format != nil && format.DefValue == "auto" { // else it names a file
		o.Format = format.Value.String()
	}
	return o
}

// Fail writes an error as JSON to stdout if the output is JSON. The caller returns the
// result, which is then reported on stderr and by the exit status.
func (o Output) Fail(env *Env, err error) error {
	if o.WantsJSON(env) {
		if werr := o.WriteJSON(env, ErrorObject(err)); werr != nil {
			return werr
		}
	}
	return err
}

// Colored reports whether a stream gets colours; when is the value of --color.
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

// CompleteValues completes a flag with fixed values.
func CompleteValues(c *cobra.Command, flag string, values ...string) {
	err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the command has no such flag: a bug
	}
}

// CompleteWith completes a flag with values that are computed when they are needed.
func CompleteWith(c *cobra.Command, flag string, values func() []string) {
	err := c.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values(), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // the command has no such flag: a bug
	}
}

// QuoteArg quotes the beginning of an argument, which may be a whole token or a secret.
func QuoteArg(arg string) string {
	const most = 24
	return `"` + phrase.ShortTo(arg, most) + `"`
}

// ErrorObject returns an error as every command writes it in JSON.
func ErrorObject(err error) render.Object {
	e := Classified(err)
	o := render.Object{{Name: "class", Value: string(e.Class)}, {Name: "message", Value: e.Message}}
	if e.Hint != "" {
		o.Add("hint", e.Hint)
	}
	return render.Object{{Name: "error", Value: o}}
}
