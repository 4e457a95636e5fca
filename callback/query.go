package callback

import (
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// query contains the parameters of a request that matter.
type query struct {
	signature, timestamp, nonce, encryptType, msgSignature, echo string

	time time.Time   // parsed from timestamp
	by   *credential // credential whose token signed the request
}

const (
	maxNonce  = 128
	maxDigits = 10 // of a Unix time in seconds, up to the year 2286
)

// readQuery parses a query. It returns an error if a parameter occurs twice, even if one of
// them is empty, because two parsers could read two different values.
func readQuery(raw string) (q query, err error) {
	var seen [6]bool
	unescape := url.QueryUnescape
	if strings.IndexByte(raw, '%') < 0 && strings.IndexByte(raw, '+') < 0 {
		unescape = asItIs
	}
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, value, _ := strings.Cut(pair, "=")
		name, err := unescape(name)
		if err != nil {
			continue // a parameter of the program
		}
		i, field := q.parameter(name)
		switch {
		case field == nil:
			continue
		case seen[i]:
			return query{}, refuse("query has the same parameter twice")
		}
		seen[i] = true
		if *field, err = unescape(value); err != nil {
			return query{}, refuse("query is malformed")
		}
	}
	return q, q.check()
}

// parameter returns the number of a parameter and the field that its value is read into,
// or nil for a parameter of the program.
func (q *query) parameter(name string) (int, *string) {
	switch name {
	case "signature":
		return 0, &q.signature
	case "timestamp":
		return 1, &q.timestamp
	case "nonce":
		return 2, &q.nonce
	case "encrypt_type":
		return 3, &q.encryptType
	case "msg_signature":
		return 4, &q.msgSignature
	case "echostr":
		return 5, &q.echo
	}
	return 0, nil
}

func asItIs(s string) (string, error) { return s, nil }

// check checks the form of timestamp and nonce. The signature covers their concatenation,
// so each of them must be recognizable on its own.
func (q *query) check() error {
	switch {
	case q.signature == "" && q.msgSignature != "":
		return refuse("signature is missing: the request looks like one from WeCom (企业微信)")
	case q.signature == "" || q.timestamp == "" || q.nonce == "":
		return refuse("signature parameters are missing")
	case !isNonce(q.nonce):
		return refuse("nonce is malformed")
	}
	seconds, ok := seconds(q.timestamp)
	if !ok {
		return &refusal{reason: "timestamp is malformed", detail: slog.String("timestamp", excerpt(q.timestamp))}
	}
	q.time = time.Unix(seconds, 0)
	return nil
}

// isNonce reports whether a nonce is short and has only characters that need no escaping.
func isNonce(s string) bool {
	for i := range len(s) {
		switch b := s[i]; {
		case b >= '0' && b <= '9', b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b == '-', b == '.', b == '_', b == '~':
		default:
			return false
		}
	}
	return len(s) <= maxNonce
}

// seconds parses a Unix time in seconds, which must have its only canonical form.
func seconds(s string) (int64, bool) {
	if len(s) > maxDigits || s == "" || s[0] < '1' || s[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// encrypted and clear report which form of push the query announces. It may be neither.
func (q *query) encrypted() bool { return q.encryptType == "aes" }

func (q *query) clear() bool {
	return (q.encryptType == "" || q.encryptType == "raw") && q.msgSignature == ""
}

const (
	// slack is how much later than its signature a message may seem to have been created.
	slack = 5 * time.Second
	// fresh is how much earlier than its signature a message may have been created, and
	// how long the replay of a captured push is expected, whatever its message says.
	fresh = 24 * time.Hour
)

// replayed reports whether a query may be that of an older push with timestamp and nonce
// rearranged. The signature covers the concatenation of token, timestamp and nonce, so a
// captured one is valid again at the time that its nonce spells. The message reveals this,
// because it was created shortly before the original timestamp. In plain mode nothing
// protects the message, so replayed detects only pushes that were captured as they are.
func (g *guard) replayed(q *query, created, now time.Time) bool {
	expired, ahead := now.Add(-g.window), created.After(now.Add(g.window))
	if created.After(expired.Add(slack)) && !ahead {
		return false // it is newer than everything that has expired, as nearly all pushes are
	}
	return slices.ContainsFunc(q.readings(g.tokens), func(signed time.Time) bool {
		before := !created.After(signed.Add(slack))
		shortly := before && !created.Before(signed.Add(-fresh))
		recent := signed.After(now.Add(-fresh))
		return signed.Before(expired) && (shortly || recent && (before || ahead))
	})
}

// readings returns all timestamps that the signed text of a query may contain.
func (q *query) readings(signers []*credential) (times []time.Time) {
	parts := []string{q.by.token, q.timestamp, q.nonce}
	slices.Sort(parts)
	signed := strings.Join(parts, "")
	for _, signer := range signers {
		token := signer.token
		lengths := [...]int{len(token), len(q.timestamp), len(signed) - len(token) - len(q.timestamp)}
		if lengths[2] < 1 {
			continue
		}
		for _, order := range [...][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
			var cut [3]string
			rest := signed
			for _, part := range order {
				cut[part], rest = rest[:lengths[part]], rest[lengths[part]:]
			}
			if cut[0] != token || !slices.IsSorted([]string{cut[order[0]], cut[order[1]], cut[order[2]]}) {
				continue
			}
			if sec, ok := seconds(cut[1]); ok {
				times = append(times, time.Unix(sec, 0))
			}
		}
	}
	return times
}

// doubtfulSkew is a skew that no synchronized clock has.
const doubtfulSkew = time.Minute

// doubts returns the problems with the configuration that a valid verification of the URL
// reveals.
func (g *guard) doubts(q *query, now time.Time) (doubts []*refusal) {
	if q.by != g.tokens[0] {
		doubts = append(doubts, &refusal{reason: "the console signs with the token in Config.Previous, not with the one in Config.Credentials"})
	}
	if skew := now.Sub(q.time); skew > doubtfulSkew || skew < -doubtfulSkew {
		doubts = append(doubts, &refusal{reason: "the clock is wrong: pushes that are off by more than Config.ReplayWindow are refused", skew: skew})
	}
	return doubts
}
