package verdict

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestErrorfUnwraps(t *testing.T) {
	inner := Errorf(KeyUnreadable, "no key in it: %w", io.ErrUnexpectedEOF).Hintf("try %s", "another")
	tests := []struct {
		err     *Error
		message string
		causes  []error
		not     []error
	}{
		{Errorf(Usage, "plain"), "plain", nil, []error{io.EOF}},
		{Errorf(IO, "reading: %w", io.EOF), "reading: EOF", []error{io.EOF}, []error{fs.ErrNotExist}},
		{Errorf(IO, "reading: %v", io.EOF), "reading: EOF", nil, []error{io.EOF}},
		{Errorf(IO, "%w, then %w", io.EOF, fs.ErrNotExist), "EOF, then file does not exist", []error{io.EOF, fs.ErrNotExist}, nil},
		{Errorf(Usage, "k.pem: %w", inner), "k.pem: no key in it: unexpected EOF", []error{inner, io.ErrUnexpectedEOF}, []error{io.EOF}},
	}
	for _, tt := range tests {
		if tt.err.Error() != tt.message {
			t.Errorf("message %q, want %q", tt.err.Error(), tt.message)
		}
		for _, c := range tt.causes {
			if !errors.Is(tt.err, c) {
				t.Errorf("%q is not %q", tt.err, c)
			}
		}
		for _, c := range tt.not {
			if errors.Is(tt.err, c) {
				t.Errorf("%q is %q", tt.err, c)
			}
		}
	}
}

func TestClassOf(t *testing.T) {
	refused := Errorf(AlgRefused, "alg: refused")
	tests := []struct {
		err  error
		want Class
	}{
		{nil, ""},
		{io.EOF, Internal},
		{refused, AlgRefused},
		{fmt.Errorf("line 3: %w", refused), AlgRefused},
		{Errorf(Malformed, "header: %w", refused), Malformed}, // the outermost decides
		{errors.Join(io.EOF, refused), AlgRefused},
	}
	for _, tt := range tests {
		if got := ClassOf(tt.err); got != tt.want {
			t.Errorf("ClassOf(%v) = %q, want %q", tt.err, got, tt.want)
		}
	}
}

func TestFailed(t *testing.T) {
	got := Failed("alg", fmt.Errorf("token 2: %w", Errorf(AlgRefused, "alg: is none").Hintf("sign it")))
	want := Check{Name: "alg", Status: Fail, Class: AlgRefused, Detail: "token 2: alg: is none", Hint: "sign it"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	got = Failed("key", io.EOF)
	want = Check{Name: "key", Status: Fail, Class: Internal, Detail: "EOF"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestGravest(t *testing.T) {
	fail := func(classes ...Class) []Check {
		checks := []Check{{Name: "claims", Status: Pass}}
		for _, c := range classes {
			checks = append(checks, Check{Status: Fail, Class: c})
		}
		return checks
	}
	for _, test := range []struct {
		checks []Check
		want   Class
	}{
		{nil, ""},
		{fail(), ""},
		{[]Check{{Status: Warn, Class: AudUnchecked}, {Status: Skip}}, ""},
		{fail(Expired), Expired},
		{fail(Expired, NotYetValid), Expired},
		{fail(Expired, AudMismatch, MissingClaim), AudMismatch},
		{fail(Expired, AudMismatch, ClaimsMalformed), ClaimsMalformed},
		{fail(AudMismatch, Malformed, ClaimsMalformed), Malformed},
		{fail(AudUnchecked, Expired), Expired},
		{fail(AudUnchecked), AudUnchecked},
		{fail(Expired, SignatureInvalid), SignatureInvalid},
	} {
		var got Class
		if c := Gravest(test.checks); c != nil {
			got = c.Class
		}
		if got != test.want {
			t.Errorf("%+v: %q, want %q", test.checks, got, test.want)
		}
	}
}
