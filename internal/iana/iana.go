// Package iana describes the registered header parameters (IANA JOSE registry) and claims
// (IANA JWT registry, OpenID Connect): the meaning of each and the document that defines
// it.
package iana

import (
	"cmp"
	"slices"
)

// A Kind is the type of the value of a name. The zero Kind says nothing about it.
type Kind uint8

const (
	Plain    Kind = iota // shown unchanged
	Time                 // a NumericDate: seconds since 1970 (RFC 7519 §2)
	Duration             // a number of seconds
	URI                  // an absolute URI
	List                 // names, as an array or separated by spaces
	Digest               // a hash or thumbprint in base64url
	Key                  // a JWK
	Certs                // an array of certificates, DER in standard Base64
	Token                // another token
	Nested               // an object with members that Claim describes
)

// A Name is one header parameter or claim.
type Name struct {
	Name    string // the last part of its path
	Meaning string // a short phrase
	Spec    string // the document and section that defines it
	Kind    Kind
	Vendor  string // set by package vendors for a private claim; "" for a registered name
}

// Header describes a header parameter. Names are compared byte for byte (RFC 7515 §4).
func Header(name string) (Name, bool) { return find(headers[:], name) }

// Claim describes the claim at path: one name for a claim of the token, and more names
// for a member inside it, without array indexes.
func Claim(path ...string) (Name, bool) {
	if IsClaim(path...) {
		return find(claims[:], path[len(path)-1])
	}
	for _, m := range members {
		if len(path) > 1 && m.claim == path[0] && (m.anyDepth || len(path) == 2) {
			return find(m.names, path[len(path)-1])
		}
	}
	return Name{}, false
}

// IsClaim reports whether the last name of path is that of a claim: of the token, of an
// actor (RFC 8693 §4.1), or of the introspected token (RFC 9701 §5).
func IsClaim(path ...string) bool {
	switch {
	case len(path) < 2:
		return len(path) == 1
	case path[0] == "act", path[0] == "may_act":
		return true
	case path[0] == "token_introspection":
		_, own := find(introspection[:], path[len(path)-1])
		return !own || len(path) > 2
	}
	return false
}

// find searches a table that is sorted by name.
func find(table []Name, name string) (Name, bool) {
	i, ok := slices.BinarySearchFunc(table, name, func(n Name, want string) int {
		return cmp.Compare(n.Name, want)
	})
	if !ok {
		return Name{}, false
	}
	return table[i], true
}
