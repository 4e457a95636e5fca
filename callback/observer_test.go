package callback

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Whoever counts by the kind of a push must not get as many values as strangers invent.
func TestTheKindOfAnObservedPushIsOneThatThePackageHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.Observer = j.observe
		h := newTestHandler(t, cfg)
		for _, push := range []string{
			textPush(1, "hello"), eventPush("CLICK", "KEY", ""), eventPush("subscribe", "", ""),
			eventPush("made_up_1", "", ""), eventPush("made_up_2", "", ""), strings.Replace(textPush(2, "x"), "[text]", "[made_up_3]", 1),
		} {
			safePlatform().pushes(push, h)
		}
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", strings.NewReader("<xml/>")))
		h.fault(t.Context(), "store", errShutdown)

		var kinds []string
		for _, o := range j.events {
			if o.Delivery == 1 || o.MsgType == "" {
				kinds = append(kinds, o.Kind)
			}
			if o.AppID != cfg.AppID {
				t.Errorf("%s has AppID %q", o.Outcome, o.AppID)
			}
		}
		if got, want := strings.Join(kinds, ","), "text,event/click,event/subscribe,unknown,unknown,unknown,,"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestObservationsHaveTheTimesAtWhichTheyBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		cfg := safeConfig()
		cfg.SendDeferred, cfg.Observer, cfg.HandlerTimeout = j.send, j.observe, 8*time.Second
		h := newTestHandler(t, cfg)
		began := time.Now()
		On(h, func(context.Context, *TextMessage) (Reply, error) {
			time.Sleep(10 * time.Second)
			return Text("late"), nil
		})
		safePlatform().pushes(textPush(1, "hello"), h)
		time.Sleep(time.Minute)
		j.mu.Lock()
		defer j.mu.Unlock()
		for outcome, want := range map[Outcome]struct{ start, took time.Duration }{
			OutcomeLate: {0, 4500 * time.Millisecond}, OutcomeStuck: {0, 9 * time.Second}, OutcomeHandled: {0, 10 * time.Second}, OutcomeDeferred: {10 * time.Second, 0},
		} {
			found := 0
			for _, o := range j.events {
				if o.Outcome != outcome {
					continue
				}
				found++
				if o.Start.Sub(began) != want.start || o.Duration != want.took {
					t.Errorf("%s began after %s and took %s", outcome, o.Start.Sub(began), o.Duration)
				}
			}
			if found != 1 {
				t.Errorf("%d observations %s", found, outcome)
			}
		}
	})
}
