package schema

import "github.com/invopop/jsonschema"

// Decoded is a signed or unsecured token, decoded. Nothing in it is verified.
type Decoded struct {
	Line
	Payload
	PartOfSDJWT
	// the header of the token
	Header Object `json:"header"`
	// the claims of an SD-JWT with what is disclosed
	Processed *Object `json:"processed,omitempty"`
	// the Key Binding JWT of an SD-JWT, decoded
	KeyBinding *Decoded `json:"key_binding,omitempty"`
	// the signature in base64url; empty for an unsecured token
	Signature string `json:"signature"`
	// what is suspicious about the form of the token
	Warnings []Warning `json:"warnings,omitempty"`
	// why the token does not live as long as it must
	Error *Error `json:"error,omitempty"`
}

// Sealed is an encrypted token that was not decrypted.
type Sealed struct {
	Line
	// the header of the token
	Header Object `json:"header"`
	// always true
	Encrypted bool `json:"encrypted"`
	// the encrypted key in base64url
	EncryptedKey string `json:"encrypted_key"`
	// the initialization vector in base64url
	IV string `json:"iv"`
	// the ciphertext in base64url
	Ciphertext string `json:"ciphertext"`
	// the authentication tag in base64url
	Tag string `json:"tag"`
	// what is suspicious about the form of the token
	Warnings []Warning `json:"warnings,omitempty"`
	// why the token does not live as long as it must
	Error *Error `json:"error,omitempty"`
}

// Opened is an encrypted token that decode decrypted.
type Opened struct {
	Line
	Payload
	// the header of the token
	Header Object `json:"header"`
	// always true
	Encrypted bool `json:"encrypted"`
	// the key that decrypted it
	Key UsedKey `json:"key"`
	// the token inside, decoded
	Nested *DecodedAny `json:"nested,omitempty"`
	// what is suspicious about the form of the token
	Warnings []Warning `json:"warnings,omitempty"`
	// why the token does not live as long as it must
	Error *Error `json:"error,omitempty"`
}

// DecodedAny is a token in any state.
type DecodedAny struct{}

// JSONSchema returns the schema of the three.
func (DecodedAny) JSONSchema() *jsonschema.Schema { return anyOf("Decoded", "Sealed", "Opened") }

// DecodedSignatures is a token in a JSON serialization with several signatures.
type DecodedSignatures struct {
	Line
	// the payload that the signatures share
	Payload Value `json:"payload"`
	// each signature with its header
	Signatures []Signature `json:"signatures"`
}

// Signature is one signature of several.
type Signature struct {
	// the header of the signature
	Header Object `json:"header"`
	// the signature in base64url
	Signature string `json:"signature"`
}

// Report is the report of verify: whether the token is valid, and why or why not.
type Report struct {
	Line
	// whether every check passed
	Valid bool `json:"valid"`
	// the checks, in their order
	Checks []Check `json:"checks"`
	// why the signature does not verify, as far as that can be shown
	Diagnosis []Cause `json:"diagnosis,omitempty"`
	// the key that verified the signature, or was tried
	Key *UsedKey `json:"key,omitempty"`
	// the header, verified; only of a valid token
	Header *Object `json:"header,omitempty"`
	// the payload, verified; only of a valid token
	Payload *Value `json:"payload,omitempty"`
	// the payload in base64url if it is not text, verified; only of a valid token
	PayloadBase64url string `json:"payload_base64url,omitempty"`
	PartOfSDJWT
	// the Key Binding JWT of an SD-JWT; only of a valid token
	KeyBinding *Decoded `json:"key_binding,omitempty"`
	// what the token says, when it is not valid: do not rely on it
	Unverified *Unverified `json:"unverified,omitempty"`
	// the gravest failure; only when the token is not valid
	Error *Error `json:"error,omitempty"`
}

// Cause is a cause of a signature that does not verify, which was shown to be true.
type Cause struct {
	// a stable name for the cause
	ID string `json:"id"`
	// one sentence for people; its wording may change
	Detail string `json:"detail"`
	// the next thing to type or to look at
	Hint string `json:"hint,omitempty"`
}

// Unverified is the content of a token that nothing vouches for.
type Unverified struct {
	Payload
	PartOfSDJWT
	// the header of the token
	Header Object `json:"header"`
	// the Key Binding JWT of an SD-JWT, decoded
	KeyBinding *Decoded `json:"key_binding,omitempty"`
}

// ReportOfSignatures is the report of verify on a token with several signatures.
type ReportOfSignatures struct {
	Line
	// whether enough signatures verified
	Valid bool `json:"valid"`
	// the report on each signature
	Signatures []Report `json:"signatures"`
	// the payload, verified; only of a valid token
	Payload *Value `json:"payload,omitempty"`
	// the gravest failure; only when the token is not valid
	Error *Error `json:"error,omitempty"`
}

// Signed is a token that sign made.
type Signed struct {
	// the token
	Token string `json:"token"`
	// its header
	Header Object `json:"header"`
	// its payload; a string if it was signed as bytes
	Payload Value `json:"payload"`
}

// Recipes is the list of recipes of sign.
type Recipes struct {
	// the recipes
	Recipes []Recipe `json:"recipes"`
}

// Recipe is the template of a token that a platform asks for.
type Recipe struct {
	// the name for --recipe
	Name string `json:"name"`
	// what the token is for
	Title string `json:"title"`
	// the page of the platform that asks for it
	Page string `json:"page"`
	// the algorithms that it accepts
	Algs []string `json:"algs" jsonschema:"nullable"`
	// the shortest lifetime
	Shortest string `json:"shortest"`
	// the longest lifetime
	Longest string `json:"longest"`
	// the template of the header
	Header Value `json:"header"`
	// the template of the claims
	Claims Value `json:"claims"`
	// what to fill in
	Inputs []RecipeInput `json:"inputs"`
}

// RecipeInput is one input of a recipe.
type RecipeInput struct {
	// the name for --set
	Name string `json:"name"`
	// what it is
	About string `json:"about"`
	// whether there is no default
	Required bool `json:"required"`
	// what is used without it
	Default *Value `json:"default,omitempty"`
}

// Encrypted is a token that encrypt made.
type Encrypted struct {
	// the token
	Token string `json:"token"`
	// its header
	Header Object `json:"header"`
	// the signed token inside
	Nested *Signed `json:"nested,omitempty"`
	// the key that it is encrypted to
	Key UsedKey `json:"key"`
}

// Decrypted is the plaintext of an encrypted token.
type Decrypted struct {
	// the header of the token
	Header Object `json:"header"`
	// the plaintext: a JSON value, or a string if it is other text
	Payload *Value `json:"payload,omitempty" jsonschema:"oneof_required=payload"`
	// the plaintext in base64url if it is not text
	PayloadBase64url string `json:"payload_base64url,omitempty" jsonschema:"oneof_required=payload_base64url"`
	// the plaintext, when the token inside was to be verified and is not valid
	Unverified *UnverifiedPlaintext `json:"unverified,omitempty" jsonschema:"oneof_required=unverified"`
	// the key that decrypted it
	Key UsedKey `json:"key"`
	// the token inside: the report of its verification, or what it says
	Nested *NestedToken `json:"nested,omitempty"`
	// what is suspicious about the form of the token
	Warnings []Warning `json:"warnings,omitempty"`
	// why the token inside is not valid
	Error *Error `json:"error,omitempty"`
}

// UnverifiedPlaintext is a plaintext that nothing vouches for.
type UnverifiedPlaintext struct {
	Payload
}

// NestedToken is the token inside an encrypted one.
type NestedToken struct{}

// JSONSchema returns the schema of the two.
func (NestedToken) JSONSchema() *jsonschema.Schema { return anyOf("Report", "NotVerified") }

// NotVerified is a token inside, which was not to be verified.
type NotVerified struct {
	// the token, decoded
	Unverified DecodedAny `json:"unverified"`
}

// FlattenedJWS is a signed token in the flattened serialization (RFC 7515 §7.2.2).
type FlattenedJWS struct {
	// the payload in base64url; a detached one is not in the token
	Payload string `json:"payload,omitempty"`
	// the protected header in base64url
	Protected string `json:"protected,omitempty"`
	// the unprotected header
	Header *Object `json:"header,omitempty"`
	// the signature in base64url
	Signature string `json:"signature"`
}

// GeneralJWS is a signed token in the general serialization (RFC 7515 §7.2.1).
type GeneralJWS struct {
	// the payload in base64url; a detached one is not in the token
	Payload string `json:"payload,omitempty"`
	// the signatures
	Signatures []SignatureOfJWS `json:"signatures"`
}

// SignatureOfJWS is one signature of a general serialization.
type SignatureOfJWS struct {
	// the protected header in base64url
	Protected string `json:"protected,omitempty"`
	// the unprotected header
	Header *Object `json:"header,omitempty"`
	// the signature in base64url
	Signature string `json:"signature"`
}

// FlattenedJWE is an encrypted token in the flattened serialization (RFC 7516 §7.2.2).
type FlattenedJWE struct {
	PartOfJWE
	// the header of the recipient
	Header *Object `json:"header,omitempty"`
	// the encrypted key in base64url
	EncryptedKey string `json:"encrypted_key,omitempty"`
}

// GeneralJWE is an encrypted token in the general serialization (RFC 7516 §7.2.1).
type GeneralJWE struct {
	PartOfJWE
	// the recipients
	Recipients []Recipient `json:"recipients"`
}

// PartOfJWE has the members that both serializations have.
type PartOfJWE struct {
	// the protected header in base64url
	Protected string `json:"protected,omitempty"`
	// the unprotected header that the recipients share
	Unprotected *Object `json:"unprotected,omitempty"`
	// the initialization vector in base64url
	IV string `json:"iv,omitempty"`
	// the additional authenticated data in base64url
	AAD string `json:"aad,omitempty"`
	// the ciphertext in base64url
	Ciphertext string `json:"ciphertext"`
	// the authentication tag in base64url
	Tag string `json:"tag,omitempty"`
}

// Recipient is one recipient of a general serialization.
type Recipient struct {
	// the header of the recipient
	Header *Object `json:"header,omitempty"`
	// the encrypted key in base64url
	EncryptedKey string `json:"encrypted_key,omitempty"`
}
