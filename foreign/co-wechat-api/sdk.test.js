// Runs the npm package co-wechat-api against the fake platform. `make foreign` starts it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import https from 'node:https';
import { test } from 'node:test';

import { ProxyAgent } from 'proxy-agent';

import { call, control, executed, file, follower, last, media, refused, simulated, start, view, writes } from './fake.js';

const png = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

// area declares the test of an area. Each begins with a new platform; they run one after
// the other because they share it.
function area(name, run) {
  test(name, { skip: simulated ? false : 'no simulator: run make foreign' }, async () => run(await start()));
}

area('tokens are fetched, and replaced when the platform refuses one', async (api) => {
  assert.ok((await api.getIp()).ip_list.length > 0);
  await control('DELETE', '/tokens');
  assert.ok((await api.getIp()).ip_list.length > 0);
  assert.equal(await executed('/cgi-bin/token'), 2);
});

area('menus', async (api) => {
  const alice = await follower('o-alice');
  await api.createMenu({
    button: [
      { type: 'click', name: 'Today', key: 'TODAY' },
      { name: 'More', sub_button: [{ type: 'view', name: 'Site', url: 'https://example.com/?a=1&b=2' }] },
    ],
  });
  const seen = async () => (await view(alice)).menu.buttons;
  assert.equal((await seen())[0].key, 'TODAY');
  assert.equal((await seen())[1].sub_button[0].url, 'https://example.com/?a=1&b=2');
  assert.equal((await api.getMenu()).menu.button.length, 2);
  assert.equal((await api.getMenuConfig()).is_menu_open, 1);

  const { menuid } = await api.addConditionalMenu({
    button: [{ type: 'click', name: 'Phone', key: 'P' }], matchrule: { client_platform_type: '3' },
  });
  assert.equal((await seen())[0].key, 'P');
  assert.equal((await api.tryConditionalMenu(alice)).button[0].key, 'P');
  await api.delConditionalMenu(menuid);
  assert.equal((await seen())[0].key, 'TODAY');
  await api.removeMenu();
  assert.equal((await view(alice)).menu, null);
});

area('users and tags', async (api) => {
  const [alice, bob] = [await follower('o-alice'), await follower('o-bob')];
  await api.updateRemark(alice, 'Alice <A&B>');
  assert.equal((await call(`/cgi-bin/user/info?openid=${alice}`)).remark, 'Alice <A&B>');
  assert.equal((await api.getUser({ openid: alice, lang: 'en' })).subscribe, 1);
  assert.equal((await api.batchGetUsers([alice, bob])).user_info_list.length, 2);
  assert.deepEqual((await api.getFollowers()).data.openid, [alice, bob]);

  const { tag } = await api.createTags('VIP');
  await api.updateTag(tag.id, 'Friends');
  await api.batchTagging([alice, bob], tag.id);
  assert.deepEqual((await view(alice)).tag_ids, [tag.id]);
  assert.deepEqual((await api.getIdList(alice)).tagid_list, [tag.id]);
  assert.deepEqual((await api.getUsersFromTag(tag.id)).data.openid.sort(), [alice, bob]);
  await api.batchUnTagging([bob], tag.id);
  assert.deepEqual((await view(bob)).tag_ids, []);
  assert.ok((await api.getTags()).tags.some((t) => t.name === 'Friends'));
  await api.deleteTag(tag.id);
  assert.deepEqual((await view(alice)).tag_ids, []);
});

area('customer-service messages', async (api) => {
  const alice = await follower('o-alice');
  const [image, voice, video, thumb] = await Promise.all(['image', 'voice', 'video', 'thumb'].map((type) => media(type)));
  await refused(api.sendText(alice, 'too early'), 45015);
  const link = '<a href="https://example.com/?a&b">tap</a>';
  const article = { title: 'N', description: 'D', url: 'https://example.com/', picurl: 'https://example.com/a.png' };
  const music = {
    title: 'M', description: 'D', musicurl: 'https://example.com/a.mp3', hqmusicurl: 'https://example.com/b.mp3', thumb_media_id: thumb,
  };
  const program = { title: 'Shop', appid: 'wx0123456789abcdef', pagepath: 'pages/index', thumb_media_id: thumb };
  const groups = [
    [
      [() => api.sendText(alice, link), { type: 'text', content: link }],
      [() => api.sendImage(alice, image), { type: 'image', media_id: image }],
      [() => api.sendVoice(alice, voice), { type: 'voice', media_id: voice }],
      [() => api.sendVideo(alice, video, thumb), { type: 'video', media_id: video }],
    ],
    [
      [() => api.sendMusic(alice, music), { type: 'music', title: 'M' }],
      [() => api.sendNews(alice, [article]), { type: 'news' }],
      [() => api.sendMiniProgram(alice, program), { type: 'miniprogrampage', page_path: 'pages/index' }],
    ],
  ];
  for (const group of groups) {
    await writes(alice, 'hi'); // allows five more messages
    for (const [send, want] of group) {
      await send();
      const got = await last(alice);
      assert.equal(got.via, 'customer service');
      for (const [name, value] of Object.entries(want)) assert.equal(got[name], value);
    }
  }
  assert.equal(typeof (await api.getAutoreply()).is_autoreply_open, 'number');
});

area('customer-service agents', async (api) => {
  await api.addKfAccount('one@test', 'One');
  await api.updateKfAccount('one@test', 'The one');
  await api.inviteworker('one@test', 'wechat-one');
  await control('PATCH', '/kf-accounts/one@test', { accept_invitation: true, online: true });
  await api.setKfAccountAvatar('one@test', file('face.jpg', '\xff\xd8\xff'));
  const [agent] = (await api.getCustomServiceList()).kf_list;
  assert.equal(agent.kf_nick, 'The one');
  assert.equal(agent.kf_wx, 'wechat-one');
  assert.equal((await api.getOnlineCustomServiceList()).kf_online_list[0].kf_account, 'one@test');

  const alice = await follower('o-alice');
  await writes(alice, 'help');
  await api.createKfSession('one@test', alice);
  assert.equal((await call(`/customservice/kfsession/getsession?openid=${alice}`)).kf_account, 'one@test');
  await api.deleteKfAccount('one@test');
  assert.deepEqual((await call('/cgi-bin/customservice/getkflist')).kf_list, []);
});

area('template messages', async (api) => {
  const alice = await follower('o-alice');
  const { template_id: id } = await control('POST', '/templates', { title: 'Shipped', content: '{{thing1.DATA}} {{amount2.DATA}}' });
  const data = { thing1: { value: 'A & B' }, amount2: { value: '¥1.00' } };
  const { msgid } = await api.sendTemplate(alice, id, 'https://example.com/?a=1&b=2', '', data);
  const got = await last(alice);
  assert.equal(got.via, 'template');
  assert.equal(got.msg_id, String(msgid));
  assert.equal(got.url, 'https://example.com/?a=1&b=2');
  assert.equal(got.data.thing1, 'A & B');
  await refused(api.addTemplate('TM00015'), 40247); // the old library is closed
  await api.setIndustry({ industry_id1: '1', industry_id2: '4' });
  assert.ok((await api.getIndustry()).primary_industry);
  assert.equal((await api.getAllPrivateTemplate()).template_list.length, 1);
  await api.delPrivateTemplate(id);
  assert.deepEqual((await call('/cgi-bin/template/get_all_private_template')).template_list, []);
});

area('mass messages', async (api) => {
  const [alice, bob] = [await follower('o-alice'), await follower('o-bob')];
  const { msg_id: sent } = await api.massSendText('news for both', [alice, bob]);
  await control('POST', '/wait');
  assert.equal((await last(alice)).content, 'news for both');
  assert.equal((await last(bob)).via, 'mass');
  assert.equal((await api.getMassMessageStatus(sent)).msg_status, 'SEND_SUCCESS');
  await api.massSendVoice(await media('voice', true), [alice, bob]);
  await api.massSendText('for all', true);
  await control('POST', '/wait');
  assert.equal((await last(bob)).content, 'for all');

  // Plain http, to file.api.weixin.qq.com.
  const video = await api.uploadMPVideo({ media_id: await media('video'), title: 'T', description: 'D' });
  const { msg_id: second } = await api.massSendVideo(video.media_id, [alice, bob]);
  await control('POST', '/wait');
  assert.equal((await last(bob)).type, 'mpvideo');
  await api.deleteMass(second);
  await api.previewText(bob, 'like this?');
  assert.equal((await last(bob)).via, 'preview');
});

area('media and materials', async (api) => {
  const { media_id: temporary } = await api.uploadMedia(file('a.png', png), 'image');
  assert.deepEqual(await api.getMedia(temporary), png);
  assert.ok((await api.uploadImage(file('b.png', png))).url);
  const { media_id: image } = await api.uploadMaterial(file('c.png', png), 'image');
  const { media_id: video } = await api.uploadVideoMaterial(file('d.mp4', 'mp4'), { title: 'T', introduction: 'I' });
  assert.equal((await call('/cgi-bin/material/get_material', { media_id: video })).description, 'I');
  assert.deepEqual(await api.getMaterial(image), png);
  const count = await api.getMaterialCount();
  assert.equal(count.image_count, 1);
  assert.equal(count.video_count, 1);
  assert.equal((await api.getMaterials('image', 0, 20)).item[0].media_id, image);
  await api.removeMaterial(image);
  assert.equal((await call('/cgi-bin/material/get_materialcount')).image_count, 0);
});

area('QR codes', async (api) => {
  const { ticket } = await api.createTmpQRCode('shop', 3600);
  await control('POST', '/followers', { openid: 'o-new', not_following: true });
  await control('POST', '/followers/o-new/events', { event: 'SCAN', scene: ticket });
  assert.equal((await call('/cgi-bin/user/info?openid=o-new')).qr_scene_str, 'shop');
  const limit = await api.createLimitQRCode(42);
  const picture = await api.request(api.showQRCodeURL(limit.ticket));
  assert.ok(Buffer.isBuffer(picture) && picture.length > 0);
});

area('signatures of pages', async (api) => {
  const url = 'https://example.com/page?a=1';
  const config = await api.getJsConfig({ url, jsApiList: [] });
  const { ticket } = await call('/cgi-bin/ticket/getticket?type=jsapi');
  const text = `jsapi_ticket=${ticket}&noncestr=${config.nonceStr}&timestamp=${config.timestamp}&url=${url}`;
  assert.equal(config.signature, createHash('sha1').update(text).digest('hex'));
});

area('statistics', async (api) => {
  const day = new Date(Date.now() - 2 * 24 * 3600 * 1000).toISOString().slice(0, 10);
  const methods = [
    'getUserSummary', 'getUserCumulate', 'getArticleSummary', 'getArticleTotal', 'getUserRead', 'getUserReadHour', 'getUserShare',
    'getUserShareHour', 'getUpstreamMsg', 'getUpstreamMsgHour', 'getUpstreamMsgWeek', 'getUpstreamMsgMonth', 'getUpstreamMsgDist',
    'getUpstreamMsgDistWeek', 'getUpstreamMsgDistMonth', 'getInterfaceSummary', 'getInterfaceSummaryHour',
  ];
  for (const method of methods) {
    assert.ok(Array.isArray((await api[method](day, day)).list), method);
    assert.equal(await executed(`/datacube/${method.toLowerCase()}`), 1, method);
  }
});

// The platform has withdrawn these APIs: it no longer shortens URLs, and refuses the others
// with a message that names their replacement.
area('withdrawn APIs', async (api) => {
  assert.equal((await api.shorturl('https://example.com/long')).short_url, 'https://example.com/long');
  await assert.rejects(api.getGroups(), /\/cgi-bin\/tags\/get/);
  await assert.rejects(api.uploadNewsMaterial({ articles: [] }), /\/cgi-bin\/draft\/add/);
});

area('faults reach the SDK', async (api) => {
  await control('POST', '/faults', { path: '/cgi-bin/menu/delete', errcode: 45009 });
  await refused(api.removeMenu(), 45009);
  await api.removeMenu();
});

area('nothing else is reached', async () => {
  const answer = await new Promise((resolve, reject) => {
    https.get('https://example.com/', { agent: new ProxyAgent() }, resolve).on('error', reject);
  });
  assert.equal(answer.statusCode, 403);
  assert.match((await answer.toArray()).join(''), /reaches only \*\.weixin\.qq\.com/);
});
