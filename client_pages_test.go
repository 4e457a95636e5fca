package wechat

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// book is a paged list of numbers; the cursor is the index of a page.
type book struct {
	pages [][]int
	fail  int // the page that cannot be read, 0 for none: the first is always there
	claim bool
	read  []int
}

var errPage = errors.New("page torn out")

func (b *book) fetch(page int) ([]int, int, bool, error) {
	b.read = append(b.read, page)
	if b.fail > 0 && page == b.fail {
		return []int{-1}, page + 1, true, errPage
	}
	return b.pages[page], page + 1, b.claim || page+1 < len(b.pages), nil
}

func TestPaginationYieldsEveryItemInOrder(t *testing.T) {
	for name, pages := range map[string][][]int{
		"one page":    {{1, 2, 3}},
		"three pages": {{1, 2}, {3, 4}, {5}},
		"no items":    {{}},
	} {
		b := &book{pages: pages}
		var got []int
		for n, err := range paginate(0, b.fetch) {
			require.NoError(t, err, name)
			got = append(got, n)
		}
		assert.Equal(t, slices.Concat(pages...), got, name)
		assert.Len(t, b.read, len(pages), name)
	}
}

func TestPaginationReadsNoPageAheadAndNoneAfterBreak(t *testing.T) {
	b := &book{pages: [][]int{{1, 2}, {3, 4}, {5}}}
	for n, err := range paginate(0, b.fetch) {
		require.NoError(t, err)
		if n == 2 {
			assert.Equal(t, []int{0}, b.read, "the second page was read before it was asked for")
		}
		if n == 3 {
			break
		}
	}
	assert.Equal(t, []int{0, 1}, b.read)
}

func TestPaginationEndsWithTheError(t *testing.T) {
	b := &book{pages: [][]int{{1, 2}, {3}, {4}}, fail: 1}
	var got []int
	var errs []error
	for n, err := range paginate(0, b.fetch) {
		if err != nil {
			assert.Zero(t, n, "an item came with the error")
			errs = append(errs, err)
			continue
		}
		got = append(got, n)
	}
	assert.Equal(t, []int{1, 2}, got)
	assert.Equal(t, []error{errPage}, errs)
	assert.Equal(t, []int{0, 1}, b.read)
}

func TestPaginationEndsWithAnEmptyPageWhateverItClaims(t *testing.T) {
	b := &book{pages: [][]int{{1}, {}, {2}}, claim: true}
	var got []int
	for n, err := range paginate(0, b.fetch) {
		require.NoError(t, err)
		got = append(got, n)
	}
	assert.Equal(t, []int{1}, got)
	assert.Equal(t, []int{0, 1}, b.read)
}

func TestPaginationBeginsAnewWithEveryRange(t *testing.T) {
	b := &book{pages: [][]int{{1}, {2}}}
	all := paginate(0, b.fetch)
	for range 2 {
		var got []int
		for n, err := range all {
			require.NoError(t, err)
			got = append(got, n)
		}
		assert.Equal(t, []int{1, 2}, got)
	}
	assert.Equal(t, []int{0, 1, 0, 1}, b.read)
}
