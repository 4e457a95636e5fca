package wirejson

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestSmallIntegersAreReadAtOnce tests what is the same for a program, but faster.
func TestSmallIntegersAreReadAtOnce(t *testing.T) {
	for document, want := range map[string]int64{
		"0": 0, "-0": 0, "7": 7, "-10": -10, "999999999999999999": 999999999999999999, "-999999999999999999,": -999999999999999999,
	} {
		d := newDecoder([]byte(document))
		n, end := d.smallInt()
		assert.Equal(t, want, n, document)
		assert.NotZero(t, end, document)
		d.release()
	}
	for _, document := range []string{"", "-", "x", `"1"`, "01", "-01", "1.0", "1e3", "1E3", "1000000000000000000"} {
		d := newDecoder([]byte(document))
		n, end := d.smallInt()
		assert.Zero(t, n, document)
		assert.Zero(t, end, document)
		d.release()
	}
}
