package scan

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"jwt/internal/blocks"
	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/scan"
	"jwt/internal/verdict"
	"jwt/internal/worktree"
)

// files are the texts of a scan. One goroutine uses them.
type files struct {
	env        *cli.Env
	args       []string
	all        bool // also what a .gitignore excludes
	keepsBytes bool // the text is written again: no other encoding is read

	opened, binary int
	failures       []error
}

// sniffed is how many bytes of a file say whether it is binary, as for git.
const sniffed = 8000

// texts returns the texts, each of which is closed when the next is asked for.
func (f *files) texts() iter.Seq[blocks.Text] {
	return func(yield func(blocks.Text) bool) {
		for _, arg := range f.args {
			if !f.argument(arg, yield) {
				return
			}
		}
	}
}

func (f *files) argument(arg string, yield func(blocks.Text) bool) bool {
	if input.IsStdin(arg) {
		return f.text("", f.env.Stdin, false, yield)
	}
	info, err := os.Stat(arg)
	if path, isAt := strings.CutPrefix(arg, "@"); err != nil && isAt { // as other commands have it
		if other, statErr := os.Stat(path); statErr == nil {
			arg, info, err = path, other, nil
		}
	}
	switch {
	case err != nil:
		f.fail(err)
		return true
	case !info.IsDir():
		return f.file(arg, false, yield)
	}
	for name := range worktree.Files(arg, worktree.Options{All: f.all, Failed: f.fail}) {
		if !f.file(name, true, yield) {
			return false
		}
	}
	return true
}

// file passes on the text of a file. One that was not named is passed over if it is binary.
func (f *files) file(name string, listed bool, yield func(blocks.Text) bool) bool {
	file, err := os.Open(name)
	if err != nil {
		f.fail(err)
		return true
	}
	defer file.Close()
	return f.text(name, file, listed, yield)
}

func (f *files) text(name string, r io.Reader, listed bool, yield func(blocks.Text) bool) bool {
	b := bufio.NewReaderSize(r, sniffed)
	start, _ := b.Peek(2) // an error comes again with the next read
	zipped := string(start) == "\x1f\x8b"
	if zipped {
		plain, err := gzip.NewReader(b)
		if err != nil {
			f.fail(&fs.PathError{Op: "gunzip", Path: name, Err: err})
			return true
		}
		b = bufio.NewReaderSize(plain, sniffed)
	}
	text := scan.NewReader(b)
	if text != io.Reader(b) && f.keepsBytes {
		f.fail(verdict.Errorf(verdict.Malformed, "%s: is UTF-16, of which only the plain text can be masked: convert it first (iconv -t utf-8)", nameOfText(name)))
		return true
	}
	source := &origin{name: name}
	whole := blocks.Text{Reader: text, Source: source}
	switch start := sniff(b); {
	case text != io.Reader(b):
	case listed && bytes.IndexByte(start, 0) >= 0:
		f.binary++
		return true
	case !f.keepsBytes && scan.IsHAR(start):
		whole.Reader = source.readHAR(b)
	case !zipped:
		whole.Reader = atAnyOffset(r, b)
	}
	f.opened++
	return yield(whole)
}

// atAnyOffset returns the text of a large file so that several workers can read it. Any other text is
// in b, which has the first bytes of r.
func atAnyOffset(r io.Reader, b *bufio.Reader) io.Reader {
	file, isFile := r.(*os.File)
	if !isFile {
		return b
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() < blocks.Large {
		return b
	}
	read, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return b
	}
	_, _ = file.Seek(0, io.SeekEnd) // for the next program, if the file is stdin
	at := read - int64(b.Buffered())
	return io.NewSectionReader(file, at, max(0, info.Size()-at))
}

// sniff returns what the first read of a text gives. It does not wait for more, which a pipe may
// not have yet.
func sniff(b *bufio.Reader) []byte {
	_, _ = b.Peek(1) // an error comes again with the next read
	start, _ := b.Peek(b.Buffered())
	return start
}

// An origin is what a text was read from.
type origin struct {
	name     string // "" for stdin
	requests scan.Requests
}

// maxHAR is the largest size of an HTTP archive whose requests are named. It is held in memory.
const maxHAR = 64 << 20

// readHAR reads the requests of an archive, and returns all of its text.
func (s *origin) readHAR(r io.Reader) io.Reader {
	text, err := io.ReadAll(io.LimitReader(r, maxHAR)) // an error comes again with the next read
	if err == nil && len(text) < maxHAR {
		s.requests = scan.ReadHAR(text)
	}
	return io.MultiReader(bytes.NewReader(text), r)
}

// nameOfText names a text in messages.
func nameOfText(name string) string {
	if name == "" {
		return "stdin"
	}
	return name
}

// fail notes that a file cannot be read. The others are read anyway.
func (f *files) fail(err error) {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = verdict.Errorf(verdict.IO, "%s: %w", filepath.ToSlash(path.Path), path.Err)
	}
	f.failures = append(f.failures, err)
}
