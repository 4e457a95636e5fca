// The dialogs for what a follower sends besides text.

import { api } from "./api.js";
import { append, fill, field, h, openDialog } from "./dom.js";
import { attempt } from "./feedback.js";
import { dayAndTime } from "./format.js";
import { platformTime, readTemplates } from "./store.js";
import { t } from "./strings.js";

const accepted = { image: "image/*", voice: "audio/*,.amr", video: "video/*", thumb: "image/*" };
const palace = { latitude: "39.9163", longitude: "116.3972", label: "故宫博物院" };

/** Opens a form in a dialog. */
function openForm(title, fields, action) {
  openDialog(title, (close) => {
    const form = h("form.form", {}, fields, h("div.form-end", {}, h("button.primary", { type: "submit" }, t("send"))));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      close();
      attempt(() => action(new FormData(form)));
    });
    return form;
  }, t("close"));
}

/** Lets the follower send an image, a voice message or a video. */
export function sendFile(openid, type) {
  const hint = type === "voice" ? t("sampleVoice") : t("sampleFile");
  openForm(t(`type.${type}`), field(t("file"), h("input", { type: "file", name: "file", accept: accepted[type] }), hint), async (data) => {
    const chosen = data.get("file");
    const file = chosen?.size > 0 ? chosen : await sampleOf(type);
    const { media_id: id } = await upload(type, file);
    const message = { type, media_id: id };
    if (type === "image") message.picture_url = location.origin + api.mediaURL(id);
    if (type === "voice") message.format = file.name.split(".").pop();
    if (type === "video") message.thumb_media_id = (await upload("thumb", await sampleOf("image"))).media_id;
    return api.send(openid, message);
  });
}

async function upload(type, file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return api.addMedia({ type, name: file.name, content_type: file.type || "application/octet-stream", data: btoa(binary) });
}

/** Returns a small file for a follower who has none at hand. */
async function sampleOf(type) {
  if (type === "voice") return new File(["#!AMR\n"], "voice.amr", { type: "audio/amr" });
  if (type === "video") return new File([new Uint8Array([0, 0, 0, 16, 102, 116, 121, 112, 105, 115, 111, 109, 0, 0, 0, 0])], "video.mp4", { type: "video/mp4" });
  const canvas = h("canvas", { width: "240", height: "160" });
  const context = canvas.getContext("2d");
  const sky = context.createLinearGradient(0, 0, 0, 160);
  sky.addColorStop(0, "#7cc4f0");
  sky.addColorStop(1, "#e9f6df");
  context.fillStyle = sky;
  context.fillRect(0, 0, 240, 160);
  context.fillStyle = "#4f9d69";
  context.beginPath();
  context.moveTo(0, 160);
  context.lineTo(80, 70);
  context.lineTo(140, 130);
  context.lineTo(190, 90);
  context.lineTo(240, 160);
  context.fill();
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  return new File([blob], "picture.png", { type: "image/png" });
}

/** Lets the follower choose a place. */
export function sendLocation(title, send) {
  openForm(title, [
    h("div.field-pair", {},
      field(t("latitude"), h("input", { name: "latitude", type: "number", step: "any", min: "-90", max: "90", required: true, value: palace.latitude })),
      field(t("longitude"), h("input", { name: "longitude", type: "number", step: "any", min: "-180", max: "180", required: true, value: palace.longitude }))),
    field(t("placeLabel"), h("input", { name: "label", value: palace.label })),
  ], (data) => send({ latitude: Number(data.get("latitude")), longitude: Number(data.get("longitude")), label: data.get("label") }));
}

/** Lets the follower send a link. */
export function sendLink(openid) {
  openForm(t("type.link"), [
    field(t("title"), h("input", { name: "title", required: true })),
    field(t("description"), h("input", { name: "description" })),
    field("URL", h("input", { name: "url", type: "url", required: true, placeholder: "https://" })),
  ], (data) => api.send(openid, { type: "link", ...Object.fromEntries(data) }));
}

/** Lets the follower scan a QR code of the account. */
export function scanCode(openid) {
  const scan = (scene) => attempt(() => api.act(openid, { event: "SCAN", scene }));
  openDialog(t("scanCode"), (close) => {
    const codes = h("div.choices", {}, h("p.hint", {}, t("loading")));
    attempt(api.qrcodes).then((found) => found && fill(codes, found.qrcodes.length > 0
      ? found.qrcodes.map((code) => codeChoice(code, () => { close(); scan(code.ticket); }))
      : h("p.hint", {}, t("noCodes"))));
    const scene = h("input", { name: "scene", required: true, placeholder: t("scene"), "aria-label": t("scene"), autocomplete: "off" });
    const form = h("form.inline-form", {}, scene, h("button.primary", { type: "submit" }, t("scan")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      close();
      scan(scene.value.trim());
    });
    return h("div.form", {}, codes, h("p.hint", {}, t("scanScene")), form);
  }, t("close"));
}

function codeChoice(code, onclick) {
  const end = code.expires_at && dayAndTime(new Date(code.expires_at), platformTime());
  const life = code.expired ? t("codeExpired") : code.permanent ? t("codePermanent") : t("codeUntil", end);
  return h("button.choice", { onclick, "data-scene": code.scene }, h("strong", {}, code.scene), h("small", {}, `${life} · ${code.url}`));
}

/** Lets the follower accept or refuse a notification of the account. */
export function acceptNotification(openid) {
  openDialog(t("acceptNotification"), (close) => {
    const body = h("div.form", {}, h("p.hint", {}, t("loading")));
    const answer = (id, accepts) => {
      close();
      attempt(() => api.act(openid, { event: "subscribe_msg_popup_event", template_id: id, accepts }));
    };
    attempt(readTemplates).then((found) => {
      if (!found) return;
      fill(body, found.subscribe_templates.length === 0 && h("p.hint", {}, t("noNotifications")));
      append(body, found.subscribe_templates.map((template) => h("div.notification", {},
        h("div", {}, h("strong", {}, template.title), h("small", {}, template.template_id)),
        h("div.actions", {},
          h("button", { onclick: () => answer(template.template_id, false) }, t("refuse")),
          h("button.primary", { onclick: () => answer(template.template_id, true) }, t("accept"))))));
    });
    return body;
  }, t("close"));
}
