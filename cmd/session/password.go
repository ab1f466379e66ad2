package session

import (
	"errors"
	"net/url"

	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

// passwordOptions are the flags that say where the password comes from.
type passwordOptions struct {
	stdin     bool
	file, env string
}

func (o *passwordOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.stdin, "password-stdin", false, "read the password from stdin")
	f.StringVar(&o.file, "password-file", "", "read the password from a `FILE`")
	f.StringVar(&o.env, "password-env", "", "read the password from the environment variable `NAME`")
}

func (o passwordOptions) check() error {
	_, _, err := o.source()
	return err
}

// source returns the flag that was given and its value as a source of secrets.
func (o passwordOptions) source() (flag, source string, err error) {
	given := 0
	for _, s := range []struct {
		flag, source string
		given        bool
	}{
		{"--password-stdin", "-", o.stdin},
		{"--password-file", "@" + o.file, o.file != ""},
		{"--password-env", "env:" + o.env, o.env != ""},
	} {
		if s.given {
			flag, source = s.flag, s.source
			given++
		}
	}
	if given > 1 {
		err = verdict.Errorf(verdict.Usage, "--password-stdin, --password-file and --password-env: only one can be given").
			Hintf("leave the others out")
	}
	return flag, source, err
}

// read reads the password from where the flags say, or asks for it.
func (o passwordOptions) read(env *cli.Env, user string, server *url.URL) ([]byte, error) {
	const most = 4096
	flag, source, err := o.source()
	switch {
	case err != nil:
		return nil, err
	case source == "":
		return askPassword(env, user, server)
	}
	in := input.Reader{Stdin: env.Stdin, LookupEnv: env.LookupEnv}
	read, _, err := in.Secret(source, most)
	if err != nil {
		e := *cli.Classified(err)
		e.Class, e.Message, e.Hint = verdict.Usage, flag+": "+e.Message, ""
		return nil, &e
	}
	return read.Data, nil
}

// askPassword prompts for the password without echo.
func askPassword(env *cli.Env, user string, server *url.URL) ([]byte, error) {
	if !env.StdinTTY || !env.StderrTTY || env.Secret == nil {
		return nil, verdict.Errorf(verdict.Usage, "there is no terminal to ask for the password").
			Hintf("--password-stdin, --password-file FILE or --password-env NAME")
	}
	typed, err := env.Secret("Password for " + render.Escape(user) + " at " + server.String() + ": ")
	if err == nil && len(typed) == 0 {
		err = errors.New("it is empty")
	}
	if err != nil {
		return nil, verdict.Errorf(verdict.Usage, "no password: %w", err)
	}
	return typed, nil
}
