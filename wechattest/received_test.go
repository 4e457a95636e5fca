package wechattest

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWhatAllUsersHaveReceivedIsBounded(t *testing.T) {
	p := NewPlatform()
	defer p.Close()
	users := p.AddUsers(1000)
	most := 0
	for i := range 3 * keepReceived {
		user := users[i%len(users)]
		p.mu.Lock()
		user.receive(Received{Message: Message{Type: "text", Content: strconv.Itoa(i)}})
		p.mu.Unlock()
		if i%keep == 0 {
			total := 0
			for _, u := range users {
				total += len(u.Messages())
			}
			most = max(most, total)
		}
	}
	assert.LessOrEqual(t, most, keepReceived+keep)
	assert.Greater(t, most, keepReceived/2, "no more is forgotten than necessary")
	for i, user := range users {
		assert.Equal(t, strconv.Itoa(3*keepReceived-len(users)+i), user.LastMessage().Content, "the newest message stays")
	}
}

func TestOneUserKeepsTheLastMessages(t *testing.T) {
	p := NewPlatform()
	defer p.Close()
	user := p.AddUser(User{})
	for i := range 3 * keep {
		p.mu.Lock()
		user.receive(Received{Message: Message{Type: "text", Content: strconv.Itoa(i)}})
		p.mu.Unlock()
		assert.GreaterOrEqual(t, len(user.received), min(i+1, keep))
	}
	assert.LessOrEqual(t, len(user.received), 2*keep)
}
