// How values are written.

import { language } from "./strings.js";

const two = (n) => String(n).padStart(2, "0");

/** Returns the time of day, such as 09:41:07. */
export function clockTime(date, seconds = true) {
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return seconds ? `${time}:${two(date.getSeconds())}` : time;
}

/** Returns a time with its day, unless that is the day of now. */
export function dayAndTime(date, now) {
  if (date.toDateString() === now.toDateString()) return clockTime(date, false);
  const day = new Intl.DateTimeFormat(language(), { month: "short", day: "numeric" }).format(date);
  return `${day} ${clockTime(date, false)}`;
}

/** Returns a time in milliseconds, such as 12 ms or 1.5 s. */
export function milliseconds(n) {
  if (n === undefined || n === null) return "";
  return n < 1000 ? `${n} ms` : `${(n / 1000).toFixed(1)} s`;
}

/** Returns a span of seconds, such as 1:59:03. */
export function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  const [days, hours, minutes] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
  const clock = days || hours ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
  return days ? `${days} d ${clock}` : clock;
}

/** Returns JSON with line breaks, or the text itself if it is not JSON. */
export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Returns XML with one element a line, or the text itself if it is not XML. */
export function prettyXML(text) {
  if (!text.startsWith("<")) return pretty(text);
  let out = "";
  let depth = 0;
  let closed = false; // whether the last tag closed an element
  const line = () => (out === "" ? "" : `\n${"  ".repeat(depth)}`);
  for (const [token] of text.matchAll(/<!\[CDATA\[[^]*?\]\]>|<[^>]*>|[^<]+/g)) {
    if (token.startsWith("</")) {
      depth--;
      out += (closed ? line() : "") + token;
      closed = true;
    } else if (token.startsWith("<") && !token.startsWith("<!")) {
      out += line() + token;
      depth++;
      closed = false;
    } else if (token.trim() !== "") {
      out += token;
    }
  }
  return out;
}
