// Package iana knows the names a token may carry: the registered header
// parameters (IANA JOSE registry) and claims (IANA JWT registry), the ones of
// OpenID Connect, and those of common issuers, each with its meaning and where
// it is defined.
package iana

import (
	"cmp"
	"slices"
	"strings"
)

// A Kind says how the value under a name is to be read. The zero Kind makes no
// promise.
type Kind uint8

// The kinds.
const (
	Plain    Kind = iota // shown as it stands
	Time                 // a NumericDate: seconds since 1970 (RFC 7519 §2)
	Duration             // a number of seconds
	URI                  // an absolute URI
	List                 // names, as an array or divided by spaces
	Digest               // a hash or thumbprint in base64url
	Key                  // a JWK
	Certs                // an array of certificates, DER in standard Base64
	Token                // a token of its own
	Nested               // an object whose members have names Claim knows
)

// A Name is one header parameter or claim.
type Name struct {
	Name    string // its last part, where it is nested
	Meaning string // a short phrase
	Spec    string // the document that defines it, and the section
	Kind    Kind
	Vendor  string // the issuer whose name it is; "" for registered and standard ones
}

// Header returns what is known of a header parameter. Names are compared byte
// for byte (RFC 7515 §4).
func Header(name string) (Name, bool) { return find(headers[:], name) }

// Claim returns what is known of the claim at path: one name for a claim of the
// token, more for a member inside it, array indexes left out. vendor is what
// VendorOf found; where a vendor uses a name in its own way, that meaning wins.
// A name that only means something in another vendor's tokens is not known.
func Claim(vendor string, path ...string) (Name, bool) {
	switch len(path) {
	case 0:
		return Name{}, false
	case 1:
		return claim(vendor, path[0])
	default:
		return member(vendor, path)
	}
}

func claim(vendor, name string) (Name, bool) {
	if n, ok := ofVendor(vendor, name); ok {
		return n, true
	}
	if n, ok := find(claims[:], name); ok {
		return n, true
	}
	return unmistakable(name)
}

// Registered reports whether name is a claim of the IANA registry or of the
// OpenID and OAuth documents, whoever made the token.
func Registered(name string) bool {
	_, ok := find(claims[:], name)
	return ok
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

// member looks up a name inside a claim.
func member(vendor string, path []string) (Name, bool) {
	last := path[len(path)-1]
	switch path[0] {
	case "act", "may_act": // RFC 8693 §4.1: claims again, the actor's own act among them
		return claim(vendor, last)
	case "cnf":
		if len(path) == 2 {
			return find(confirmation[:], last)
		}
	case "address":
		if len(path) == 2 {
			return find(address[:], last)
		}
	case "token_introspection":
		if n, ok := find(introspection[:], last); ok && len(path) == 2 {
			return n, true
		}
		return claim(vendor, last)
	case "sub_id":
		return find(subjectID[:], last)
	case "status", "status_list":
		return find(status[:], last)
	case "authorization_details":
		if len(path) == 2 {
			return find(authorizationDetails[:], last)
		}
	default:
		return vendorMember(path)
	}
	return Name{}, false
}

// vendorMember looks up names inside claims that one vendor alone has; * in a
// row stands for any one name.
func vendorMember(path []string) (Name, bool) {
	for _, row := range vendorMembers {
		if matches(row.path, path) {
			n := row.Name
			n.Name = path[len(path)-1]
			n.Spec = documentation(n.Vendor)
			return n, true
		}
	}
	return Name{}, false
}

func matches(pattern string, path []string) bool {
	for i, part := range path {
		want, rest, more := strings.Cut(pattern, " ")
		if want != "*" && want != part {
			return false
		}
		if more == (i == len(path)-1) {
			return false // the one is longer than the other
		}
		pattern = rest
	}
	return true
}

func documentation(vendor string) string { return vendor + " documentation" }
