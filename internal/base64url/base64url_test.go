package base64url

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecode(t *testing.T) {
	tests := []struct {
		text string
		want any // []byte or *Error
	}{
		{"", []byte{}},
		{"AA", []byte{0}},
		{"AAE", []byte{0, 1}},
		{"__-_", []byte{0xff, 0xff, 0xbf}},
		{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", []byte("\x00\x10\x83\x10Q\x87 \x92\x8b0\xd3\x8fA\x14\x93QU\x97a\x96\x9bq\xd7\x9f\x82\x18\xa3\x92Y\xa7\xa2\x9a\xab\xb2\xdb\xaf\xc3\x1c\xb3\xd3]\xb7\xe3\x9e\xbb\xf3\xdf\xbf")},
		{"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9", []byte("{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}")}, // RFC 7515 App. A.1

		{"AA==", &Error{Padding, 2, '='}},
		{"A+A", &Error{Standard, 1, '+'}},
		{"/AAA", &Error{Standard, 0, '/'}},
		{"AA AA", &Error{Space, 2, ' '}},
		{"AAAA\n", &Error{Space, 4, '\n'}},
		{"AAAAAAAAAA\nAAAAAA", &Error{Space, 10, '\n'}},
		{"AAAAAAAAAAAAAAAAAAA\n\n\n\n", &Error{Space, 19, '\n'}},
		{"AAAAAAAAAAA+AAAAAAAA", &Error{Standard, 11, '+'}},
		{"AAAAAAAAAAAAAAAAAAAAAAAAAA=", &Error{Padding, 26, '='}},
		{"A\rAA", &Error{Space, 1, '\r'}},
		{"AA\tAA", &Error{Space, 2, '\t'}},
		{"AA\x00A", &Error{Alphabet, 2, 0}},
		{"AA.A", &Error{Alphabet, 2, '.'}},
		{"AA\xffA", &Error{Alphabet, 2, 0xff}},
		{"AA\vA", &Error{Alphabet, 2, '\v'}},
		{"A", &Error{Length, 1, 0}},
		{"AAAAA", &Error{Length, 5, 0}},
		{"AB", &Error{SpareBits, 1, 'B'}},
		{"AAB", &Error{SpareBits, 2, 'B'}},
	}
	for _, tt := range tests {
		got, err := Decode(tt.text)
		if want, ok := tt.want.([]byte); ok {
			if d := cmp.Diff(want, got); d != "" || err != nil {
				t.Errorf("Decode(%q): %v\n%s", tt.text, err, d)
			}
			continue
		}
		var e *Error
		if !errors.As(err, &e) || got != nil {
			t.Errorf("Decode(%q) = %q, %v, want an *Error", tt.text, got, err)
			continue
		}
		if d := cmp.Diff(tt.want, e); d != "" {
			t.Errorf("Decode(%q):\n%s", tt.text, d)
		}
		if e.Error() == "" {
			t.Errorf("Decode(%q) fails without a word", tt.text)
		}
	}
}

func TestDecodeLax(t *testing.T) {
	tests := []struct {
		text   string
		want   []byte
		faults []Fault
	}{
		{"AAE", []byte{0, 1}, nil},
		{"AAE=", []byte{0, 1}, []Fault{Padding}},
		{"+/-_", []byte{0xfb, 0xff, 0xbf}, []Fault{Standard}},
		{" A\r\nAE= ", []byte{0, 1}, []Fault{Space, Padding}},
		{"AAF", []byte{0, 1}, []Fault{SpareBits}},
		{"", []byte{}, nil},
	}
	for _, tt := range tests {
		got, faults, err := DecodeLax(tt.text)
		if err != nil || !bytes.Equal(got, tt.want) {
			t.Errorf("DecodeLax(%q) = %x, %v", tt.text, got, err)
		}
		if d := cmp.Diff(tt.faults, faults); d != "" {
			t.Errorf("faults of %q:\n%s", tt.text, d)
		}
	}
	for text, fault := range map[string]Fault{"A": Length, "A=": Length, "AA\x00": Alphabet, "AA.": Alphabet} {
		got, _, err := DecodeLax(text)
		var e *Error
		if !errors.As(err, &e) || e.Fault != fault || got != nil {
			t.Errorf("DecodeLax(%q) = %x, %v, want %s", text, got, err, fault)
		}
	}
}

// FuzzDecode: Decode takes exactly the texts that Encode writes, and DecodeLax
// takes those too, with the same bytes and nothing to complain of.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "AA", "AB", "AA==", "A+/_", "AA\nAA", "A", "____", "AA\xc3\xa9", "abcdefgh01234567-_", "abcdefgh0123456!7-_AAAAA", "AAAAAAAAAAAA\nAAAA"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b, err := Decode(text)
		lax, faults, laxErr := DecodeLax(text)
		if err != nil {
			if laxErr == nil && len(faults) == 0 {
				t.Fatalf("DecodeLax(%q) sees no fault, Decode says %v", text, err)
			}
			if laxErr == nil && Encode(lax) == text {
				t.Fatalf("Decode(%q) refuses what Encode writes: %v", text, err)
			}
			return
		}
		if Encode(b) != text || string(AppendEncode(nil, b)) != text {
			t.Fatalf("%q decodes to %x, which is spelled %q", text, b, Encode(b))
		}
		if laxErr != nil || len(faults) > 0 || !bytes.Equal(b, lax) {
			t.Fatalf("DecodeLax(%q) = %x, %v, %v, want %x", text, lax, faults, laxErr, b)
		}
	})
}

// FuzzEncode: every byte string has a spelling that decodes to it.
func FuzzEncode(f *testing.F) {
	f.Add([]byte{0xff, 0xfe, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		text := Encode(b)
		for i := range len(text) {
			if !Is(text[i]) {
				t.Fatalf("Encode(%x) = %q", b, text)
			}
		}
		if got, err := Decode(text); err != nil || !bytes.Equal(got, b) {
			t.Fatalf("Decode(Encode(%x)) = %x, %v", b, got, err)
		}
	})
}
