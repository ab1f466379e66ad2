package input

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/verdict"
)

// stdin returns a Reader whose standard input is a pipe with this text.
func stdin(text string) *Reader {
	env := map[string]string{"KEY": "from env\n", "EMPTY": "", "CRLF": "from env\r\n"}
	return &Reader{
		Stdin:     strings.NewReader(text),
		LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	}
}

// terminal returns a Reader whose standard input is a terminal, at which a user types.
func terminal(typed string) *Reader {
	r := stdin("")
	r.Stdin = iotest.ErrReader(errors.New("read from the terminal"))
	r.StdinTTY = true
	r.Prompt = func(string) ([]byte, error) { return []byte(typed), nil }
	return r
}

func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // independent of the umask
		t.Fatal(err)
	}
	return path
}

// On Windows a file has no modes, and errors other words.
var (
	notFound, isDirectory = syscall.ENOENT.Error(), syscall.EISDIR.Error()
	modesHere             = cmp.FilterPath(func(p cmp.Path) bool { return runtime.GOOS == "windows" && p.Last().String() == ".Mode" }, cmp.Ignore())
)

// wantError checks class, message and hint, and that no secret is in them.
func wantError(t *testing.T, err error, class verdict.Class, message, hint string, secrets ...string) {
	t.Helper()
	var e *verdict.Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want %s: %s", err, class, message)
	}
	if e.Class != class || e.Message != message || !strings.Contains(e.Hint, hint) {
		t.Errorf("got  %s: %s (%s)\nwant %s: %s (%s)", e.Class, e.Message, e.Hint, class, message, hint)
	}
	for _, s := range secrets {
		if strings.Contains(e.Message+e.Hint, s) {
			t.Errorf("the error quotes the secret: %s (%s)", e.Message, e.Hint)
		}
	}
}

func TestText(t *testing.T) {
	file := write(t, "token.jwt", "from file\n", 0o600)
	tests := []struct {
		name string
		r    *Reader
		args []string
		want string
	}{
		{"the argument", stdin("from stdin"), []string{"a.b.c"}, "a.b.c"},
		{"a file", stdin("from stdin"), []string{"@" + file}, "from file\n"},
		{"a dash", stdin("from stdin"), []string{"-"}, "from stdin"},
		{"a pipe", stdin("from stdin\n"), nil, "from stdin\n"},
		{"an empty pipe", stdin(""), nil, ""},
		{"an empty argument", stdin("from stdin"), []string{""}, ""},
		{"the name of a file is not its contents", stdin(""), []string{file}, file},
		{"an argument on a terminal", terminal(""), []string{"a.b.c"}, "a.b.c"},
		{"no source but @ and -", stdin(""), []string{"env:KEY"}, "env:KEY"},
	}
	for _, tt := range tests {
		got, err := tt.r.Text(tt.args, "token", 1000)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: got %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
}

func TestTextRefused(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing")
	large := write(t, "large", "123456", 0o600)
	tests := []struct {
		r             *Reader
		args          []string
		class         verdict.Class
		message, hint string
	}{
		{terminal(""), nil, verdict.Usage, "no token given", "through a pipe"},
		{stdin(""), []string{"Bearer", "x"}, verdict.Usage, "got 2 arguments for the token, want one", "quote it"},
		{stdin(""), []string{"@"}, verdict.Usage, "the file name after @ is empty", "@FILE"},
		{stdin(""), []string{"@" + missing}, verdict.IO, missing + ": " + notFound, ""},
		{stdin(""), []string{"@" + dir}, verdict.IO, dir + ": " + isDirectory, ""},
		{stdin(""), []string{"@" + large}, verdict.TooLarge, large + " is larger than 5 bytes", ""},
		{stdin(""), []string{"123456"}, verdict.TooLarge, "the argument is larger than 5 bytes", ""},
		{stdin("123456"), nil, verdict.TooLarge, "stdin is larger than 5 bytes", ""},
		{terminal(""), []string{"-"}, verdict.IO, "stdin: read from the terminal", ""},
	}
	for _, tt := range tests {
		got, err := tt.r.Text(tt.args, "token", 5)
		if got != nil {
			t.Errorf("%q: got %q", tt.args, got)
		}
		wantError(t, err, tt.class, tt.message, tt.hint)
	}
	if got, err := stdin("12345").Text(nil, "token", 5); err != nil || string(got) != "12345" {
		t.Errorf("the limit itself: got %q, %v", got, err)
	}
}

// endless is a text without end that counts the bytes read.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	return len(p), nil
}

func TestReadsStopAtTheLimit(t *testing.T) {
	const limit = 100_000
	reads := map[string]func(*Reader) error{
		"text":   func(r *Reader) error { _, err := r.Text(nil, "token", limit); return err },
		"key":    func(r *Reader) error { _, err := r.Bytes("-", "the key", limit); return err },
		"secret": func(r *Reader) error { _, _, err := r.Secret("-", limit); return err },
	}
	for name, read := range reads {
		source := &endless{}
		r := stdin("")
		r.Stdin = source
		wantError(t, read(r), verdict.TooLarge, "stdin is larger than 100000 bytes", "")
		if source.read > limit+1 {
			t.Errorf("%s: read %d bytes", name, source.read)
		}
	}
	_, err := stdin("").Bytes("/dev/zero", "the key", limit)
	wantError(t, err, verdict.TooLarge, "/dev/zero is larger than 100000 bytes", "")
}

func TestStdinIsReadOnce(t *testing.T) {
	text := func(r *Reader) error { _, err := r.Text(nil, "token", 100); return err }
	key := func(r *Reader) error { _, err := r.Bytes("-", "the key", 100); return err }
	descriptor := func(r *Reader) error { _, err := r.Bytes("fd:0", "the key", 100); return err }
	secret := func(r *Reader) error { _, _, err := r.Secret("-", 100); return err }
	tests := []struct {
		first, second func(*Reader) error
		message       string
	}{
		{text, key, "the token and the key cannot both come from stdin"},
		{text, descriptor, "the token and the key cannot both come from stdin"},
		{key, text, "the key and the token cannot both come from stdin"},
		{secret, key, "the secret and the key cannot both come from stdin"},
		{key, key, "the key and the key cannot both come from stdin"},
	}
	for _, tt := range tests {
		r := stdin("x")
		if !r.HasText(nil) {
			t.Error("an unread pipe has a text")
		}
		if err := tt.first(r); err != nil {
			t.Fatal(err)
		}
		if r.HasText(nil) {
			t.Error("a pipe that was read still has a text")
		}
		wantError(t, tt.second(r), verdict.Usage, tt.message, "env:NAME")
	}
	if terminal("").HasText(nil) || !terminal("").HasText([]string{"x"}) {
		t.Error("on a terminal there is a text only as an argument")
	}
}

func TestBytes(t *testing.T) {
	private := write(t, "key.pem", "from file\n", 0o600)
	shared := write(t, "{}.pem", "from file\n", 0o644)
	long := write(t, strings.Repeat("key", 60), "from file\n", 0o600)
	tests := []struct {
		source string
		want   Source
	}{
		{private, Source{Data: []byte("from file\n"), Name: private, Mode: 0o600}},
		{"@" + private, Source{Data: []byte("from file\n"), Name: private, Mode: 0o600}},
		{shared, Source{Data: []byte("from file\n"), Name: shared, Mode: 0o644}},
		{long, Source{Data: []byte("from file\n"), Name: long, Mode: 0o600}},
		{"-", Source{Data: []byte("from stdin\n"), Name: "stdin"}},
		{"fd:0", Source{Data: []byte("from stdin\n"), Name: "fd:0"}},
		{"env:KEY", Source{Data: []byte("from env\n"), Name: "env:KEY"}},
		{"env:EMPTY", Source{Data: []byte{}, Name: "env:EMPTY"}},
		{`{"kty":"oct"}`, Source{Data: []byte(`{"kty":"oct"}`), Name: "the command line"}},
		{"\n {}", Source{Data: []byte("\n {}"), Name: "the command line"}},
		{"-----BEGIN PUBLIC KEY-----\n", Source{Data: []byte("-----BEGIN PUBLIC KEY-----\n"), Name: "the command line"}},
	}
	for _, tt := range tests {
		got, err := stdin("from stdin\n").Bytes(tt.source, "the key", 1000)
		if err != nil {
			t.Errorf("%q: %v", tt.source, err)
		}
		if diff := cmp.Diff(tt.want, got, modesHere); diff != "" {
			t.Errorf("%q (-want +got)\n%s", tt.source, diff)
		}
	}
}

func TestBytesRefused(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing.pem")
	base64Key := strings.Repeat("MIGHAgEA/MBMG+", 10)
	tests := []struct {
		source        string
		class         verdict.Class
		message, hint string
	}{
		{"", verdict.Usage, "the source of the key is empty", "variable"},
		{" \n", verdict.Usage, "the source of the key is empty", "variable"},
		{"@", verdict.Usage, "the file name after @ is empty", "@FILE"},
		{"-x", verdict.Usage, `"-x" is not a source of the key`, "@-x"},
		{"@" + missing, verdict.KeyUnreadable, missing + ": " + notFound, ""},
		{"missing.pem", verdict.KeyUnreadable, "missing.pem: " + notFound, "is the path right? ls ."},
		{dir, verdict.KeyUnreadable, dir + ": " + isDirectory, ""},
		{"env:UNSET", verdict.KeyUnreadable, "env:UNSET is not set", "export UNSET="},
		{"env:", verdict.Usage, "the name after env: is empty", "env:NAME"},
		{"fd:x", verdict.Usage, "fd:x is not a descriptor to read from", "fd:3"},
		{"fd:-1", verdict.Usage, "fd:-1 is not a descriptor to read from", "fd:3"},
		{"fd:1", verdict.Usage, "fd:1 is not a descriptor to read from", "fd:3"},
		{"fd:2", verdict.Usage, "fd:2 is not a descriptor to read from", "fd:3"},
		{"fd:99999999999", verdict.Usage, "fd:99999999999 is not a descriptor to read from", "fd:3"},
		{"{" + strings.Repeat(" ", 1000) + "}", verdict.TooLarge, "the key is larger than 1000 bytes", ""},
		{base64Key, verdict.KeyUnreadable, "the source of the key is not a file; it looks like the Base64 of a DER key or certificate", "--key FILE or env:NAME"},
		{"ssh-rsa", verdict.KeyUnreadable, "the source of the key is neither a key nor the name of a file that exists", "a key is a file"},
		{"hunter2", verdict.KeyUnreadable, "the source of the key is neither a key nor the name of a file that exists", "a key is a file"},
		{"hunter2/hunter2==", verdict.KeyUnreadable, "the source of the key is neither a key nor the name of a file that exists", "a key is a file"},
		{"./missing", verdict.KeyUnreadable, "./missing: " + notFound, "is the path right? ls ."},
		{"hunter2\nhunter2", verdict.KeyUnreadable, "the source of the key is neither a key nor the name of a file", "--secret"},
		{"---- BEGIN SSH2\nhunter2", verdict.KeyUnreadable, "the source of the key is neither a key nor the name of a file", "--secret"},
	}
	for _, tt := range tests {
		got, err := stdin("").Bytes(tt.source, "the key", 1000)
		if got.Data != nil {
			t.Errorf("%q: got %q", tt.source, got.Data)
		}
		wantError(t, err, tt.class, tt.message, tt.hint, "MIGH", "hunter2")
	}
}

func TestSecret(t *testing.T) {
	file := write(t, "secret.txt", "from file\n", 0o600)
	windows := write(t, "secret.txt", "from file\r\n", 0o640)
	twice := write(t, "secret.txt", "from file\n\n", 0o600)
	tests := []struct {
		r       *Reader
		source  string
		want    Source
		literal bool
	}{
		{stdin(""), "hunter2", Source{Data: []byte("hunter2"), Name: "the command line"}, true},
		{stdin(""), "hunter2\n", Source{Data: []byte("hunter2\n"), Name: "the command line"}, true},
		{stdin(""), "a:b", Source{Data: []byte("a:b"), Name: "the command line"}, true},
		{stdin(""), "HEX:00", Source{Data: []byte("HEX:00"), Name: "the command line"}, true},
		{stdin(""), file, Source{Data: []byte(file), Name: "the command line"}, true},
		{stdin(""), "@" + file, Source{Data: []byte("from file"), Name: file, Mode: 0o600, Trimmed: "\n"}, false},
		{stdin(""), "@" + windows, Source{Data: []byte("from file"), Name: windows, Mode: 0o640, Trimmed: "\r\n"}, false},
		{stdin(""), "@" + twice, Source{Data: []byte("from file\n"), Name: twice, Mode: 0o600, Trimmed: "\n"}, false},
		{stdin(""), "raw:" + file, Source{Data: []byte("from file\n"), Name: file, Mode: 0o600}, false},
		{stdin(""), "env:KEY", Source{Data: []byte("from env"), Name: "env:KEY", Trimmed: "\n"}, false},
		{stdin(""), "env:CRLF", Source{Data: []byte("from env"), Name: "env:CRLF", Trimmed: "\r\n"}, false},
		{stdin("from stdin\n"), "-", Source{Data: []byte("from stdin"), Name: "stdin", Trimmed: "\n"}, false},
		{stdin("from stdin\r"), "fd:0", Source{Data: []byte("from stdin\r"), Name: "fd:0"}, false},
		{terminal("typed"), "-", Source{Data: []byte("typed"), Name: "the prompt"}, false},
		{stdin(""), "hex:00fF0a", Source{Data: []byte("\x00\xff\n"), Name: "the command line"}, true},
		{stdin(""), "b64:+/8K", Source{Data: []byte("\xfb\xff\n"), Name: "the command line"}, true},
		{stdin(""), "b64:AA==", Source{Data: []byte("\x00"), Name: "the command line"}, true},
		{stdin(""), "b64:AA", Source{Data: []byte("\x00"), Name: "the command line"}, true},
		{stdin(""), "b64url:-_8K", Source{Data: []byte("\xfb\xff\n"), Name: "the command line"}, true},
		{stdin(""), "b64url:AA==", Source{Data: []byte("\x00"), Name: "the command line"}, true},
	}
	for _, tt := range tests {
		got, literal, err := tt.r.Secret(tt.source, 1000)
		if err != nil || literal != tt.literal {
			t.Errorf("%q: literal %v, %v", tt.source, literal, err)
		}
		if diff := cmp.Diff(tt.want, got, modesHere); diff != "" {
			t.Errorf("%q (-want +got)\n%s", tt.source, diff)
		}
	}
}

func TestSecretRefused(t *testing.T) {
	empty := write(t, "empty", "", 0o600)
	newline := write(t, "newline", "\n", 0o600)
	missing := filepath.Join(t.TempDir(), "missing")
	const isEmpty = "the secret is empty"
	noPrompt := terminal("")
	noPrompt.Prompt = nil
	broken := terminal("")
	broken.Prompt = func(string) ([]byte, error) { return nil, io.ErrUnexpectedEOF }
	tests := []struct {
		r       *Reader
		source  string
		class   verdict.Class
		message string
	}{
		{stdin(""), "", verdict.KeyRefused, isEmpty},
		{stdin(""), "@" + empty, verdict.KeyRefused, "the secret from " + empty + " is empty"},
		{stdin(""), "@" + newline, verdict.KeyRefused, "the secret from " + newline + " is empty"},
		{stdin(""), "raw:" + empty, verdict.KeyRefused, "the secret from " + empty + " is empty"},
		{stdin(""), "env:EMPTY", verdict.KeyRefused, "the secret from env:EMPTY is empty: the variable is set, but to nothing"},
		{stdin(""), "hex:", verdict.KeyRefused, isEmpty},
		{stdin(""), "b64:", verdict.KeyRefused, isEmpty},
		{stdin(""), "b64url:", verdict.KeyRefused, isEmpty},
		{stdin(""), "-", verdict.KeyRefused, "the secret from stdin is empty"},
		{stdin("\r\n"), "-", verdict.KeyRefused, "the secret from stdin is empty"},
		{terminal(""), "-", verdict.KeyRefused, isEmpty},
		{noPrompt, "-", verdict.Usage, "cannot ask for the secret without a terminal"},
		{broken, "-", verdict.KeyUnreadable, "the prompt for the secret: unexpected EOF"},
		{stdin(""), "@", verdict.Usage, "the file name of the secret is empty"},
		{stdin(""), "raw:", verdict.Usage, "the file name of the secret is empty"},
		{stdin(""), "@" + missing, verdict.KeyUnreadable, missing + ": " + notFound},
		{stdin(""), "env:UNSET", verdict.KeyUnreadable, "env:UNSET is not set"},
		{stdin(""), "hex:hunter2", verdict.KeyUnreadable, "the secret after hex: is not hexadecimal"},
		{stdin(""), "hex:abc", verdict.KeyUnreadable, "the secret after hex: is not hexadecimal"},
		{stdin(""), "b64:hunter2!", verdict.KeyUnreadable, "the secret after b64: is not Base64 (with + and /)"},
		{stdin(""), "b64:-_8K", verdict.KeyUnreadable, "the secret after b64: is not Base64 (with + and /)"},
		{stdin(""), "b64:AA=", verdict.KeyUnreadable, "the secret after b64: is not Base64 (with + and /)"},
		{stdin(""), "b64:AA===", verdict.KeyUnreadable, "the secret after b64: is not Base64 (with + and /)"},
		{stdin(""), "b64:AB", verdict.KeyUnreadable, "the secret after b64: is not Base64 (with + and /)"},
		{stdin(""), "b64:AA\n", verdict.KeyUnreadable, "the secret after b64: is not Base64 (with + and /)"},
		{stdin(""), "b64url:+/8K", verdict.KeyUnreadable, "the secret after b64url: is not base64url (with - and _)"},
		{stdin(""), strings.Repeat("hunter2", 100), verdict.TooLarge, "the secret is larger than 100 bytes"},
		{stdin(""), "hex:" + strings.Repeat("00", 101), verdict.TooLarge, "the secret is larger than 100 bytes"},
	}
	for _, tt := range tests {
		got, _, err := tt.r.Secret(tt.source, 100)
		if got.Data != nil {
			t.Errorf("%q: got %q", tt.source, got.Data)
		}
		wantError(t, err, tt.class, tt.message, "", "hunter2", "-_8K", "+/8K")
	}
}

func TestOpenText(t *testing.T) {
	file := write(t, "tokens.txt", "a\nb\n", 0o600)
	for _, tt := range []struct{ arg, name, want string }{
		{"@" + file, file, "a\nb\n"}, {"-", "stdin", "from stdin"}, {"a.b.c", "", "a.b.c"},
	} {
		f, name, err := stdin("from stdin").OpenText([]string{tt.arg}, "the tokens")
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(f)
		if err != nil || string(got) != tt.want || name != tt.name {
			t.Errorf("%s: got %q from %q, %v", tt.arg, got, name, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if f, _, err := stdin("").OpenText([]string{"@/missing/file"}, "the tokens"); f != nil || err == nil {
		t.Errorf("got %v, %v", f, err)
	}
}
