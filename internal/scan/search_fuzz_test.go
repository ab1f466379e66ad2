package scan

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readAllRuns returns what a search finds that reads every run of a text, marked or not.
func readAllRuns(text []byte, from int) (all []Match) {
	s := Searcher{end: from}
	for at := from; at < len(text); {
		m, end, ok := s.first(text, at)
		if ok {
			all = append(all, m)
		}
		at = max(end, at+1)
	}
	return all
}

// isUnmarked reports whether a match is of a kind that marks leave out: one without J and K, in
// Base64 or with a header that begins with {" and no letter.
func isUnmarked(text []byte, m Match) bool {
	return !bytes.ContainsAny(text[m.Start:m.End], "JK") && (m.Encoded || bytes.HasPrefix(m.Token, []byte("eyI")))
}

// FuzzMarks: a search that only reads the text around marks finds all that a search of all of it
// does.
func FuzzMarks(f *testing.F) {
	std := base64.StdEncoding.EncodeToString
	for _, text := range []string{
		"TOKEN", "aTOKENOTHER.TOKEN", "a=" + spaced + "&" + broken, "x " + presented + "~" + unsigned, std([]byte("TOKEN")), std([]byte("a:" + token)), std([]byte("ab" + token)),
		encode("{\r\n\"alg\":\"none\"}") + ".e30.", encode("{\t\"alg\":\"none\"}") + ".e30.", encode("{ \"alg\":\"none\"}") + ".e30.", encode(`{"":1,"alg":"none"}`) + ".e30.",
		wrap(token, 40, "\n  "), strings.Repeat("JK Aw eyA ew0 leU", 9), "leUZXlK.eyJ", wrap(token, 25, "\n") + token,
	} {
		f.Add([]byte(expand(text)), 0)
		f.Add([]byte("word "+expand(text)+"K"), 7)
	}
	f.Fuzz(func(t *testing.T, text []byte, from int) {
		from = min(max(from, 0), len(text))
		var s Searcher
		found := s.Append(nil, text, from)
		var want []Match
		for _, m := range readAllRuns(text, from) {
			if len(want) < len(found) && found[len(want)].Start == m.Start || !isUnmarked(text, m) {
				want = append(want, m)
			}
		}
		if diff := cmp.Diff(tokensOf(want), tokensOf(found)); diff != "" {
			t.Errorf("%q: (-all +found)\n%s", text, diff)
		}
	})
}

// carriers are forms in which a token is in a text.
var carriers = []func(r *rand.Rand, token string) string{
	func(_ *rand.Rand, token string) string { return "Authorization: Bearer " + token },
	func(_ *rand.Rand, token string) string { return "GET /?a=b&token=" + token + "&c HTTP/1.1" },
	func(_ *rand.Rand, token string) string { return url.QueryEscape("https://x/?token=" + token + "#a") },
	func(_ *rand.Rand, token string) string { return `{"access_token": "` + token + `", "n": 1}` },
	func(_ *rand.Rand, token string) string {
		inner, _ := json.Marshal(map[string]string{"token": token})
		outer, _ := json.Marshal(map[string]string{"body": string(inner)})
		return string(outer)
	},
	func(r *rand.Rand, token string) string {
		return base64.StdEncoding.EncodeToString([]byte("user:"[:r.IntN(6)] + token))
	},
	func(r *rand.Rand, token string) string {
		return base64.RawURLEncoding.EncodeToString([]byte("{\"a\":\""[:r.IntN(7)] + token + "\"}"))
	},
	func(r *rand.Rand, token string) string {
		return "a: " + wrap(token, 40+r.IntN(40), []string{"\n", "\r\n", "\n  ", "\\\n", "\n> "}[r.IntN(5)])
	},
	func(_ *rand.Rand, token string) string { return "<token>" + token + "</token>" },
	func(_ *rand.Rand, token string) string { return "\x1b[32m" + token + "\x1b[0m" },
}

// mint returns a token as issuers make them.
func mint(r *rand.Rand) string {
	random := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	kinds := []struct {
		alg  string
		size int
	}{{"HS256", 32}, {"RS256", 256}, {"ES256", 64}, {"EdDSA", 64}, {"PS384", 384}, {"ES512", 132}}
	kind := kinds[r.IntN(len(kinds))]
	headers := []string{`{"alg":"%"}`, `{"typ":"JWT","alg":"%"}`, `{"kid":"2026-01","alg":"%","typ":"at+jwt"}`, "{ \"alg\": \"%\" }", "{\n  \"alg\": \"%\"\n}", "{\r\n\t\"alg\":\"%\"}"}
	header := strings.ReplaceAll(headers[r.IntN(len(headers))], "%", kind.alg)
	return encode(header) + "." + encode(`{"sub":"`+random(r.IntN(40))+`"}`) + "." + random(kind.size)
}

// FuzzCarriers: a token is found in every carrier, and no other.
func FuzzCarriers(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed)
	}
	// Signatures of RSA that could end with a line, and that have letters like a header where they could.
	for _, seed := range []uint64{2037, 2284, 1217, 2991, 28457, 29021} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 2))
		var text strings.Builder
		var planted []string
		for range 1 + r.IntN(4) {
			token := mint(r)
			carried := carriers[r.IntN(len(carriers))](r, token)
			text.WriteString("a line before it\n" + carried + "\nand one after it\n")
			if !strings.Contains(carried, token) && !strings.ContainsAny(carried, "JK") {
				continue // see marks
			}
			planted = append(planted, token)
		}
		if diff := cmp.Diff(planted, tokensOf(search(text.String()))); diff != "" {
			t.Errorf("%s (-planted +found)\n%s", text.String(), diff)
		}
	})
}
