package wechattest

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/wechatoa/wechat"
)

// User describes a user for [Platform.AddUser]. All fields are optional.
type User struct {
	OpenID         string                // random if empty
	UnionID        string                // if the account is bound to an Open Platform account
	Nickname       string                // only OAuth reveals it
	AvatarURL      string                // only OAuth reveals it
	Language       wechat.Language       // LanguageZHCN if empty
	Remark         string                // the account's own name for the user
	TagIDs         []int64               // of existing tags
	SubscribeTime  time.Time             // now if zero
	Scene          wechat.SubscribeScene // how the user found the account; SubscribeSceneSearch if empty
	QRSceneID      int64                 // scene_id of the QR code that the user scanned to follow
	QRSceneString  string                // scene_str of that QR code
	ClientPlatform wechat.ClientPlatform // for conditional menus, ClientPlatformOther if empty

	// NotFollowing adds a user who does not follow the account, but can scan its QR codes
	// or open its pages.
	NotFollowing bool
}

// Follower is a user of the account. Their actions are pushed to the callback, and they
// receive what the account sends. A method that pushes waits until the platform has
// delivered the push, including retries, and returns the outcome.
type Follower struct {
	// OpenID identifies the user within the account.
	OpenID string

	p *Platform

	// The fields below are guarded by the platform's lock.
	user        User
	following   bool
	since       time.Time
	tags        []int64
	blacklisted bool
	refuses     bool
	received    []Received
	subscribed  map[string]int // number of notifications that the user has accepted, by template

	wrote, acted         time.Time // time of the last message, and of the last click, follow or scan
	afterWrote, afterAct int       // customer-service messages since then
	typing               time.Time // end of the typing indicator
}

// people are the account's users, tags and blacklist.
type people struct {
	users   map[string]*Follower
	order   []*Follower // in the order in which they were added
	tagList []*tag
	nextTag int64
	black   []string // openids, oldest first
	arrived int      // messages since the platform began
}

// keepReceived is the number of messages of all users together above which a platform
// forgets the older half of what each user has received.
const keepReceived = 10 * keep

// forgetReceived bounds what all users together have received. It looks only once in a
// while, because it takes time with many users.
func (s *people) forgetReceived() {
	if s.arrived++; s.arrived%keep != 0 {
		return
	}
	total := 0
	for _, f := range s.order {
		total += len(f.received)
	}
	if total <= keepReceived {
		return
	}
	for _, f := range s.order {
		f.received = slices.Clone(f.received[len(f.received)/2:])
	}
}

func (s *people) init() {
	s.users = map[string]*Follower{}
	s.tagList = []*tag{{id: 2, name: "星标组"}}
	s.nextTag = 100
}

// AddUser adds a user who already follows the account, without pushing an event. If a
// user with the openid exists, AddUser returns that user.
func (p *Platform) AddUser(u User) *Follower {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.addUser(u)
}

// AddUsers adds n followers with random openids.
func (p *Platform) AddUsers(n int) []*Follower {
	p.mu.Lock()
	defer p.mu.Unlock()
	added := make([]*Follower, n)
	for i := range added {
		added[i] = p.addUser(User{})
	}
	return added
}

func (p *Platform) addUser(u User) *Follower {
	if f := p.users[u.OpenID]; f != nil {
		return f
	}
	if u.OpenID == "" {
		u.OpenID = newOpenID()
	}
	if u.Language == "" {
		u.Language = wechat.LanguageZHCN
	}
	if u.Scene == "" {
		u.Scene = wechat.SubscribeSceneSearch
	}
	if u.SubscribeTime.IsZero() {
		u.SubscribeTime = p.now()
	}
	if u.ClientPlatform == "" {
		u.ClientPlatform = wechat.ClientPlatformOther
	}
	f := &Follower{
		OpenID: u.OpenID, p: p, user: u, following: !u.NotFollowing, since: u.SubscribeTime, tags: slices.Clone(u.TagIDs),
	}
	p.users[f.OpenID] = f
	p.order = append(p.order, f)
	return f
}

// Follower returns the user with an openid, or nil.
func (p *Platform) Follower(openID string) *Follower {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.users[openID]
}

// Followers returns all users in the order in which they were added, including those that
// do not follow the account.
func (p *Platform) Followers() []*Follower {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.order)
}

// Nickname returns the nickname of the user.
func (f *Follower) Nickname() string { return f.User().Nickname }

// User returns the current description of the user.
func (f *Follower) User() User {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	return f.describe()
}

func (f *Follower) describe() User {
	u := f.user
	u.TagIDs, u.SubscribeTime, u.NotFollowing = slices.Clone(f.tags), f.since, !f.following
	return u
}

// Update changes the description of the user without pushing an event, such as their
// nickname or tags. It ignores changes of OpenID and NotFollowing: see [Follower.Follows]
// and [Follower.Unfollows].
func (f *Follower) Update(change func(u *User)) {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	u := f.describe()
	change(&u)
	f.tags, f.since = slices.Clone(u.TagIDs), u.SubscribeTime
	u.OpenID = f.OpenID
	f.user = u
}

// Blacklisted reports whether the account has added the user to its blacklist.
func (f *Follower) Blacklisted() bool {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	return f.blacklisted
}

// MessagesRefused reports whether the user refuses messages from the account.
func (f *Follower) MessagesRefused() bool {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	return f.refuses
}

// Following reports whether the user follows the account.
func (f *Follower) Following() bool {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	return f.following
}

// TagIDs returns the IDs of the user's tags.
func (f *Follower) TagIDs() []int64 {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	return slices.Clone(f.tags)
}

// RefusesMessages makes the user refuse messages from the account (拒收消息).
// Customer-service messages to them then fail with [wechat.ErrMessagesRefused], and
// template messages end with the status "failed:user block".
func (f *Follower) RefusesMessages() { f.setRefuses(true) }

// AcceptsMessages makes the user accept messages from the account again.
func (f *Follower) AcceptsMessages() { f.setRefuses(false) }

func (f *Follower) setRefuses(refuses bool) {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	f.refuses = refuses
}

// Messages returns everything that reached the user, in order: replies,
// customer-service messages, template messages, mass messages, and the platform's
// notices that the account is unavailable. The platform keeps at least the last 10,000, or
// fewer if all users together have received more than 100,000.
func (f *Follower) Messages() []Received {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	return slices.Clone(f.received)
}

// LastMessage returns the last message that reached the user, or a zero Received if
// there is none.
func (f *Follower) LastMessage() Received {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	if len(f.received) == 0 {
		return Received{}
	}
	return f.received[len(f.received)-1]
}

// markWrote records that the user has written: the account may reply for 48 hours.
func (f *Follower) markWrote() { f.wrote, f.afterWrote = f.p.now(), 0 }

// markActed records an action that lets the account write for a minute.
func (f *Follower) markActed() { f.acted, f.afterAct = f.p.now(), 0 }

func (f *Follower) message(ctx context.Context, kind string, fields Fields) *Report {
	return f.Push(ctx, Push{Type: kind, Fields: fields})
}

func (f *Follower) event(ctx context.Context, name string, fields Fields) *Report {
	return f.Push(ctx, Push{Type: "event", Event: name, Fields: fields})
}

// Sends sends a text message to the account.
func (f *Follower) Sends(ctx context.Context, text string) *Report {
	return f.message(ctx, "text", Fields{"Content": text})
}

// SendsImage sends a picture, which the account downloads with the media ID.
func (f *Follower) SendsImage(ctx context.Context, pictureURL, mediaID string) *Report {
	return f.message(ctx, "image", Fields{"PicUrl": pictureURL, "MediaId": mediaID})
}

// SendsVoice sends a voice message in a format such as amr.
func (f *Follower) SendsVoice(ctx context.Context, mediaID, format string) *Report {
	return f.message(ctx, "voice", Fields{"MediaId": mediaID, "Format": format})
}

// SendsVideo sends a video.
func (f *Follower) SendsVideo(ctx context.Context, mediaID, thumbMediaID string) *Report {
	return f.message(ctx, "video", Fields{"MediaId": mediaID, "ThumbMediaId": thumbMediaID})
}

// SendsShortVideo sends a short video.
func (f *Follower) SendsShortVideo(ctx context.Context, mediaID, thumbMediaID string) *Report {
	return f.message(ctx, "shortvideo", Fields{"MediaId": mediaID, "ThumbMediaId": thumbMediaID})
}

// SendsLocation sends a location.
func (f *Follower) SendsLocation(ctx context.Context, latitude, longitude float64, label string) *Report {
	return f.message(ctx, "location", Fields{"Location_X": latitude, "Location_Y": longitude, "Scale": 15, "Label": label})
}

// SendsLink sends a link.
func (f *Follower) SendsLink(ctx context.Context, title, description, url string) *Report {
	return f.message(ctx, "link", Fields{"Title": title, "Description": description, "Url": url})
}

// ChoosesMenuItem taps an item of a menu message, which sends the account a text message
// with the ID of the item.
func (f *Follower) ChoosesMenuItem(ctx context.Context, itemID, text string) *Report {
	return f.message(ctx, "text", Fields{"Content": text, "bizmsgmenuid": itemID})
}

// Follows makes the user follow the account.
func (f *Follower) Follows(ctx context.Context) *Report {
	f.follow("")
	return f.event(ctx, "subscribe", Fields{"EventKey": ""})
}

// follow adds the user to the followers.
func (f *Follower) follow(scene wechat.SubscribeScene) {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	f.following, f.since = true, f.p.now()
	if scene != "" {
		f.user.Scene = scene
	}
	f.markActed()
}

// Unfollows makes the user unfollow the account. Their tags and remark are lost.
func (f *Follower) Unfollows(ctx context.Context) *Report {
	f.p.mu.Lock()
	f.following, f.tags, f.user.Remark = false, nil, ""
	f.wrote, f.acted = time.Time{}, time.Time{}
	f.p.mu.Unlock()
	return f.event(ctx, "unsubscribe", Fields{"EventKey": ""})
}

// Clicks taps a menu button of type click.
func (f *Follower) Clicks(ctx context.Context, key string) *Report {
	return f.event(ctx, "CLICK", Fields{"EventKey": key})
}

// Opens taps a menu button of type view.
func (f *Follower) Opens(ctx context.Context, url string) *Report {
	return f.event(ctx, "VIEW", Fields{"EventKey": url, "MenuId": f.p.menuID()})
}

// OpensMiniProgram taps a menu button of type miniprogram.
func (f *Follower) OpensMiniProgram(ctx context.Context, pagePath string) *Report {
	return f.event(ctx, "view_miniprogram", Fields{"EventKey": pagePath, "MenuId": f.p.menuID()})
}

// ScansWithMenu scans a code with a menu button of type scancode_push, which shows the
// result in the app.
func (f *Follower) ScansWithMenu(ctx context.Context, key, result string) *Report {
	return f.scanWithMenu(ctx, "scancode_push", key, result)
}

// ScansWithMenuAndWaits scans a code with a menu button of type scancode_waitmsg, which
// waits for the account's reply.
func (f *Follower) ScansWithMenuAndWaits(ctx context.Context, key, result string) *Report {
	return f.scanWithMenu(ctx, "scancode_waitmsg", key, result)
}

func (f *Follower) scanWithMenu(ctx context.Context, event, key, result string) *Report {
	return f.event(ctx, event, Fields{"EventKey": key, "ScanCodeInfo": Fields{"ScanType": "qrcode", "ScanResult": result}})
}

// PicksLocation sends a location with a menu button of type location_select.
func (f *Follower) PicksLocation(ctx context.Context, key string, latitude, longitude float64, label string) *Report {
	return f.event(ctx, "location_select", Fields{"EventKey": key, "SendLocationInfo": Fields{
		"Location_X": latitude, "Location_Y": longitude, "Scale": 15, "Label": label, "Poiname": "",
	}})
}

// ReportsLocation makes the app report the location of the user.
func (f *Follower) ReportsLocation(ctx context.Context, latitude, longitude, precision float64) *Report {
	return f.event(ctx, "LOCATION", Fields{"Latitude": latitude, "Longitude": longitude, "Precision": precision})
}

// Scans scans a QR code of the account, given by its ticket or its scene. If the user
// follows the account, this causes the event SCAN; any other user starts following.
// [Platform.QRCode] returns tickets.
func (f *Follower) Scans(ctx context.Context, ticketOrScene string) *Report {
	scene, ticket, ok := f.p.sceneOf(ticketOrScene)
	if !ok {
		return f.p.block(Push{Type: "event", Event: "SCAN", From: f.OpenID}, ReasonQRCode)
	}
	if f.Following() {
		return f.event(ctx, "SCAN", Fields{"EventKey": scene, "Ticket": ticket})
	}
	f.follow(wechat.SubscribeSceneQRCode)
	f.p.mu.Lock()
	f.user.QRSceneID, _ = strconv.ParseInt(scene, 10, 64)
	if f.user.QRSceneID == 0 {
		f.user.QRSceneString = scene
	}
	f.p.mu.Unlock()
	return f.event(ctx, "subscribe", Fields{"EventKey": "qrscene_" + scene, "Ticket": ticket})
}
