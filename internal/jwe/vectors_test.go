package jwe

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"jwt/internal/base64url"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// A vector is a line of testdata/vectors about decryption.
type vector struct {
	ID, Op, Alg, Token, Expect string
	Key                        struct{ Format, Value string }
	Opts                       struct {
		AllowAlgs     []string `json:"allow_algs"`
		Serialization string
	}
	Class      []verdict.Class
	Payload    *string
	PayloadB64 *string `json:"payload_b64u"`
	Tags       []string
}

func vectors(t *testing.T) []vector {
	t.Helper()
	files, err := filepath.Glob("../../testdata/vectors/*.jsonl")
	if err != nil || len(files) < 2 {
		t.Fatalf("files of vectors: %q, %v", files, err)
	}
	var found []vector
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			var op struct{ Op string }
			if err := json.Unmarshal(lines.Bytes(), &op); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if op.Op != "decrypt" {
				continue
			}
			var v vector
			if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			found = append(found, v)
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
	if len(found) < 100 {
		t.Fatalf("only %d vectors decrypt", len(found))
	}
	return found
}

func (v vector) keys(t *testing.T) []jwk.Key {
	t.Helper()
	if v.Key.Format == "raw-hex" {
		return []jwk.Key{must(jwk.Secret(must(hex.DecodeString(v.Key.Value))))}
	}
	set, err := jwk.Parse([]byte(v.Key.Value))
	if err != nil {
		t.Fatalf("%s: the key: %v", v.ID, err)
	}
	return set.Keys
}

func (v vector) decrypt(t *testing.T) ([]byte, error) {
	token, err := Parse(v.Token)
	if err != nil {
		return nil, err
	}
	o := Options{Algs: v.Opts.AllowAlgs}
	if v.Alg != "" {
		o.Algs = append(o.Algs, v.Alg)
	}
	d, err := token.Decrypt(v.keys(t), o)
	return d.Plaintext(), err
}

func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		plaintext, err := v.decrypt(t)
		runtime.ReadMemStats(&after)
		class := verdict.ClassOf(err)
		switch {
		case v.Opts.Serialization == "json": // optional, and not supported
			if class != verdict.UnsupportedSerialization {
				t.Errorf("%s: %v (%s)", v.ID, err, class)
			}
		case v.Expect == "accept":
			want := v.want(t)
			if err != nil || string(plaintext) != string(want) {
				t.Errorf("%s: %q, %v, want %q", v.ID, plaintext, err, want)
			}
		case v.Expect != "reject":
			t.Errorf("%s: expect %q", v.ID, v.Expect)
		case !slices.Contains(v.Class, class) || plaintext != nil:
			t.Errorf("%s: %q, %v (%s), want one of %s", v.ID, plaintext, err, class, v.Class)
		}
		if !slices.Contains(v.Tags, "resource") {
			continue
		}
		const most = 2 * time.Second
		took := quickest(most, func() { _, _ = v.decrypt(t) })
		if used := after.TotalAlloc - before.TotalAlloc; took > most || used > 64<<20 {
			t.Errorf("%s: took %v and %d bytes", v.ID, took, used)
		}
	}
}

func (v vector) want(t *testing.T) []byte {
	t.Helper()
	switch {
	case v.Payload != nil:
		return []byte(*v.Payload)
	case v.PayloadB64 != nil:
		return must(base64url.Decode(*v.PayloadB64))
	}
	t.Fatalf("%s: no payload", v.ID)
	return nil
}
