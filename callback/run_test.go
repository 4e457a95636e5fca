package callback

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestARunKeepsNoDeliveryThatHasLeft(t *testing.T) {
	var r run
	first, second := &delivery{}, &delivery{}
	r.await(first)
	r.await(second)
	r.dismiss(first)
	assert.Equal(t, []*delivery{second}, r.waiting)
	r.dismiss(first)
	r.dismiss(second)
	assert.Empty(t, r.waiting)
}
