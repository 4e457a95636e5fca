package wechattest

import "slices"

// Rule is a requirement of the official pages that the platform is not known to enforce, or
// on which the pages contradict themselves. By default, a platform enforces no rules and
// accepts what is known to work in practice; [WithStrict] and [WithRules] enable them.
// docs/fake.md lists the evidence for each rule.
type Rule string

// The rules that can be enabled.
const (
	// RuleMethod requires the HTTP method that the page documents, and each parameter in
	// the place that it documents: the query or the body. Without it, POST is accepted for
	// those GET APIs that existing clients call with POST, and GET for
	// /customservice/kfaccount/del.
	RuleMethod Rule = "method"

	// RuleType requires JSON values to have the types on the page, and uses those types in
	// responses. Without it, numbers may be strings of digits, IDs that are strings on the
	// page may be numbers, and flags may be true, 1 or "true"; publish_id and kf_id are
	// numbers in responses.
	RuleType Rule = "type"

	// RuleEscape refuses \u escapes in every JSON document. Without it, only menus are
	// refused for them (40033).
	RuleEscape Rule = "escape"

	// RuleForm refuses multipart forms in which a text field has a file name.
	RuleForm Rule = "form"

	// RuleLength enforces the lengths on the pages: up to 32 characters for draft
	// titles, less than 30 bytes for remarks, 30 bytes for tag names, and 16 bytes for
	// names of top-level buttons. Without it, the limits are 64 characters, 30 bytes,
	// 30 characters, and 60 bytes for buttons without sub-buttons.
	RuleLength Rule = "length"

	// RuleRequired requires every field that the text of a page requires. Without it, a
	// field that the page's example omits may be missing, such as the hours of a store.
	RuleRequired Rule = "required"

	// RuleSpan limits a call for weekly or monthly statistics to a single day, and one for
	// their distributions to 15 days. Without it, the limit is 30 days.
	RuleSpan Rule = "span"

	// RuleReply requires a number as the CreateTime of a reply, a message in an
	// encrypted reply, a thumbnail for music, and a title, a description, a picture and
	// a URL for each article of a news reply. Without it, CreateTime may be anything,
	// "" and "success" may be encrypted, and the others may be missing.
	RuleReply Rule = "reply"

	// RuleWithdrawn refuses every withdrawn API. Without it, /cgi-bin/shorturl returns
	// the URL that it was given.
	RuleWithdrawn Rule = "withdrawn"
)

// Rules returns all rules, for tests that try each of them.
func Rules() []Rule {
	return []Rule{RuleMethod, RuleType, RuleEscape, RuleForm, RuleLength, RuleRequired, RuleSpan, RuleReply, RuleWithdrawn}
}

// WithStrict enables all [Rules], so that the platform is as strict as the official
// pages. A program whose tests pass with it does not depend on anything undocumented.
func WithStrict() Option { return WithRules(Rules()...) }

// WithRules enables the given rules, in addition to those that other options enable.
func WithRules(rules ...Rule) Option {
	return func(s *settings) { s.rules = append(s.rules, rules...) }
}

// keeps reports whether a rule is enabled.
func (s *settings) keeps(r Rule) bool { return slices.Contains(s.rules, r) }
