package redisstore_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/wechattest"
)

// hear notes what replicas report.
func (s *soak) hear(_ http.ResponseWriter, r *http.Request) {
	what, detail, name := r.FormValue("what"), r.FormValue("detail"), r.FormValue("replica")
	s.mu.Lock()
	defer s.mu.Unlock()
	switch what {
	case "run":
		if m := s.messages[detail]; m != nil {
			if m.runs[name]++; m.runs[name] > 1 {
				s.violate("E19: %s ran %s again", name, detail)
			}
		}
	case "disturbed":
		from, _ := strconv.ParseInt(r.FormValue("from"), 10, 64)
		to, _ := strconv.ParseInt(r.FormValue("to"), 10, 64)
		s.disturbed = append(s.disturbed, period{time.UnixMicro(from), time.UnixMicro(to)})
	case "token":
		if s.mode == faulty {
			s.refused = append(s.refused, refusal{time.Now(), name + ": " + detail})
		}
	}
}

// violate notes what must not happen.
func (s *soak) violate(format string, args ...any) {
	s.violations = append(s.violations, fmt.Sprintf("after %v: ", time.Since(s.started).Round(time.Second))+fmt.Sprintf(format, args...))
}

const (
	revocationTime = 3 * time.Second // in which a token is replaced, and late refusals arrive
	settlingTime   = 8 * time.Second // in which late reports arrive
)

// check looks at what is over.
func (s *soak) check() {
	s.mu.Lock()
	for name, m := range s.messages {
		if !m.end.IsZero() && time.Since(m.end) > settlingTime {
			s.settle(m)
			delete(s.messages, name)
		}
	}
	for len(s.refused) > 0 && time.Since(s.refused[0].at) > settlingTime {
		if r := s.refused[0]; !s.isDisturbed(r.at.Add(-5*time.Second), r.at) {
			s.violate("A2: a call failed %v ago: %s", settlingTime, r.detail)
		}
		s.refused = s.refused[1:]
	}
	if n := len(s.revoked); n > 0 && !s.revoked[n-1].at.IsZero() && time.Since(s.revoked[n-1].at) > revocationTime {
		last := &s.revoked[n-1]
		fetches := s.p.CallCount(stablePath) - last.fetches
		if !s.isDisturbed(last.at.Add(-time.Second), time.Now()) && s.mode == faulty {
			if s.revokes++; fetches != 1 {
				s.violate("A2: %d fetches for one revocation", fetches)
			}
		}
		s.revoked = s.revoked[:n-1]
	}
	violations := s.violations
	s.mu.Unlock()
	s.checkMessages()
	s.learnSecrets()
	require.Empty(s.t, violations)
}

// settle judges a message after its last delivery.
func (s *soak) settle(m *message) {
	s.settled++
	runs := 0
	for _, n := range m.runs {
		runs += n
	}
	if m.acked && runs == 0 {
		s.violate("E20: %s was acknowledged and handled by nobody", m.name)
	}
	if m.mode != faulty || s.isDisturbed(m.begin.Add(-time.Second), m.end.Add(time.Second)) {
		return
	}
	if s.strict++; runs > 1 {
		s.violate("E19: %s ran %d times from %v to %v: %v", m.name, runs, m.begin.Sub(s.started), m.end.Sub(s.started), m.runs)
	}
}

// isDisturbed reports whether a replica stalled, or did not get on with the store. Reports
// of it may arrive late.
func (s *soak) isDisturbed(from, to time.Time) bool {
	return slices.ContainsFunc(s.disturbed, func(p period) bool { return p.to.After(from) && p.from.Before(to) })
}

// checkMessages looks for what was sent twice. A replica handles a message once, and the
// text says which one did.
func (s *soak) checkMessages() {
	for _, f := range s.p.Followers() {
		seen := map[string]bool{}
		for _, m := range f.Messages() {
			if m.Via == wechattest.ViaCustomMessage {
				assert.False(s.t, seen[m.Content], "C1: %s was sent twice", m.Content)
				seen[m.Content] = true
			}
		}
	}
}

// finish ends the messages and lets everything settle.
func (s *soak) finish() {
	s.enter(calm)
	s.cancel()
	s.writers.Wait()
	time.Sleep(settlingTime)
	s.check()
	s.mu.Lock()
	defer s.mu.Unlock()
	assert.Empty(s.t, s.messages, "messages without an end")
}

func (s *soak) usage() (all []used) {
	time.Sleep(2 * time.Second) // what is under way ends
	for _, r := range s.replicas {
		all = append(all, s.tell(r, usage))
	}
	return all
}

// checkUsage compares the replica that lived from the beginning to the end.
func (s *soak) checkUsage(before []used) {
	var u used
	isFlat := func() bool {
		u = s.tell(s.replicas[0], usage)
		return u.Goroutines <= before[0].Goroutines+20 && u.Descriptors <= before[0].Descriptors+20 && u.Heap <= before[0].Heap+16<<20
	}
	if !assert.Eventually(s.t, isFlat, time.Minute, time.Second) {
		s.t.Logf("before: %+v, after: %+v", before[0], u)
	}
	s.t.Logf("goroutines, descriptors, bytes: %v before, %v after", before[0], u)
}

// learnSecrets notes the tokens that were issued; the platform forgets old calls.
func (s *soak) learnSecrets() {
	for _, secret := range []string{s.p.AppSecret, s.p.Token, s.p.EncodingAESKey} {
		s.secrets[secret] = true
	}
	for _, c := range s.p.Calls() {
		var issued struct {
			Token string `json:"access_token"`
		}
		if c.Path == stablePath && json.Unmarshal(c.Response, &issued) == nil && issued.Token != "" {
			s.secrets[issued.Token] = true
		}
	}
}

// checkOutput looks at all that a replica has printed.
func (s *soak) checkOutput(m *member) {
	text := m.output.String()
	for _, trouble := range []string{"panic:", "DATA RACE", "fatal error:"} {
		if at := strings.Index(text, trouble); at >= 0 {
			s.t.Errorf("F9: %s: %.2000s", m.name, text[at:])
		}
	}
	s.learnSecrets()
	for secret := range s.secrets {
		if strings.Contains(text, secret) {
			s.t.Errorf("F1: %s printed a secret", m.name)
		}
	}
}

func (s *soak) summarize() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.t.Logf("%d messages, %d of them undisturbed; %d calls; %d revocations undisturbed; %d fetches; %d replicas; %d disturbances",
		s.settled, s.strict, s.p.CallCount(callPath), s.revokes, s.p.CallCount(stablePath), s.births, len(s.disturbed))
	assert.Positive(s.t, s.strict, "the machine is too busy to prove anything")
	assert.Positive(s.t, s.revokes, "the machine is too busy to prove anything")
}
