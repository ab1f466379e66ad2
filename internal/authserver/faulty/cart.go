package faulty

import (
	"net/http"

	"jwt/internal/authserver"
)

// failCheckouts fails the checkout of a valid cart.
func failCheckouts(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
	next(a, q)
	if isCheckout(q) && a.Status == http.StatusOK && t.on(q.Context()) {
		t.server.Fail(a, serverError(http.StatusInternalServerError))
	}
}

// acceptTamperedCart answers an invalid cart like a valid one.
func acceptTamperedCart(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
	next(a, q)
	if isCheckout(q) && a.Note == "invalid cart" && t.on(q.Context()) {
		a.Header.Del("WWW-Authenticate")
		a.Status, a.Body = http.StatusOK, []byte("Checkout successful")
	}
}

func isCheckout(q *http.Request) bool {
	return q.Method == http.MethodPost && q.URL.Path == "/checkout"
}
