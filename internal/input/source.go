package input

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unicode/utf8"

	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// A Source is the content of a source and its name.
type Source struct {
	Data []byte
	Name string      // for reports: a path, "stdin", "env:NAME", "fd:3", "the command line"
	Mode fs.FileMode // permissions of a regular file; 0 otherwise
	// Trimmed is the line end that Secret removed. Another program may have used it as
	// part of the secret.
	Trimmed string
}

const commandLine = "the command line"

// Bytes reads up to limit bytes from PATH or @PATH, -, env:NAME, fd:N, or the text itself
// if it begins with {, -----BEGIN, did:key:, did:jwk: or like a public key of OpenSSH. what describes it in
// errors: "the key". The text itself is never quoted.
func (r *Reader) Bytes(source, what string, limit int) (Source, error) {
	source = withoutAt(source)
	switch text := strings.TrimLeft(source, " \t\r\n"); {
	case text == "":
		return Source{}, verdict.Errorf(verdict.Usage, "the source of %s is empty", what).
			Hintf("is the shell variable set? use a file, env:NAME, fd:N or -")
	case !IsKeyText(text):
	case len(source) > limit:
		return Source{}, tooLarge(what, limit)
	default:
		return Source{Data: []byte(source), Name: commandLine}, nil
	}
	if s, ok, err := r.named(source, what, limit); ok || err != nil {
		return s, err
	}
	path, marked := strings.CutPrefix(source, "@")
	switch {
	case path == "":
		return Source{}, verdict.Errorf(verdict.Usage, "the file name after @ is empty").Hintf("write @FILE")
	case marked:
		return readFile(path, limit)
	case path[0] == '-' && isQuotable(path):
		return Source{}, verdict.Errorf(verdict.Usage, "%q is not a source of %s", source, what).Hintf("if it is a file: @%s", source)
	}
	s, err := readFile(path, limit)
	if s.Name != "" { // it was opened
		return s, err
	}
	return s, r.notRead(path, what, err)
}

// notRead returns err, or the error for a path that was not meant as one: a key, a DID or a
// secret. It quotes the path only where it cannot be a secret.
func (r *Reader) notRead(path, what string, err error) error {
	var e *verdict.Error
	switch encoded := jwk.EncodedKind([]byte(path)); {
	case !errors.As(err, &e):
		return err
	case strings.HasPrefix(path, "did:"):
		return verdict.Errorf(verdict.KeyUnreadable, "the source of %s is a DID, which is not resolved here", what).
			Hintf("give the key that it stands for as a JWK or PEM: --key FILE")
	case encoded != "":
		return verdict.Errorf(verdict.KeyUnreadable, "the source of %s is not a file; it looks like the Base64 of %s", what, encoded).
			Hintf("put it into a file or a variable: --key FILE or env:NAME")
	case !isQuotable(path):
		return verdict.Errorf(verdict.KeyUnreadable, "the source of %s is neither a key nor the name of a file", what).
			Hintf("pass a secret with --secret")
	case !errors.Is(err, fs.ErrNotExist), what != "the key": // which may be a secret
		return err
	case looksLikePath(path):
		return e.Hintf("%s", r.meant(path))
	}
	return verdict.Errorf(verdict.KeyUnreadable, "the source of %s is neither a key nor the name of a file that exists", what).
		Hintf("%s", r.meant(path)) // it may be a secret
}

// IsKeyText reports whether text is a key itself and not where one is.
func IsKeyText(text string) bool {
	return strings.HasPrefix(text, "{") || strings.HasPrefix(text, "-----BEGIN") || isOpenSSHLine(text) || jwk.IsDID(text)
}

// isOpenSSHLine reports whether text looks like a public key of OpenSSH.
func isOpenSSHLine(text string) bool {
	kind, rest, _ := strings.Cut(text, " ")
	known := strings.HasPrefix(kind, "ssh-") || strings.HasPrefix(kind, "ecdsa-sha2-") || strings.HasPrefix(kind, "sk-")
	return known && strings.HasPrefix(strings.TrimLeft(rest, " "), "AAAA") // a length below 2^24
}

// isQuotable reports whether an error may quote text as the name of a missing file. A
// text with line ends, or a long one without a dot, may be a key in PEM, Base64 or
// hexadecimal.
func isQuotable(text string) bool {
	return !strings.ContainsAny(text, "\r\n\x00") && (len(text) <= 64 || strings.Contains(text, ".") && len(text) <= 1024)
}

// named reads the sources other than files: -, env:NAME and fd:N.
func (r *Reader) named(source, what string, limit int) (Source, bool, error) {
	if source == "-" {
		s, err := r.stdin(what, limit)
		return s, true, err
	}
	if name, ok := strings.CutPrefix(source, "env:"); ok {
		s, err := r.environment(name, limit)
		return s, true, err
	}
	if digits, ok := strings.CutPrefix(source, "fd:"); ok {
		s, err := r.descriptor(digits, what, limit)
		return s, true, err
	}
	return Source{}, false, nil
}

func (r *Reader) stdin(what string, limit int) (Source, error) {
	if err := r.takeStdin(what); err != nil {
		return Source{}, err
	}
	b, err := readAll(r.Stdin, "stdin", limit, verdict.KeyUnreadable)
	return Source{Data: b, Name: "stdin"}, err
}

func (r *Reader) environment(name string, limit int) (Source, error) {
	value, set := r.LookupEnv(name)
	switch {
	case name == "":
		return Source{}, verdict.Errorf(verdict.Usage, "the name after env: is empty").Hintf("write env:NAME")
	case !set && r.likeVariable(name) != "":
		return Source{}, verdict.Errorf(verdict.KeyUnreadable, "env:%s is not set", name).
			Hintf("%s is set: env:%[1]s", r.likeVariable(name))
	case !set:
		if bare := strings.Trim(name, "${}"); bare != name {
			return Source{}, verdict.Errorf(verdict.KeyUnreadable, "env:%s is not set", name).
				Hintf("env: takes the name without $: env:%s", bare)
		}
		return Source{}, verdict.Errorf(verdict.KeyUnreadable, "env:%s is not set", name).
			Hintf("export %s=…, or give a file: @PATH", name)
	case len(value) > limit:
		return Source{}, tooLarge("env:"+name, limit)
	}
	return Source{Data: []byte(value), Name: "env:" + name}, nil
}

// descriptor reads fd:N. fd:0 is standard input; 1 and 2 are for writing.
func (r *Reader) descriptor(digits, what string, limit int) (Source, error) {
	n, err := strconv.ParseUint(digits, 10, 31)
	name := "fd:" + digits
	switch {
	case err != nil || n == 1 || n == 2:
		return Source{}, verdict.Errorf(verdict.Usage, "%s is not a descriptor to read from", name).
			Hintf("for example: fd:3 with 3<FILE")
	case n == 0:
		s, err := r.stdin(what, limit)
		s.Name = name
		return s, err
	}
	f, err := inherited(int(n), name)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return Source{}, verdict.Errorf(verdict.KeyUnreadable, "%s: programs do not inherit descriptors on this system", name).
			Hintf("use a file, env:NAME or -")
	case err != nil:
		return Source{}, verdict.Errorf(verdict.KeyUnreadable, "%s is not open for reading: %w", name, err).
			Hintf("for example: fd:3 with 3<FILE")
	}
	defer f.Close()
	b, err := readAll(f, name, limit, verdict.KeyUnreadable)
	return Source{Data: b, Name: name}, err
}

func open(path string, class verdict.Class) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(class, path, err)
	}
	return f, nil
}

// looksLikePath reports whether a text that is not the name of a file was meant as one, and
// may be quoted. Anything else may be a secret.
func looksLikePath(text string) bool {
	if _, err := os.Lstat(text); err == nil { // a link to a missing file
		return true
	}
	switch strings.ToLower(filepath.Ext(text)) {
	case ".pem", ".key", ".crt", ".cer", ".cert", ".der", ".jwk", ".jwks", ".json", ".pub", ".p8", ".p12", ".pfx", ".jks", ".txt", ".env", ".creds", ".yaml", ".yml":
		return true
	}
	info, err := os.Stat(filepath.Dir(text))
	return strings.ContainsFunc(text, isSeparator) && err == nil && info.IsDir()
}

func isSeparator(r rune) bool { return r < utf8.RuneSelf && os.IsPathSeparator(uint8(r)) }

func readFile(path string, limit int) (Source, error) {
	f, err := open(path, verdict.KeyUnreadable)
	if err != nil {
		return Source{}, err
	}
	defer f.Close()
	s := Source{Name: path}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		s.Mode = info.Mode().Perm()
	}
	if runtime.GOOS == "windows" {
		s.Mode &^= 0o077 // every file has these bits there; its access control list decides
	}
	s.Data, err = readAll(f, path, limit, verdict.KeyUnreadable)
	return s, err
}

// readAll reads to the end. It reads at most one byte more than limit.
func readAll(r io.Reader, name string, limit int, class verdict.Class) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	switch {
	case err != nil:
		return nil, fileError(class, name, err)
	case len(b) > limit:
		return nil, tooLarge(name, limit)
	}
	return b, nil
}

func tooLarge(name string, limit int) error {
	return verdict.Errorf(verdict.TooLarge, "%s is larger than %d bytes", name, limit)
}

// fileError returns an error with the name, once, and the reason.
func fileError(class verdict.Class, name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	if info, failed := os.Stat(name); failed == nil && info.IsDir() {
		err = syscall.EISDIR // Windows says "incorrect function"
	}
	return absent(verdict.Errorf(class, "%s: %w", name, err), name)
}
