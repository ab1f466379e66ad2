// Package asn1der reads one ASN.1 value from DER, and writes the identifiers of algorithms.
package asn1der

import (
	"crypto/x509/pkix"
	"encoding/asn1"
)

// Parse reports whether der is exactly one value of the type of into, which gets the value.
func Parse(der []byte, into any) bool {
	rest, err := asn1.Unmarshal(der, into)
	return err == nil && len(rest) == 0
}

// AlgorithmID returns the identifier of an algorithm with parameters, which are constants of the caller
// or values made by it.
func AlgorithmID(id asn1.ObjectIdentifier, parameters any) pkix.AlgorithmIdentifier {
	der, err := asn1.Marshal(parameters)
	if err != nil {
		panic("asn1der: parameters that are not ASN.1: " + err.Error()) // a bug of the caller
	}
	return pkix.AlgorithmIdentifier{Algorithm: id, Parameters: asn1.RawValue{FullBytes: der}}
}
