package wechattest

import "slices"

// Rule is a demand of the platform's pages that the platform itself does not make,
// as far as is known, or that the pages contradict themselves about. A platform
// keeps none of the rules unless [WithStrict] or [WithRules] asks for them: what it
// accepts by default is what programs have been seen to send with success.
// docs/fake.md says for each rule how it is known.
type Rule string

// The rules.
const (
	// RuleMethod: an API is called by the HTTP method of its page, with its parameters
	// where the page has them. Otherwise POST is accepted for the APIs with a GET page
	// that programs call so, and GET for /customservice/kfaccount/del.
	RuleMethod Rule = "method"

	// RuleType: JSON values have the types of the page, in requests and in answers.
	// Otherwise digits in quotes are accepted for numbers, numbers for ids that the page
	// has as text, and true, 1 and "true" for flags; publish_id and kf_id are answered
	// as numbers.
	RuleType Rule = "type"

	// RuleEscape: no JSON document contains \u escapes. Otherwise only menus are
	// refused for them (40033).
	RuleEscape Rule = "escape"

	// RuleForm: a text in a form has no file name. Otherwise it may have one.
	RuleForm Rule = "form"

	// RuleLength: titles of drafts have 32 characters at most, remarks less than 30
	// bytes, names of tags 30 bytes and those of top-level buttons 16 bytes. Otherwise
	// these are 64 characters, 30 bytes, 30 characters, and 60 bytes for buttons
	// without sub-buttons.
	RuleLength Rule = "length"

	// RuleRequired: a request has every field that the text of a page demands. Otherwise
	// those may be missing that the page's example leaves out, such as the hours of a
	// store.
	RuleRequired Rule = "required"

	// RuleSpan: statistics by week and month are asked for by a single day, and their
	// distributions by 15 days at most. Otherwise spans of 30 days are accepted.
	RuleSpan Rule = "span"

	// RuleReply: the CreateTime of a reply is a number, an encrypted reply contains a
	// message, music has a thumbnail, and an article of a news reply has a title, a
	// description, a picture and a URL. Otherwise CreateTime may be anything, "" and
	// "success" may be encrypted, and the others may be missing.
	RuleReply Rule = "reply"

	// RuleWithdrawn: every withdrawn API is refused. Otherwise /cgi-bin/shorturl returns
	// the URL that it was given.
	RuleWithdrawn Rule = "withdrawn"
)

// Rules returns all rules, for tests that go through them.
func Rules() []Rule {
	return []Rule{RuleMethod, RuleType, RuleEscape, RuleForm, RuleLength, RuleRequired, RuleSpan, RuleReply, RuleWithdrawn}
}

// WithStrict makes the platform keep all [Rules], so that it is as strict as its
// pages. A program that passes under it does nothing that only happens to work.
func WithStrict() Option { return WithRules(Rules()...) }

// WithRules makes the platform keep these rules, in addition to those of other
// options.
func WithRules(rules ...Rule) Option {
	return func(s *settings) { s.rules = append(s.rules, rules...) }
}

// keeps reports whether a rule is kept.
func (s *settings) keeps(r Rule) bool { return slices.Contains(s.rules, r) }
