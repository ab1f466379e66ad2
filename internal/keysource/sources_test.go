package keysource_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"jwt/internal/cli"
	"jwt/internal/keysource"
)

// Of the workers of a batch that all see old keys, one fetches the set again, and all get the
// new keys.
func TestRefetch(t *testing.T) {
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.Write([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"` + strconv.Itoa(requests) + `","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`))
	}))
	t.Cleanup(server.Close)
	now := time.Now()
	env := &cli.Env{Now: func() time.Time { return now }, LookupEnv: func(string) (string, bool) { return "", false }, Stderr: new(bytes.Buffer)}
	sources := keysource.Options{Keys: []string{server.URL}}.Sources(t.Context(), env, cli.Output{Quiet: true})
	old, err := sources.Keys()
	if err != nil || len(old) != 1 || old[0].ID != "1" {
		t.Fatalf("the first keys: %v, %v", old, err)
	}
	now = now.Add(time.Minute)
	for worker := range 2 {
		if keys, err := sources.Refetch(old); err != nil || len(keys) != 1 || keys[0].ID != "2" {
			t.Errorf("worker %d: %v, %v", worker, keys, err)
		}
	}
	current, _ := sources.Keys()
	if keys, err := sources.Refetch(current); err != nil || keys != nil || requests != 2 {
		t.Errorf("the new keys again: %v, %v, %d requests", keys, err, requests)
	}
}
