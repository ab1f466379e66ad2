package jwk

import (
	"errors"

	"jwt/internal/jwk/sealed"
	"jwt/internal/verdict"
)

// encryptedPKCS8 opens a key encrypted with PBES2.
func (r *reader) encryptedPKCS8(der []byte) (Key, error) {
	data, err := sealed.PKCS8(der)
	if err != nil {
		return Key{}, err
	}
	passphrase, err := r.Ask("the PKCS#8 key", data.Work)
	if err != nil {
		return Key{}, err
	}
	plain, err := data.Open(passphrase)
	if errors.Is(err, sealed.ErrPassphrase) {
		return Key{}, r.Wrong()
	}
	if err != nil {
		return Key{}, err
	}
	kind, elements := structureOf(plain)
	if kind != pkcs8 {
		return Key{}, r.Wrong()
	}
	return r.keyOf(kind, elements, plain)
}

// keystoreKey reads the private key of a PKCS #12 file with its certificates. A file with
// certificates alone gives the key of the first one. The empty password is tried first, because
// many files have it.
func (r *reader) keystoreKey(der []byte) (Key, error) {
	store, err := sealed.OpenKeystore(der, "")
	if errors.Is(err, sealed.ErrPassphrase) {
		given, askErr := r.Ask("the PKCS#12 file", maxWork/20)
		if askErr != nil {
			return Key{}, askErr
		}
		store, err = sealed.OpenKeystore(der, string(given))
	}
	var own *verdict.Error
	switch {
	case errors.Is(err, sealed.ErrPassphrase):
		return Key{}, verdict.Errorf(verdict.KeyUnreadable, "the passphrase does not open the PKCS#12 file")
	case errors.As(err, &own):
		return Key{}, err
	case err != nil:
		return Key{}, verdict.Errorf(verdict.KeyUnreadable, "the PKCS#12 file cannot be read: %s", withoutPackage(err)).
			Hintf("openssl pkcs12 -in STORE -nodes -out KEY.pem, with -legacy for an old one")
	case store.Private == nil:
		return certificateKey(store.Certificates[:1])
	}
	k, err := New(store.Private)
	if err != nil {
		return Key{}, err
	}
	k.Format = string(pkcs12Format)
	if k.matches(store.Certificates[0]) {
		k.Certificates = store.Certificates
	}
	return k, nil
}
