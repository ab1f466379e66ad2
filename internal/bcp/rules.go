package bcp

// A scope is the kind of tokens that a rule applies to.
type scope int

const (
	// jwsOnly rules check signatures and headers that name the signer's key. In a JWE these
	// headers name the recipient's key (RFC 7516 §4.1).
	jwsOnly scope = iota
	// jweToo rules also apply to a JWE: header, shape, keys and certificates.
	jweToo
	// claims rules apply to a JWE that was decrypted.
	claims
)

// table lists the rules by topic. IDs are never renamed, because scripts use them.
var table = [...]rule{
	// Algorithm and signature.
	{Rule{
		"alg-none", Critical, "The token is not signed",
		"Sign it, and have verifiers accept only listed algorithms, never none.", "RFC 8725 §3.2",
	}, algNone, jwsOnly},
	{Rule{
		"alg-missing", High, "The header has no algorithm",
		"Put the algorithm of the signature into alg, as a string.", "RFC 7515 §4.1.1",
	}, algMissing, jweToo},
	{Rule{
		"alg-unknown", Medium, "The algorithm is not a known signature algorithm",
		"Use a registered algorithm by its exact name, such as ES256 or Ed25519.", "RFC 8725 §3.1",
	}, algUnknown, jwsOnly},
	{Rule{
		"alg-legacy", Info, "The algorithm's name is deprecated",
		"Use Ed25519 instead of EdDSA once all verifiers know it.", "RFC 9864 §2.2",
	}, algLegacy, jwsOnly},
	{Rule{
		"alg-symmetric", Info, "Every verifier of the token can also forge it",
		"Use a random secret, at least as long as the hash, for one party only; otherwise use a key pair.", "RFC 8725 §3.5",
	}, algSymmetric, jwsOnly},
	{Rule{
		"weak-secret", Critical, "The secret is a well-known default",
		"Use a random one, at least as long as the hash; with this one anyone can forge tokens.", "RFC 8725 §3.5",
	}, weakSecret, jwsOnly},
	{Rule{
		"signature-empty", Critical, "The signature is empty",
		"Do not accept it; some verifiers accept an empty signature.", "RFC 8725 §3.3",
	}, signatureEmpty, jwsOnly},
	{Rule{
		"signature-length", High, "The signature has the wrong length for its algorithm",
		"Send the complete signature, for ECDSA as r‖s instead of DER.", "RFC 7518 §3.1",
	}, signatureLength, jwsOnly},
	{Rule{
		"weak-rsa", High, "An RSA key is shorter than 2048 bits or can be broken",
		"Use an RSA key of 2048 bits or more, or an elliptic curve.", "RFC 7518 §3.3",
	}, weakRSA, jweToo},

	// Encryption, of a JWE.
	{Rule{
		"jwe-alg-unknown", Medium, "The algorithm is not a known key management algorithm",
		"Use a registered algorithm by its exact name, such as ECDH-ES+A256KW or RSA-OAEP-256.", "RFC 7516 §4.1.1",
	}, jweAlgUnknown, jweToo},
	{Rule{
		"enc-missing", High, "The header has no content encryption",
		"Put the content encryption into enc, as a string.", "RFC 7516 §4.1.2",
	}, encMissing, jweToo},
	{Rule{
		"enc-unknown", Medium, "The content encryption is unknown",
		"Use a registered name, spelled exactly, such as A256GCM or A128CBC-HS256.", "RFC 7516 §4.1.2",
	}, encUnknown, jweToo},
	{Rule{
		"alg-rsa1-5", Medium, "The key is encrypted with a broken padding",
		"Encrypt it with RSA-OAEP-256 or ECDH-ES, and have recipients refuse RSA1_5.", "RFC 8725 §3.2",
	}, algRSA15, jweToo},
	{Rule{
		"zip-present", Medium, "The plaintext was compressed before it was encrypted",
		"Omit zip: the size reveals content, and a small token can expand to a huge one.", "RFC 8725 §3.6",
	}, compressed, jweToo},
	{Rule{
		"p2c-too-low", Medium, "The password is hashed too few times",
		"Use more iterations or a random key: anyone with the token can guess the password.", "RFC 7518 §4.8.1.2",
	}, p2cTooLow, jweToo},
	{Rule{
		"p2c-low", Info, "The password is hashed fewer times than recommended",
		"Raise p2c or use a random key: anyone with the token can guess the password.", "OWASP Password Storage",
	}, p2cLow, jweToo},
	{Rule{
		"p2c-too-high", Medium, "The password is hashed so often that it can overload the recipient",
		"Have recipients limit p2c before they hash: the header is not trusted.", "RFC 7518 §8.8",
	}, p2cTooHigh, jweToo},
	{Rule{
		"issuer-only", Info, "Only its issuer can decrypt the token",
		"Request it for the API: with audience=API the issuer gives a signed JWT.", "RFC 7516 §2",
	}, issuerOnly, jweToo},
	{Rule{
		"alg-dir", Info, "The shared secret encrypts the content directly",
		"Change the secret often, or wrap a key for each token (A256KW): with GCM one key may encrypt 2^32 tokens.", "RFC 7518 §8.4",
	}, directKey, jweToo},
	{Rule{
		"jwe-not-signed", Info, "Anyone with the public key can create such a token",
		"Encrypt a signed token (cty JWT) and verify it: encryption does not prove who wrote it.", "RFC 7519 §11.2",
	}, notSigned, jweToo},

	// Header.
	{Rule{
		"crit-malformed", High, "crit is malformed",
		"List in crit the extensions that are in the header, each once, and no standard parameters.", "RFC 7515 §4.1.11",
	}, critMalformed, jweToo},
	{Rule{
		"crit-unknown", Medium, "crit requires extensions that few verifiers know",
		"Expect verifiers to refuse it; remove the extensions unless all verifiers know them.", "RFC 7515 §4.1.11",
	}, critUnknown, jweToo},
	{Rule{
		"b64-false", Medium, "The header declares the payload unencoded",
		"Omit b64: a JWT must not use it.", "RFC 7797 §7",
	}, b64False, jwsOnly},
	{Rule{
		"header-type", Medium, "A header parameter has the wrong type",
		"Use the type that RFC 7515 defines; verifiers disagree on any other.", "RFC 7515 §4.1",
	}, headerType, jweToo},
	{Rule{
		"header-jwk", Medium, "The token contains its own key",
		"Take keys from configuration, never from the header: anyone can put one there.", "RFC 8725 §3.10",
	}, headerJWK, jwsOnly},
	{Rule{
		"header-jku", Medium, "The token says where to fetch its key",
		"Ignore jku, or compare it with a list of allowed URLs before anything is fetched.", "RFC 8725 §3.10",
	}, headerJKU, jwsOnly},
	{Rule{
		"header-x5u", Medium, "The token says where to fetch its certificate",
		"Ignore x5u, or compare it with a list of allowed URLs before anything is fetched.", "RFC 8725 §3.10",
	}, headerX5U, jwsOnly},
	{Rule{
		"header-x5c", Low, "The token contains its own certificates",
		"Trust them only after validating the chain up to a configured root.", "RFC 7515 §4.1.6",
	}, headerX5C, jwsOnly},
	{Rule{
		"header-url-insecure", High, "A key URL is not safe to fetch",
		"Never follow it: it can make a server query its own network, or trust an attacker's key.", "RFC 8725 §3.10",
	}, headerURLInsecure, jweToo},
	{Rule{
		"kid-suspicious", High, "The key ID looks like an attack",
		"Look keys up in a fixed table; never build a path, query, command or URL from kid.", "RFC 8725 §3.10",
	}, kidSuspicious, jweToo},
	{Rule{
		"typ-missing", Info, "The token does not state its type",
		"Set typ, such as at+jwt, and have verifiers check it, so that kinds cannot be confused.", "RFC 8725 §3.11",
	}, typMissing, jwsOnly},
	{Rule{
		"typ-generic", Info, "typ is only JWT",
		"Use a specific typ, such as at+jwt, so that one kind of token cannot be used as another.", "RFC 8725 §3.11",
	}, typGeneric, jwsOnly},
	{Rule{
		"header-claim-mismatch", Medium, "A claim in the header differs from the payload",
		"Repeat claims in the header exactly as in the payload, or not at all.", "RFC 7519 §5.3",
	}, headerClaimMismatch, claims},

	// Keys and certificates inside.
	{Rule{
		"private-key", Critical, "The token contains a private key",
		"Treat the key as stolen: replace it, and put only public keys into tokens.", "RFC 7517 §9.2",
	}, privateKey, jweToo},
	{Rule{
		"x5c-malformed", Medium, "x5c does not contain certificates",
		"Put certificates there as DER in standard Base64, the signer's first.", "RFC 7515 §4.1.6",
	}, x5cMalformed, jweToo},
	{Rule{
		"x5t-malformed", Medium, "The certificate thumbprint has a wrong length",
		"x5t is the base64url of 20 bytes of SHA-1, x5t#S256 of 32 bytes of SHA-256, not of their hexadecimal text.", "RFC 7515 §4.1.7",
	}, x5tMalformed, jweToo},
	{Rule{
		"x5t-mismatch", Medium, "The thumbprint is not that of the certificate",
		"Compute x5t or x5t#S256 over the DER of the first certificate of x5c.", "RFC 7515 §4.1.8",
	}, x5tMismatch, jweToo},
	{Rule{
		"certificate-expired", Medium, "A certificate is not valid now",
		"Sign with a key whose certificate is valid.", "RFC 5280 §4.1.2.5",
	}, certificateExpired, jweToo},
	{Rule{
		"certificate-weak-hash", Medium, "A certificate is signed with a broken hash",
		"Reissue it with SHA-256 or better.", "RFC 6194",
	}, certificateWeakHash, jweToo},

	// Shape.
	{Rule{
		"duplicate-member", High, "A name occurs more than once",
		"Use every name once; parsers disagree on which value counts.", "RFC 7519 §4",
	}, duplicateMember, jweToo},
	{Rule{
		"case-variant", High, "A name only looks like a registered one",
		"Use the exact name: some parsers treat the two as equal, others do not.", "RFC 7515 §4",
	}, caseVariant, jweToo},
	{Rule{
		"noncanonical-base64", Medium, "A part is not strict base64url",
		"Encode without padding, line breaks and the characters + and /; strict verifiers refuse it.", "RFC 7515 §2",
	}, noncanonicalBase64, jwsOnly},
	{Rule{
		"payload-not-json-object", Medium, "The payload is not a JSON object",
		"Put the claims into one JSON object, or treat it as a JWS of opaque bytes.", "RFC 7519 §7.2",
	}, payloadNotObject, jwsOnly},
	{Rule{
		"deep-nesting", Low, "Objects are nested deeply",
		"Keep claims flat; parsers have limits, and some crash.", "RFC 8259 §9",
	}, deepNesting, jweToo},
	{Rule{
		"header-size", Medium, "The token is larger than most servers accept in a header",
		"Omit data that the receiver can look up; 8 KiB is a common limit for a header line.", "RFC 9110 §5.4",
	}, headerSize, jweToo},
	{Rule{
		"cookie-size", Low, "The token does not fit into a cookie",
		"Keep it below 4096 bytes if it travels in a cookie.", "RFC 6265 §6.1",
	}, cookieSize, jweToo},

	// Time.
	{Rule{
		"exp-missing", High, "The token never expires",
		"Set exp: without it a stolen token is valid until the key changes.", "RFC 7519 §4.1.4",
	}, expMissing, claims},
	{Rule{
		"exp-not-a-number", High, "exp is not a number",
		"Write exp as a JSON number; some verifiers ignore what they cannot read.", "RFC 7519 §4.1.4",
	}, expNotANumber, claims},
	{Rule{
		"exp-milliseconds", High, "exp is not in seconds",
		"Write it in seconds since 1970: as it is, the token is valid for thousands of years.", "RFC 7519 §2",
	}, expMilliseconds, claims},
	{Rule{
		"time-milliseconds", Medium, "A time is not in seconds",
		"Write times in seconds since 1970.", "RFC 7519 §2",
	}, timeMilliseconds, claims},
	{Rule{
		"lifetime-too-long", Medium, "The token lives too long",
		"Make it short-lived and renew it: it is hard to revoke.", "RFC 6750 §5.3",
	}, lifetimeTooLong, claims},
	{Rule{
		"lifetime-long", Low, "The token lives for more than a day",
		"If it is an access token, minutes to an hour are usual.", "RFC 6750 §5.3",
	}, lifetimeLong, claims},
	{Rule{
		"nbf-after-exp", Medium, "The token is never valid",
		"Set nbf before exp.", "RFC 7519 §4.1.5",
	}, nbfAfterExp, claims},
	{Rule{
		"iat-after-exp", Medium, "The token expired before it was issued",
		"Set iat before exp.", "RFC 7519 §4.1.6",
	}, iatAfterExp, claims},
	{Rule{
		"iat-future", Medium, "The token was issued in the future",
		"Correct the issuer's clock, or yours.", "RFC 7519 §4.1.6",
	}, iatFuture, claims},
	{Rule{
		"exp-expired", Info, "The token has expired",
		"Get a new one.", "RFC 7519 §4.1.4",
	}, expExpired, claims},
	{Rule{
		"nbf-future", Info, "The token is not valid yet",
		"Wait, or compare the clocks.", "RFC 7519 §4.1.5",
	}, nbfFuture, claims},
	{Rule{
		"iat-missing", Info, "The token does not say when it was issued",
		"Set iat, which shows how old a token is.", "RFC 7519 §4.1.6",
	}, iatMissing, claims},

	// Claims.
	{Rule{
		"access-token-claims", Medium, "An access token lacks claims that it must have",
		"Add them, or do not call it at+jwt.", "RFC 9068 §2.2",
	}, accessTokenClaims, claims},
	{Rule{
		"aud-missing", Medium, "The token has no audience",
		"Set aud, and have every receiver check it: otherwise a token for one is accepted by all.", "RFC 8725 §3.9",
	}, audMissing, claims},
	{Rule{
		"aud-wildcard", High, "The audience is a wildcard",
		"Name the receivers; aud is compared literally.", "RFC 8725 §3.9",
	}, audWildcard, claims},
	{Rule{
		"iss-missing", Low, "The token has no issuer",
		"Set iss, and bind each issuer to its own keys.", "RFC 8725 §3.8",
	}, issMissing, claims},
	{Rule{
		"iss-http", Medium, "The issuer is not an https URL",
		"Use https: keys found through this issuer can be replaced in transit.", "RFC 8414 §2",
	}, issHTTP, claims},
	{Rule{
		"sub-missing", Info, "The token has no subject",
		"Set sub if the token represents a user or a client.", "RFC 8725 §3.8",
	}, subMissing, claims},
	{Rule{
		"jti-missing", Info, "A long-lived token has no identifier",
		"Set jti, so that this one token can be revoked.", "RFC 7519 §4.1.7",
	}, jtiMissing, claims},
	{Rule{
		"claim-type", Medium, "A claim has the wrong type",
		"Use the type of its specification; verifiers disagree on any other.", "RFC 7519 §4.1",
	}, claimType, claims},
	{Rule{
		"claim-empty", Low, "An identifying claim is empty",
		"Set it or omit it.", "RFC 7519 §4.1",
	}, claimEmpty, claims},

	{Rule{
		"validity-selective", Medium, "The holder can withhold a claim that limits the token",
		"Sign it openly: a verifier cannot know that a withheld exp, nbf, iss, aud or cnf exists.", "RFC 9901 §9.7",
	}, selectiveValidity, claims},

	// Content.
	{Rule{
		"secret-in-payload", High, "The token seems to contain a secret",
		"Remove it and replace the secret: anyone who sees a signed token can read it.", "RFC 7519 §12",
	}, secretInPayload, jwsOnly},
	{Rule{
		"personal-data", Low, "The token contains personal data",
		"Omit what the receiver does not need, or encrypt it: tokens end up in logs.", "RFC 7519 §12",
	}, personalData, jwsOnly},
	{Rule{
		"control-characters", Medium, "A text has control or invisible characters",
		"Escape it before it reaches a log or terminal, and refuse it where it is entered.", "RFC 8725 §3.10",
	}, controlCharacters, jweToo},
	{Rule{
		"unsafe-integer", Low, "A number is too large for JavaScript",
		"Send large numbers as strings; beyond 2^53 many parsers round them.", "RFC 8259 §6",
	}, unsafeInteger, jweToo},
	{Rule{
		"nested-token", Info, "There is a token inside the token",
		"Verify both, each with its own key.", "RFC 7519 §2",
	}, nestedToken, jwsOnly},
}
