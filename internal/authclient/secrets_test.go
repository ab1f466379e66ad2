package authclient

import (
	"net/http"
	"testing"
)

func TestSecretsOfARequest(t *testing.T) {
	req, err := http.NewRequestWithContext(t.Context(), "GET", "https://a.example/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer the-access-token")
	req.AddCookie(&http.Cookie{Name: "refresh_token", Value: "the-refresh-token"})
	req.AddCookie(&http.Cookie{Name: "lang", Value: "en"})
	got := SecretsOf(req).Hide("the-access-token the-refresh-token en")
	if got != "*** *** en" {
		t.Errorf("%q", got)
	}
}
