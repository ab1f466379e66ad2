package jwa

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/big"
	"testing"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// Signatures of C2SP/wycheproof, ecdsa_secp256k1_sha256_p1363_test.json.
func TestES256KVectors(t *testing.T) {
	tests := []struct {
		name            string
		key, input, sig string
		valid           bool
	}{
		{
			"1: signature malleability",
			"04b838ff44e5bc177bf21189d0766082fc9d843226887fc9760371100b7ee20a6ff0c9d75bfba7b31a6bca1974496eeb56de357071955d83c4b1badaa0b21832e9",
			"313233343030", "813ef79ccefa9a56f7ba805f0e478584fe5f0dd5f567bc09b5123ccbc9832365900e75ad233fcc908509dbff5922647db37c21f4afd3203ae8dc4ae7794b0f87", true,
		},
		{
			"4: replaced r by n - r",
			"04b838ff44e5bc177bf21189d0766082fc9d843226887fc9760371100b7ee20a6ff0c9d75bfba7b31a6bca1974496eeb56de357071955d83c4b1badaa0b21832e9",
			"313233343030", "7ec10863310565a908457fa0f1b87a79bc4fcf10b9e0e4320ac021c106b31ddc6ff18a52dcc0336f7af62400a6dd9b810732baf1ff758000d6f613a556eb31ba", false,
		},
		{
			"116: r too large",
			"0407310f90a9eae149a08402f54194a0f7b4ac427bf8d9bd6c7681071dc47dc36226a6d37ac46d61fd600c0bf1bff87689ed117dda6b0e59318ae010a197a26ca0",
			"313233343030", "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2cfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd036413e", false,
		},
		{
			"117: r,s are large",
			"04bc97e7585eecad48e16683bc4091708e1a930c683fc47001d4b383594f2c4e22705989cf69daeadd4e4e4b8151ed888dfec20fb01728d89d56b3f38f2ae9c8c5",
			"313233343030", "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd036413ffffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd036413e", true,
		},
		{
			"132: r is larger than n",
			"04d30ca4a0ddb6616c851d30ced682c40f83c62758a1f2759988d6763a88f1c0e503a80d5415650d41239784e8e2fb1235e9fe991d112ebb81186cbf0da2de3aff",
			"313233343030", "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd03641430000000000000000000000000000000000000000000000000000000000000003", false,
		},
		{
			"133: s is larger than n",
			"0448969b39991297b332a652d3ee6e01e909b39904e71fa2354a7830c7750baf24b4012d1b830d199ccb1fc972b32bfded55f09cd62d257e5e844e27e57a1594ec",
			"313233343030", "0000000000000000000000000000000000000000000000000000000000000002fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd04917c8", false,
		},
		{
			"148: s == 1",
			"04bb79f61857f743bfa1b6e7111ce4094377256969e4e15159123d9548acc3be6c1f9d9f8860dcffd3eb36dd6c31ff2e7226c2009c4c94d8d7d2b5686bf7abd677",
			"313233343030", "55555555555555555555555555555554e8e4f44ce51835693ff0ca2ef01215c10000000000000000000000000000000000000000000000000000000000000001", true,
		},
		{
			"149: s == 0",
			"04bb79f61857f743bfa1b6e7111ce4094377256969e4e15159123d9548acc3be6c1f9d9f8860dcffd3eb36dd6c31ff2e7226c2009c4c94d8d7d2b5686bf7abd677",
			"313233343030", "55555555555555555555555555555554e8e4f44ce51835693ff0ca2ef01215c10000000000000000000000000000000000000000000000000000000000000000", false,
		},
		{
			"165: point at infinity during verify",
			"04d533b789a4af890fa7a82a1fae58c404f9a62a50b49adafab349c513b415087401b4171b803e76b34a9861e10f7bc289a066fd01bd29f84c987a10a5fb18c2d4",
			"313233343030", "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a055555555555555555555555555555554e8e4f44ce51835693ff0ca2ef01215c0", false,
		},
		{
			"243: r = 1, x = 1 is valid",
			"04b9520873424b8b7099104a5a0eb1acac48e189719971b9131bf9ca8c25f436c92ff805b36e40d651ffb7573edd9b4998c2f2fe39891baf3d83670e9242c0d4ad",
			"68656c6c6f2c20776f726c64", "0000000000000000000000000000000000000000000000000000000000000001fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd036413e", true,
		},
		{
			"244: r = 2, x = 1 is invalid",
			"0415f0573de014498f1ee256977a7a21ce5663888d223f841b24495d599a2bd2dfaec48b59fbc8ce644a8d0e5feae572a9dce6d94ab5c1cc04ca5b3d82591aa640",
			"68656c6c6f2c20776f726c64", "0000000000000000000000000000000000000000000000000000000000000002fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd036413e", false,
		},
		{
			"245: r = 1 + n, x = 1 is invalid",
			"04b9520873424b8b7099104a5a0eb1acac48e189719971b9131bf9ca8c25f436c92ff805b36e40d651ffb7573edd9b4998c2f2fe39891baf3d83670e9242c0d4ad",
			"68656c6c6f2c20776f726c64", "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364142fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd036413e", false,
		},
		{
			"247: r = 2, x = n + 2 is the smallest possible x with a reduction",
			"0449be80da98fb7ea4165f898c36c696c50bd9da6485038c6cbda36d82dad41cfd64613a0e2c7224a85e29f774726b434e969db2d4765eafdf3c36004b7202ff3f",
			"68656c6c6f2c20776f726c64", "0000000000000000000000000000000000000000000000000000000000000002fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd036413e", true,
		},
		{
			"248: r = 3, x = n + 2 is invalid",
			"04682cb28dfdcb3e72f200307a6146151338a7143914439c046980c805f0e9d12681d073c1b1dd129e3627d75d8a231a80342149abfcdd8ab9b5775fde215ab9a0",
			"68656c6c6f2c20776f726c64", "0000000000000000000000000000000000000000000000000000000000000003fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd036413e", false,
		},
		{
			"249: r = p - n + 1, x = 1 is invalid",
			"0493c9400c1fc5ed1aefb9f463e7650ae09778313fc188e84564e711a7b84588867e72afd2a40cd15f7b92c6ce7ea95dc7327e54a5309312f43628273534a86ae9",
			"68656c6c6f2c20776f726c64", "000000000000000000000000000000014551231950b75fc4402da1722fc9baeffffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd036413e", false,
		},
		{
			"250: r = 2^256 - n + 1, x = 1 is invalid",
			"04e7ed253ac1810f174a83443264f57efbc090bb478a1fac8296f637b4694502a86f48fbb04579fa9e3bbce880915211b24de7f21511e3acf63ea49d737fc6459d",
			"68656c6c6f2c20776f726c64", "000000000000000000000000000000014551231950b75fc4402da1732fc9bec0fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd036413e", false,
		},
	}
	for _, tt := range tests {
		key, err := secp256k1.ParsePubKey(unhex(t, tt.key))
		if err != nil {
			t.Fatal(err)
		}
		if err := lookup(t, "ES256K").Verify(string(unhex(t, tt.input)), unhex(t, tt.sig), key); (err == nil) != tt.valid {
			t.Errorf("%s: %v, valid is %v", tt.name, err, tt.valid)
		}
	}
}

// The numbers that no r and s may be are refused, whatever the other one is; the
// higher s, which decred's own reading of DER takes too, is as good as the lower.
func TestES256KRange(t *testing.T) {
	const input = "eyJhbGciOiJFUzI1NksifQ.e30"
	a, key := lookup(t, "ES256K"), keysFor(t, lookup(t, "ES256K"))[0]
	sig, err := a.Sign(input, key.private, false)
	if err != nil {
		t.Fatal(err)
	}
	r, s := new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])
	n := secp256k1.Params().N
	join := func(r, s *big.Int) []byte {
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
	if s.Cmp(new(big.Int).Rsh(n, 1)) > 0 {
		t.Errorf("signed with the higher s: %x", s)
	}
	if err := a.Verify(input, join(r, new(big.Int).Sub(n, s)), key.public); err != nil {
		t.Errorf("the higher s: %v", err)
	}
	zero, most := new(big.Int), new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))
	for _, bad := range []*big.Int{zero, n, new(big.Int).Add(n, big.NewInt(1)), secp256k1.Params().P, most} {
		for _, pair := range [][2]*big.Int{{bad, s}, {r, bad}, {bad, bad}, {bad, big.NewInt(1)}, {big.NewInt(1), bad}} {
			if a.Verify(input, join(pair[0], pair[1]), key.public) == nil {
				t.Errorf("verifies r = %x, s = %x", pair[0], pair[1])
			}
		}
	}
	der := fmt.Appendf(nil, "0E\x02 %s\x02 %s", sig[:32], sig[32:])
	for _, bad := range [][]byte{der, []byte(hex.EncodeToString(sig)), append(bytes.Clone(sig), 1), sig[:63], {0x30}} {
		if a.Verify(input, bad, key.public) == nil {
			t.Errorf("verifies %x", bad)
		}
	}
}

// The nonce is that of RFC 6979; the signature is one that many libraries for
// this curve test with.
func TestES256KDeterministic(t *testing.T) {
	key := secp256k1.PrivKeyFromBytes([]byte{1})
	const want = "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8" +
		"2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5"
	for _, deterministic := range []bool{false, true} {
		sig, err := lookup(t, "ES256K").Sign("Satoshi Nakamoto", key, deterministic)
		if err != nil || !bytes.Equal(sig, unhex(t, want)) {
			t.Errorf("%x, %v", sig, err)
		}
	}
}
