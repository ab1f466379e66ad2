package uuid_test

import (
	"testing"

	"jwt/internal/uuid"
)

func TestIs(t *testing.T) {
	for text, want := range map[string]bool{
		"72f988bf-86f1-41af-91ab-2d7cd011db47":  true,
		"72F988BF-86F1-41AF-91AB-2D7CD011DB47":  true,
		"72f988bf-86f1-41af-91ab-2d7cd011db4":   false,
		"72f988bf-86f1-41af-91ab-2d7cd011db477": false,
		"72f988bf086f1-41af-91ab-2d7cd011db47":  false,
		"72f988bf-86f1-41af-91ab-2d7cd011db4g":  false,
		"72f988bf-86f1-41af-91ab-2d7cd011db4/":  false,
		"../../../../../../../../../../../../x": false,
		"":                                      false,
	} {
		if uuid.Is(text) != want || uuid.Is([]byte(text)) != want {
			t.Errorf("%q: want %t", text, want)
		}
	}
}
