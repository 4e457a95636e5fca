package wechattest

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
)

// observed collects observations.
type observed struct {
	mu   sync.Mutex
	list []Observation
}

func (o *observed) add(event Observation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = append(o.list, event)
}

func (o *observed) kinds() []ObservationKind {
	o.mu.Lock()
	defer o.mu.Unlock()
	kinds := make([]ObservationKind, len(o.list))
	for i, event := range o.list {
		kinds[i] = event.Kind
	}
	return kinds
}

func TestObserverSeesAPushItsDeliveriesAndTheReplyInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, alice, h := chat(t)
		h.answer = func(n int, w http.ResponseWriter, _ *http.Request, _ []byte) {
			if n == 1 {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			_, _ = w.Write([]byte(sealed(p, p.AppID, replyXML(p, alice, "text", "<Content>hello</Content>"))))
		}
		var seen observed
		stop := p.Observe(seen.add)
		report := alice.Sends(t.Context(), "hi")
		require.NoError(t, p.Client().CreateMenu(t.Context(), wechat.NewMenu(wechat.ClickButton("a", "b"))))
		synctest.Wait()
		assert.Equal(t, []ObservationKind{
			ObservationPush, ObservationDelivery, ObservationDelivery, ObservationOutcome, ObservationMessage,
			ObservationCall, ObservationCall, // of the token and of the menu
		}, seen.kinds())
		for i, n := range []int{0, 1, 2, 2} { // each is a snapshot
			assert.Len(t, seen.list[i].Report.Deliveries, n)
			assert.Equal(t, report.ID, seen.list[i].Report.ID)
			assert.Equal(t, alice.OpenID, seen.list[i].OpenID)
		}
		assert.Contains(t, string(report.Sent), "<Encrypt>")
		assert.Equal(t, "hello", seen.list[4].Message.Content)
		assert.Equal(t, report.ID, seen.list[4].Message.ReportID)
		assert.Equal(t, "/cgi-bin/menu/create", seen.list[6].Call.Path)

		stop()
		alice.Sends(t.Context(), "hi")
		synctest.Wait()
		assert.Len(t, seen.kinds(), 7)
	})
}

func TestObserverSeesPushesThatNoUserCausedWithoutAUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, alice, _ := chat(t)
		var seen observed
		p.Observe(seen.add)
		p.Push(t.Context(), Push{Type: "event", Event: "TEMPLATESENDJOBFINISH", From: alice.OpenID})
		synctest.Wait()
		require.NotEmpty(t, seen.list)
		for _, event := range seen.list {
			assert.Empty(t, event.OpenID)
		}
	})
}

func TestObserverThatBlocksOrPanicsAffectsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, alice, _ := chat(t)
		release, calls, panics := make(chan struct{}), atomic.Int64{}, atomic.Int64{}
		var last atomic.Int64
		p.Observe(func(o Observation) {
			calls.Add(1)
			last.Store(int64(o.Missed))
			<-release
		})
		p.Observe(func(Observation) {
			panics.Add(1)
			panic("a defect")
		})
		for range maxUnseen/3 + 2 { // three observations each
			assert.Equal(t, SeenNothing, alice.Sends(t.Context(), "hi").Seen)
			synctest.Wait() // the other observer has seen it
		}
		assert.EqualValues(t, 1, calls.Load())
		assert.EqualValues(t, 3*(maxUnseen/3+2), panics.Load())
		close(release)
		synctest.Wait()
		assert.EqualValues(t, maxUnseen+1, calls.Load(), "one was under way, the others were waiting")
		alice.Sends(t.Context(), "hi")
		synctest.Wait()
		assert.EqualValues(t, maxUnseen+4, calls.Load())
		assert.Zero(t, last.Load(), "only the first observation after a gap has a number")
	})
}

func TestMissedObservationsAreCounted(t *testing.T) {
	o := &observer{running: true}
	for range maxUnseen + 7 {
		o.add(Observation{})
	}
	_, _ = o.next()
	o.add(Observation{})
	assert.Equal(t, 7, o.waiting[len(o.waiting)-1].Missed)
}

func TestReportSaysWhyTheFollowerSawNoReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, alice, h := chat(t, WithPauseAfterFailures(0))
		text := replyXML(p, alice, "text", "<Content>x</Content>")
		for reason, answer := range map[Reason]func(int, http.ResponseWriter, *http.Request, []byte){
			"":                 answering(sealed(p, p.AppID, text)),
			ReasonNoReply:      answering("success"),
			ReasonTransferred:  answering(sealed(p, p.AppID, replyXML(p, alice, "transfer_customer_service", ""))),
			ReasonNotEncrypted: answering(text),
			ReasonSignature:    answering(strings.Replace(sealed(p, p.AppID, text), "<Nonce>n", "<Nonce>m", 1)),
			ReasonEncryption:   answering(sealed(p, "wx0000000000000000", text)),
			ReasonFormat:       answering("hello"),
			ReasonReplyType:    answering(sealed(p, p.AppID, replyXML(p, alice, "nonsense", ""))),
			ReasonContent:      answering(sealed(p, p.AppID, replyXML(p, alice, "text", ""))),
			ReasonMedia:        answering(sealed(p, p.AppID, replyXML(p, alice, "image", "<Image><MediaId>m</MediaId></Image>"))),
			ReasonAddress:      answering(sealed(p, p.AppID, strings.ReplaceAll(text, alice.OpenID, "o1"))),
			ReasonTimeout:      func(_ int, _ http.ResponseWriter, r *http.Request, _ []byte) { <-r.Context().Done() },
			ReasonStatus:       func(_ int, w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(http.StatusTeapot) },
			ReasonRedirect: func(_ int, w http.ResponseWriter, r *http.Request, _ []byte) {
				http.Redirect(w, r, "/elsewhere", http.StatusFound)
			},
			ReasonClosed: func(int, http.ResponseWriter, *http.Request, []byte) { panic(http.ErrAbortHandler) },
		} {
			synctest.Wait() // for an answer that came too late
			h.answer = answer
			report := alice.Sends(t.Context(), "hi")
			assert.Equal(t, reason, report.Reason)
			err := report.Deliveries[len(report.Deliveries)-1].Err
			switch report.Seen {
			case SeenUnavailable:
				var why *CallbackError
				require.ErrorAs(t, err, &why, reason)
				assert.Equal(t, reason, why.Reason)
			default:
				require.NoError(t, err, reason)
			}
		}
		synctest.Wait()
		h.answer = answering(sealed(p, p.AppID, text))
		assert.Equal(t, ReasonNotShown, alice.Opens(t.Context(), "https://example.com/").Reason)
	})
}

func TestReportSaysWhyNothingWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, alice, h := chat(t, WithPauseAfterFailures(1))
		h.answer = answering("nonsense")
		alice.Sends(t.Context(), "hi")
		paused := alice.Sends(t.Context(), "hi")
		assert.Equal(t, ReasonPaused, paused.Reason)
		assert.Equal(t, SeenUnavailable, paused.Seen)
		time.Sleep(pause)

		q := expiredCode(t, p)
		assert.Equal(t, ReasonQRCode, alice.Scans(t.Context(), q).Reason)
		assert.Equal(t, ReasonNotFollowing, p.AddUser(User{NotFollowing: true}).Sends(t.Context(), "hi").Reason)
		p.SetCallback(nil)
		assert.Equal(t, ReasonNoCallback, alice.Sends(t.Context(), "hi").Reason)
		alice.blacklisted = true
		assert.Equal(t, ReasonBlacklisted, alice.Sends(t.Context(), "hi").Reason)
	})
}

// expiredCode returns the ticket of a QR code that has expired.
func expiredCode(t *testing.T, p *Platform) string {
	t.Helper()
	q, err := p.Client().CreateQRCode(t.Context(), wechat.QRSceneString("s"), time.Minute)
	require.NoError(t, err)
	p.Advance(time.Minute)
	return q.Ticket
}

func TestPushIsDeliveredTwiceOnRequest(t *testing.T) {
	p, alice, h := chat(t)
	text := sealed(p, p.AppID, replyXML(p, alice, "text", "<Content>x</Content>"))
	h.answer = func(n int, w http.ResponseWriter, _ *http.Request, _ []byte) {
		_, _ = w.Write([]byte([]string{text, "nonsense", text}[n-1]))
	}
	p.DeliverTwice(1)
	assert.Equal(t, 1, p.DeliveriesTwice())
	report := alice.Sends(t.Context(), "hi")
	assert.Equal(t, SeenReply, report.Seen)
	require.Len(t, h.seen(), 2)
	assert.Equal(t, h.seen()[0], h.seen()[1], "the same MsgId")
	assert.Len(t, alice.Messages(), 1)
	assert.Zero(t, p.DeliveriesTwice())
	alice.Sends(t.Context(), "hi")
	assert.Len(t, h.seen(), 3)
}
