// Package input turns what was typed on a command line into bytes: an argument,
// a file, standard input, the environment, an open descriptor, a prompt. Every
// read is bounded, and standard input is read once.
package input

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"jwt/internal/verdict"
)

// A Reader reads the sources of one command line.
type Reader struct {
	Stdin     io.Reader
	StdinTTY  bool
	LookupEnv func(string) (string, bool)
	Prompt    func(prompt string) ([]byte, error) // asks without echo; nil where nobody can be asked

	stdinFor string // what standard input was read for
}

// A Source is what was read, and where.
type Source struct {
	Data []byte
	Name string      // for reports: a path, "stdin", "env:NAME", "fd:3", "the command line"
	Mode fs.FileMode // of a regular file; 0 otherwise
}

// OpenText opens what a command works on: @FILE, - or, without an argument,
// standard input. what names it in errors: "the token".
func (r *Reader) OpenText(args []string, what string) (io.ReadCloser, string, error) {
	arg := "-"
	if len(args) > 0 {
		arg = args[0]
	}
	switch path, isFile := strings.CutPrefix(arg, "@"); {
	case isFile:
		f, err := open(path)
		return f, path, err
	case arg == "-":
		if err := r.takeStdin(what); err != nil {
			return nil, "", err
		}
		return io.NopCloser(r.Stdin), "stdin", nil
	default:
		return io.NopCloser(strings.NewReader(arg)), "", nil
	}
}

// Text reads the argument itself, @FILE, - or, without an argument, standard
// input, up to limit bytes.
func (r *Reader) Text(args []string, what string, limit int) ([]byte, error) {
	if len(args) == 0 && r.StdinTTY {
		return nil, verdict.Errorf(verdict.Usage, "no %s given", what).
			Hintf("give it as an argument, as @FILE, or through a pipe")
	}
	f, name, err := r.OpenText(args, what)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if name == "" {
		name = "the argument"
	}
	return readAll(f, name, limit, verdict.IO)
}

// HasText reports whether Text would find anything without waiting for a person.
func (r *Reader) HasText(args []string) bool {
	return len(args) > 0 || !r.StdinTTY && r.stdinFor == ""
}

// Bytes reads PATH or @PATH, -, env:NAME, fd:N, or takes the text itself where it
// begins with { or -----BEGIN, up to limit bytes.
func (r *Reader) Bytes(source, what string, limit int) (Source, error) {
	switch {
	case source == "":
		return Source{}, verdict.Errorf(verdict.Usage, "the source of %s is empty", what)
	case strings.HasPrefix(source, "{"), strings.HasPrefix(source, "-----BEGIN"):
		return Source{Data: []byte(source), Name: "the command line"}, nil
	case strings.HasPrefix(source, "-") && source != "-":
		return Source{}, verdict.Errorf(verdict.Usage, "%q is no source of %s", source, what).Hintf("a file of that name: @%s", source)
	}
	if s, ok, err := r.named(source, what, limit); ok || err != nil {
		return s, err
	}
	return readFile(strings.TrimPrefix(source, "@"), limit)
}

// named reads the sources that are not files: -, env:NAME and fd:N.
func (r *Reader) named(source, what string, limit int) (Source, bool, error) {
	if source == "-" {
		if err := r.takeStdin(what); err != nil {
			return Source{}, true, err
		}
		b, err := readAll(r.Stdin, "stdin", limit, verdict.KeyUnreadable)
		return Source{Data: b, Name: "stdin"}, true, err
	}
	if name, ok := strings.CutPrefix(source, "env:"); ok {
		value, set := r.LookupEnv(name)
		if !set {
			return Source{}, true, verdict.Errorf(verdict.KeyUnreadable, "%s is not set in the environment", source).
				Hintf("export %s=…, or give a file: @PATH", name)
		}
		return Source{Data: []byte(value), Name: source}, true, nil
	}
	if digits, ok := strings.CutPrefix(source, "fd:"); ok {
		b, err := readDescriptor(digits, limit)
		return Source{Data: b, Name: source}, true, err
	}
	return Source{}, false, nil
}

// takeStdin gives standard input to one reader alone.
func (r *Reader) takeStdin(what string) error {
	if r.stdinFor != "" {
		return verdict.Errorf(verdict.Usage, "%s and %s cannot both come from stdin", r.stdinFor, what).
			Hintf("give one of them as @FILE, env:NAME or an argument")
	}
	r.stdinFor = what
	return nil
}

func open(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(verdict.IO, path, err)
	}
	return f, nil
}

func readFile(path string, limit int) (Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return Source{}, fileError(verdict.KeyUnreadable, path, err)
	}
	defer f.Close()
	s := Source{Name: path}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		s.Mode = info.Mode().Perm()
	}
	s.Data, err = readAll(f, path, limit, verdict.KeyUnreadable)
	return s, err
}

func readDescriptor(digits string, limit int) ([]byte, error) {
	n, err := strconv.ParseUint(digits, 10, 31)
	if err != nil || n == 1 || n == 2 {
		return nil, verdict.Errorf(verdict.Usage, "fd:%s is no descriptor to read from", digits).Hintf("for example: --secret fd:3 3<secret.txt")
	}
	f := os.NewFile(uintptr(n), "fd:"+digits)
	if f == nil {
		return nil, verdict.Errorf(verdict.KeyUnreadable, "fd:%s is not open", digits)
	}
	defer f.Close()
	return readAll(f, "fd:"+digits, limit, verdict.KeyUnreadable)
}

// readAll reads to the end, and one byte past limit at most.
func readAll(r io.Reader, name string, limit int, class verdict.Class) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	switch {
	case err != nil:
		return nil, fileError(class, name, err)
	case len(b) > limit:
		return nil, verdict.Errorf(verdict.TooLarge, "%s is larger than %d bytes", name, limit)
	}
	return b, nil
}

// fileError keeps the path once and the reason.
func fileError(class verdict.Class, name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return verdict.Errorf(class, "%s: %w", name, err)
}

// trimNewline takes one line end off a text that an editor or echo put it on.
func trimNewline(b []byte) []byte {
	if line, ok := bytes.CutSuffix(b, []byte("\n")); ok {
		return bytes.TrimSuffix(line, []byte("\r"))
	}
	return b
}
