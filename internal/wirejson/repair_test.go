package wirejson

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWhatNeedsTooManyEscapesGetsSpaces(t *testing.T) {
	const all = maxGrowth / 5 // escapes of a control byte, each 5 bytes longer than it
	backslashes := maxGrowth % 5
	document := `"` + strings.Repeat(`\q`, backslashes) + strings.Repeat("\x01", all+2) + `"`
	want := `"` + strings.Repeat(`\\q`, backslashes) + strings.Repeat(`\u0001`, all) + `  "`
	assert.True(t, want == string(repair([]byte(document)))) //nolint:testifylint // too long to print
}
