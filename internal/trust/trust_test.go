package trust_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/config"
	"jwt/internal/trust"
	"jwt/internal/verdict"
)

func configOf(text string) config.File { return config.File{Name: "config.toml", Text: []byte(text)} }

func TestEntries(t *testing.T) {
	all, err := trust.Entries(configOf(`
[presets.x]
about = "of another command"
[trust."https://b.example"]
[trust.plain]
secret = "env:SECRET"
iss = "b"
[trust."https://a.example/"]
key = ["a.jwks", "b.jwks"]
aud = "api"
leeway = "30s"
`))
	if err != nil {
		t.Fatal(err)
	}
	if got := trust.Names(all); got != "https://a.example/, https://b.example, plain" {
		t.Error(got)
	}
	if diff := cmp.Diff([]string{"oidc:https://b.example"}, all[1].KeySources()); diff != "" {
		t.Error(diff)
	}
	for iss, want := range map[string]string{"https://a.example/": "https://a.example/", "https://a.example": "", "b": "plain", "plain": "", "": "", "HTTPS://b.example": ""} {
		e, err := trust.ByIssuer(all, iss)
		if e.Name != want || (err == nil) != (want != "") || err != nil && verdict.ClassOf(err) != verdict.KeyNotFound {
			t.Errorf("%q: %q, %v", iss, e.Name, err)
		}
	}
}

func TestEntriesRefused(t *testing.T) {
	for _, row := range []struct{ name, text, says string }{
		{"not TOML", "[trust", "line 1"},
		{"unknown field", "[trust.\"https://a\"]\naudience='x'\n", `unknown field "audience"`},
		{"no key", "[trust.plain]\naud='x'\n", "has no key"},
		{"a secret in the file", "[trust.plain]\nsecret='hunter2-hunter2'\n", "must be a source"},
		{"a secret in Base64", "[trust.plain]\nsecret='b64:c2VjcmV0'\n", "must be a source"},
		{"a secret in Base64 with a colon", "[trust.plain]\nsecret='b64:c2Vj:cmV0'\n", "must be a source"},
		{"a derived secret in the file", "[trust.plain]\nsecret='nextauth:hunter2'\n", "must be a source"},
		{"unknown algorithm", "[trust.\"https://a\"]\nalg='none'\n", "not a signature algorithm"},
		{"unknown profile", "[trust.\"https://a\"]\nprofile='x'\n", "unknown profile"},
		{"leeway", "[trust.\"https://a\"]\nleeway='soon'\n", "leeway"},
		{"a number for a list", "[trust.\"https://a\"]\naud=3\n", "trust"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := trust.Entries(configOf(row.text))
			if err == nil || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), "hunter2") || verdict.ClassOf(err) != verdict.Usage {
				t.Errorf("got %v", err)
			}
		})
	}
}

const file = `# my config

[trust."https://a.example"] # the first
aud = ["api"]

# of the second
[trust."https://b.example"]
alg = "RS256"
# a remark inside

# about presets
[presets.x]
about = "kept"
`

func TestEdit(t *testing.T) {
	for _, row := range []struct{ name, remove, want string }{
		{"the first", "https://a.example", strings.Replace(file, "[trust.\"https://a.example\"] # the first\naud = [\"api\"]\n\n", "", 1)},
		{"the last", "https://b.example", strings.Replace(file, "[trust.\"https://b.example\"]\nalg = \"RS256\"\n", "", 1)},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := trust.Remove(configOf(file), row.remove)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(got), "about = \"kept\"") || strings.Contains(string(got), row.remove) || !strings.Contains(string(got), "# about presets") {
				t.Errorf("got:\n%s", got)
			}
		})
	}
}

func TestAddThenRemoveIsTheFile(t *testing.T) {
	for _, text := range []string{file, "", "# only a comment\n", "[presets.x]\nabout='y'\n"} {
		e := trust.Entry{Name: "https://new.example/a\"b", Aud: []string{"api"}, Leeway: "30s"}
		added, err := trust.Add(configOf(text), e)
		if err != nil {
			t.Fatal(err)
		}
		all, err := trust.Entries(configOf(string(added)))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := trust.ByName(all, e.Name); err != nil || got.Aud[0] != "api" || got.Leeway != "30s" {
			t.Errorf("%+v, %v", got, err)
		}
		removed, err := trust.Remove(configOf(string(added)), e.Name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(text, string(removed)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestEditRefused(t *testing.T) {
	if _, err := trust.Add(configOf(file), trust.Entry{Name: "https://a.example"}); err == nil {
		t.Error("added twice")
	}
	if _, err := trust.Add(configOf(""), trust.Entry{Name: "plain"}); err == nil {
		t.Error("added without a key")
	}
	if _, err := trust.Remove(configOf(file), "https://c.example"); err == nil {
		t.Error("removed what is not there")
	}
	if _, err := trust.Remove(configOf("trust = { a = { key = 'k' } }\n"), "a"); err == nil {
		t.Error("removed from an inline table")
	}
}
