// Package input reads the sources that a command line names: an argument, a file,
// standard input, the environment, an open descriptor, a prompt. Every read has a limit,
// standard input is read once, and no error quotes a secret.
package input

import (
	"io"
	"strings"

	"jwt/internal/verdict"
)

// A Reader reads the sources of one command line.
type Reader struct {
	Stdin     io.Reader
	StdinTTY  bool
	LookupEnv func(string) (string, bool)
	Prompt    func(prompt string) ([]byte, error) // asks without echo; nil without a terminal

	stdinFor string // what was read from standard input: "the token"
}

// OpenText opens the text that a command works on: the argument itself, @FILE, - or, without
// an argument, standard input. what describes it in errors: "the token". The returned name
// is empty for the argument itself, which is never a file name.
func (r *Reader) OpenText(args []string, what string) (f io.ReadCloser, name string, err error) {
	arg := "-"
	switch len(args) {
	case 0:
	case 1:
		arg = args[0]
	default:
		return nil, "", verdict.Errorf(verdict.Usage, "got %d arguments for %s, want one", len(args), what).
			Hintf("quote it: 'Bearer eyJ…'")
	}
	arg = withoutAt(arg)
	switch path, isFile := strings.CutPrefix(arg, "@"); {
	case isFile && path == "":
		return nil, "", verdict.Errorf(verdict.Usage, "the file name after @ is empty").Hintf("write @FILE")
	case isFile:
		f, err := open(path, verdict.IO)
		if err != nil { // not a nil *os.File in an interface
			return nil, path, err
		}
		return f, path, nil
	case arg == "-":
		if err := r.takeStdin(what); err != nil {
			return nil, "", err
		}
		return io.NopCloser(r.Stdin), "stdin", nil
	default:
		return io.NopCloser(strings.NewReader(arg)), "", nil
	}
}

// withoutAt turns @- into -, as curl and gh do. A file named - is @./-.
func withoutAt(source string) string {
	if source == "@-" {
		return "-"
	}
	return source
}

// Text reads the text that OpenText opens, up to limit bytes. what describes it in errors,
// without an article.
func (r *Reader) Text(args []string, what string, limit int) ([]byte, error) {
	if len(args) == 0 && r.StdinTTY {
		return nil, verdict.Errorf(verdict.Usage, "no %s given", what).
			Hintf("pass it as an argument, as @FILE, or through a pipe")
	}
	f, name, err := r.OpenText(args, "the "+what)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if name == "" {
		name = "the argument"
	}
	return readAll(f, name, limit, verdict.IO)
}

// IsStdin reports whether source is - or @-.
func IsStdin(source string) bool { return withoutAt(source) == "-" }

// HasText reports whether Text has a source other than a terminal.
func (r *Reader) HasText(args []string) bool {
	return len(args) > 0 || !r.StdinTTY && r.stdinFor == ""
}

// takeStdin reserves standard input for what. It fails the second time.
func (r *Reader) takeStdin(what string) error {
	if r.stdinFor != "" {
		return verdict.Errorf(verdict.Usage, "%s and %s cannot both come from stdin", r.stdinFor, what).
			Hintf("pass one of them as @FILE, env:NAME or an argument")
	}
	r.stdinFor = what
	return nil
}
