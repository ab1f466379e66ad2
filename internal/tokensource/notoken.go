package tokensource

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"jwt/internal/cli"
	"jwt/internal/compact"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// explain adds to the error of a text without a token what was probably meant.
func explain(env *cli.Env, text []byte, args []string, err error) error {
	var e *verdict.Error
	if !errors.As(err, &e) || e.Class != verdict.Malformed {
		return err
	}
	hint := ""
	if len(args) == 1 {
		hint = hintForArgument(env, args[0], text)
	}
	switch {
	case hint != "":
	case bytes.HasPrefix(text, []byte("H4sI")):
		hint = "this is gzip in Base64: base64 -d FILE | gunzip | jwt …"
	case e.Hint == "" && !utf8.Valid(text):
		hint = "these are bytes, not text: a token is text that begins with eyJ"
	default:
		return err
	}
	own := *e
	own.Hint = hint
	return &own
}

// hintForArgument returns the hint for an argument that says where a token is, or should.
func hintForArgument(env *cli.Env, arg string, text []byte) string {
	variable, isVariable := strings.CutPrefix(arg, "env:")
	switch {
	case cli.IsFile(arg):
		return "to read a file, write @" + arg
	case strings.HasPrefix(arg, "@") && len(bytes.TrimSpace(text)) == 0:
		return "write the token into it, or give another file"
	case strings.HasPrefix(arg, "fd:"):
		return "a token is its own text, @FILE or -: jwt … - <&N reads descriptor N"
	case isVariable:
		return hintForVariable(env, variable)
	}
	return ""
}

// hintForVariable returns the hint for a token that was given as env:NAME.
func hintForVariable(env *cli.Env, name string) string {
	if _, set := env.LookupEnv(name); !set {
		short := phrase.ShortTo(name, 24) // it may be a whole token
		return short + " is not set: export it, then give the token as \"$" + short + "\""
	}
	return "a token is its own text, @FILE or -: printenv " + phrase.ShellWord(name) + " | jwt …"
}

// nothingOnStdin returns the error of an empty pipe. Where an unset variable left --secret or --key
// without its value, that took the token.
func (o Options) nothingOnStdin() *verdict.Error {
	e := verdict.Errorf(verdict.Malformed, "no token found: the input is empty")
	for _, name := range []string{"secret", "key"} {
		flag := o.flags.Lookup(name)
		if flag == nil || !flag.Changed {
			continue
		}
		values, _ := o.flags.GetStringArray(name)
		for _, v := range values {
			if compact.Looks(v) || strings.HasPrefix(v, "@") && name == "secret" {
				return e.Hintf("is the token the value of --%s? is a shell variable before it not set? quote it: --%s \"$VARIABLE\" TOKEN", name, name)
			}
		}
	}
	return e.Hintf("stdin is empty: did the command before the pipe fail?")
}
