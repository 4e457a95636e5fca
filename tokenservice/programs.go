package tokenservice

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/fleet"
)

// Program is a program that may use the service.
type Program struct {
	Name string // identifies the program in the log; must be unique

	// Keys authenticate the program. Each has 32 to 512 visible ASCII characters, such
	// as the output of "openssl rand -hex 32". While you replace a key, the program has
	// both the old and the new one.
	Keys []wechat.Secret

	AppIDs    []string // the accounts that the program may use; nil means all
	PerMinute int      // requests per minute, which may all arrive at once; the default is 6,000
}

const (
	minKey           = 32
	maxKey           = 512
	defaultPerMinute = 6000
)

// programs finds the program of a key.
type programs struct {
	list []*program
	keys []key
}

type program struct {
	Program
	limit *bucket
}

// key is the digest of a key: those of two keys are equally long.
type key struct {
	digest [sha256.Size]byte
	of     int // index in programs.list
}

// newPrograms checks a list of programs. Those that were served before keep what is
// left of their limit.
func newPrograms(list []Program, before *programs) (*programs, error) {
	all := &programs{}
	names, owners := map[string]*bucket{}, map[wechat.Secret]bool{}
	if before != nil {
		for _, p := range before.list {
			names[p.Name] = p.limit
		}
	}
	for i, p := range list {
		at := fmt.Sprintf("Programs[%d]", i)
		if err := p.check(at); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all.list, func(other *program) bool { return other.Name == p.Name }) {
			return nil, &wechat.ArgumentError{Argument: at + ".Name", Reason: "must be unique, but another program has the same name"}
		}
		for j, k := range p.Keys {
			if owners[k] {
				return nil, &wechat.ArgumentError{Argument: fmt.Sprintf("%s.Keys[%d]", at, j), Reason: "must be unique, but is listed twice"}
			}
			owners[k] = true
			all.keys = append(all.keys, key{sha256.Sum256([]byte(k)), i})
		}
		p.Keys = nil // only their digests are kept
		p.AppIDs = slices.Clone(p.AppIDs)
		limit := newBucket(cmp.Or(p.PerMinute, defaultPerMinute))
		if old := names[p.Name]; old != nil {
			limit.inherit(old)
		}
		all.list = append(all.list, &program{p, limit})
	}
	return all, nil
}

// check refuses a program without a name, and keys that can be guessed or not be sent.
func (p *Program) check(at string) error {
	switch {
	case strings.TrimSpace(p.Name) == "":
		return &wechat.ArgumentError{Argument: at + ".Name", Reason: "must not be empty"}
	case p.PerMinute < 0:
		return &wechat.ArgumentError{Argument: at + ".PerMinute", Reason: "must not be negative"}
	}
	for i, k := range p.Keys {
		if len(k) < minKey || len(k) > maxKey || strings.ContainsFunc(string(k), func(r rune) bool { return r <= ' ' || r > '~' }) {
			return &wechat.ArgumentError{
				Argument: fmt.Sprintf("%s.Keys[%d]", at, i), Reason: "must be 32 to 512 visible ASCII characters",
			}
		}
	}
	for i, appID := range p.AppIDs {
		if !fleet.IsAccount(appID) {
			return &wechat.ArgumentError{Argument: fmt.Sprintf("%s.AppIDs[%d]", at, i), Reason: "must be an AppID"}
		}
	}
	return nil
}

// find returns the program whose key an Authorization header has, nil if it is
// nobody's. It compares with all keys, so that its time tells nothing.
func (p *programs) find(authorization string) *program {
	scheme, shown, _ := strings.Cut(authorization, " ")
	digest := sha256.Sum256([]byte(shown))
	found := -1
	for _, k := range p.keys {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(digest[:], k.digest[:]), k.of, found)
	}
	if found < 0 || !strings.EqualFold(scheme, "Bearer") {
		return nil
	}
	return p.list[found]
}

// may reports whether the program may use an account.
func (p *program) may(appID string) bool { return p.AppIDs == nil || slices.Contains(p.AppIDs, appID) }

// bucket bounds how often something happens: perMinute times at once, and as often as
// time fills it up again.
type bucket struct {
	perMinute float64

	mu   sync.Mutex
	left float64
	at   time.Time
}

func newBucket(perMinute int) *bucket {
	return &bucket{perMinute: float64(perMinute), left: float64(perMinute)}
}

// inherit starts with what another bucket has left, in parts of what it holds.
func (b *bucket) inherit(old *bucket) {
	old.mu.Lock()
	defer old.mu.Unlock()
	b.left, b.at = old.left/old.perMinute*b.perMinute, old.at
}

// take takes one, or returns how long to wait until there is one.
func (b *bucket) take(now time.Time) (wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.at.IsZero() {
		b.left = min(b.perMinute, b.left+now.Sub(b.at).Minutes()*b.perMinute)
	}
	b.at = now
	if b.left < 1 {
		return time.Duration((1 - b.left) / b.perMinute * float64(time.Minute))
	}
	b.left--
	return 0
}
