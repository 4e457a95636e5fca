package wechat

import (
	"slices"
	"strings"
)

//go:generate go run golang.org/x/tools/cmd/stringer@v0.52.0 -type Code -linecomment -output codes_string.go

// The codes that programs may handle. The comment of a code is also the text of its
// error. For a code without a name, write its number as a [Code].
const (
	ErrSystemError                 Code = -1000  // system error
	ErrSystemBusy                  Code = -1     // system busy, retry later
	ErrInvalidCredential           Code = 40001  // invalid AppSecret, or access_token invalid or not the latest
	ErrInvalidGrantType            Code = 40002  // invalid grant_type
	ErrInvalidOpenID               Code = 40003  // invalid openid, not a follower of this account
	ErrInvalidMediaType            Code = 40004  // invalid media type
	ErrInvalidFileType             Code = 40005  // invalid file type
	ErrInvalidFileSize             Code = 40006  // invalid file size
	ErrInvalidMediaID              Code = 40007  // invalid media_id
	ErrInvalidMessageType          Code = 40008  // invalid message type
	ErrInvalidImageSize            Code = 40009  // invalid image size
	ErrInvalidAppID                Code = 40013  // invalid AppID
	ErrInvalidAccessToken          Code = 40014  // invalid access_token
	ErrInvalidButtonCount          Code = 40016  // invalid number of menu buttons
	ErrInvalidButtonType           Code = 40017  // invalid button type
	ErrInvalidButtonName           Code = 40018  // invalid length of a button name
	ErrInvalidButtonKey            Code = 40019  // invalid length of a button key
	ErrInvalidButtonURL            Code = 40020  // invalid length of a button URL
	ErrInvalidSubButtonCount       Code = 40023  // invalid number of sub-buttons
	ErrInvalidSubButtonType        Code = 40024  // invalid sub-button type
	ErrInvalidSubButtonName        Code = 40025  // invalid length of a sub-button name
	ErrInvalidSubButtonKey         Code = 40026  // invalid length of a sub-button key
	ErrInvalidSubButtonURL         Code = 40027  // invalid length of a sub-button URL
	ErrInvalidOAuthCode            Code = 40029  // invalid OAuth code
	ErrInvalidRefreshToken         Code = 40030  // invalid refresh_token
	ErrInvalidOpenIDList           Code = 40031  // invalid openid list
	ErrInvalidOpenIDCount          Code = 40032  // invalid number of openids
	ErrEscapedUnicode              Code = 40033  // request contains Unicode escapes, but must be plain UTF-8
	ErrInvalidParameter            Code = 40035  // invalid parameter
	ErrInvalidTemplateIDSize       Code = 40036  // invalid template_id length
	ErrInvalidTemplateID           Code = 40037  // invalid template_id
	ErrInvalidURLSize              Code = 40039  // invalid URL length
	ErrInvalidMessageID            Code = 40059  // invalid msg_id
	ErrInvalidRemark               Code = 40092  // invalid remark
	ErrInvalidArguments            Code = 40097  // invalid arguments
	ErrUnsupportedFileType         Code = 40113  // unsupported file type, or file name without a suitable extension
	ErrInvalidSecret               Code = 40125  // invalid AppSecret
	ErrTooFewOpenIDs               Code = 40130  // openid list too short, at least 2 needed
	ErrInvalidWeChatID             Code = 40132  // invalid WeChat ID
	ErrOAuthCodeUsed               Code = 40163  // OAuth code already used
	ErrIPNotAllowed                Code = 40164  // IP address of the caller not on the allowlist
	ErrInvalidPagePath             Code = 40165  // invalid mini program page path
	ErrInvalidMiniProgramAppID     Code = 40166  // invalid mini program AppID
	ErrWrongAccountType            Code = 40200  // not available to this type of account
	ErrCallbackNotConfigured       Code = 40201  // callback URL invalid or not configured
	ErrSecretFrozen                Code = 40243  // AppSecret is frozen
	ErrInvalidKeywords             Code = 40246  // invalid keyword_name_list
	ErrNotCategoryTemplate         Code = 40247  // only templates of a category can be added
	ErrMarketingContent            Code = 40249  // marketing content is not allowed
	ErrMissingAccessToken          Code = 41001  // missing access_token
	ErrMissingAppID                Code = 41002  // missing AppID
	ErrMissingSecret               Code = 41004  // missing AppSecret
	ErrMissingMediaData            Code = 41005  // missing media data
	ErrMissingMediaID              Code = 41006  // missing media_id
	ErrMissingOAuthCode            Code = 41008  // missing OAuth code
	ErrExpiredAccessToken          Code = 42001  // access_token expired
	ErrExpiredRefreshToken         Code = 42002  // refresh_token expired
	ErrExpiredOAuthCode            Code = 42003  // OAuth code expired
	ErrPasswordChanged             Code = 42007  // tokens revoked because the user changed the password, authorize again
	ErrMassTooFast                 Code = 42010  // mass messages sent too fast
	ErrGETRequired                 Code = 43001  // GET is required
	ErrPOSTRequired                Code = 43002  // POST is required
	ErrHTTPSRequired               Code = 43003  // HTTPS is required
	ErrNotFollower                 Code = 43004  // user does not follow the account
	ErrBlacklisted                 Code = 43019  // user is on the blacklist
	ErrTemplateChangeLimit         Code = 43100  // templates or industries changed too often
	ErrSubscriptionRefused         Code = 43101  // user refused the message or has no subscription left
	ErrStoresNotPermitted          Code = 43104  // account has no permission for this store API
	ErrSubscriptionsBanned         Code = 43107  // subscription messages are banned
	ErrConcurrentSubscriptions     Code = 43108  // too many concurrent subscription messages to one user
	ErrTemplateRestricted          Code = 43116  // template is restricted
	ErrTooManyTemplateMessages     Code = 43117  // too many messages of this template to this user
	ErrEmptyMediaData              Code = 44001  // media file is empty
	ErrEmptyBody                   Code = 44002  // POST body is empty
	ErrEmptyText                   Code = 44004  // text content is empty
	ErrFrequencyLimit              Code = 44990  // API called too often
	ErrContentTooLong              Code = 45002  // content too long
	ErrTitleTooLong                Code = 45003  // title too long
	ErrDescriptionTooLong          Code = 45004  // description too long
	ErrTooManyArticles             Code = 45008  // too many articles
	ErrDailyQuota                  Code = 45009  // daily API quota used up
	ErrMinuteQuota                 Code = 45011  // API quota per minute used up
	ErrReplyWindowClosed           Code = 45015  // reply window closed, 48 hours after the last message of the user
	ErrTooManyTemplates            Code = 45026  // too many templates
	ErrMassQuota                   Code = 45028  // mass message quota used up
	ErrReplyLimit                  Code = 45047  // too many customer-service messages to this user
	ErrTooManyTags                 Code = 45056  // too many tags
	ErrTagTooLarge                 Code = 45057  // tag with more than 100,000 followers cannot be deleted
	ErrSystemTag                   Code = 45058  // system tag cannot be changed
	ErrTooManyTagsOnUser           Code = 45059  // user has the maximum number of tags
	ErrDuplicateMassID             Code = 45065  // clientmsgid already used, the original msg_id is returned
	ErrMassIDTooFast               Code = 45066  // clientmsgid reused too soon, wait a minute
	ErrMassIDTooLong               Code = 45067  // clientmsgid too long
	ErrInvalidTypingCommand        Code = 45072  // invalid typing command
	ErrNoRecentInteraction         Code = 45080  // typing needs an interaction in the last 30 seconds
	ErrAlreadyTyping               Code = 45081  // typing status already on
	ErrWithdrawnAPI                Code = 45106  // API was withdrawn
	ErrAuthorTooLong               Code = 45110  // author too long
	ErrInvalidTagName              Code = 45157  // invalid tag name
	ErrTagNameTooLong              Code = 45158  // tag name too long
	ErrInvalidTagID                Code = 45159  // invalid tag ID
	ErrSensitiveContent            Code = 45168  // content contains sensitive words
	ErrConcurrentTagging           Code = 45169  // concurrent tag changes for one openid
	ErrPartlyFailed                Code = 45171  // some openids failed, see fail_openid_list
	ErrMediaNotFound               Code = 46001  // media not found
	ErrMenuNotFound                Code = 46003  // menu not found
	ErrUserNotFound                Code = 46004  // user not found
	ErrMalformedJSON               Code = 47001  // malformed JSON or XML, or wrong type of a parameter
	ErrInvalidTemplateData         Code = 47003  // invalid template data, errmsg names the field
	ErrUnauthorizedAPI             Code = 48001  // account is not authorized for this API
	ErrMessagesRefused             Code = 48002  // user refuses messages
	ErrBannedAPI                   Code = 48004  // API banned because of violations
	ErrClearQuotaLimit             Code = 48006  // quota reset limit reached
	ErrRestricted                  Code = 50002  // user or account restricted
	ErrTokenForbidden              Code = 50004  // account is not permitted to fetch a token
	ErrUserNotFollowing            Code = 50005  // user does not follow the account
	ErrAccountFrozen               Code = 50007  // account frozen
	ErrInvalidArticleID            Code = 53600  // invalid article_id
	ErrIPNotRegistered             Code = 61004  // IP address of the caller not registered for the component
	ErrInvalidDate                 Code = 61500  // invalid date
	ErrInvalidDateRange            Code = 61501  // invalid date range
	ErrDataNotReady                Code = 61503  // data not ready, retry later
	ErrConditionalMenuNotFound     Code = 65301  // no conditional menu has this menuid
	ErrMatchUserNotFound           Code = 65302  // no such user to test the menu match with
	ErrNoDefaultMenu               Code = 65303  // no default menu, create one before a conditional menu
	ErrEmptyMatchRule              Code = 65304  // match rule is empty
	ErrTooManyConditionalMenus     Code = 65305  // conditional menu limit reached
	ErrConditionalMenusUnsupported Code = 65306  // account does not support conditional menus
	ErrEmptyConditionalMenu        Code = 65307  // conditional menu is empty
	ErrButtonWithoutType           Code = 65308  // menu button has no type
	ErrConditionalMenusOff         Code = 65309  // conditional menus are switched off
	ErrWithdrawnMatchRule          Code = 65320  // match rule contains withdrawn fields
	ErrKFNotEnabled                Code = 65400  // customer service is not enabled
	ErrInvalidKFAccount            Code = 65401  // invalid customer-service account
	ErrTooManyKFAccounts           Code = 65405  // customer-service account limit reached
	ErrKFAccountExists             Code = 65406  // customer-service account already exists
	ErrKFInvited                   Code = 65408  // an invitation was already sent to this WeChat ID
	ErrKFInvitePending             Code = 65411  // an invitation is pending
	ErrNoKFSession                 Code = 65413  // user has no session
	ErrOtherKFSession              Code = 65414  // user is served by another agent
	ErrKFOffline                   Code = 65415  // agent is not online
	ErrInvoiceLocked               Code = 72023  // invoice is locked by another account
	ErrInvoiceRejected             Code = 72035  // invoice of this order was rejected
	ErrInvoiceNotAuthorized        Code = 72038  // invoice of this order was never authorized
	ErrDuplicateInvoice            Code = 72042  // invoice code and number already used
	ErrInvoiceTitleExpired         Code = 72044  // QR code of the invoice title expired
	ErrInvoiceInProgress           Code = 73105  // invoice is being issued, retry with the same serial
	ErrInvoiceSerialInProgress     Code = 73107  // invoice serial is being processed, query later
	ErrRequestIDNotFound           Code = 76001  // rid not found
	ErrUnknownAPIPath              Code = 76021  // cgi_path not found
	ErrStoreChangeLimit            Code = 85049  // avatar or introduction changed too often
	ErrNoCommentPermission         Code = 88000  // no comment permission
	ErrArticleNotFound             Code = 88001  // article not found
	ErrTooManyFeatured             Code = 88003  // too many featured comments
	ErrCommentDeleted              Code = 88004  // comment was deleted by the user
	ErrCommentReplied              Code = 88005  // comment was already replied to
	ErrCommentNotFound             Code = 88008  // comment not found
	ErrOpenAccountBound            Code = 89000  // account is already bound to an Open Platform account
	ErrNoOpenAccount               Code = 89002  // account is not bound to an Open Platform account
	ErrIPPending                   Code = 89501  // confirmation by an admin is pending, retry later
	ErrIPUnconfirmed               Code = 89503  // call needs confirmation by an admin
	ErrMassAwaitsConfirmation      Code = 89504  // mass message awaits confirmation by an admin
	ErrMassConfirmationRequested   Code = 89505  // mass message was submitted to an admin for confirmation
	ErrIPRejectedForDay            Code = 89506  // IP address rejected by an admin, retry after 24 hours
	ErrIPRejectedForHour           Code = 89507  // IP address rejected by an admin, retry after 1 hour
	ErrOCRQuota                    Code = 101003 // OCR quota used up
	ErrQRCodePublishLimit          Code = 886000 // monthly limit of 100 published QR code rules reached
)

// families contains the codes that belong to a family whatever the call. The codes that
// depend on the path are in CodeFamily.hasAt.
var families = map[CodeFamily][]Code{
	ErrInvalidToken: {ErrInvalidCredential, ErrInvalidAccessToken, ErrMissingAccessToken, ErrExpiredAccessToken},
	ErrConfiguration: {
		ErrInvalidGrantType, ErrInvalidAppID, ErrInvalidSecret, ErrSecretFrozen, ErrIPNotAllowed, ErrMissingAppID, ErrMissingSecret,
		ErrIPNotRegistered, ErrIPUnconfirmed, ErrIPPending, ErrIPRejectedForDay, ErrIPRejectedForHour, 40236, 40237, 40238, 40239, 40240,
	},
	ErrQuotaExceeded: {
		ErrDailyQuota, ErrMinuteQuota, ErrFrequencyLimit, ErrMassQuota, ErrMassTooFast, ErrClearQuotaLimit, ErrOCRQuota,
		ErrQRCodePublishLimit, ErrStoreChangeLimit, ErrTemplateChangeLimit, 45010,
	},
	ErrBusy: {
		ErrSystemBusy, ErrSystemError, ErrConcurrentTagging, ErrConcurrentSubscriptions, ErrDataNotReady, ErrInvoiceInProgress,
		ErrInvoiceSerialInProgress, 20001, 45061, 45112, 61450, 72036, 73102, 200001, 886001, 9500001, 9500002, 268487001, 268487002,
		268488001,
	},
	ErrForbidden: {
		ErrUnauthorizedAPI, ErrBannedAPI, ErrRestricted, ErrTokenForbidden, ErrAccountFrozen, ErrWrongAccountType, ErrStoresNotPermitted,
		ErrSubscriptionsBanned, ErrKFNotEnabled, ErrNoCommentPermission, ErrConditionalMenusUnsupported, ErrConditionalMenusOff,
		48003, 48023, 53404, 53406, 61007, 65319, 200011, 200100,
	},
	ErrUnreachableUser: {
		ErrInvalidOpenID, ErrNotFollower, ErrBlacklisted, ErrReplyWindowClosed, ErrReplyLimit, ErrSubscriptionRefused,
		ErrTooManyTemplateMessages, ErrMessagesRefused, ErrUserNotFound, ErrUserNotFollowing, ErrMatchUserNotFound, 49003, 65315,
	},
}

func (f CodeFamily) has(c Code) bool { return slices.Contains(families[f], c) }

// Paths on which a code has another meaning.
var (
	// tokenPaths refuse an AppSecret with the code that otherwise means a rejected token.
	tokenPaths = []string{classicTokenPath, stableTokenPath}
	// userPaths report a frozen user with the code that otherwise is about the account.
	userPaths = []string{"/cgi-bin/tags/", "/cgi-bin/user/"}
	// otherAppPaths accept the AppID of a mini program in their body.
	otherAppPaths = []string{"/cgi-bin/message/", "/cgi-bin/menu/", "/cgi-bin/wxopen/"}
)

// hasAt reports whether a code belongs to the family if it refused a call of this path.
func (f CodeFamily) hasAt(path string, c Code) bool {
	under := func(paths []string) bool {
		return slices.ContainsFunc(paths, func(p string) bool { return strings.HasPrefix(path, p) })
	}
	switch {
	case f == ErrConfiguration && c == ErrInvalidCredential:
		return under(tokenPaths)
	case f == ErrConfiguration && c == ErrInvalidAppID:
		return !under(otherAppPaths)
	case f == ErrUnreachableUser && c == ErrRestricted:
		return under(userPaths)
	case f == ErrForbidden && c == ErrRestricted:
		return !under(userPaths)
	}
	return f.has(c)
}

// unnamed contains the meaning of the documented codes that have no name.
var unnamed = map[Code]string{
	404:       "wrong HTTP method for this path (subscription templates)",
	20001:     "system error (subscription templates)",
	20002:     "invalid parameter, or the product ID does not exist",
	40010:     "invalid voice size",
	40011:     "invalid video size",
	40012:     "invalid thumbnail size",
	40022:     "invalid sub-menu depth",
	40028:     "invalid user of the menu",
	40038:     "invalid request format",
	40052:     "invalid action name",
	40053:     "invalid action info",
	40054:     "invalid domain of a sub-button URL",
	40055:     "invalid domain of a button URL",
	40060:     "invalid article_idx",
	40062:     "invalid title length",
	40065:     "message status does not allow this operation",
	40066:     "invalid or missing URL",
	40078:     "card status does not allow this",
	40101:     "missing parameter",
	40102:     "invalid industry ID",
	40114:     "invalid index",
	40118:     "invalid media_id size",
	40119:     "invalid button type",
	40120:     "invalid sub-button type",
	40121:     "invalid media_id type",
	40137:     "unsupported image format",
	40152:     "invalid tag ID",
	40155:     "links to the profile pages of other accounts are not allowed",
	40202:     "invalid check action",
	40203:     "invalid check operator",
	40204:     "article marked as copied or as a rumor cannot be deleted",
	40215:     "invalid number of images",
	40227:     "title of the mass message is empty",
	40228:     "message content is empty",
	40229:     "cover is empty",
	40230:     "missing header Wechatmp-Serial",
	40231:     "missing header Wechatmp-TimeStamp",
	40232:     "missing header Wechatmp-Signature",
	40233:     "missing header Wechatmp-Appid",
	40234:     "invalid signature of the request",
	40235:     "request cannot be decrypted",
	40236:     "invalid header Wechatmp-Appid",
	40237:     "header Wechatmp-Appid does not match the account of the token",
	40238:     "account has no symmetric key",
	40239:     "account has no public key",
	40240:     "header Wechatmp-TimeStamp is too old",
	40400:     "malformed HTTP request",
	41003:     "missing refresh_token",
	41007:     "missing sub-menu data",
	41009:     "missing openid",
	41010:     "missing URL",
	41030:     "invalid mini program page path",
	41039:     "invalid content_source_url",
	41040:     "article does not meet the rules for declaring it original",
	44003:     "article content is empty",
	44009:     "mass message refused, the documentation gives no reason",
	45001:     "media file too large",
	45005:     "URL too long",
	45006:     "image URL too long",
	45007:     "voice too long",
	45010:     "menu created too often",
	45012:     "template too large",
	45014:     "template message too large",
	45029:     "too many QR codes",
	45061:     "system busy (mass messages)",
	45062:     "content with an agreed advertisement cannot be sent by the API",
	45064:     "menu contains a mini program that is not linked to the account",
	45083:     "speed must be 0 to 4",
	45084:     "missing speed",
	45103:     "API is no longer supported",
	45104:     "API quota of this domain used up",
	45112:     "system busy (publishing a QR code rule)",
	45113:     "mass messages with products or cards are no longer supported",
	45162:     "invalid msgtype",
	45166:     "invalid content",
	46002:     "menu version not found",
	48003:     "agreement on mass messages not accepted",
	48005:     "material used by an automatic reply or a menu cannot be deleted",
	48021:     "draft was saved automatically, save it in the console before sending",
	48022:     "video uploaded through the API cannot be published through it",
	48023:     "account is banned",
	49003:     "openid does not belong to this AppID",
	50001:     "user has not authorized this API",
	50003:     "unexpected user, perhaps not on the allowlist",
	53404:     "account is not permitted to sell goods",
	53405:     "invalid product information in the article",
	53406:     "selling goods is not enabled",
	53503:     "draft failed the publish check",
	53504:     "draft has a quiz, publish it in the console",
	53505:     "draft must be saved in the console before it is published",
	61007:     "account has not authorized the component for this API",
	61016:     "component must confirm the function category",
	61450:     "system error (customer service)",
	61451:     "invalid parameter (customer service)",
	61452:     "invalid kf_account",
	61453:     "kf_account already exists",
	61454:     "kf_account too long",
	61455:     "invalid character in kf_account",
	61456:     "customer-service account limit reached",
	61457:     "invalid avatar file type",
	63178:     "account did not migrate from from_appid",
	63182:     "openid_list is empty",
	63183:     "account did not migrate",
	65115:     "store does not exist",
	65118:     "store cannot be updated in its status",
	65310:     "match rule with a province or city must have a country",
	65311:     "match rule with a city must have a province",
	65312:     "invalid country in the match rule",
	65313:     "invalid province in the match rule",
	65314:     "invalid city in the match rule",
	65315:     "user does not follow the account",
	65316:     "menu links to more than 3 external domains",
	65317:     "invalid URL in the menu",
	65318:     "menu must be UTF-8",
	65319:     "account is not permitted to create menus",
	65402:     "customer-service account is not bound to a WeChat ID",
	65403:     "invalid customer-service nickname",
	65404:     "invalid kf_account",
	65407:     "invited WeChat ID is already an agent",
	65409:     "invalid WeChat ID",
	65410:     "invited WeChat ID is bound to too many accounts",
	65412:     "account is already bound to a WeChat ID",
	65416:     "invalid query for chat records",
	65417:     "time between starttime and endtime too long",
	70000:     "message blocked to protect minors",
	72015:     "not authorized to operate the invoice",
	72017:     "invoice title does not match",
	72024:     "invoice status does not allow this",
	72025:     "invalid wx_invoice_token",
	72028:     "payment merchant of invoices not set",
	72029:     "authorization fields of invoices not set",
	72030:     "invalid mchid",
	72031:     "invalid invoice parameters",
	72036:     "invoice is being modified, retry later",
	72039:     "invoice is not locked",
	72040:     "invalid invoice PDF",
	72043:     "invalid invoice code or number",
	72063:     "missing contact of the merchant",
	73000:     "logic error of the invoicing platform",
	73001:     "invalid openid of the invoice",
	73002:     "missing order ID of the invoice",
	73003:     "missing invoice serial",
	73004:     "missing kplx of the invoice",
	73007:     "missing taxpayer name",
	73008:     "missing taxpayer address",
	73009:     "missing taxpayer phone",
	73010:     "missing buyer name",
	73011:     "missing drawer",
	73012:     "missing total with tax",
	73013:     "missing total amount",
	73014:     "missing total tax",
	73015:     "missing industry type",
	73016:     "missing taxpayer ID",
	73100:     "error of the invoicing platform",
	73101:     "taxpayer ID does not match",
	73102:     "WeChat invoicing system error",
	73106:     "invoice serial is used by another order",
	73108:     "order was processed with another serial",
	73110:     "invalid first 6 characters of the serial",
	76002:     "rid empty or malformed",
	76003:     "no permission to query this rid",
	76004:     "rid expired, only 7 days are kept",
	76022:     "no permission for this cgi_path",
	85024:     "more documents needed",
	85025:     "phone of the admin registered too often",
	85026:     "WeChat ID bound to too many admins",
	85027:     "ID card registered too often",
	85028:     "owner registered too often",
	85029:     "nickname already taken",
	85030:     "invalid nickname length",
	85031:     "nickname not allowed",
	85032:     "nickname protected after a complaint",
	85033:     "invalid nickname",
	85034:     "nickname in its protection period",
	85035:     "nickname reserved for the same owner",
	85036:     "invalid introduction",
	85038:     "store already added",
	85039:     "store added by another account",
	85040:     "store already bound",
	85041:     "credential already used",
	85042:     "limit of nearby places reached",
	85050:     "already under review",
	85053:     "no merchant, create one first",
	85054:     "migration needs a poi_id",
	85055:     "invalid map_poi_id",
	85056:     "invalid temporary media ID",
	85066:     "invalid link of the QR code rule",
	85068:     "test URL does not begin with the prefix",
	85069:     "verification file not valid",
	85070:     "personal mini program cannot have QR code rules, or the URL is blocked",
	85071:     "link already added",
	85072:     "link used by another account",
	85073:     "too many QR code rules",
	85074:     "mini program not released",
	85075:     "personal mini program cannot have QR code rules",
	85076:     "ICP check failed",
	85095:     "damaged rule, delete it and add it again",
	87009:     "invalid signature, or reply to a comment not found",
	88002:     "article restricted for safety",
	88007:     "reply empty or too long",
	88010:     "count out of range",
	89001:     "account and Open Platform account have different owners",
	89003:     "Open Platform account was not created through the API",
	89004:     "too many accounts in the Open Platform account, at most 100",
	89036:     "Open Platform account was not created through the API or is not verified",
	101000:    "invalid image URL",
	101001:    "no document found in the image",
	101002:    "image too large or not decodable",
	200001:    "system error (subscription templates)",
	200002:    "invalid parameter (subscription templates)",
	200011:    "account is banned",
	200012:    "too many private templates, at most 25",
	200013:    "template is banned",
	200014:    "invalid tid",
	200016:    "invalid start",
	200017:    "invalid limit",
	200018:    "missing category IDs",
	200019:    "invalid category IDs",
	200020:    "invalid kidList",
	200021:    "invalid sceneDesc",
	200022:    "template with this title and these keywords already exists",
	200100:    "not available to this type of account",
	886001:    "system busy (QR code rules)",
	9410010:   "long_data longer than 4 KB",
	9410011:   "expire_seconds above 30 days",
	9410012:   "short_key missing, expired or of another account",
	9500001:   "article is being deleted by another call",
	9500002:   "too many mass messages in progress, retry later",
	10170001:  "invalid product ID",
	10170002:  "unsupported article type",
	10170003:  "unsupported card type",
	268487001: "system busy (blacklist)",
	268487002: "system busy (user list)",
	268488001: "system busy (mass messages)",
}
