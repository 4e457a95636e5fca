package wechattest

import "slices"

// Rule is a requirement of the official pages that the platform does not enforce, as
// far as is known, or that the pages contradict. By default a platform enforces none of
// them and accepts what is known to work in practice; [WithStrict] and [WithRules]
// enable them. docs/fake.md explains how each rule is known.
type Rule string

// The rules.
const (
	// RuleMethod: a call uses the HTTP method of its page, with its parameters where
	// the page puts them. Without it, POST is accepted for those GET APIs that existing
	// clients call with POST, and GET for /customservice/kfaccount/del.
	RuleMethod Rule = "method"

	// RuleType: JSON values have the types of the page, in requests and responses.
	// Without it, numbers may be strings of digits, ids that the page has as strings
	// may be numbers, and flags may be true, 1 or "true"; publish_id and kf_id are
	// numbers in responses.
	RuleType Rule = "type"

	// RuleEscape: no JSON document contains \u escapes. Without it, only menus are
	// refused for them (40033).
	RuleEscape Rule = "escape"

	// RuleForm: a text field of a form has no file name. Without it, it may have one.
	RuleForm Rule = "form"

	// RuleLength: draft titles have up to 32 characters, remarks less than 30 bytes,
	// tag names up to 30 bytes, and names of top-level buttons up to 16 bytes. Without
	// it, the limits are 64 characters, 30 bytes, 30 characters, and 60 bytes for
	// buttons without sub-buttons.
	RuleLength Rule = "length"

	// RuleRequired: a request contains every field that the text of its page requires.
	// Without it, fields that the page's example omits may be missing, such as the
	// hours of a store.
	RuleRequired Rule = "required"

	// RuleSpan: weekly and monthly statistics are requested for a single day, and their
	// distributions for up to 15 days. Without it, spans of 30 days are accepted.
	RuleSpan Rule = "span"

	// RuleReply: the CreateTime of a reply is a number, an encrypted reply contains a
	// message, music has a thumbnail, and an article of a news reply has a title, a
	// description, a picture and a URL. Without it, CreateTime may be anything, "" and
	// "success" may be encrypted, and the others may be missing.
	RuleReply Rule = "reply"

	// RuleWithdrawn: every withdrawn API is refused. Without it, /cgi-bin/shorturl
	// returns the URL that it was given.
	RuleWithdrawn Rule = "withdrawn"
)

// Rules returns all rules, for tests that try each of them.
func Rules() []Rule {
	return []Rule{RuleMethod, RuleType, RuleEscape, RuleForm, RuleLength, RuleRequired, RuleSpan, RuleReply, RuleWithdrawn}
}

// WithStrict enables all [Rules], so that the platform is as strict as the official
// pages. A program whose tests pass with it does not depend on anything undocumented.
func WithStrict() Option { return WithRules(Rules()...) }

// WithRules enables these rules, in addition to those of other options.
func WithRules(rules ...Rule) Option {
	return func(s *settings) { s.rules = append(s.rules, rules...) }
}

// keeps reports whether a rule is enabled.
func (s *settings) keeps(r Rule) bool { return slices.Contains(s.rules, r) }
