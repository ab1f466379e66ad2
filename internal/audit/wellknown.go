package audit

// WellKnown lists the secrets of tutorials, defaults and examples.
var WellKnown = [...]string{
	"", "secret", "Secret", "SECRET", "secretkey", "secret-key", "secret_key", "secretKey", "SECRET_KEY", "mysecret",
	"my-secret", "my_secret", "mysecretkey", "my-secret-key", "my_secret_key", "my_super_secret", "supersecret",
	"super-secret", "super_secret", "supersecretkey", "super-secret-key", "super_secret_key", "topsecret", "shhh",
	"shhhh", "shhhhh", "shhhhhh", "shhhhhhh", "jwt", "jwtsecret", "jwt-secret", "jwt_secret", "jwtSecret", "JWT_SECRET",
	"jwt_secret_key", "jwtkey", "your-secret", "your_secret", "your-secret-key", "your_secret_key", "yoursecretkey",
	"your_jwt_secret", "your-jwt-secret", "your-256-bit-secret", "your-384-bit-secret", "your-512-bit-secret",
	"a-string-secret-at-least-256-bits-long", "super-secret-jwt-token-with-at-least-32-characters-long",
	"AllYourBase", "password", "Password", "passw0rd", "pass", "changeme", "change-me", "change_me", "changeit",
	"default", "example", "example_key", "test", "testing", "dev", "development", "private", "privatekey", "key",
	"token", "auth", "admin", "root", "user", "guest", "qwerty", "letmein", "123", "1234", "12345", "123456",
	"12345678", "123456789", "1234567890", "0123456789", "abc", "abc123", "foo", "bar", "foobar", "hello", "s3cr3t",
	"secret123", "secret1", "none", "null", "undefined", "hmac", "HS256",
}
