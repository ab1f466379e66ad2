package authserver

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"jwt/internal/authserver/store"
	"jwt/internal/jwk"
)

// add adds an item to the cart in the cookie.
func (s *site) add(cart, item string, more ...string) answer {
	s.t.Helper()
	if cart != "" {
		more = append(more, "Cookie: cart="+cart)
	}
	return s.ask("POST", "/cart/items", item, more...)
}

// TestCartSignatureTooLarge checks that a signature that is too long for a cookie is not
// reported as a full cart.
func TestCartSignatureTooLarge(t *testing.T) {
	s := serve(t, func(o *Options) { o.Alg = "ML-DSA-65" })
	a := s.ask("POST", "/cart/items", `{"id":"apple"}`)
	a.is(t, "the first item", 413, "invalid_request")
	if !contains(a.body, "ML-DSA-65") || !contains(a.body, "with ES256") || contains(a.body, "full") {
		t.Error(a.body)
	}
}

func TestCart(t *testing.T) {
	s := serve(t, nil)
	bearer := "Authorization: Bearer " + s.login().AccessToken
	a := s.add("", `{"id":"apple","quantity":2}`, bearer)
	if a.status != 201 || a.cookies["cart"] == nil {
		t.Fatalf("%d %s %v", a.status, a.body, a.cookies)
	}
	same(t, "cookie", a.header.Get("Set-Cookie"), "cart="+a.cookies["cart"].Value+"; Path=/; Max-Age=86400; HttpOnly; Secure; SameSite=Strict")
	a = s.add(a.cookies["cart"].Value, `{"id":"pear"}`, bearer)
	cart := a.cookies["cart"].Value
	same(t, "cart", a.body, `{"items":[{"id":"apple","quantity":2},{"id":"pear"}]}`+"\n")
	same(t, "shown", s.ask("GET", "/cart", "", bearer, "Cookie: cart="+cart).body, a.body)

	a = s.ask("POST", "/checkout", "", bearer, "Cookie: cart="+cart)
	if a.status != 200 || a.body != "Checkout successful\n" || a.cookies["cart"] == nil || a.cookies["cart"].MaxAge != -1 {
		t.Errorf("%d %s %v", a.status, a.body, a.cookies)
	}
}

// TestCartItemIsCompact checks that an item is stored without white space, so that it
// cannot add lines to an answer or the log. Its numbers and strings are unchanged.
func TestCartItemIsCompact(t *testing.T) {
	s := serve(t, nil)
	a := s.add("", "\r\n{\n  \"id\" :\t\"a  b\\n\\u0041\",\n  \"price\": [ 1.50,\n 1E2 ]\n}\n")
	same(t, "cart", a.body, `{"items":[{"id":"a  b\n\u0041","price":[1.50,1E2]}]}`+"\n")
	shown := s.ask("GET", "/cart", "", "Cookie: cart="+a.cookies["cart"].Value)
	same(t, "shown", shown.body, a.body)
	if lines := strings.Count(s.log.String(), "\n"); lines != 2 {
		t.Errorf("%d lines for two requests:\n%s", lines, s.log)
	}
}

func TestCartWithoutLogin(t *testing.T) {
	s := serve(t, nil)
	same(t, "empty", s.ask("GET", "/cart", "").body, `{"items":[]}`+"\n")
	cart := s.add("", `{"id":"apple"}`).cookies["cart"].Value
	bearer := "Authorization: Bearer " + s.login().AccessToken
	a := s.add(cart, `{"id":"pear"}`, bearer) // it becomes alice's cart
	same(t, "cart", a.body, `{"items":[{"id":"apple"},{"id":"pear"}]}`+"\n")
	theirs := a.cookies["cart"].Value
	for _, who := range []string{"Accept: */*", "Authorization: Bearer " + s.loginAs("bob", "pass:word").tokens(t).AccessToken} {
		if a := s.ask("POST", "/checkout", "", who, "Cookie: cart="+theirs); a.status != 401 || a.body != "Invalid cart token\n" {
			t.Errorf("alice's cart without alice: %d %s", a.status, a.body)
		}
	}
	if a := s.ask("POST", "/checkout", "", "Cookie: cart="+cart); a.status != 200 {
		t.Errorf("the cart without a login: %d %s", a.status, a.body)
	}
}

// TestCartOutlivesAMissingBearer checks a request without an access token, as a reloaded
// page sends it before it refreshes. The cart is neither shown nor cleared.
func TestCartOutlivesAMissingBearer(t *testing.T) {
	s := serve(t, nil)
	bearer := "Authorization: Bearer " + s.login().AccessToken
	bob := "Authorization: Bearer " + s.loginAs("bob", "pass:word").tokens(t).AccessToken
	a := s.add("", `{"id":"apple"}`, bearer)
	cart, items := a.cookies["cart"].Value, a.body
	bad := strings.Replace(cart, ".", ".e", 1)
	for _, c := range []struct {
		name, method, path, body, cart, who string
		cleared                             bool
	}{
		{"a look", "GET", "/cart", "", cart, "", false},
		{"an item", "POST", "/cart/items", `{"id":"pear"}`, cart, "", false},
		{"a checkout", "POST", "/checkout", "", cart, "", false},
		{"a look at a bad cart", "GET", "/cart", "", bad, "", true},
		{"an item for a bad cart", "POST", "/cart/items", `{"id":"pear"}`, bad, "", true},
		{"a checkout of a bad cart", "POST", "/checkout", "", bad, "", true},
		{"another user's look", "GET", "/cart", "", cart, bob, true}, // otherwise bob could never have a cart
	} {
		t.Run(c.name, func(t *testing.T) {
			more := []string{"Cookie: cart=" + c.cart}
			if c.who != "" {
				more = append(more, c.who)
			}
			a := s.ask(c.method, c.path, c.body, more...)
			if a.status != 401 || a.body != "Invalid cart token\n" {
				t.Errorf("%d %s", a.status, a.body)
			}
			if cleared := len(a.header.Values("Set-Cookie")) > 0; cleared != c.cleared {
				t.Errorf("Set-Cookie: %v", a.header.Values("Set-Cookie"))
			}
		})
	}
	same(t, "the cart, once it has refreshed", s.ask("GET", "/cart", "", bearer, "Cookie: cart="+cart).body, items)
}

// TestCartRefused checks that an invalid cart gives another error than an expired access
// token, and causes no refresh.
func TestCartRefused(t *testing.T) {
	s := serve(t, nil)
	tokens := s.login()
	bearer := "Authorization: Bearer " + tokens.AccessToken
	cart := s.add("", `{"id":"apple"}`, bearer).cookies["cart"].Value
	foreign, err := jwk.Generate("P-256", 0)
	if err != nil {
		t.Fatal(err)
	}
	replaced := strings.Replace
	for _, c := range []struct{ name, cookie string }{
		{"tampered", replaced(cart, ".", ".e", 1)},
		{"cut", cart[:len(cart)-4]},
		{"another key", forge(t, s, cart, foreign, "ES256", nothing)},
		{"none", forge(t, s, cart, jwk.Key{}, "none", nothing)},
		{"an access token", tokens.AccessToken},
		{"nonsense", "nonsense"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for method, path := range map[string]string{"POST": "/checkout", "GET": "/cart"} {
				a := s.ask(method, path, "", bearer, "Cookie: cart="+c.cookie)
				if a.status != 401 || a.body != "Invalid cart token\n" || contains(a.header.Get("WWW-Authenticate"), "Bearer") {
					t.Errorf("%d %s %v", a.status, a.body, a.header)
				}
				if a.cookies["cart"] == nil || a.cookies["cart"].MaxAge != -1 {
					t.Errorf("the cookie is not cleared: %v", a.cookies)
				}
			}
			if a := s.add(c.cookie, `{"id":"pear"}`, bearer); a.status != 401 {
				t.Errorf("an item was added: %d %s", a.status, a.body)
			}
		})
	}
	if a := s.ask("POST", "/checkout", "", bearer); a.status != 401 || a.body != "Invalid cart token\n" {
		t.Errorf("no cart: %d %s", a.status, a.body)
	}
	s.ask("POST", "/checkout", "", "Authorization: Bearer "+cart, "Cookie: cart="+cart).is(t, "a cart as access token", 401, "invalid_token")
	s.clock.Advance(time.Hour)
	s.ask("POST", "/checkout", "", bearer, "Cookie: cart="+cart).is(t, "an expired access token", 401, "invalid_token")
	s.clock.Advance(24 * time.Hour)
	if a := s.ask("POST", "/checkout", "", "Cookie: cart="+cart); a.body != "Invalid cart token\n" {
		t.Errorf("an expired cart: %d %s", a.status, a.body)
	}
}

func TestCartItemsRefused(t *testing.T) {
	s := serve(t, nil)
	for _, item := range []string{``, `[]`, `{}`, `"apple"`, `{"id":1,"id":2}`, `{"id":`} {
		s.add("", item).is(t, item, 400, "invalid_request")
	}
	s.add("", `id=apple`, "Content-Type: "+formType).is(t, "a form", 415, "invalid_request")
	cart := ""
	for i := range 200 {
		a := s.add(cart, `{"id":"item number `+strconv.Itoa(i)+`"}`)
		if a.status == 413 {
			if i < 20 {
				t.Errorf("full with %d items", i)
			}
			return
		}
		cart = a.cookies["cart"].Value
		if len(a.header.Get("Set-Cookie")) > 4096 {
			t.Fatalf("a cookie of %d bytes", len(a.header.Get("Set-Cookie")))
		}
	}
	t.Error("the cart is never full")
}

// TestCartIsSpentOnce orders a cart, and tries to order any state of it again.
func TestCartIsSpentOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, state store.Store) {
		s := serve(t, func(o *Options) { o.Store = state })
		first := s.add("", `{"id":"apple"}`).cookies["cart"].Value
		second := s.add(first, `{"id":"pear"}`).cookies["cart"].Value
		other := s.add("", `{"id":"apple"}`).cookies["cart"].Value
		order := func(cart string) answer { return s.ask("POST", "/checkout", "", "Cookie: cart="+cart) }
		if a := order(second); a.status != 200 || a.body != "Checkout successful\n" {
			t.Fatalf("%d %s", a.status, a.body)
		}
		for name, cart := range map[string]string{"the same": second, "an earlier state": first} {
			if a := order(cart); a.status != 401 || a.body != "Invalid cart token\n" {
				t.Errorf("%s: %d %s", name, a.status, a.body)
			}
			if a := s.add(cart, `{"id":"fig"}`); a.status != 401 {
				t.Errorf("%s, another item: %d %s", name, a.status, a.body)
			}
		}
		if a := order(other); a.status != 200 {
			t.Errorf("another cart: %d %s", a.status, a.body)
		}
	})
}
