package bcp

import (
	"net/url"
	"strings"
	"time"

	"jwt/internal/compact"
	"jwt/internal/jsonobject"
	"jwt/internal/jwt"
)

func privateKey(r *inspection) []hit {
	return append(r.header.privateKeys.hits(Header), r.payload.privateKeys.hits(Payload)...)
}

func secretInPayload(r *inspection) []hit { return r.payload.secrets.hits(Payload) }

func personalData(r *inspection) []hit { return r.payload.personal.hits(Payload) }

func controlCharacters(r *inspection) []hit {
	return append(r.header.controls.hits(Header), r.payload.controls.hits(Payload)...)
}

func unsafeInteger(r *inspection) []hit {
	return append(r.header.unsafeInts.hits(Header), r.payload.unsafeInts.hits(Payload)...)
}

func nestedToken(r *inspection) []hit {
	if r.ClaimsErr != nil && isToken(string(r.Payload)) {
		return oneHit(Payload, "", "the payload is a token itself")
	}
	return append(r.header.tokens.hits(Header), r.payload.tokens.hits(Payload)...)
}

// isPersonal reports whether a name, as plain returns it, denotes personal data. "name"
// is not among them: its meaning depends on the object (aboutPerson).
func isPersonal(name string) bool {
	switch name {
	case "address", "streetaddress", "postaladdress", "homeaddress", "postalcode", "zipcode",
		"birthdate", "birthday", "dateofbirth", "dob", "placeofbirth",
		"email", "emailaddress", "emails", "mail", "useremail", "verifiedprimaryemail", "verifiedsecondaryemail",
		"phone", "phonenumber", "mobile", "mobilephone", "mobilenumber", "telephone", "msisdn", "fax",
		"firstname", "lastname", "middlename", "givenname", "familyname", "surname", "fullname", "displayname",
		"birthfamilyname", "birthgivenname", "birthmiddlename", "maidenname", "nickname",
		"gender", "sex", "picture", "avatar", "photo", "nationality", "nationalities", "religion", "ethnicity", "race",
		"ssn", "socialsecuritynumber", "passport", "passportnumber", "nationalid", "personalnumber", "taxid", "driverslicense",
		"iban", "bankaccount", "ipaddr", "ipaddress", "geohash", "verifiedclaims":
		return true
	}
	return false
}

// isLogin reports whether a member of this name often has an e-mail address.
func isLogin(name string) bool {
	switch name {
	case "sub", "username", "user", "login", "preferredusername", "upn", "uniquename", "userprincipalname", "actor", "name", "id", "userid":
		return true
	}
	return false
}

// isSecretName reports whether a name, as plain returns it, denotes a secret.
func isSecretName(name string) bool {
	switch name {
	case "password", "passwd", "passphrase", "pwd", "passwordhash", "hashedpassword", "secret", "clientsecret", "apisecret", "appsecret",
		"apikey", "secretkey", "privatekey", "signingkey", "encryptionkey", "masterkey", "awssecretaccesskey", "secretaccesskey",
		"refreshtoken", "idpaccesstoken", "connectionstring", "databaseurl", "creditcard", "creditcardnumber", "cardnumber", "cvv", "cvc":
		return true
	}
	return false
}

// looksSecret reports whether text has the form of a secret: a key of a common service, a
// password hash, or a URL with a password.
func looksSecret(text string) bool {
	for _, start := range [...]string{
		"ghp_", "gho_", "ghu_", "ghs_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "xapp-", "sk_live_", "rk_live_", "sk-ant-",
		"$2a$", "$2b$", "$2y$", "$argon2", "$scrypt$", "$pbkdf2",
	} {
		if strings.HasPrefix(text, start) && len(text) >= len(start)+8 {
			return true
		}
	}
	switch {
	case strings.HasPrefix(text, "AKIA") || strings.HasPrefix(text, "ASIA"): // AWS
		return len(text) == 20 && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
	case strings.HasPrefix(text, "AIza"): // Google
		return len(text) == 39
	case strings.Contains(text, "://") && strings.Contains(text, "@"):
		u, err := url.Parse(text)
		if err != nil || u.User == nil {
			return false
		}
		password, set := u.User.Password()
		return set && password != ""
	}
	return false
}

// isToken reports whether text is a token, as its own or after "Bearer ".
func isToken(text string) bool {
	text = strings.TrimPrefix(text, "Bearer ")
	return compact.Looks(text) && compact.Is([]byte(text))
}

// maxSafeInteger is 2^53 - 1, the largest integer that a double distinguishes from its
// neighbours.
const maxSafeInteger = 1<<53 - 1

// isUnsafe reports whether a JSON number is beyond ±maxSafeInteger. NumericDate compares
// exactly, with bounded work for any exponent.
func isUnsafe(number string) bool {
	n, ok := jwt.ParseNumericDate(jsonobject.Value(number))
	return ok && (n.Compare(time.Unix(maxSafeInteger, 0)) > 0 || n.Compare(time.Unix(-maxSafeInteger, 0)) < 0)
}
