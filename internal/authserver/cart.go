package authserver

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
)

const (
	cartTTL  = 24 * time.Hour
	maxCart  = 3800 // bytes of the token: a cookie holds 4096 with its name and attributes
	maxItems = 100
)

// A cart is kept by the client: a signed token in a cookie. Nobody has to be
// logged in for one; a user's is theirs alone.
type cart struct {
	owner string // empty: nobody's yet
	items []jsonobject.Value
}

// cartError is answered to a cart that is not the one we signed. It says nothing
// about the session: the challenge is not Bearer.
func (s *Server) cartError(x *exchange) error {
	x.Answer.Header.Set("WWW-Authenticate", `Cart realm="`+s.Issuer+`"`)
	x.Note = "invalid cart"
	return x.text(http.StatusUnauthorized, "Invalid cart token")
}

// cartOf reads the cart. found is false where there is no cookie, valid where it
// is not ours, or another user's. One that is not ours is cleared, another user's only where
// somebody is logged in: else its owner may be back with the next request.
func (s *Server) cartOf(x *exchange) (c cart, found, valid bool, err error) {
	user, err := s.shopper(x)
	if err != nil {
		return cart{}, false, false, err
	}
	c.owner = user
	text, err := x.cookie(oauth.CartCookie)
	if err != nil || text == "" {
		return c, false, true, err
	}
	claims, err := s.verify(x.ctx, text, cartType, s.cartAudience(), x.now, false)
	var bad Refusal
	switch {
	case errors.As(err, &bad):
		x.clearCookie(oauth.CartCookie)
		return c, true, false, nil
	case err != nil:
		return c, true, false, err
	}
	owner, _ := claims.Get("sub")
	if name, _ := owner.Text(); name != "" && name != user {
		if user != "" {
			x.clearCookie(oauth.CartCookie)
		}
		return c, true, false, nil
	}
	items, _ := claims.Get("items")
	c.items, valid = items.Elements()
	return c, true, valid, nil
}

func (s *Server) cartAudience() string { return s.Issuer + "/cart" }

// shopper is the user of the access token, "" where there is none. One that is
// there must be good.
func (s *Server) shopper(x *exchange) (string, error) {
	b, _, err := s.authorize(x)
	return b.Subject, err
}

// showCart answers GET /cart.
func (s *Server) showCart(x *exchange) error {
	c, _, valid, err := s.cartOf(x)
	switch {
	case err != nil:
		return err
	case !valid:
		return s.cartError(x)
	}
	return x.json(http.StatusOK, c.json())
}

// addItem answers POST /cart/items: any JSON object is an item.
func (s *Server) addItem(x *exchange) error {
	body, err := x.readJSON()
	if err != nil {
		return err
	}
	item, err := jsonobject.Parse(body)
	if err != nil || len(item.Duplicates()) > 0 || len(item.Members()) == 0 {
		return invalid(`the item must be a JSON object, like {"id":"apple","quantity":2}`)
	}
	c, _, valid, err := s.cartOf(x)
	switch {
	case err != nil:
		return err
	case !valid:
		return s.cartError(x)
	}
	kept := jsontext.Value(item.Bytes())
	if err := kept.Compact(); err != nil { // the answer is one line, and a cookie is small
		return err
	}
	c.items = append(c.items, jsonobject.Value(kept))
	token, err := s.signCart(x, c)
	if err != nil {
		return err
	}
	if signature := len(token) - strings.LastIndexByte(token, '.'); signature > maxCart {
		return &oauth.Error{Status: http.StatusRequestEntityTooLarge, Code: oauth.InvalidRequest, Description: "a cart signed with " + s.Alg + " does not fit into a cookie of 4 KiB: serve with --alg ES256"}
	}
	if len(token) > maxCart || len(c.items) > maxItems {
		return &oauth.Error{Status: http.StatusRequestEntityTooLarge, Code: oauth.InvalidRequest, Description: "the cart is full: a cookie holds 4 KiB"}
	}
	x.setCookie(cookie(oauth.CartCookie, token, int(cartTTL/time.Second)))
	return x.json(http.StatusCreated, c.json())
}

// checkout answers POST /checkout.
func (s *Server) checkout(x *exchange) error {
	_, found, valid, err := s.cartOf(x)
	switch {
	case err != nil:
		return err
	case !found || !valid:
		return s.cartError(x)
	}
	x.clearCookie(oauth.CartCookie)
	return x.text(http.StatusOK, "Checkout successful")
}

func (s *Server) signCart(x *exchange, c cart) (string, error) {
	claims := []member{{"iss", jsonobject.Quote(s.Issuer)}}
	if c.owner != "" {
		claims = append(claims, member{"sub", jsonobject.Quote(c.owner)})
	}
	return s.sign(x.ctx, cartType, object(append(claims,
		member{"aud", jsonobject.Quote(s.cartAudience())},
		member{"exp", jsonobject.Int(x.now.Add(cartTTL).Unix())},
		member{"iat", jsonobject.Int(x.now.Unix())},
		member{"items", array(c.items)},
	)...), x.now)
}

func (c cart) json() []byte { return object(member{"items", array(c.items)}) }
