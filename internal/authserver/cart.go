package authserver

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"jwt/internal/authserver/store"
	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
)

const (
	cartTTL  = 24 * time.Hour
	maxCart  = 3800 // bytes of the token; a cookie has at most 4096 with name and attributes
	maxItems = 100
)

// A cart is stored by the client, as a signed token in a cookie. It needs no login. The
// cart of a user is accepted only from that user, and none after its checkout.
type cart struct {
	owner string // empty: not logged in
	id    string // "jti", the same after every change; empty: a new cart
	items []jsonobject.Value
}

// errInvalidCart is returned for a cart that this server did not sign, or that belongs to
// another user.
var errInvalidCart = errors.New("invalid cart")

// failCart answers errInvalidCart, and returns other errors unchanged. The challenge is
// not Bearer, so that clients do not refresh their access token.
func (s *Server) failCart(x *exchange, err error) error {
	if !errors.Is(err, errInvalidCart) {
		return err
	}
	x.Answer.Header.Set("WWW-Authenticate", `Cart realm="`+s.Issuer+`"`)
	x.Note = "invalid cart"
	return x.text(http.StatusUnauthorized, "Invalid cart token")
}

// cartOf returns the cart of a request. found is false if there is no cookie. It clears
// an invalid cookie. It clears the cookie of another user only if a user is logged in,
// because otherwise its owner may log in again.
func (s *Server) cartOf(x *exchange) (c cart, found bool, err error) {
	b, _, err := s.authorize(x)
	if err != nil {
		return cart{}, false, err
	}
	c.owner = b.Subject
	text, err := x.cookie(oauth.CartCookie)
	if err != nil || text == "" {
		return c, false, err
	}
	claims, err := s.verify(x.ctx, VerifyRequest{Token: text, Now: x.now}, cartType, s.cartAudience())
	var refusal Refusal
	switch {
	case errors.As(err, &refusal):
		x.clearCookie(oauth.CartCookie)
		return c, true, errInvalidCart
	case err != nil:
		return c, true, err
	}
	owner, _ := claims.Get("sub")
	if name, _ := owner.Text(); name != "" && name != c.owner {
		if c.owner != "" {
			x.clearCookie(oauth.CartCookie)
		}
		return c, true, errInvalidCart
	}
	id, _ := claims.Get("jti")
	if c.id, _ = id.Text(); c.id == "" {
		return c, true, errInvalidCart
	}
	if used, err := s.Store.Used(x.ctx, c.hash()); err != nil || used {
		x.clearCookie(oauth.CartCookie)
		return c, true, cmp.Or(err, errInvalidCart)
	}
	items, _ := claims.Get("items")
	var ok bool
	if c.items, ok = items.Elements(); !ok {
		return c, true, errInvalidCart
	}
	return c, true, nil
}

func (s *Server) cartAudience() string { return s.Issuer + "/cart" }

// showCart answers GET /cart.
func (s *Server) showCart(x *exchange) error {
	c, _, err := s.cartOf(x)
	if err != nil {
		return s.failCart(x, err)
	}
	return x.json(http.StatusOK, c.json())
}

// addItem answers POST /cart/items. Any JSON object is an item.
func (s *Server) addItem(x *exchange) error {
	item, err := readItem(x)
	if err != nil {
		return err
	}
	c, _, err := s.cartOf(x)
	if err != nil {
		return s.failCart(x, err)
	}
	c.items = append(c.items, item)
	token, err := s.signCart(x, c)
	if err != nil {
		return err
	}
	if signature := len(token) - strings.LastIndexByte(token, '.'); signature > maxCart {
		return &oauth.Error{Status: http.StatusRequestEntityTooLarge, Code: oauth.InvalidRequest, Description: "a cart signed with " + s.Alg + " does not fit into a cookie of 4 KiB; with ES256 it does"}
	}
	if len(token) > maxCart || len(c.items) > maxItems {
		return &oauth.Error{Status: http.StatusRequestEntityTooLarge, Code: oauth.InvalidRequest, Description: "the cart is full: a cookie holds 4 KiB"}
	}
	x.setCookie(cookie(oauth.CartCookie, token, int(cartTTL/time.Second)))
	return x.json(http.StatusCreated, c.json())
}

// readItem returns the item in a request, without white space, because a cookie is small.
func readItem(x *exchange) (jsonobject.Value, error) {
	body, err := x.readJSON()
	if err != nil {
		return nil, err
	}
	o, err := jsonobject.Parse(body)
	if err != nil || len(o.Duplicates()) > 0 || len(o.Members()) == 0 {
		return nil, invalid(`the item must be a JSON object, like {"sku":"tea","quantity":2}`)
	}
	item := jsontext.Value(o.Bytes())
	err = item.Compact()
	return jsonobject.Value(item), err
}

// checkout answers POST /checkout.
func (s *Server) checkout(x *exchange) error {
	c, found, err := s.cartOf(x)
	if err == nil && !found {
		err = errInvalidCart
	}
	if err == nil {
		err = s.spendCart(x, c)
	}
	if err != nil {
		return s.failCart(x, err)
	}
	x.clearCookie(oauth.CartCookie)
	return x.text(http.StatusOK, "Checkout successful")
}

// spendCart marks a cart as ordered: its token, which a client may have kept, cannot be
// used to order again.
func (s *Server) spendCart(x *exchange, c cart) error {
	first, err := s.Store.Once(x.ctx, c.hash(), x.now, milli(x.now.Add(cartTTL)))
	if err == nil && !first {
		x.clearCookie(oauth.CartCookie)
		err = errInvalidCart
	}
	return err
}

// hash identifies the cart in the store.
func (c cart) hash() store.Hash { return sha256.Sum256([]byte("cart\x00" + c.id)) }

func (s *Server) signCart(x *exchange, c cart) (string, error) {
	claims := []member{{"iss", jsonobject.Quote(s.Issuer)}}
	if c.owner != "" {
		claims = append(claims, member{"sub", jsonobject.Quote(c.owner)})
	}
	return s.keys.Sign(x.ctx, cartType, object(append(claims,
		member{"aud", jsonobject.Quote(s.cartAudience())},
		member{"exp", jsonobject.Int(x.now.Add(cartTTL).Unix())},
		member{"iat", jsonobject.Int(x.now.Unix())},
		member{"jti", jsonobject.Quote(cmp.Or(c.id, randomID()))},
		member{"items", array(c.items)},
	)...), x.now)
}

func (c cart) json() []byte { return object(member{"items", array(c.items)}) }
