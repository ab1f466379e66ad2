package key

import (
	"io/fs"
	"slices"
	"strings"

	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/jwk"
	"jwt/internal/keysource"
	"jwt/internal/privatefile"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

// A setFile is a JWK Set in a file, to be edited.
type setFile struct {
	path    string
	exists  bool
	mode    fs.FileMode
	set     jwk.Set
	entries []jwk.Entry
}

// readSetFile reads a set to edit. It returns an empty set with the error of a file that
// does not exist.
func readSetFile(sources *keysource.Sources, path string) (setFile, error) {
	if input.IsStdin(path) || strings.Contains(path, "://") || strings.HasPrefix(path, "{") {
		return setFile{}, verdict.Errorf(verdict.Usage, "%s is not a file, and only a set in a file can be edited", cli.QuoteArg(path)).
			Hintf("jwt key set merge prints a new set")
	}
	path = strings.TrimPrefix(path, "@")
	s, err := sources.Read("@" + path)
	unusable := len(s.Set.Skipped) > 0 && s.Set.IsWrittenAsSet() // which does not prevent editing
	isEncrypted := func(k jwk.Key) bool { return strings.HasPrefix(k.Format, "encrypted ") }
	switch {
	case err != nil && !unusable:
		return setFile{path: path}, err
	case !s.Set.IsWrittenAsSet():
		return setFile{}, verdict.Errorf(verdict.JWKInvalid, "%s: is not a JWK Set but %s", path, s.Set.Keys[0].Format).
			Hintf("jwt key convert %s --to jwks --out SET makes a set of it", path)
	case slices.ContainsFunc(s.Set.Keys, isEncrypted):
		return setFile{}, verdict.Errorf(verdict.KeyRefused, "%s: is encrypted and cannot be edited", path).
			Hintf("jwt key convert %s --out SET decrypts it", path)
	}
	return setFile{path: path, exists: true, mode: s.Mode, set: s.Set, entries: s.Set.Entries()}, nil
}

// write replaces the file, or makes a new one. A set with private keys gets mode 0600;
// any other keeps its mode.
func (f setFile) write() error {
	mode := privatefile.Public
	if slices.ContainsFunc(f.entries, func(e jwk.Entry) bool { return e.Err == nil && e.Key.IsPrivate() }) {
		mode = privatefile.Private
	} else if f.mode != 0 {
		mode = f.mode
	}
	content := append(render.JSON(f.set.With(f.entries), true), '\n')
	var files privatefile.Files
	if f.exists {
		files.Replace(f.path, content, mode)
	} else {
		files.Add(f.path, content, mode)
	}
	return fileFailure(files.Commit())
}
