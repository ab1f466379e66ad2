// Package tokensource reads the token of a command line: an argument, @FILE or standard input, alone
// or inside other text.
package tokensource

import (
	"errors"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"jwt/internal/jws"
	"jwt/internal/verdict"
)

// Options are the flags that say how a command reads its token.
type Options struct {
	Field   string // "" for the token that a text is about
	MaxSize int    // bytes of the token
	flags   *pflag.FlagSet
}

// AddFlags adds the flags.
func (o *Options) AddFlags(f *pflag.FlagSet) {
	o.flags = f
	o.MaxSize = jws.MaxTokenBytes
	f.Var((*fieldName)(&o.Field), "field", "read the token from the member, cookie, header or parameter `NAME`")
	f.Var((*byteSize)(&o.MaxSize), "max-token-size", "refuse a token of more than this many `BYTES`")
}

// A fieldName is the value of --field. It is never empty, so that an unset variable is an
// error.
type fieldName string

func (n *fieldName) String() string { return string(*n) }
func (n *fieldName) Type() string   { return "string" }

func (n *fieldName) Set(s string) error {
	if s == "" {
		return errors.New("a name is required")
	}
	*n = fieldName(s)
	return nil
}

// A byteSize is a number of bytes, with an optional unit.
type byteSize int

func (n *byteSize) String() string { return strconv.Itoa(int(*n)) }
func (n *byteSize) Type() string   { return "int" }

func (n *byteSize) Set(s string) error {
	digits, unit := s, 1
	for _, u := range [...]struct {
		suffix string
		bytes  int
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"KB", 1e3}, {"MB", 1e6}, {"k", 1 << 10}, {"K", 1 << 10}, {"M", 1 << 20}} {
		if number, ok := strings.CutSuffix(s, u.suffix); ok {
			digits, unit = number, u.bytes
			break
		}
	}
	const most = 1 << 40 // Check has the real limit
	size, err := strconv.Atoi(digits)
	if err != nil || size > most/unit || size < -most {
		return errors.New("a number of bytes is required, optionally with KiB, MiB, KB or MB")
	}
	*n = byteSize(size * unit)
	return nil
}

// Check refuses a size out of range.
func (o Options) Check() error {
	const most = 1 << 30
	if o.MaxSize < 1 || o.MaxSize > most {
		return verdict.Errorf(verdict.Usage, "--max-token-size: is %d, must be from 1 to %d bytes", o.MaxSize, most)
	}
	return nil
}

// MaxText returns how many bytes a text with one token may have: the token, and what is around it,
// as in "Authorization: Bearer ".
func (o Options) MaxText() int {
	const around = 4096
	return o.MaxSize + around
}

// tooLarge returns the error of an input that is too large.
func (o Options) tooLarge() error {
	return verdict.Errorf(verdict.TooLarge, "the input is too large for a token of at most %d bytes", o.MaxSize).
		Hintf("--max-token-size BYTES allows more")
}

// CheckSize refuses a token that is too large.
func (o Options) CheckSize(token string) error {
	if len(token) > o.MaxSize {
		return verdict.Errorf(verdict.TooLarge, "the token has %d bytes, the limit is %d", len(token), o.MaxSize).
			Hintf("--max-token-size %d", len(token))
	}
	return nil
}
