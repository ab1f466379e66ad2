package session

import (
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/presets"
	"jwt/internal/render"
	"jwt/internal/session"
)

// options are the flags that say which session is used.
type options struct {
	name    string
	verbose bool
}

func (o *options) addFlags(f *pflag.FlagSet) {
	o.addName(f)
	f.BoolVarP(&o.verbose, "verbose", "v", false, "show requests and responses on stderr, secrets redacted")
}

func (o *options) addName(f *pflag.FlagSet) {
	f.StringVar(&o.name, "session", "", "the `NAME` of the session (default JWT_SESSION, or \"default\")")
}

func (o *options) complete(env *cli.Env, c *cobra.Command) {
	cli.CompleteWith(c, "session", func() []string {
		names, _ := sessions(env).List()
		return names
	})
}

// productOptions are the flags of a command whose output is a product, of which --quiet drops nothing.
type productOptions struct {
	options
	quiet bool
}

func (o *productOptions) addFlags(f *pflag.FlagSet) {
	o.options.addFlags(f)
	cli.AddQuiet(f, &o.quiet, cli.NoNotes)
}

// notes returns where notes go.
func (o productOptions) notes() cli.Output { return cli.Output{Quiet: o.quiet} }

// client returns the client of the session.
func (o productOptions) client(env *cli.Env) (*session.Client, error) {
	return o.options.client(env, o.notes())
}

// baseOptions are the flags of a command that reports on a session.
type baseOptions struct {
	session options
	output  cli.Output
}

func (o *baseOptions) addFlags(f *pflag.FlagSet) {
	o.session.addFlags(f)
	o.output.AddFlags(f)
}

func (o *baseOptions) complete(env *cli.Env, c *cobra.Command) {
	o.session.complete(env, c)
	o.output.Complete(c)
}

// client checks the flags and returns the client of the session.
func (o baseOptions) client(env *cli.Env) (*session.Client, error) {
	if err := o.output.Check(); err != nil {
		return nil, err
	}
	return o.session.client(env, o.output)
}

// reportOptions are the flags of a command whose report has times in it.
type reportOptions struct {
	baseOptions
	date cli.Date
}

func (o *reportOptions) addFlags(f *pflag.FlagSet) {
	o.baseOptions.addFlags(f)
	o.date.AddFlags(f)
}

func (o *reportOptions) complete(env *cli.Env, c *cobra.Command) {
	o.baseOptions.complete(env, c)
	o.date.Complete(c)
}

// client checks the flags and returns the client of the session.
func (o reportOptions) client(env *cli.Env) (*session.Client, error) {
	if err := errors.Join(o.output.Check(), o.date.Check()); err != nil {
		return nil, err
	}
	return o.baseOptions.client(env)
}

// client returns the client of the session, whose notes go to out.
func (o options) client(env *cli.Env, out cli.Output) (*session.Client, error) {
	name := o.name
	if name == "" {
		name = env.Getenv("JWT_SESSION")
	}
	if name == "" {
		name = session.DefaultName
	}
	if err := session.CheckName(name); err != nil {
		return nil, err
	}
	c := &session.Client{
		Store: sessions(env), Name: name,
		Presets: remembered(func(name string) (presets.Preset, error) { return preset(env, name) }), HTTP: env.HTTP, Now: env.Now,
		UserAgent: env.UserAgent(), Record: session.RecordAll,
		Notice: func(message string) { out.Note(env, message) },
	}
	if o.verbose {
		c.Trace = escaping{env.Stderr}
	}
	return c, nil
}

// An escaping writer escapes control characters in the lines it is given.
type escaping struct{ to io.Writer }

func (e escaping) Write(lines []byte) (int, error) {
	var b strings.Builder
	for line := range strings.Lines(string(lines)) {
		b.WriteString(render.Escape(strings.TrimSuffix(line, "\n")) + "\n")
	}
	if _, err := io.WriteString(e.to, b.String()); err != nil {
		return 0, err
	}
	return len(lines), nil
}
