package jwt

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestDays: days writes every instant as the time package does, whatever it wrote before.
func TestDays(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	var d days
	check := func(at time.Time, zone *time.Location) {
		t.Helper()
		if got, want := string(d.appendZoned(nil, at, zone)), string(appendZoned(nil, at, zone)); got != want {
			t.Fatalf("%d: %s, want %s", at.Unix(), got, want)
		}
	}
	const day = 24 * 60 * 60
	for _, second := range []int64{firstSecond, -day - 1, -day, -1, 0, 1, day - 1, day, 951782400 - 1, 951782400, 951868800, lastSecond} {
		check(time.Unix(second, 0), nil)
		check(time.Unix(second, 1), nil)
		check(time.Unix(second, 0), berlin)
		check(time.Unix(second, 0).In(berlin), time.UTC)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		second := firstSecond + r.Int64N(lastSecond-firstSecond+1)
		check(time.Unix(second, 0), nil)
		check(time.Unix(min(second+r.Int64N(2*day), lastSecond), 0), nil)
	}
}
