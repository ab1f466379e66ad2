package schema

// Inspection is the anatomy of a token. Nothing in it is verified.
type Inspection struct {
	Line
	// the form of the token
	Kind string `json:"kind" jsonschema:"enum=JWS,enum=JWE,enum=SD-JWT"`
	// always false: nothing is verified
	Verified bool `json:"verified"`
	// the size of the token in bytes
	Size int `json:"size"`
	// the vendor that issued it, if its claims show that
	Vendor string `json:"vendor,omitempty"`
	// its parts, in their order
	Parts []Part `json:"parts"`
	// the header of the token
	Header Object `json:"header"`
	// the payload: a JSON value, or a string if it is other text
	Payload *Value `json:"payload,omitempty"`
	// the payload in base64url if it is not text
	PayloadBase64url string `json:"payload_base64url,omitempty"`
	// the claims of an SD-JWT with what is disclosed
	Processed *Object `json:"processed,omitempty"`
	PartOfSDJWT
	// why the disclosures do not match the token
	DisclosuresError string `json:"disclosures_error,omitempty"`
	// the members of the header and the payload, explained
	Members []Member `json:"members"`
	// the times of the token; null if it has no claims
	Lifetime *Lifetime `json:"lifetime" jsonschema:"nullable"`
	// the certificates of the header
	Certificates []Certificate `json:"certificates"`
	// the tokens inside
	Nested []Nested `json:"nested"`
	// how many tokens inside were not opened
	NestedLeftClosed int `json:"nested_left_closed,omitempty"`
	// what is weak, wrong or unusual, the most severe first
	Findings []Finding `json:"findings"`
	// why --fail-on or --valid-for is not met
	Error *Error `json:"error,omitempty"`
}

// Part is one part of a compact token.
type Part struct {
	// its name: header, payload, signature, and so on
	Name string `json:"name"`
	// its text
	Base64url string `json:"base64url"`
	// the size of the text
	Size int `json:"size"`
	// the bytes that it encodes
	Bytes int `json:"bytes"`
}

// Member is one member of a token, explained.
type Member struct {
	// the part that it is in
	Part string `json:"part"`
	// its path, with dots and [index]
	Path string `json:"path"`
	// what it means, if it is registered or a vendor's
	Meaning string `json:"meaning,omitempty"`
	// the specification that defines it
	Spec string `json:"spec,omitempty"`
	// the vendor that uses it
	Vendor string `json:"vendor,omitempty"`
	// its time, if it is one
	Time *Time `json:"time,omitempty"`
	// its time, relative to now
	Relative string `json:"relative,omitempty"`
	// the key in it, described
	Key string `json:"key,omitempty"`
}

// Lifetime is the times of a token.
type Lifetime struct {
	// where now is in them
	State string `json:"state" jsonschema:"enum=current,enum=not_yet_valid,enum=expired,enum=endless"`
	// the time that they are compared with
	Now Time `json:"now"`
	// the iat
	Issued *Time `json:"issued,omitempty"`
	// the nbf
	NotBefore *Time `json:"not_before,omitempty"`
	// the exp
	Expires *Time `json:"expires,omitempty"`
	// the seconds from its start to its end
	Seconds int `json:"seconds,omitempty"`
	// the seconds since its start
	Elapsed int `json:"elapsed,omitempty"`
	// the seconds until its end; negative if it is past
	Remaining int `json:"remaining,omitempty"`
}

// Nested is a token inside another.
type Nested struct {
	// the part that it is in
	Part string `json:"part"`
	// the path of the member that it is in
	Path string `json:"path"`
	// the token
	Token Inspection `json:"token"`
}

// Finding is one thing that is weak, wrong or unusual in a token.
type Finding struct {
	// a stable name for the rule
	Rule string `json:"rule"`
	// how severe it is
	Severity string `json:"severity" jsonschema:"enum=info,enum=low,enum=medium,enum=high,enum=critical"`
	// the part that it is in
	Part string `json:"part"`
	// the member that it is in
	Member string `json:"member"`
	// what was found
	Title string `json:"title"`
	// more about it
	Detail string `json:"detail"`
	// what to do
	Advice string `json:"advice"`
	// the section that says so
	Section string `json:"section"`
}

// Found is one token that scan found: an object a line.
type Found struct {
	// the file; without it the token was in stdin
	File string `json:"file,omitempty"`
	// the line, from 1
	Line int `json:"line" jsonschema:"minimum=1"`
	// the column in characters, from 1
	Column int `json:"column" jsonschema:"minimum=1"`
	// what it is: a token, a published example, or text whose signature cannot be one
	Kind string `json:"kind" jsonschema:"enum=token,enum=example,enum=placeholder"`
	// where the example is published
	Example string `json:"example,omitempty"`
	// the name before the token
	Name string `json:"name,omitempty"`
	// whether it was in Base64
	Encoded bool `json:"encoded,omitempty"`
	// whether it was on several lines
	Wrapped bool `json:"wrapped,omitempty"`
	// what distinguishes the token from others, and is not one
	Fingerprint string `json:"fingerprint"`
	// the token itself, with --show-token
	Token string `json:"token,omitempty"`
	// the request of an HTTP archive
	Request *FoundRequest `json:"request,omitempty"`
	// the header of the token
	Header Object `json:"header"`
	// its claims
	Payload *Object `json:"payload,omitempty"`
	// where now is in its lifetime
	State string `json:"state,omitempty" jsonschema:"enum=current,enum=not_yet_valid,enum=expired,enum=endless"`
	// when it expires
	Expires *Time `json:"expires,omitempty"`
	// whether it verifies with the keys given
	Valid *bool `json:"valid,omitempty"`
	// why it does not
	Error *ErrorOfToken `json:"error,omitempty"`
}

// FoundRequest is the request of an HTTP archive that sent or received a token.
type FoundRequest struct {
	// its method
	Method string `json:"method"`
	// its URL, without secrets
	URL string `json:"url"`
	// when it was sent
	Time string `json:"time"`
	// whether it sent the token; else the response had it
	Sent bool `json:"sent"`
	// where its time is in the lifetime of the token
	State string `json:"state,omitempty" jsonschema:"enum=current,enum=not_yet_valid,enum=expired,enum=endless"`
}

// Audit is whether the secret of a token can be guessed.
type Audit struct {
	// whether it was guessed
	Guessable bool `json:"guessable"`
	// the algorithm of the token
	Alg string `json:"alg"`
	// how many guesses were made
	Guesses int `json:"guesses"`
	// how many lines of the lists are too long
	Skipped int `json:"skipped,omitempty"`
	// the list that has the secret
	List string `json:"list,omitempty"`
	// its line in the list
	Line *int `json:"line,omitempty"`
	// the rule that changed the line
	Rule string `json:"rule,omitempty"`
	// the secret, with --show-secret
	Secret string `json:"secret,omitempty"`
	// that the secret was guessed, as a failure
	Error *Error `json:"error,omitempty"`
}

// Difference is what changed between two tokens.
type Difference struct {
	// whether header and payload say the same
	Equal bool `json:"equal"`
	// what changed in the header
	Header []Change `json:"header"`
	// what changed in the payload
	Payload []Change `json:"payload"`
	// whether the signatures are the same bytes
	Signature string `json:"signature" jsonschema:"enum=same,enum=different"`
	// differences in spelling, order or signature
	Notes []string `json:"notes"`
}

// Change is one member that changed.
type Change struct {
	// its path; empty for all of it
	Path string `json:"path"`
	// how it changed
	Change string `json:"change" jsonschema:"enum=added,enum=removed,enum=changed"`
	// the value in the first token
	From *Value `json:"from,omitempty"`
	// the value in the second token
	To *Value `json:"to,omitempty"`
	// the seconds between the values of a time
	Delta int `json:"delta,omitempty"`
}

// Explanation is what a word means.
type Explanation struct {
	// the word
	Word string `json:"word"`
	// its meanings
	Meanings []Meaning `json:"meanings"`
}

// Meaning is one meaning of a word.
type Meaning struct {
	// what has the meaning
	Kind string `json:"kind" jsonschema:"enum=header,enum=claim,enum=class"`
	// the meaning
	Meaning string `json:"meaning"`
	// the specification that says so, or the exit status
	Spec string `json:"spec"`
}
