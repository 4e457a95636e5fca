package callback

import (
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// query is what counts in the query of a request.
type query struct {
	signature, timestamp, nonce, encryptType, msgSignature, echo string

	time time.Time   // of timestamp
	by   *credential // the token that signed
}

const (
	maxNonce  = 128
	maxDigits = 10 // of a time in seconds since 1970, up to the year 2286
)

// readQuery reads a query. A parameter that is there twice refuses it, even if it is
// empty once: two readers could take two different ones.
func readQuery(raw string) (q query, err error) {
	var seen [6]bool
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, value, _ := strings.Cut(pair, "=")
		name, err := unescaped(name)
		if err != nil {
			continue // another parameter of the program
		}
		i, field := q.parameter(name)
		switch {
		case field == nil:
			continue
		case seen[i]:
			return query{}, refuse("query has a parameter twice")
		}
		seen[i] = true
		if *field, err = unescaped(value); err != nil {
			return query{}, refuse("query is malformed")
		}
	}
	return q, q.check()
}

// parameter returns what a parameter is read into, and its number; nil for one of the
// program.
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

func unescaped(s string) (string, error) {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s, nil
	}
	return url.QueryUnescape(s)
}

// check checks the form of what is signed. The signature is one over timestamp and
// nonce in a row, so that what is no timestamp and no nonce must be neither.
func (q *query) check() error {
	switch {
	case q.signature == "" && q.msgSignature != "":
		return refuse("signature is missing: WeCom (企业微信) sends requests like this one")
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

// isNonce reports whether a nonce is short, and of letters that need no escape.
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

// seconds reads a time in seconds since 1970, which has one spelling only.
func seconds(s string) (int64, bool) {
	if len(s) > maxDigits || s == "" || s[0] < '1' || s[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// encrypted and clear report what form of push the query announces; it can be neither.
func (q *query) encrypted() bool { return q.encryptType == "aes" }

func (q *query) clear() bool {
	return (q.encryptType == "" || q.encryptType == "raw") && q.msgSignature == ""
}

const (
	// slack is how much later than its signature a message may seem to be made.
	slack = 5 * time.Second
	// fresh is how much earlier than its signature it is made at most, and how long a
	// captured push is expected back, whatever its message says.
	fresh = 24 * time.Hour
)

// replayed reports whether a query can be the one of an older push with timestamp
// and nonce exchanged or cut anew: the signature is over token, timestamp and nonce
// in a row, so that a captured one fits again at the time that its nonce spells.
// The message gives it away: it was made before that other time, and not long before.
// In plain mode nothing protects the message, so that this holds for the push as it
// was captured.
func (g *guard) replayed(q *query, created, now time.Time) bool {
	expired, ahead := now.Add(-g.window), created.After(now.Add(g.window))
	if created.After(expired.Add(slack)) && !ahead {
		return false // it is newer than all that is expired; nearly all pushes are
	}
	return slices.ContainsFunc(q.readings(g.tokens), func(signed time.Time) bool {
		before := !created.After(signed.Add(slack))
		shortly := before && !created.Before(signed.Add(-fresh))
		recent := signed.After(now.Add(-fresh))
		return signed.Before(expired) && (shortly || recent && (before || ahead))
	})
}

// readings returns all times that the signed text of a query can be read to name.
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

// doubtfulSkew is a skew that no clock has that is set by the network.
const doubtfulSkew = time.Minute

// doubts returns what a verification of the address shows to be wrong with the
// configuration, though the request itself is right.
func (g *guard) doubts(q *query, now time.Time) (doubts []*refusal) {
	if q.by != g.tokens[0] {
		doubts = append(doubts, &refusal{reason: "the console signs with the token of Config.Previous, not of Config.Credentials"})
	}
	if skew := now.Sub(q.time); skew > doubtfulSkew || skew < -doubtfulSkew {
		doubts = append(doubts, &refusal{reason: "the clock is wrong: pushes that are off by more than Config.Window are refused", skew: skew})
	}
	return doubts
}
