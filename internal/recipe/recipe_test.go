package recipe_test

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/config"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/recipe"
	"jwt/internal/vendors"
	"jwt/internal/verdict"
)

var now = time.Unix(1795867200, 500)

// inputs are the required inputs of the shipped recipes; those without any are not listed.
var inputs = map[string]string{
	"github-app":             `{"iss":"Iv23liEXAMPLE"}`,
	"app-store-connect":      `{"iss":"57246542-96fe-1a63-e053-0824d011072a","kid":"2X9R4HXF34"}`,
	"app-store-server":       `{"iss":"57246542-96fe-1a63-e053-0824d011072a","kid":"2X9R4HXF34","bid":"com.example.app"}`,
	"apple-client-secret":    `{"iss":"TEAM123456","sub":"com.example.web","kid":"ABC123DEFG"}`,
	"apns":                   `{"iss":"TEAM123456","kid":"ABC123DEFG"}`,
	"mapkit":                 `{"iss":"TEAM123456","kid":"ABC123DEFG","origin":"https://maps.example"}`,
	"google-service-account": `{"iss":"robot@project.iam.gserviceaccount.com","kid":"abcdef","aud":"https://pubsub.googleapis.com/"}`,
	"google-assertion":       `{"iss":"robot@project.iam.gserviceaccount.com","scope":"https://www.googleapis.com/auth/drive"}`,
	"snowflake":              `{"account":"myorg-account123","user":"robot"}`,
	"salesforce":             `{"iss":"3MVG9EXAMPLE","sub":"robot@example.com"}`,
	"docusign":               `{"iss":"7c2b8d7e-xxxx-xxxx-xxxx-cda8a50dd73f","sub":"464f7988-xxxx-xxxx-xxxx-781ee556ab7a"}`,
	"zoom-meeting":           `{"key":"CLIENTID","meeting":"123456789","role":"1"}`,
	"zoom-video":             `{"key":"SDKKEY","topic":"stand-up"}`,
	"box":                    `{"iss":"client","sub":"987654","kid":"6smaoxqa"}`,
	"entra-client-assertion": `{"iss":"client","tenant":"contoso.onmicrosoft.com","x5t":"x5t"}`,
	"private-key-jwt":        `{"iss":"client","aud":"https://login.example"}`,
	"dpop":                   `{"htm":"POST","htu":"https://server.example.com/token","access_token":"Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"}`,
	"web-push":               `{"aud":"https://push.example.net","sub":"mailto:push@example.com"}`,
	"livekit":                `{"iss":"APIKEY","sub":"alice","room":"stand-up"}`,
	"twilio-video":           `{"iss":"SKxxxx","sub":"ACxxxx","identity":"alice"}`,
	"vonage":                 `{"application_id":"aaaaaaaa-bbbb-cccc-dddd-0123456789ab","acl":{"paths":{"/*/users/**":{}}}}`,
	"hasura":                 `{"sub":"42","role":"editor"}`,
}

func TestShippedRecipes(t *testing.T) {
	want := golden(t)
	all, err := recipe.All(config.File{})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 30 || len(all) != len(want) {
		t.Errorf("%d recipes, the golden file has %d", len(all), len(want))
	}
	for _, r := range all {
		t.Run(r.Name, func(t *testing.T) {
			if r.Title == "" || !strings.HasPrefix(r.Page, "https://") {
				t.Errorf("title %q, page %q", r.Title, r.Page)
			}
			header, claims := fill(t, r)
			got := r.Name + " " + header + " " + claims
			if diff := cmp.Diff(want[r.Name], got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// golden returns the lines of the golden file by the name they begin with.
func golden(t *testing.T) map[string]string {
	t.Helper()
	f, err := os.Open("testdata/golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := map[string]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		name, _, _ := strings.Cut(s.Text(), " ")
		lines[name] = s.Text()
	}
	return lines
}

// fill fills the recipe with its row of inputs.
func fill(t *testing.T, r recipe.Recipe) (header, claims string) {
	t.Helper()
	given := values(t, inputs[r.Name])
	if missing := r.Missing(given); len(missing) > 0 {
		t.Fatalf("the row of the table lacks %v", missing)
	}
	h, c, err := r.Fill(recipe.Values{Inputs: given, Key: key(t), Now: now, UUID: func() string { return "UUID" }})
	if err != nil {
		t.Fatal(err)
	}
	return string(h.Bytes()), string(c.Bytes())
}

func values(t *testing.T, text string) map[string]jsonobject.Value {
	t.Helper()
	given := map[string]jsonobject.Value{}
	if text == "" {
		return given
	}
	o, err := jsonobject.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range o.Members() {
		given[m.Name] = m.Value
	}
	return given
}

func key(t *testing.T) jwk.Key {
	t.Helper()
	set, err := jwk.Parse([]byte(`{"kty":"EC","crv":"P-256","kid":"key","alg":"ES256","use":"sig","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}`))
	if err != nil {
		t.Fatal(err)
	}
	return set.Keys[0]
}

// TestTestTokensLookLikeTheirVendor checks that inspect takes a token for tests for one of the
// platform that it imitates.
func TestTestTokensLookLikeTheirVendor(t *testing.T) {
	all, err := recipe.All(config.File{})
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, r := range all {
		platform, ok := strings.CutPrefix(r.Name, "test-")
		if !ok || platform == "auth0" || platform == "okta" { // known by their domain
			continue
		}
		seen++
		_, claims := fill(t, r)
		o, _ := jsonobject.Parse([]byte(claims))
		vendor := vendors.Of(o)
		known := func(word string) bool { return strings.Contains(platform, word) }
		if !slices.ContainsFunc(strings.Fields(strings.ToLower(vendor)), known) {
			t.Errorf("%s: inspect says %q", r.Name, vendor)
		}
	}
	if seen < 7 {
		t.Errorf("saw %d recipes for tests", seen)
	}
}

func TestRequiredInputs(t *testing.T) {
	r, err := find("apns", config.File{})
	if err != nil {
		t.Fatal(err)
	}
	missing := r.Missing(values(t, `{"kid":"1"}`))
	if len(missing) != 1 || missing[0].Name != "iss" {
		t.Errorf("missing: %v", missing)
	}
}

func TestCheckLifetime(t *testing.T) {
	for _, row := range []struct {
		name, recipe string
		exp, iat     time.Duration // after now
		ok           bool
	}{
		{"the most", "github-app", 10 * time.Minute, -time.Minute, true},
		{"a second more", "github-app", 10*time.Minute + time.Second, -time.Minute, false},
		{"from an old iat", "github-app", 5 * time.Minute, -6 * time.Minute, false},
		{"no limit", "apns", 100 * time.Hour, 0, true},
		{"the least", "zoom-meeting", 30 * time.Minute, 0, true},
		{"a second less", "zoom-meeting", 30*time.Minute - time.Second, 0, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, err := find(row.recipe, config.File{})
			if err != nil {
				t.Fatal(err)
			}
			start := now.Truncate(time.Second)
			err = r.CheckLifetime(start.Add(row.exp), start.Add(row.iat), now)
			if (err == nil) != row.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	for _, row := range []struct{ name, text, want, says string }{
		{"adds a recipe", "[recipes.mine]\ntitle='x'\nclaims='{\"a\":\"{b}\"}'\ninputs=[{name='b'}]\n", "mine", ""},
		{"other tables are not for it", "[presets.x]\nabout='y'\n", "github-app", ""},
		{"not TOML", "[recipes", "", "line 1"},
		{"unknown field", "[recipes.mine]\nclaim='{}'\n", "", `unknown field "claim"`},
		{"not JSON", "[recipes.mine]\nclaims='{'\n", "", "not a JSON object"},
		{"unknown placeholder", "[recipes.mine]\nclaims='{\"a\":\"{b}\"}'\n", "", "{b} is not an input"},
		{"unknown change", "[recipes.mine]\nclaims='{\"a\":\"{now|lower}\"}'\n", "", "unknown change"},
		{"unknown algorithm", "[recipes.mine]\nalgs=['ES255']\n", "", "ES255"},
		{"no duration", "[recipes.mine]\nlongest='soon'\n", "", "longest"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := find(row.want, config.File{Name: "config.toml", Text: []byte(row.text)})
			switch {
			case row.says == "" && err != nil:
				t.Error(err)
			case row.says != "" && (err == nil || !strings.Contains(err.Error(), row.says) || verdict.ClassOf(err) != verdict.Usage):
				t.Errorf("got %v, want one that says %q", err, row.says)
			}
		})
	}
}

func TestConfigOverridesFields(t *testing.T) {
	r, err := find("github-app", config.File{Text: []byte("[recipes.github-app]\nlongest='1h'\n")})
	if err != nil {
		t.Fatal(err)
	}
	if r.Longest != "1h" || len(r.Inputs) != 1 || r.Page == "" {
		t.Errorf("got %+v", r)
	}
}

func find(name string, c config.File) (recipe.Recipe, error) {
	all, err := recipe.All(c)
	if err != nil {
		return recipe.Recipe{}, err
	}
	return recipe.Find(name, all)
}
