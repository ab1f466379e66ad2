package session

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/authclient"
	"jwt/internal/cli"
	"jwt/internal/render"
	"jwt/internal/session"
	"jwt/internal/verdict"
)

// options say which session a command is about.
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
	completeWith(c, "session", func() []string {
		names, _ := sessions(env).List()
		return names
	})
}

// reportOptions are those of a command that tells something of a session.
type reportOptions struct {
	session options
	output  cli.Output
	date    cli.Date
}

func (o *reportOptions) addFlags(f *pflag.FlagSet) {
	o.session.addFlags(f)
	o.output.AddFlags(f)
	o.date.AddFlags(f)
}

func (o *reportOptions) complete(env *cli.Env, c *cobra.Command) {
	o.session.complete(env, c)
	o.output.Complete(c)
	o.date.Complete(c)
}

func (o reportOptions) check() error { return errors.Join(o.output.Check(), o.date.Check()) }

// completeWith completes a flag with values that are found out when they are
// asked for.
func completeWith(c *cobra.Command, flag string, values func() []string) {
	err := c.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values(), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // the flag is not this command's: a bug no user can cause
	}
}

// client returns the client of the session. out says how loud it may be.
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
		Presets: func(name string) (authclient.Preset, error) { return preset(env, name) }, HTTP: env.HTTP, Now: env.Now,
		UserAgent: env.UserAgent(),
		Notice:    func(message string) { out.Note(env, message) },
	}
	if o.verbose {
		c.Trace = escaping{env.Stderr}
	}
	return c, nil
}

// An escaping writer is given whole lines, and shows in them what a terminal would
// act on.
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

// sessions returns the store of the sessions.
func sessions(env *cli.Env) *session.Store {
	st := &session.Store{Keyring: env.Keyring}
	if state := env.StateDir(); state != "" {
		st.Dir = filepath.Join(state, "sessions")
	}
	return st
}

// preset returns the preset of that name, with the user's changes in config.toml.
func preset(env *cli.Env, name string) (authclient.Preset, error) {
	config, err := readConfig(env)
	if err != nil {
		return authclient.Preset{}, err
	}
	return authclient.FindPreset(name, config)
}

// readConfig reads config.toml, if it exists.
func readConfig(env *cli.Env) (c authclient.Config, err error) {
	c = authclient.Config{Name: "config.toml"}
	dir := env.ConfigDir()
	if dir == "" {
		return c, nil
	}
	c.Name = filepath.Join(dir, "config.toml")
	c.Text, err = readRegular(c.Name)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return c, err
}

// readRegular reads a regular file. It refuses devices and pipes, whose reads may
// block or never end.
func readRegular(path string) ([]byte, error) {
	const most = 1 << 20
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, verdict.Errorf(verdict.IO, "%s: is not a regular file", path)
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && len(text) > most {
		err = verdict.Errorf(verdict.TooLarge, "%s is larger than %d bytes", path, most)
	}
	return text, err
}

// untilSignal returns a context that Ctrl-C, SIGTERM and SIGHUP cancel. They end
// the program no more by themselves, nor does a closed pipe: a refresh that has
// begun is finished and saved first.
func untilSignal(ctx context.Context) (context.Context, func()) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	pipes := make(chan os.Signal, 1)
	signal.Notify(pipes, syscall.SIGPIPE)
	return ctx, func() { signal.Stop(pipes); stop() }
}

// interrupted turns a cancelled context into the error that says so: what was to
// be saved is saved, and nothing else happens.
func interrupted(ctx context.Context, err error) error {
	if err == nil && ctx.Err() != nil {
		return verdict.Errorf(verdict.Interrupted, "interrupted")
	}
	return err
}

// freshToken returns the session with a token that lives, refreshed if it must be.
func freshToken(ctx context.Context, client *session.Client, minTTL time.Duration) (*session.Session, error) {
	if s, err := client.Fresh(minTTL); s != nil || err != nil {
		return s, err // mostly: no signal is listened to for it, which costs a start
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	s, err := client.Token(ctx, minTTL)
	return s, interrupted(ctx, err)
}

// timeJSON is a time as JSON answers have it, or null where nobody knows it.
func timeJSON(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// errorFields is the "error" of a JSON answer.
func errorFields(err error) any { return cli.ErrorObject(err)[0].Value }
