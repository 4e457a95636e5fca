// Articles that were published or sent, as a follower reads them and comments on them.

import { api } from "./api.js";
import { append, fill, h, openDialog } from "./dom.js";
import { attempt } from "./feedback.js";
import { dayAndTime } from "./format.js";
import { paragraphsOf } from "./richtext.js";
import { on, platformTime, state } from "./store.js";
import { t } from "./strings.js";

/** Opens one article of a publication. */
export function openArticle(id, index, openid) {
  const closed = new AbortController();
  const dialog = openDialog(t("article"), () => {
    const body = h("div.reader", {}, h("p.hint", {}, t("loading")));
    const show = async () => {
      const publication = await attempt(() => api.article(id));
      if (publication) fill(body, articleOf(publication, publication.items[index] ?? publication.items[0], openid, show));
    };
    on("comment", show, closed.signal);
    on("article", show, closed.signal);
    show();
    return body;
  }, t("close"));
  dialog.addEventListener("close", () => closed.abort());
}

function articleOf(publication, article, openid, changed) {
  if (article.deleted) return [h("p", {}, t("articleDeleted"))];
  const time = dayAndTime(new Date(publication.at), platformTime());
  return [
    h("h3", {}, article.title),
    h("p.hint", {}, [article.author, time].filter(Boolean).join(" · ")),
    paragraphsOf(article.content ?? "").map((text) => h("p", {}, text)),
    h("h4", {}, t("comments")),
    (article.comments ?? []).map(commentOf),
    article.comments_open && openid ? commentForm(publication, article, openid, changed) : h("p.hint", {}, t("commentsClosed")),
  ];
}

function commentOf(comment) {
  const who = state.followers.get(comment.openid)?.nickname || comment.nickname || comment.openid;
  const element = h("div.comment", {}, h("p.hint", {}, who, comment.elected && h("span.tag", {}, t("featured"))), h("p", {}, comment.content));
  const reply = comment.reply?.content ?? comment.reply;
  if (reply) append(element, h("p.comment-reply", {}, `${t("account")}: ${reply}`));
  return element;
}

function commentForm(publication, article, openid, changed) {
  const input = h("input", { name: "content", required: true, placeholder: t("writeComment"), "aria-label": t("writeComment"), autocomplete: "off" });
  const form = h("form.inline-form", {}, input, h("button.primary", { type: "submit" }, t("send")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const comment = { msg_data_id: publication.msg_data_id, index: article.index, content: input.value };
    if (await attempt(() => api.comment(openid, comment))) changed();
  });
  return form;
}

/** Opens the list of everything that was published. */
export function openArticles(openid) {
  openDialog(t("articles"), () => {
    const body = h("div.form", {}, h("p.hint", {}, t("loading")));
    attempt(api.articles).then((found) => {
      if (!found) return;
      const rows = found.articles.flatMap((publication) => publication.items.map((article) => h("button.choice", {
        onclick: () => openArticle(publication.id, article.index, openid),
      }, h("strong", {}, article.title), h("small", {}, article.digest))));
      fill(body, rows.length > 0 ? rows : h("p.hint", {}, t("noArticles")));
    });
    return body;
  }, t("close"));
}
