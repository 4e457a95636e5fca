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

func TestARepairTakesTheShortestEscape(t *testing.T) {
	assert.Equal(t, `"\b\f\n\r\t\u0000\u001f\\q\\"`, string(repair([]byte("\"\b\f\n\r\t\x00\x1f\\q\\\\\""))))
	assert.Equal(t, "[1, 2,\n\t3\r]", string(repair([]byte("[1, \x002,\n\t3\r\x1f]"))))
}
