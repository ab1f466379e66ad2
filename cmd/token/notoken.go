package token

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"jwt/internal/cli"
	"jwt/internal/verdict"
)

// explain adds to the error of a text without a token what was probably meant.
func explain(env *cli.Env, text []byte, args []string, err error) error {
	var e *verdict.Error
	if !errors.As(err, &e) || e.Class != verdict.Malformed {
		return err
	}
	own := *e
	switch {
	case len(args) == 1 && cli.IsFile(args[0]):
		own.Hintf("to read a file, write @%s", args[0])
	case len(args) == 1 && strings.HasPrefix(args[0], "@") && len(bytes.TrimSpace(text)) == 0:
		own.Hintf("write the token into it, or give another file")
	case len(args) == 1 && strings.HasPrefix(args[0], "fd:"):
		own.Hintf("a token is its own text, @FILE or -: jwt … - <&N reads descriptor N")
	case len(args) == 1 && strings.HasPrefix(args[0], "env:"):
		own.Hintf("%s", ofVariable(env, strings.TrimPrefix(args[0], "env:")))
	case strings.HasPrefix(string(text), "H4sI"):
		own.Hintf("this is gzip in Base64: base64 -d FILE | gunzip | jwt …")
	case e.Hint != "":
	case !utf8.Valid(text):
		own.Hintf("these are bytes, not text: a token is text that begins with eyJ")
	}
	return &own
}

// ofVariable returns the hint for a token that was given as env:NAME.
func ofVariable(env *cli.Env, name string) string {
	if _, set := env.LookupEnv(name); !set {
		return name + " is not set: export it, then give the token as \"$" + cli.QuoteArg(name) + "\""
	}
	return "a token is its own text, @FILE or -: printenv " + cli.QuoteArg(name) + " | jwt …"
}
