package callback

import (
	"sync"
	"time"
)

// maxRepliesBytes is the maximum total size of the replies that are kept.
const maxRepliesBytes = 4 << 20

// replies keeps rendered replies for [DedupeReplyRetention], in the order of time. Beyond
// their maximum number or total size it drops the oldest.
type replies struct {
	mu      sync.Mutex
	kept    []keptReply
	dropped replyNumber // number of the last reply that was dropped, which is before kept[0]
	bytes   int
	sweeper *time.Timer // drops expired replies while there are no calls; nil if there are none
}

// replyNumber is the number of a reply. The first one is 1.
type replyNumber uint64

type keptReply struct {
	rendered []byte
	ends     time.Time
}

// keep keeps a reply and returns its number.
func (l *replies) keep(rendered []byte, now time.Time) replyNumber {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, keptReply{rendered, now.Add(DedupeReplyRetention)})
	l.bytes += len(rendered)
	number := l.dropped + replyNumber(len(l.kept))
	l.shrink(now)
	return number
}

// get returns the reply with a number, or nil if it was dropped. There is no reply 0.
func (l *replies) get(number replyNumber, now time.Time) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if number <= l.dropped {
		return nil
	}
	k := &l.kept[number-l.dropped-1]
	if !now.Before(k.ends) {
		return nil
	}
	return k.rendered
}

// shrink drops the oldest replies while they have expired or there are too many, and makes
// sure that the others are dropped later.
func (l *replies) shrink(now time.Time) {
	for len(l.kept) > 0 && (len(l.kept) > maxRemembered || l.bytes > maxRepliesBytes || !now.Before(l.kept[0].ends)) {
		l.bytes -= len(l.kept[0].rendered)
		l.kept[0] = keptReply{}
		l.kept = l.kept[1:]
		l.dropped++
	}
	if len(l.kept) == 0 {
		l.kept = nil
	} else if l.sweeper == nil {
		l.sweeper = time.AfterFunc(max(l.kept[0].ends.Sub(now), time.Second), l.sweep)
	}
}

func (l *replies) sweep() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweeper = nil
	l.shrink(time.Now())
}
