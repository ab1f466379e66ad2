package input

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"jwt/internal/verdict"
)

// absent adds to the error of a file that cannot be opened or read where to look for it.
func absent(e *verdict.Error, path string) error {
	dir := filepath.Dir(path)
	switch {
	case e.Hint != "" || !isPlain(path):
	case errors.Is(e, fs.ErrNotExist):
		return e.Hintf("is the path right? ls %s", dir)
	case errors.Is(e, syscall.EISDIR):
		return e.Hintf("name one file in it: ls %s", path)
	case errors.Is(e, fs.ErrPermission):
		return e.Hintf("who may read it? ls -l %s", path)
	}
	return e
}

// isPlain reports whether a path needs no quotes in a shell.
func isPlain(path string) bool {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/"
	return path != "" && path[0] != '-' && strings.Trim(path, plain) == ""
}

// meant returns the hint for the source of a key that is not a file: what it is without its
// scheme or its env:.
func (r *Reader) meant(source string) string {
	const kinds = "a key is a file, env:NAME, fd:N, -, https://…, oidc:ISSUER, agent:FINGERPRINT or the key's own text; a secret is given with --secret"
	host, _, isPath := strings.Cut(source, "/")
	switch {
	case r.IsVariable(source):
		return "that is the name of a variable: env:" + strings.TrimPrefix(source, "$")
	case strings.HasPrefix(source, "https:/") && !strings.HasPrefix(source, "https://"):
		return "a URL has two slashes after its scheme: https://" + strings.TrimLeft(strings.TrimPrefix(source, "https:"), "/")
	case isPath && strings.Contains(strings.Trim(host, "."), ".") && !strings.Contains(host, "..") && isPlain(source):
		return "if that is a URL, give its scheme: https://" + source
	case looksLikePath(source) && isPlain(source):
		return "is the path right? ls " + filepath.Dir(source)
	}
	return kinds
}

// IsVariable reports whether a text is the name of an environment variable that is set, or
// that name after a $ which the shell did not expand.
func (r *Reader) IsVariable(text string) bool {
	name := strings.TrimPrefix(text, "$")
	if !isVariableName(name) {
		return false
	}
	_, set := r.LookupEnv(name)
	return set
}

// isVariableName reports whether a text is written as variables usually are: in capitals.
func isVariableName(text string) bool {
	const letters, longest = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_", 64
	return 1 < len(text) && len(text) <= longest && strings.Contains(letters, text[:1]) && strings.Trim(text, letters+"0123456789") == ""
}

// likeVariable returns a variable that is set and whose name differs from the given one in
// the case or in two letters that changed places, or "".
func (r *Reader) likeVariable(name string) string {
	const longest = 64
	if len(name) > longest {
		return ""
	}
	names := []string{strings.ToUpper(name), strings.ToLower(name)}
	for i := 1; i < len(name); i++ {
		swapped := []byte(name)
		swapped[i-1], swapped[i] = swapped[i], swapped[i-1]
		names = append(names, string(swapped))
	}
	for _, n := range names {
		if _, set := r.LookupEnv(n); set && n != name {
			return n
		}
	}
	return ""
}
