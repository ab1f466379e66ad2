package scan

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/blocks"
)

var (
	spaced  = encode("{ \"alg\": \"HS256\" }") + "." + encode("{ \"a\": 1 }") + token[strings.LastIndex(token, "."):]
	broken  = encode("{\n\t\"alg\":\"HS256\"}") + "." + encode("{\"a\":1}") + token[strings.LastIndex(token, "."):]
	rsa     = encode(`{"alg":"RS256"}`) + ".e30." + strings.Repeat("abcdefghij_-KLMNOP", 19)
	ofJWTio = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
)

// search returns the tokens of a text, which Run may cut into blocks.
func search(text string) []Match {
	var s Searcher
	return s.Append(nil, []byte(text), 0)
}

func tokensOf(matches []Match) (tokens []string) {
	for _, m := range matches {
		tokens = append(tokens, string(m.Token))
	}
	return tokens
}

// TestSearch: tokens are found whatever surrounds them, with the name of their value.
func TestSearch(t *testing.T) {
	std := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, c := range []struct {
		name, text string
		tokens     []string
		in         string // the name of the first
	}{
		{"alone", token, []string{token}, ""},
		{"header", "Authorization: Bearer TOKEN", []string{token}, "Authorization"},
		{"cookie", "Cookie: a=b; session=TOKEN; c=d", []string{token}, "session"},
		{"query", "GET /?access_token=TOKEN&x=OTHER HTTP/1.1", []string{token, second}, "access_token"},
		{"JSON", `{"access_token":"TOKEN","b":["OTHER"]}`, []string{token, second}, "access_token"},
		{"JSON in JSON", `{"body":"{\"access_token\":\"TOKEN\"}"}`, []string{token}, "access_token"},
		{"HAR", `{"name": "Authorization", "value": "Bearer TOKEN"}`, []string{token}, "Authorization"},
		{"percent-encoding", "u=https%3A%2F%2Fx%3Ftoken%3DTOKEN%26a", []string{token}, "token"},
		{"glued before", "abcTOKEN", []string{token}, ""},
		{"glued behind", "TOKENabc.d", []string{token}, ""},
		{"glued tokens", "TOKENOTHERTOKEN", []string{token, second, token}, ""},
		{"glued to RSA", rsa + token, []string{rsa, token}, ""},
		{"RSA of an unusual size", rsa + "abc", []string{rsa + "abc"}, ""},
		{"full stop", "It is TOKEN. Or (TOKEN).", []string{token, token}, ""},
		{"signed cookie", "c=s%3ATOKEN.x8%2Fy", []string{token}, "c"},
		{"unsecured", "a=" + unsigned + " b", []string{unsigned}, "a"},
		{"encrypted", "a " + sealed + ".", []string{sealed}, ""},
		{"unknown algorithm", "UNSURE", []string{unsure}, ""},
		{"blanks in the header", spaced + " " + broken, []string{spaced, broken}, ""},
		{"SD-JWT", "x " + presented + ", " + disclosing + "x", []string{presented, disclosing}, ""},
		{"GitHub", "ghs_123456_TOKEN", []string{token}, ""},
		{"colour", "\x1b[32mTOKEN\x1b[0m", []string{token}, ""},
		{"Base64", "token: " + std(token), []string{token}, "token"},
		{"Basic", "Authorization: Basic " + std("user:"+token), []string{token}, "Authorization"},
		{"Base64 at every place", std("a"+token) + " " + std("ab"+token) + " " + std("abc"+token), []string{token, token, token}, ""},
		{"Base64 of JSON", std(`{"access_token":"` + token + `","id_token":"` + second + `"}`), []string{token, second}, "access_token"},
		{"wrapped", "a: " + wrap(token, 64, "\n") + "\nb " + wrap(second, 76, "\r\n> ") + "\r\n> x", []string{token, second}, "a"},
		{"wrapped YAML", "token: >-\n  " + wrap(sealed, 40, "\n  ") + "\nkind: x\n", []string{sealed}, ""},
		{"wrapped in its signature", "a=" + wrap(token, len(token)-4, "\\\n") + "\n", []string{token}, "a"},
		{"not wrapped", token[:64] + "\n\n" + token[64:], nil, ""},
		{"placeholders", "eyJhbGciOiJIUzI1NiJ9.eyJ… <token> eyJhbGciOi... Bearer xxx", nil, ""},
		{"no header", encode(`{"a":1}`) + ".e30.AAAA " + encode(`{"alg":1}`) + ".e30.AAAA a.b.c", nil, ""},
		{"detached", encode(`{"alg":"HS256"}`) + ".." + strings.Repeat("a", 43), nil, ""},
		{"two parts", token[:strings.LastIndex(token, ".")], nil, ""},
		{"Flask", encode(`{"user":"alice"}`) + ".XxYyZg." + strings.Repeat("A", 27), nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := expand(c.text)
			matches := search(text)
			if diff := cmp.Diff(c.tokens, tokensOf(matches)); diff != "" {
				t.Fatalf("%s (-want +got)\n%s", text, diff)
			}
			if len(matches) > 0 && matches[0].Name != c.in {
				t.Errorf("%s: in %q, want %q", c.text, matches[0].Name, c.in)
			}
			for _, m := range matches {
				if !m.Encoded && !m.Wrapped && text[m.Start:m.End] != string(m.Token) {
					t.Errorf("%q is not at %d", m.Token, m.Start)
				}
			}
		})
	}
}

func TestKinds(t *testing.T) {
	head := "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0."
	for _, c := range []struct {
		text string
		kind Kind
	}{
		{token, Whole},
		{unsigned, Whole},
		{sealed, Whole},
		{unsure, Whole},
		{ofJWTio, Example},
		{ofJWTio[:strings.LastIndex(ofJWTio, ".")+1] + strings.Repeat("Ab", 21) + "A", Example},
		{head + "signature", Placeholder},
		{head, Placeholder},
		{head + strings.Repeat("x", 43), Placeholder},
		{token[:len(token)-1], Placeholder},
	} {
		if m := search("a " + c.text + " b"); len(m) != 1 || m[0].Kind != c.kind {
			t.Errorf("%s: %+v, want %s", c.text, m, c.kind)
		}
	}
}

// A source of random text that has no token: words, Base64, JSON and line ends.
func noise(r *rand.Rand) string {
	pieces := []string{" ", "\n", "\r\n", "=", "&", `"`, "'", ".", "..", ",", ":", "/", "%3D", "\\n", "é", "\x1b[0m", "{", "}", "eyJ", "eyJhbGciOi", "ZXlK", "V5S", "leU", "J", "K", "Bearer ", "Cookie: a=", `"token":"`, "word", "aGVsbG8=", "-_-", "\x00", "\xff"}
	var b strings.Builder
	for range r.IntN(30) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

// plant returns noise with tokens in it, which the characters beside them do not lengthen.
func plant(r *rand.Rand) (text string, planted []string) {
	kinds := []string{token, second, unsigned, sealed, rsa, spaced, broken, disclosing, presented, ofJWTio, unsure}
	var b strings.Builder
	for range 1 + r.IntN(5) {
		before := noise(r)
		if strings.HasSuffix(before, ".") || strings.HasSuffix(before, "K") { // more of what may be Base64 or a header
			before += " "
		}
		planted = append(planted, kinds[r.IntN(len(kinds))])
		b.WriteString(before + planted[len(planted)-1] + []string{" ", "\n", `"`, "&", ",", "%26", ""}[r.IntN(6)])
	}
	b.WriteString(noise(r))
	return b.String(), planted
}

// inBlocks reads a text as the command does, in pieces of any size.
func inBlocks(t testing.TB, r io.Reader, do func(*Searcher, *blocks.Block)) (written string, found []string) {
	t.Helper()
	var out strings.Builder
	work := blocks.Work[Searcher]{Workers: 2, Joined: InToken, Held: Unfinished, Do: do, Failed: func(_ any, err error) { t.Error(err) }, Done: func(b *blocks.Block) error {
		out.Write(b.Out)
		tokens, _ := b.Result.([]string)
		found = append(found, tokens...)
		return nil
	}}
	if err := work.Run(t.Context(), blocks.One(r, nil)); err != nil {
		t.Fatal(err)
	}
	return out.String(), found
}

// FuzzPlanted: a scan finds every token planted in random text and nothing else, in its place,
// and a masked text has no signature of theirs and is otherwise the same.
func FuzzPlanted(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, seed uint64, slow bool) {
		text, planted := plant(rand.New(rand.NewPCG(seed, 1)))
		var r io.Reader = strings.NewReader(text)
		if slow {
			r = iotest.OneByteReader(r)
		}
		out, found := inBlocks(t, r, func(s *Searcher, b *blocks.Block) {
			placeOf := b.Places()
			matches := s.Append(nil, b.Text, b.Lead)
			for _, m := range matches {
				p := placeOf(m.Start)
				lines := strings.SplitAfter(text, "\n")
				if p.Line > len(lines) || !strings.HasPrefix(string([]rune(lines[p.Line-1])[p.Column-1:]), string(m.Token)) {
					t.Errorf("%q is not in line %d, column %d of %q", m.Token, p.Line, p.Column, text)
				}
			}
			b.Result = tokensOf(matches)
			b.Out = AppendMasked(b.Out, b.Text, b.Lead, matches, func(dst []byte, m *Match) []byte { return m.AppendMasked(dst, b.Text) })
		})
		if diff := cmp.Diff(planted, found); diff != "" {
			t.Fatalf("%q (-planted +found)\n%s", text, diff)
		}
		want := text
		for _, p := range planted {
			want = strings.Replace(want, p, Masked(p), 1)
			if parts := strings.FieldsFunc(p, func(r rune) bool { return r == '.' || r == '~' }); len(parts) > 2 && strings.Contains(out, parts[2]) {
				t.Errorf("the signature of %q is in %q", p, out)
			}
		}
		if out != want {
			t.Errorf("got  %q\nwant %q", out, want)
		}
	})
}

// FuzzSearch: no text is too odd, and every match is in the text or its Base64.
func FuzzSearch(f *testing.F) {
	f.Add([]byte(expand("Bearer TOKEN ZXlK UNSURE.")), 0)
	f.Add([]byte(base64.StdEncoding.EncodeToString([]byte("ab"+presented))), 3)
	f.Fuzz(func(t *testing.T, text []byte, from int) {
		from = min(max(from, 0), len(text))
		var s Searcher
		end := from
		for _, m := range s.Append(nil, text, from) {
			if m.Start < end || m.End > len(text) || m.End <= m.Start || !m.Encoded && !m.Wrapped && !bytes.Equal(text[m.Start:m.End], m.Token) {
				t.Fatalf("%+v after %d", m, end)
			}
			end = m.End
		}
	})
}

// TestBlocks: the same is found and written however a text is read, and lines longer than
// blocks are not cut in a token.
func TestBlocks(t *testing.T) {
	line := strings.Repeat("é x ", 50)
	texts := map[string]string{
		"empty": "", "a line without an end": line + token, "lines": strings.Repeat(line+token+"\n", 4000), "a long line": strings.Repeat(line+"a="+token+"&", 4000),
		"wrapped tokens":       strings.Repeat("a: "+wrap(token, 40, "\n  ")+"\n", 6000),
		"wrapped tokens alone": strings.Repeat(wrap(token, 40, "\n")+"\n\n", 600),
		"a long token":         "a " + token[:60] + strings.Repeat("a", 3<<18) + " " + token + "\n",
	}
	for name, text := range texts {
		want := search(text)
		for _, r := range []io.Reader{strings.NewReader(text), iotest.HalfReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
			out, _ := inBlocks(t, r, func(s *Searcher, b *blocks.Block) {
				placeOf := b.Places()
				for _, m := range s.Append(nil, b.Text, b.Lead) {
					p := placeOf(m.Start)
					b.Out = fmt.Appendf(b.Out, "%d:%d %d %s %s\n", p.Line, p.Column, b.Offset+int64(m.Start-b.Lead), m.Name, m.Token)
				}
			})
			var all strings.Builder
			line, begun := 1, 0
			for _, m := range want {
				if last := strings.LastIndexByte(text[begun:m.Start], '\n') + 1; last > 0 {
					line, begun = line+strings.Count(text[begun:m.Start], "\n"), begun+last
				}
				fmt.Fprintf(&all, "%d:%d %d %s %s\n", line, utf8.RuneCountInString(text[begun:m.Start])+1, m.Start, m.Name, m.Token)
			}
			if out != all.String() {
				t.Errorf("%s: %d matches, %d wanted", name, strings.Count(out, "\n"), len(want))
			}
		}
	}
}

// TestMaskedLines: the signature of a wrapped token is masked, and a line waits only for the rest
// of a token.
func TestMaskedLines(t *testing.T) {
	head := token[:strings.LastIndex(token, ".")+1]
	masked := head + strings.TrimPrefix(Masked(token), head)
	for _, c := range []struct{ text, want string }{
		{wrap(token, 64, "\n") + "\nnext\n", wrap(head, 64, "\n") + strings.TrimPrefix(masked, head) + "\nnext\n"},
		{"a\n" + head + "\n  " + token[len(head):] + "\n", "a\n" + head + strings.TrimPrefix(masked, head) + "\n"},
		{head + "\n" + token[len(head):len(head)+9] + "\nb c\n", head + "\n" + token[len(head):len(head)+9] + "\nb c\n"}, // cut off
	} {
		for _, r := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text))} {
			out, _ := inBlocks(t, r, func(s *Searcher, b *blocks.Block) {
				matches := s.Append(nil, b.Text, b.Lead)
				b.Out = AppendMasked(b.Out, b.Text, b.Lead, matches, func(dst []byte, m *Match) []byte { return m.AppendMasked(dst, b.Text) })
			})
			if out != c.want {
				t.Errorf("got  %q\nwant %q", out, c.want)
			}
		}
	}
	for text, want := range map[string]int{
		"a\n" + token + "\n": len(token) + 3, "a\n" + token[:60] + "\n": 2, "a\nb " + token[:60] + "\n  " + token[60:80] + "\n": 2,
		"a " + token[:60] + " b\n": 65, "word\n": 5, "the key\n": 8, "they\n": 5, "a eyJh.b\n": 9, token[:60] + "\n\n": 62, "eyJ\n": 0,
		strings.Repeat(wrap(token, 40, "\n")+"\n", 20) + token[:60] + "\n": 20 * len(wrap(token, 40, "\n")+"\n"),
	} {
		if got := Unfinished([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

// TestSearchIsLinear: the time for the worst text is linear in its size.
func TestSearchIsLinear(t *testing.T) {
	const size = 1 << 17
	for _, piece := range []string{"eyJ", "ZXlK", "V5S", "leU", "eyJ.", "J", "K ", "eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJIUzI1NiJ9.", "eyJhbGciOiJIUzI1NiJ9..", "eyJhbGciOiJIUzI1NiJ9.\n", "eyJhbGciOiJIUzI1NiJ9.AAAA\n", "ZXlKaGJHY2lPaUpJVXpJMU5pSjku", token + "~", "~eyJhbGciOiJub25lIn0.e30.", base64.StdEncoding.EncodeToString([]byte("eyJhbGciOiJub25lIn0.")) + "\n"} {
		began := time.Now()
		search(strings.Repeat(piece, size/len(piece)))
		if took := time.Since(began); took > 20*time.Second { // a linear search takes milliseconds
			t.Errorf("%q: %v", piece, took)
		}
	}
}

func BenchmarkSearch(b *testing.B) {
	line := strings.Repeat("2026-11-28T12:57:34.123Z INFO [http-nio-8080-exec-5] com.example.api.UserController - GET /v1/users 200 in 12 ms\n", 100)
	text := bytes.Repeat([]byte(line+"Authorization: Bearer "+token+"\n"), 100)
	var s Searcher
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	var matches []Match
	for b.Loop() {
		matches = s.Append(matches[:0], text, 0)
	}
	if len(matches) != 100 {
		b.Fatal(len(matches))
	}
}
