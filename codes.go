package wechat

import (
	"slices"
	"strings"
)

// The codes that programs branch on. [Code] works for all others too.
const (
	ErrSystemError                 Code = -1000  // system error
	ErrSystemBusy                  Code = -1     // system busy, retry later
	ErrInvalidCredential           Code = 40001  // AppSecret wrong, or access_token invalid or not the latest
	ErrInvalidGrantType            Code = 40002  // invalid grant_type
	ErrInvalidOpenID               Code = 40003  // invalid openid, not a follower or from another account
	ErrInvalidMediaType            Code = 40004  // invalid media file type
	ErrInvalidFileType             Code = 40005  // invalid file type
	ErrInvalidFileSize             Code = 40006  // invalid file size
	ErrInvalidMediaID              Code = 40007  // invalid media_id
	ErrInvalidMessageType          Code = 40008  // invalid message type
	ErrInvalidImageSize            Code = 40009  // invalid image size
	ErrInvalidAppID                Code = 40013  // invalid appid
	ErrInvalidAccessToken          Code = 40014  // invalid access_token
	ErrInvalidButtonCount          Code = 40016  // invalid number of menu buttons
	ErrInvalidButtonType           Code = 40017  // invalid button type
	ErrInvalidButtonName           Code = 40018  // invalid button name length
	ErrInvalidButtonKey            Code = 40019  // invalid button key length
	ErrInvalidButtonURL            Code = 40020  // invalid button url length
	ErrInvalidSubButtonCount       Code = 40023  // invalid number of sub-menu buttons
	ErrInvalidSubButtonType        Code = 40024  // invalid sub-menu button type
	ErrInvalidSubButtonName        Code = 40025  // invalid sub-menu button name length
	ErrInvalidSubButtonKey         Code = 40026  // invalid sub-menu button key length
	ErrInvalidSubButtonURL         Code = 40027  // invalid sub-menu button url length
	ErrInvalidOAuthCode            Code = 40029  // invalid oauth code
	ErrInvalidRefreshToken         Code = 40030  // invalid refresh_token
	ErrInvalidOpenIDList           Code = 40031  // invalid openid list
	ErrInvalidOpenIDCount          Code = 40032  // invalid openid list size
	ErrEscapedUnicode              Code = 40033  // request contains escaped \u characters, send raw UTF-8
	ErrInvalidParameter            Code = 40035  // invalid parameter
	ErrInvalidTemplateIDSize       Code = 40036  // invalid template_id length
	ErrInvalidTemplateID           Code = 40037  // invalid template_id
	ErrInvalidURLSize              Code = 40039  // invalid url length
	ErrInvalidMessageID            Code = 40059  // invalid msg_id
	ErrInvalidRemark               Code = 40092  // invalid remark name
	ErrInvalidArguments            Code = 40097  // invalid arguments
	ErrUnsupportedFileType         Code = 40113  // unsupported file type, the file name needs a suitable extension
	ErrInvalidSecret               Code = 40125  // invalid AppSecret
	ErrTooFewOpenIDs               Code = 40130  // openid list too small, at least 2 needed
	ErrInvalidWeChatID             Code = 40132  // invalid WeChat id
	ErrOAuthCodeUsed               Code = 40163  // oauth code already used
	ErrIPNotAllowed                Code = 40164  // caller IP not in whitelist
	ErrInvalidPagePath             Code = 40165  // invalid mini-program page path
	ErrInvalidMiniProgramAppID     Code = 40166  // invalid mini-program appid
	ErrAccountType                 Code = 40200  // account type not allowed
	ErrCallbackNotConfigured       Code = 40201  // callback url not configured or invalid
	ErrSecretFrozen                Code = 40243  // AppSecret is frozen
	ErrInvalidKeywords             Code = 40246  // invalid keyword_name_list
	ErrNotCategoryTemplate         Code = 40247  // only category template ids can be added
	ErrMarketingContent            Code = 40249  // marketing content is forbidden
	ErrMissingAccessToken          Code = 41001  // access_token missing
	ErrMissingAppID                Code = 41002  // appid missing
	ErrMissingSecret               Code = 41004  // appsecret missing
	ErrMissingMediaData            Code = 41005  // media data missing
	ErrMissingMediaID              Code = 41006  // media_id missing
	ErrMissingOAuthCode            Code = 41008  // oauth code missing
	ErrExpiredAccessToken          Code = 42001  // access_token expired
	ErrExpiredRefreshToken         Code = 42002  // refresh_token expired
	ErrExpiredOAuthCode            Code = 42003  // oauth code expired
	ErrPasswordChanged             Code = 42007  // user changed password, tokens revoked, authorize again
	ErrMassTooFast                 Code = 42010  // mass send too fast
	ErrGETRequired                 Code = 43001  // GET required
	ErrPOSTRequired                Code = 43002  // POST required
	ErrHTTPSRequired               Code = 43003  // HTTPS required
	ErrNotFollower                 Code = 43004  // user must follow the account
	ErrBlacklisted                 Code = 43019  // receiver must be removed from the blacklist
	ErrTemplateChangeLimit         Code = 43100  // templates or industries changed too frequently
	ErrSubscriptionRefused         Code = 43101  // user refused or has no remaining subscription
	ErrStoresNotPermitted          Code = 43104  // appid has no permission for this store feature
	ErrSubscriptionsBanned         Code = 43107  // subscription feature is banned
	ErrConcurrentSubscriptions     Code = 43108  // sending too many subscription messages concurrently to one user
	ErrTemplateRestricted          Code = 43116  // template is restricted from sending
	ErrTooManyOfTemplate           Code = 43117  // too many messages of this template to this user
	ErrEmptyMediaData              Code = 44001  // media file is empty
	ErrEmptyBody                   Code = 44002  // POST body is empty
	ErrEmptyText                   Code = 44004  // text content is empty
	ErrFrequencyLimit              Code = 44990  // request frequency limit of this API reached
	ErrContentTooLong              Code = 45002  // content too long
	ErrTitleTooLong                Code = 45003  // title too long
	ErrDescriptionTooLong          Code = 45004  // description too long
	ErrTooManyArticles             Code = 45008  // too many articles
	ErrDailyQuota                  Code = 45009  // daily API quota reached
	ErrMinuteQuota                 Code = 45011  // API called too often in this minute
	ErrReplyWindowClosed           Code = 45015  // response window (48 h) exceeded
	ErrTooManyTemplates            Code = 45026  // template num exceeds limit
	ErrNoMassQuota                 Code = 45028  // no mass-send quota left in this period
	ErrReplyCountUsed              Code = 45047  // customer-service messages to this user exceed the limit
	ErrTooManyTags                 Code = 45056  // too many tags
	ErrTagTooLarge                 Code = 45057  // tag has over 100000 followers, cannot be deleted
	ErrSystemTag                   Code = 45058  // system tag cannot be modified
	ErrTooManyTagsOnUser           Code = 45059  // user already has the maximum number of tags
	ErrDuplicateMassID             Code = 45065  // clientmsgid already used, original msg_id is returned
	ErrMassIDTooFast               Code = 45066  // retry with the same clientmsgid too fast, wait a minute
	ErrMassIDTooLong               Code = 45067  // clientmsgid too long
	ErrInvalidTypingCommand        Code = 45072  // invalid typing command
	ErrNoRecentInteraction         Code = 45080  // typing needs an interaction in the last 30 seconds
	ErrAlreadyTyping               Code = 45081  // typing status already active
	ErrWithdrawnAPI                Code = 45106  // API is withdrawn
	ErrAuthorTooLong               Code = 45110  // author too long
	ErrInvalidTagName              Code = 45157  // invalid tag name
	ErrTagNameTooLong              Code = 45158  // tag name too long
	ErrInvalidTagID                Code = 45159  // invalid tag id
	ErrSensitiveContent            Code = 45168  // message hit sensitive words
	ErrConcurrentTagging           Code = 45169  // concurrent tag operations on one openid
	ErrPartlyFailed                Code = 45171  // some openids failed, see fail_openid_list
	ErrMediaNotFound               Code = 46001  // media data not found
	ErrMenuNotFound                Code = 46003  // menu not found
	ErrUserNotFound                Code = 46004  // user not found
	ErrMalformedJSON               Code = 47001  // JSON or XML parse error, or wrong parameter format
	ErrInvalidTemplateData         Code = 47003  // argument invalid, errmsg names the field
	ErrUnauthorizedAPI             Code = 48001  // API not authorized for this account
	ErrMessagesRefused             Code = 48002  // user refuses messages
	ErrBannedAPI                   Code = 48004  // API banned for irregularities
	ErrClearQuotaLimit             Code = 48006  // quota reset limit reached
	ErrRestricted                  Code = 50002  // user or account restricted
	ErrTokenForbidden              Code = 50004  // token API forbidden
	ErrUserNotFollowing            Code = 50005  // user does not follow the account
	ErrAccountFrozen               Code = 50007  // account frozen
	ErrInvalidArticleID            Code = 53600  // invalid article_id
	ErrIPNotRegistered             Code = 61004  // caller IP not registered for the component
	ErrInvalidDate                 Code = 61500  // date format error
	ErrInvalidDateRange            Code = 61501  // date range error
	ErrDataNotReady                Code = 61503  // data not ready, retry later
	ErrConditionalMenuNotFound     Code = 65301  // no conditional menu with this menuid
	ErrMatchUserNotFound           Code = 65302  // user to match a menu for not found
	ErrNoDefaultMenu               Code = 65303  // no default menu, create one before a conditional menu
	ErrEmptyMatchRule              Code = 65304  // match rule is empty
	ErrTooManyConditionalMenus     Code = 65305  // conditional menu limit reached
	ErrConditionalMenusUnsupported Code = 65306  // account does not support conditional menus
	ErrEmptyConditionalMenu        Code = 65307  // conditional menu is empty
	ErrButtonWithoutType           Code = 65308  // menu button has no type
	ErrConditionalMenusOff         Code = 65309  // conditional menus are switched off
	ErrWithdrawnMatchRule          Code = 65320  // match rule uses withdrawn privacy fields
	ErrKFNotEnabled                Code = 65400  // new customer service not enabled
	ErrInvalidKFAccount            Code = 65401  // invalid customer-service account
	ErrTooManyKFAccounts           Code = 65405  // customer-service account limit reached
	ErrKFAccountExists             Code = 65406  // customer-service account exists
	ErrKFInvited                   Code = 65408  // invitation already sent to this WeChat id
	ErrKFInvitePending             Code = 65411  // an invitation is pending
	ErrNoKFSession                 Code = 65413  // no session for this user
	ErrOtherKFSession              Code = 65414  // user is served by another agent
	ErrKFOffline                   Code = 65415  // agent is not online
	ErrInvoiceLocked               Code = 72023  // invoice locked by another account
	ErrInvoiceRejected             Code = 72035  // invoice was rejected for this order
	ErrInvoiceNotAuthorized        Code = 72038  // invoice order never authorized
	ErrInvoiceRepeated             Code = 72042  // billing code and number repeated
	ErrInvoiceTitleExpired         Code = 72044  // invoice title qr code expired
	ErrInvoiceInProgress           Code = 73105  // invoicing in progress, retry with the same serial
	ErrInvoiceSerialInProgress     Code = 73107  // invoice serial being processed, query later
	ErrRequestIDNotFound           Code = 76001  // rid not found
	ErrUnknownAPIPath              Code = 76021  // cgi_path not found
	ErrStoreChangeLimit            Code = 85049  // avatar or introduction change limit
	ErrNoCommentPermission         Code = 88000  // no comment permission
	ErrArticleNotFound             Code = 88001  // article not found
	ErrTooManyFeatured             Code = 88003  // elected comment limit
	ErrCommentDeleted              Code = 88004  // comment deleted by user
	ErrCommentReplied              Code = 88005  // already replied
	ErrCommentNotFound             Code = 88008  // comment not found
	ErrOpenAccountBound            Code = 89000  // account is bound to an Open Platform account already
	ErrNoOpenAccount               Code = 89002  // account is bound to no Open Platform account
	ErrIPPending                   Code = 89501  // an admin confirmation is pending, retry later
	ErrIPUnconfirmed               Code = 89503  // call needs admin confirmation
	ErrMassAwaitsConfirmation      Code = 89504  // mass send waiting for admin confirmation
	ErrMassConfirmationRequested   Code = 89505  // mass send entered admin confirmation
	ErrIPRefusedDay                Code = 89506  // IP rejected by the admin, retry after 24 hours
	ErrIPRefusedHour               Code = 89507  // IP rejected by the admin, retry after 1 hour
	ErrOCRQuota                    Code = 101003 // OCR quota exhausted
	ErrQRCodePublishLimit          Code = 886000 // monthly qr rule publish limit (100)
)

// families lists the codes that belong to a family whatever the call; the others
// are in [Family.hasAt].
var families = map[CodeFamily][]Code{
	ErrInvalidToken: {ErrInvalidCredential, ErrInvalidAccessToken, ErrMissingAccessToken, ErrExpiredAccessToken},
	ErrConfiguration: {
		ErrInvalidGrantType, ErrInvalidAppID, ErrInvalidSecret, ErrSecretFrozen, ErrIPNotAllowed, ErrMissingAppID, ErrMissingSecret,
		ErrIPNotRegistered, ErrIPUnconfirmed, ErrIPPending, ErrIPRefusedDay, ErrIPRefusedHour, 40236, 40237, 40238, 40239, 40240,
	},
	ErrQuotaExceeded: {
		ErrDailyQuota, ErrMinuteQuota, ErrFrequencyLimit, ErrNoMassQuota, ErrMassTooFast, ErrClearQuotaLimit, ErrOCRQuota,
		ErrQRCodePublishLimit, ErrStoreChangeLimit, ErrTemplateChangeLimit, 45010,
	},
	ErrBusy: {
		ErrSystemBusy, ErrSystemError, ErrConcurrentTagging, ErrConcurrentSubscriptions, ErrDataNotReady, ErrInvoiceInProgress,
		ErrInvoiceSerialInProgress, 20001, 45061, 45112, 61450, 72036, 73102, 200001, 886001, 9500001, 9500002, 268487001, 268487002,
		268488001,
	},
	ErrForbidden: {
		ErrUnauthorizedAPI, ErrBannedAPI, ErrRestricted, ErrTokenForbidden, ErrAccountFrozen, ErrAccountType, ErrStoresNotPermitted,
		ErrSubscriptionsBanned, ErrKFNotEnabled, ErrNoCommentPermission, ErrConditionalMenusUnsupported, ErrConditionalMenusOff,
		48003, 48023, 53404, 53406, 61007, 65319, 200011, 200100,
	},
	ErrUnreachableUser: {
		ErrInvalidOpenID, ErrNotFollower, ErrBlacklisted, ErrReplyWindowClosed, ErrReplyCountUsed, ErrSubscriptionRefused,
		ErrTooManyOfTemplate, ErrMessagesRefused, ErrUserNotFound, ErrUserNotFollowing, ErrMatchUserNotFound, 49003, 65315,
	},
}

func (f CodeFamily) has(c Code) bool { return slices.Contains(families[f], c) }

// Codes that mean different things on different paths.
var (
	// tokenPaths refuse the AppSecret with the code that elsewhere means a rejected token.
	tokenPaths = []string{classicTokenPath, stableTokenPath}
	// userPaths say that a single user is frozen with the code that elsewhere is about the account.
	userPaths = []string{"/cgi-bin/tags/", "/cgi-bin/user/"}
	// otherAppPaths name the AppID of a mini program in their body.
	otherAppPaths = []string{"/cgi-bin/message/", "/cgi-bin/menu/", "/cgi-bin/wxopen/"}
)

// hasAt reports whether a code belongs to the family when a call of this path was
// refused with it.
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

// codeText says what the codes on the platform's pages mean.
var codeText = map[Code]string{
	-1000:     "system error",
	-1:        "system busy, retry later",
	404:       "wrong HTTP method for this path (subscription template APIs)",
	20001:     "system error (subscription template APIs)",
	20002:     "invalid parameter or product id does not exist",
	40001:     "AppSecret wrong, or access_token invalid or not the latest",
	40002:     "invalid grant_type",
	40003:     "invalid openid, not a follower or from another account",
	40004:     "invalid media file type",
	40005:     "invalid file type",
	40006:     "invalid file size",
	40007:     "invalid media_id",
	40008:     "invalid message type",
	40009:     "invalid image size",
	40010:     "invalid voice size",
	40011:     "invalid video size",
	40012:     "invalid thumbnail size",
	40013:     "invalid appid",
	40014:     "invalid access_token",
	40016:     "invalid number of menu buttons",
	40017:     "invalid button type",
	40018:     "invalid button name length",
	40019:     "invalid button key length",
	40020:     "invalid button url length",
	40022:     "invalid sub-menu depth",
	40023:     "invalid number of sub-menu buttons",
	40024:     "invalid sub-menu button type",
	40025:     "invalid sub-menu button name length",
	40026:     "invalid sub-menu button key length",
	40027:     "invalid sub-menu button url length",
	40028:     "invalid user for the menu",
	40029:     "invalid oauth code",
	40030:     "invalid refresh_token",
	40031:     "invalid openid list",
	40032:     "invalid openid list size",
	40033:     "request contains escaped \\u characters, send raw UTF-8",
	40035:     "invalid parameter",
	40036:     "invalid template_id length",
	40037:     "invalid template_id",
	40038:     "invalid request format",
	40039:     "invalid url length",
	40052:     "invalid action name",
	40053:     "invalid action info",
	40054:     "invalid sub-menu button url domain",
	40055:     "invalid button url domain",
	40059:     "invalid msg_id",
	40060:     "invalid article_idx",
	40062:     "invalid title length",
	40065:     "message status does not allow this operation",
	40066:     "invalid or missing url",
	40078:     "card not in an allowed status",
	40092:     "invalid remark name",
	40097:     "invalid arguments",
	40101:     "missing parameter",
	40102:     "invalid industry id",
	40113:     "unsupported file type, the file name needs a suitable extension",
	40114:     "invalid index",
	40118:     "invalid media_id size",
	40119:     "invalid button type",
	40120:     "invalid sub-menu button type",
	40121:     "invalid media_id type",
	40125:     "invalid AppSecret",
	40130:     "openid list too small, at least 2 needed",
	40132:     "invalid WeChat id",
	40137:     "unsupported image format",
	40152:     "invalid tag id",
	40155:     "links to the profiles of other accounts are not allowed",
	40163:     "oauth code already used",
	40164:     "caller IP not in whitelist",
	40165:     "invalid mini-program page path",
	40166:     "invalid mini-program appid",
	40200:     "account type not allowed",
	40201:     "callback url not configured or invalid",
	40202:     "invalid check action",
	40203:     "invalid check operator",
	40204:     "article flagged as copied or rumour cannot be deleted",
	40215:     "invalid image count",
	40227:     "title is empty (mass message)",
	40228:     "message content is empty",
	40229:     "cover is empty",
	40230:     "header Wechatmp-Serial is missing",
	40231:     "header Wechatmp-TimeStamp is missing",
	40232:     "header Wechatmp-Signature is missing",
	40233:     "header Wechatmp-Appid is missing",
	40234:     "request signature is wrong",
	40235:     "request encryption is wrong",
	40236:     "header Wechatmp-Appid is wrong",
	40237:     "header Wechatmp-Appid is not of the account of the token",
	40238:     "account has no symmetric key",
	40239:     "account has no public key",
	40240:     "header Wechatmp-TimeStamp is too old",
	40243:     "AppSecret is frozen",
	40246:     "invalid keyword_name_list",
	40247:     "only category template ids can be added",
	40249:     "marketing content is forbidden",
	40400:     "malformed HTTP request",
	41001:     "access_token missing",
	41002:     "appid missing",
	41003:     "refresh_token missing",
	41004:     "appsecret missing",
	41005:     "media data missing",
	41006:     "media_id missing",
	41007:     "sub-menu data missing",
	41008:     "oauth code missing",
	41009:     "openid missing",
	41010:     "url missing",
	41030:     "invalid mini-program page path",
	41039:     "invalid content_source_url",
	41040:     "article does not satisfy the original-declaration rules",
	42001:     "access_token expired",
	42002:     "refresh_token expired",
	42003:     "oauth code expired",
	42007:     "user changed password, tokens revoked, authorize again",
	42010:     "mass send too fast",
	43001:     "GET required",
	43002:     "POST required",
	43003:     "HTTPS required",
	43004:     "user must follow the account",
	43019:     "receiver must be removed from the blacklist",
	43100:     "templates or industries changed too frequently",
	43101:     "user refused or has no remaining subscription",
	43104:     "appid has no permission for this store feature",
	43107:     "subscription feature is banned",
	43108:     "sending too many subscription messages concurrently to one user",
	43116:     "template is restricted from sending",
	43117:     "too many messages of this template to this user",
	44001:     "media file is empty",
	44002:     "POST body is empty",
	44003:     "article content is empty",
	44004:     "text content is empty",
	44009:     "unspecified on the page (mass send)",
	44990:     "request frequency limit of this API reached",
	45001:     "media file too large",
	45002:     "content too long",
	45003:     "title too long",
	45004:     "description too long",
	45005:     "url too long",
	45006:     "image url too long",
	45007:     "voice too long",
	45008:     "too many articles",
	45009:     "daily API quota reached",
	45010:     "menu creation limit reached",
	45011:     "API called too often in this minute",
	45012:     "template too large",
	45014:     "template message too large",
	45015:     "response window (48 h) exceeded",
	45026:     "template num exceeds limit",
	45028:     "no mass-send quota left in this period",
	45029:     "too many QR codes",
	45047:     "customer-service messages to this user exceed the limit",
	45056:     "too many tags",
	45057:     "tag has over 100000 followers, cannot be deleted",
	45058:     "system tag cannot be modified",
	45059:     "user already has the maximum number of tags",
	45061:     "system busy (mass send)",
	45062:     "content carries an agreed advertisement, API mass send not supported",
	45064:     "menu contains a mini program that is not linked",
	45065:     "clientmsgid already used, original msg_id is returned",
	45066:     "retry with the same clientmsgid too fast, wait a minute",
	45067:     "clientmsgid too long",
	45072:     "invalid typing command",
	45080:     "typing needs an interaction in the last 30 seconds",
	45081:     "typing status already active",
	45083:     "speed out of range 0-4",
	45084:     "speed missing",
	45103:     "API is no longer supported",
	45104:     "API calls to this domain reached their limit",
	45106:     "API is withdrawn",
	45110:     "author too long",
	45112:     "system busy (qr rule publish)",
	45113:     "product and card mass messages are no longer supported",
	45157:     "invalid tag name",
	45158:     "tag name too long",
	45159:     "invalid tag id",
	45162:     "invalid msgtype",
	45166:     "invalid content",
	45168:     "message hit sensitive words",
	45169:     "concurrent tag operations on one openid",
	45171:     "some openids failed, see fail_openid_list",
	46001:     "media data not found",
	46002:     "menu version not found",
	46003:     "menu not found",
	46004:     "user not found",
	47001:     "JSON or XML parse error, or wrong parameter format",
	47003:     "argument invalid, errmsg names the field",
	48001:     "API not authorized for this account",
	48002:     "user refuses messages",
	48003:     "mass-send agreement not accepted",
	48004:     "API banned for irregularities",
	48005:     "material is used by an automatic reply or a menu, cannot be deleted",
	48006:     "quota reset limit reached",
	48021:     "draft was auto saved, save manually before sending",
	48022:     "API-uploaded video cannot be published by API",
	48023:     "account is banned",
	49003:     "openid does not belong to this appid",
	50001:     "user has not authorized this API",
	50002:     "user or account restricted",
	50003:     "user unexpected, maybe not in whitelist",
	50004:     "token API forbidden",
	50005:     "user does not follow the account",
	50007:     "account frozen",
	53404:     "account is restricted from selling goods",
	53405:     "invalid product information in the article",
	53406:     "selling ability not enabled",
	53503:     "draft failed the publish check",
	53504:     "use the draft on the official platform site (quiz required)",
	53505:     "save the draft manually before publishing",
	53600:     "invalid article_id",
	61004:     "caller IP not registered for the component",
	61007:     "API not authorized to the component",
	61016:     "function category must be confirmed by the component",
	61450:     "system error (customer service)",
	61451:     "invalid parameter (customer service)",
	61452:     "invalid kf_account",
	61453:     "kf_account exists",
	61454:     "kf_account name too long",
	61455:     "illegal character in kf_account",
	61456:     "customer-service account limit reached",
	61457:     "invalid avatar file type",
	61500:     "date format error",
	61501:     "date range error",
	61503:     "data not ready, retry later",
	63178:     "from_appid has no migration relation with the caller",
	63182:     "openid_list is empty",
	63183:     "appid has no migration relation",
	65115:     "store does not exist",
	65118:     "store status does not allow update",
	65301:     "no conditional menu with this menuid",
	65302:     "user to match a menu for not found",
	65303:     "no default menu, create one before a conditional menu",
	65304:     "match rule is empty",
	65305:     "conditional menu limit reached",
	65306:     "account does not support conditional menus",
	65307:     "conditional menu is empty",
	65308:     "menu button has no type",
	65309:     "conditional menus are switched off",
	65310:     "match rule with a province or city needs a country",
	65311:     "match rule with a city needs a province",
	65312:     "invalid country in the match rule",
	65313:     "invalid province in the match rule",
	65314:     "invalid city in the match rule",
	65315:     "user does not follow the account",
	65316:     "menu links to too many external domains, at most 3",
	65317:     "invalid url in the menu",
	65318:     "menu must be UTF-8",
	65319:     "account may not create menus",
	65320:     "match rule uses withdrawn privacy fields",
	65400:     "new customer service not enabled",
	65401:     "invalid customer-service account",
	65402:     "customer-service account not bound to a WeChat id",
	65403:     "invalid customer-service nickname",
	65404:     "invalid kf_account",
	65405:     "customer-service account limit reached",
	65406:     "customer-service account exists",
	65407:     "invitee is already an agent",
	65408:     "invitation already sent to this WeChat id",
	65409:     "invalid WeChat id",
	65410:     "invitee bound too many accounts",
	65411:     "an invitation is pending",
	65412:     "account already bound to a WeChat id",
	65413:     "no session for this user",
	65414:     "user is served by another agent",
	65415:     "agent is not online",
	65416:     "invalid chat record query parameters",
	65417:     "it is too long from the starttime to endtime",
	70000:     "message blocked to protect minors",
	72015:     "not authorized to operate the invoice",
	72017:     "invoice title mismatch",
	72023:     "invoice locked by another account",
	72024:     "invoice status error",
	72025:     "invalid wx_invoice_token",
	72028:     "invoice pay merchant not set",
	72029:     "invoice auth fields not set",
	72030:     "invalid mchid",
	72031:     "invalid invoice parameters",
	72035:     "invoice was rejected for this order",
	72036:     "invoice is being modified, retry later",
	72038:     "invoice order never authorized",
	72039:     "invoice not locked",
	72040:     "invalid invoice pdf",
	72042:     "billing code and number repeated",
	72043:     "billing code or number wrong",
	72044:     "invoice title qr code expired",
	72063:     "merchant contact empty",
	73000:     "invoicing platform logic error",
	73001:     "invoice openid error",
	73002:     "invoice order id empty",
	73003:     "invoice serial empty",
	73004:     "invoice kplx empty",
	73007:     "taxpayer name empty",
	73008:     "taxpayer address empty",
	73009:     "taxpayer phone empty",
	73010:     "buyer name empty",
	73011:     "drawer empty",
	73012:     "total with tax empty",
	73013:     "total amount empty",
	73014:     "total tax empty",
	73015:     "industry type empty",
	73016:     "taxpayer id empty",
	73100:     "invoicing platform error",
	73101:     "taxpayer id mismatch",
	73102:     "WeChat invoicing system error",
	73105:     "invoicing in progress, retry with the same serial",
	73106:     "invoice serial used by another order",
	73107:     "invoice serial being processed, query later",
	73108:     "order processed with another serial",
	73110:     "first 6 chars of the serial are wrong",
	76001:     "rid not found",
	76002:     "rid empty or malformed",
	76003:     "no permission to query this rid",
	76004:     "rid expired, only 7 days are kept",
	76021:     "cgi_path not found",
	76022:     "no permission for this cgi_path",
	85024:     "additional documents needed",
	85025:     "admin phone registered too often",
	85026:     "WeChat id bound to too many admins",
	85027:     "id card registered too often",
	85028:     "subject registered too often",
	85029:     "nickname taken",
	85030:     "invalid nickname length",
	85031:     "nickname forbidden",
	85032:     "nickname under complaint protection",
	85033:     "nickname illegal",
	85034:     "nickname in protection period",
	85035:     "nickname reserved for the same subject",
	85036:     "introduction illegal",
	85038:     "store already added",
	85039:     "store added by others",
	85040:     "store already bound",
	85041:     "credential already used",
	85042:     "nearby place limit reached",
	85049:     "avatar or introduction change limit",
	85050:     "already under review",
	85053:     "create the merchant first",
	85054:     "poi_id needed for migration",
	85055:     "invalid map_poi_id",
	85056:     "invalid temporary media id",
	85066:     "invalid link (qr rule)",
	85068:     "test url is not under the prefix",
	85069:     "verification file check failed",
	85070:     "personal mini programs cannot set qr rules or url blacklisted",
	85071:     "link already added",
	85072:     "link used by others",
	85073:     "qr rule limit reached",
	85074:     "mini program not released",
	85075:     "personal mini programs cannot set qr rules",
	85076:     "ICP check failed",
	85095:     "rule data abnormal, delete and add again",
	87009:     "invalid signature, or the reply to a comment was not found",
	88000:     "no comment permission",
	88001:     "article not found",
	88002:     "article restricted for safety",
	88003:     "elected comment limit",
	88004:     "comment deleted by user",
	88005:     "already replied",
	88007:     "reply too long or empty",
	88008:     "comment not found",
	88010:     "count out of range",
	89000:     "account is bound to an Open Platform account already",
	89001:     "account and Open Platform account have different owners",
	89002:     "account is bound to no Open Platform account",
	89003:     "Open Platform account was not created through the API",
	89004:     "Open Platform account has too many accounts, at most 100",
	89036:     "Open Platform account was not created through the API or is not verified",
	89501:     "an admin confirmation is pending, retry later",
	89503:     "call needs admin confirmation",
	89504:     "mass send waiting for admin confirmation",
	89505:     "mass send entered admin confirmation",
	89506:     "IP rejected by the admin, retry after 24 hours",
	89507:     "IP rejected by the admin, retry after 1 hour",
	101000:    "invalid image url",
	101001:    "no certificate found in the image",
	101002:    "image decode failed or too large",
	101003:    "OCR quota exhausted",
	200001:    "system error (subscription templates)",
	200002:    "invalid parameter (subscription templates)",
	200011:    "account banned",
	200012:    "private template limit reached (25)",
	200013:    "template banned",
	200014:    "invalid template tid",
	200016:    "invalid start",
	200017:    "invalid limit",
	200018:    "category ids missing",
	200019:    "invalid category ids",
	200020:    "invalid kidList",
	200021:    "invalid sceneDesc",
	200022:    "same title and keywords already exist",
	200100:    "account type not allowed",
	886000:    "monthly qr rule publish limit (100)",
	886001:    "system busy (qr rule)",
	9410010:   "long_data longer than 4 KB",
	9410011:   "expire_seconds above 30 days",
	9410012:   "short_key missing, expired or of another account",
	9500001:   "same article is being deleted concurrently",
	9500002:   "too many mass-send tasks, retry later",
	10170001:  "invalid product id",
	10170002:  "unsupported article type",
	10170003:  "unsupported card type",
	268487001: "system busy (blacklist)",
	268487002: "system busy (user list)",
	268488001: "system busy (mass send)",
}
