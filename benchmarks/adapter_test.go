package benchmarks

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestEveryClientDoesWhatIsMeasured(t *testing.T) {
	ctx := context.Background()
	for _, s := range SDKs {
		for name, platform := range map[string]func(testing.TB) *Platform{"memory": inMemory, "TLS": overTLS} {
			t.Run(s.Name+"/"+name, func(t *testing.T) {
				p := platform(t)
				p.Followers = 250
				c := client(t, s, p)
				if id, err := c.GetUser(ctx, OpenID); err != nil || id != OpenID {
					t.Error(id, err)
				}
				if id, err := c.SendTemplate(ctx, OpenID); err != nil || id != MessageID {
					t.Error(id, err)
				}
				if c, ok := c.(Lister); ok {
					n := 0
					err := c.Followers(ctx, func(openID string) {
						if openID != followerID(n) {
							t.Errorf("%s is follower %d", openID, n)
						}
						n++
					})
					if err != nil || n != 250 {
						t.Error(n, err)
					}
				}
			})
		}
	}
}

func TestEveryReceiverRepliesToEachPush(t *testing.T) {
	for _, s := range SDKs {
		if s.Receiver == nil {
			continue
		}
		for _, mode := range []Mode{Plain, Safe} {
			t.Run(s.Name+"/"+string(mode), func(t *testing.T) {
				h := s.Receiver(mode)
				defer shutdown(t, h)
				for _, p := range pushes(mode, 3) {
					r, body, w := emptyRequest(), new(reader), httptest.NewRecorder()
					deliver(r, body, p)
					h.ServeHTTP(w, r)
					reply := w.Body.Bytes()
					if mode == Safe {
						reply = opened(t, reply)
					}
					if !strings.Contains(string(reply), question) {
						t.Errorf("reply %q", w.Body)
					}
				}
			})
		}
	}
}

// opened decrypts a reply.
func opened(t *testing.T, reply []byte) []byte {
	t.Helper()
	_, rest, _ := strings.Cut(string(reply), "<Encrypt>")
	sealed, _, _ := strings.Cut(rest, "</Encrypt>")
	plain, err := unseal([]byte(strings.TrimSuffix(strings.TrimPrefix(sealed, "<![CDATA["), "]]>")))
	if err != nil {
		t.Errorf("%q: %v", reply, err)
	}
	return plain
}

func TestEveryDecoderReadsTheDocuments(t *testing.T) {
	for _, s := range SDKs {
		for document, decode := range map[string]func([]byte) error{
			UserDocument: s.Decode.User, OpenIDsDocument(0, 10, 10): s.Decode.OpenIDs, UsersDocument(2): s.Decode.Users,
		} {
			if decode == nil {
				continue
			}
			if err := decode([]byte(document)); err != nil {
				t.Error(s.Name, err)
			}
		}
	}
}
