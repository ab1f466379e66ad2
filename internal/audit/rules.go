package audit

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"sync"
)

// A variant makes guesses of a word. It reuses buf and calls try until that returns true.
type variant struct {
	name string
	make func(buf, word []byte, try func([]byte) bool) bool
}

// endings lists what people append to a word: every number of one or two digits, years, and
// sequences.
var endings = sync.OnceValue(func() []string {
	var list []string
	for n := range 10 {
		list = append(list, strconv.Itoa(n))
	}
	for n := range 100 {
		list = append(list, string([]byte{'0' + byte(n/10), '0' + byte(n%10)}))
	}
	for year := 1990; year <= 2030; year++ {
		list = append(list, strconv.Itoa(year))
	}
	return append(list, "123", "1234", "12345", "123456", "321", "000", "007", "!", "!!", "1!", "123!", "@", "#", ".", "?")
})

// variants lists the rules, in the order in which they are tried.
var variants = []variant{
	{"lower case", func(buf, word []byte, try func([]byte) bool) bool {
		return changed(bytes.ToLower(word), word, try)
	}},
	{"upper case", func(buf, word []byte, try func([]byte) bool) bool {
		return changed(bytes.ToUpper(word), word, try)
	}},
	{"first letter in upper case", func(buf, word []byte, try func([]byte) bool) bool {
		if len(word) == 0 {
			return false
		}
		return changed(append(bytes.ToUpper(word[:1]), bytes.ToLower(word[1:])...), word, try)
	}},
	{"with an ending", func(buf, word []byte, try func([]byte) bool) bool {
		for _, ending := range endings() {
			if buf = append(append(buf[:0], word...), ending...); try(buf) {
				return true
			}
		}
		return false
	}},
	{"first letter in upper case, with an ending", func(buf, word []byte, try func([]byte) bool) bool {
		if len(word) == 0 || word[0] < 'a' || word[0] > 'z' {
			return false
		}
		for _, ending := range endings() {
			buf = append(append(buf[:0], word...), ending...)
			buf[0] -= 'a' - 'A'
			if try(buf) {
				return true
			}
		}
		return false
	}},
	{"encoded in Base64", func(buf, word []byte, try func([]byte) bool) bool {
		return try(base64.StdEncoding.AppendEncode(buf[:0], word))
	}},
	{"decoded from Base64", func(buf, word []byte, try func([]byte) bool) bool {
		b, err := base64.StdEncoding.AppendDecode(buf[:0], word)
		return err == nil && len(b) > 0 && try(b)
	}},
	{"decoded from hexadecimal", func(buf, word []byte, try func([]byte) bool) bool {
		b, err := hex.AppendDecode(buf[:0], word)
		return err == nil && len(b) > 0 && try(b)
	}},
}

// changed tries a guess unless it is the word itself.
func changed(guess, word []byte, try func([]byte) bool) bool {
	return !bytes.Equal(guess, word) && try(guess)
}
