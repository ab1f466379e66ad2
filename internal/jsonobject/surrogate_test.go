package jsonobject

import "testing"

func TestReplaceLoneSurrogates(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{`{"a":"b"}`, ""},
		{`{"a":"\u0041\\ud800"}`, ""},
		{`{"a":"\ud83d\ude00"}`, ""},
		{`{"a":"\ud800"}`, `{"a":"\ufffd"}`},
		{`{"a":"\udc00x\uD83D"}`, `{"a":"\ufffdx\ufffd"}`},
		{`{"a":"\ud83d\ud83d\ude00"}`, `{"a":"\ufffd\ud83d\ude00"}`},
		{`{"a":"\ud83d\u0041"}`, `{"a":"\ufffd\u0041"}`},
		{`"\ud80`, ""},
		{`"\ud800`, `"\ufffd`},
		{`\`, ""},
	} {
		got, found := ReplaceLoneSurrogates([]byte(c.src))
		want := c.want
		if want == "" {
			want = c.src
		}
		if string(got) != want || found != (c.want != "") {
			t.Errorf("%s: %s, %t, want %s", c.src, got, found, want)
		}
	}
}
