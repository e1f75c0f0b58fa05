/** Who may hold the widget, and what hosts and frames of ill will get: nothing. No model is loaded here. */
import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import { openBrowser, type Sites, startSites } from "../support/widget-sites.ts";
import {
  DIST,
  eventsOf,
  generateButton,
  hostPage,
  inFrame,
  isWeights,
  launchOptions,
  noteEvents,
  onElement,
  openPoster,
} from "./widget-steps.ts";

let sites: Sites;
let context: BrowserContext;
let page: Page;
let close: () => Promise<void>;

test.beforeAll(async ({ browserName: _ }, info) => {
  sites = await startSites(DIST);
  ({ context, close } = await openBrowser("apart", launchOptions(info)));
});
test.afterAll(async () => {
  await close();
  await sites.close();
});
test.beforeEach(async () => {
  page = await context.newPage();
});
test.afterEach(async () => {
  delete sites.widgetPages["/widget.json"];
  delete sites.widgetPages["/embed.html"];
  await page.close();
});

/** A page that speaks to a plain iframe by itself: `hello` comes to `hellos`, `shake` answers it with a port of which `heard` notes all. */
const OWN_HAND = `<iframe id="f" src="W/embed.html#frame=own-hand" style="inline-size:600px;block-size:500px"></iframe><script>
  const frame = document.getElementById("f");
  const hellos = [], refusals = [];
  addEventListener("message", ({ data, source }) => {
    if (source !== frame.contentWindow) return;
    (data.kosmosg === "hello" ? hellos : refusals).push(data);
  });
  function shake(init = {}, target = frame.contentWindow) {
    const { port1, port2 } = new MessageChannel();
    const heard = [];
    port1.onmessage = ({ data }) => heard.push(data);
    target.postMessage({ kosmosg: "init", v: 1, id: "own-hand", config: {}, ...init }, "*", [port2]);
    return { port: port1, heard, ask: (message) => port1.postMessage({ v: 1, ...message }) };
  }
</script>`;

interface Heard {
  t?: string;
  rid?: number;
  ok?: boolean;
  value?: { prompt: unknown; caption: string; entities: unknown[] };
  err?: { code: string; message: string };
}

async function openOwnHand(): Promise<void> {
  sites.pages["/own"] = hostPage(sites.widget, OWN_HAND, "");
  await page.goto(`${sites.a}own`);
  // Top-level const of a classic script: reached by evaluating its name.
  await expect.poll(() => page.evaluate("hellos.length")).toBe(1);
}

/** Replies and events heard so far on the port that `name` names. */
const heard = (name = "link") => page.evaluate(`${name}.heard`) as Promise<Heard[]>;
const isReady =
  (name = "link") =>
  async () =>
    (await heard(name)).some(({ t }) => t === "ready");

async function openLink(): Promise<void> {
  await openOwnHand();
  await page.evaluate("void (window.link = shake())");
  await expect.poll(isReady()).toBe(true);
}

/** What came back to a request. */
async function ask(rid: number, message: string): Promise<Heard> {
  await page.evaluate(`link.ask({ rid: ${rid}, ...${message} })`);
  await expect.poll(async () => (await heard()).some((reply) => reply.rid === rid)).toBe(true);
  return (await heard()).find((reply) => reply.rid === rid) as Heard;
}

test.describe("the list of hosts", () => {
  test("a page that is not on it gets no answer, with the element or with a plain frame", async () => {
    sites.widgetPages["/widget.json"] = JSON.stringify({ hosts: [sites.a.slice(0, -1)] });
    sites.pages["/"] = hostPage(sites.widget, "<kosmos-g></kosmos-g>");
    await page.goto(sites.b);
    await noteEvents(page);
    await openPoster(page).click();
    await expect(inFrame(page).getByRole("alert")).toContainText("may not be embedded in http://b.localhost");
    await expect.poll(() => eventsOf(page, "error")).toMatchObject([{ code: "host-refused" }]);
    expect(await onElement(page, (element) => element.getState())).toEqual({ code: "host-refused" });
    await expect(generateButton(inFrame(page))).toHaveCount(0);

    sites.pages["/plain"] = hostPage(sites.widget, `<iframe src="W/embed.html"></iframe>`, "");
    await page.goto(`${sites.b}plain`);
    await expect(page.frameLocator("iframe").getByRole("alert")).toContainText("may not be embedded");

    // The one that is on it.
    await page.goto(sites.a);
    await openPoster(page).click();
    await expect(generateButton(inFrame(page))).toBeVisible();
    expect((await onElement(page, (element) => element.getState())).value).toMatchObject({ status: "needs-model" });
  });

  test("on it, but inside of a page that is not: no answer", async () => {
    sites.widgetPages["/widget.json"] = JSON.stringify({ hosts: [sites.a.slice(0, -1)] });
    sites.pages["/inner"] = hostPage(sites.widget, `<iframe src="W/embed.html"></iframe>`, "");
    sites.pages["/outer"] = hostPage(sites.widget, `<iframe src="${sites.a}inner"></iframe>`, "");
    await page.goto(`${sites.b}outer`);
    const widget = page.frameLocator("iframe").frameLocator("iframe");
    await expect(widget.getByRole("alert")).toContainText("may not be embedded");
  });

  test("one that cannot be read lets nobody", async () => {
    sites.widgetPages["/widget.json"] = `{ "hosts": "*" }`;
    await page.goto(sites.a);
    await openPoster(page).click();
    await expect(inFrame(page).getByRole("alert")).toContainText("may not be embedded");
  });
});

test("two widgets on one page keep to themselves: sentence, theme and colours", async () => {
  sites.pages["/two"] = hostPage(
    sites.widget,
    `<style>#two { --kosmosg-paper: rgb(10, 60, 20); --kosmosg-ink: white; --kosmosg-accent: rgb(255, 220, 0) }</style>
     <kosmos-g id="one" theme="dark" prompt="‹fox› in space" readonly></kosmos-g>
     <kosmos-g id="two" theme="light" lang="de" prompt="‹penguin› ‹nobody› here"></kosmos-g>`,
  );
  await page.goto(`${sites.a}two`);
  for (const id of ["one", "two"]) await onElement(page, (element) => element.getState(), `#${id}`);
  const [one, two] = [page.frameLocator("#one iframe"), page.frameLocator("#two iframe")];
  const state = async (id: string) => (await onElement(page, (element) => element.getState(), `#${id}`)).value;
  expect(await state("one")).toMatchObject({ caption: "‹fox› in space" });
  // A picture that is not there is a word.
  expect(await state("two")).toMatchObject({ caption: "‹penguin› nobody here" });
  await expect(one.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect(two.locator("html")).toHaveAttribute("lang", "de");
  await expect(one.getByRole("textbox")).toHaveCount(0);
  await expect(one.getByRole("img", { name: "Picture: fox" })).toBeVisible();
  await expect(two.getByRole("textbox", { name: "Satz" })).toContainText("nobody here");
  const paper = (frame: typeof one) => frame.locator("html").evaluate((html) => getComputedStyle(html).backgroundColor);
  await expect.poll(() => paper(two)).toBe("rgb(10, 60, 20)");
  expect(await paper(one)).not.toBe("rgb(10, 60, 20)");
  // Black on yellow: chosen by the widget.
  const button = two.locator(".button.primary");
  expect(await button.evaluate((element) => getComputedStyle(element).color)).toMatch(/^(rgb\(0, 0, 0\)|.*\b0 0 0\b)/);

  await onElement(page, (element) => element.setPrompt("a red ‹teddy bear›"), "#two");
  await expect(two.getByRole("textbox", { name: "Satz" })).toContainText("a red");
  expect(await state("one")).toMatchObject({ caption: "‹fox› in space" });
  await onElement(page, (element) => element.setTheme({ colors: { paper: "url(x)", ink: "red;}" } }), "#two");
  await expect.poll(() => paper(two)).not.toBe("rgb(10, 60, 20)");
});

test("a page with a strict policy: the classic script, its poster and its frame break none of it", async () => {
  sites.pages["/strict"] = hostPage(
    sites.widget,
    "<kosmos-g autosize></kosmos-g>",
    `<script src="Wembed.classic.js"></script>`,
  );
  sites.policies["/strict"] =
    `default-src 'none'; script-src ${sites.widget}embed.classic.js; frame-src ${sites.widget}; img-src data:; require-trusted-types-for 'script'`;
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted/i.test(message.text())) complaints.push(message.text());
  });
  await page.goto(`${sites.a}strict`);
  await expect(openPoster(page)).toBeVisible();
  const round = await openPoster(page).evaluate((button) => getComputedStyle(button).borderRadius);
  expect(round).toBe("999px");
  await openPoster(page).click();
  await expect(generateButton(inFrame(page))).toBeVisible();
  const height = () => page.locator("kosmos-g").evaluate((element) => element.getBoundingClientRect().height);
  await expect.poll(height).not.toBe(640);
  await inFrame(page).getByRole("textbox", { name: "Sentence" }).click();
  expect(complaints).toEqual([]);
});

test.describe("a hostile host", () => {
  test("is no parent, or sends its first message twice: meets nobody", async () => {
    await openOwnHand();
    // A frame beside the widget, of another site, that knows all that is to be known.
    sites.pages["/beside"] = hostPage(
      sites.widget,
      `<script>
        const { port1, port2 } = new MessageChannel();
        window.heard = [];
        port1.onmessage = ({ data }) => heard.push(data);
        parent.frames[0].postMessage({ kosmosg: "init", v: 1, id: "own-hand", config: {} }, "*", [port2]);
        port1.postMessage({ v: 1, rid: 1, t: "getState" });
        window.sent = true;
      </script>`,
      "",
    );
    await page.evaluate((url) => {
      const beside = document.createElement("iframe");
      beside.src = url;
      document.body.append(beside);
    }, `${sites.b}beside`);
    const besides = () => page.frames().find((frame) => frame.url().endsWith("/beside"));
    await expect.poll(() => besides()?.evaluate("window.sent")).toBe(true);
    // The parent comes later and is heard all the same; its second port is not.
    await page.evaluate(
      "window.link = shake(); window.replayed = shake(); void replayed.ask({ rid: 1, t: 'getState' })",
    );
    await expect.poll(isReady()).toBe(true);
    expect((await ask(1, `{ t: "getState" }`)).ok).toBe(true);
    expect(await heard("replayed")).toEqual([]);
    expect(await besides()?.evaluate("heard")).toEqual([]);
  });

  test("speaks another version, or no language at all: is told so, or nothing", async () => {
    await openOwnHand();
    await page.evaluate(
      "window.strangers = [null, 7, 'init', { kosmosg: 'init' }].map((data) => { const { port1, port2 } = new MessageChannel(); frame.contentWindow.postMessage(data, '*', [port2]); return port1; })",
    );
    await page.evaluate("void (window.other = shake({ id: 'another' }))");
    await page.evaluate("void (window.link = shake({ v: 2 }))");
    await expect.poll(() => page.evaluate("refusals.map(({ error }) => error.code)")).toEqual(["version"]);
    expect(await heard()).toEqual([]);
    expect(await heard("other")).toEqual([]);
  });

  test("malformed, oversized and poisoned messages are refused one by one, and change nothing", async () => {
    await openLink();
    const before = await ask(1, `{ t: "getState" }`);
    const refused: [string, string][] = [
      [`{ t: "toString" }`, "unknown-command"],
      [`{ t: "__proto__" }`, "unknown-command"],
      [`{ t: "eval", code: "1" }`, "unknown-command"],
      [`{ t: "getState", v: 2 }`, "version"],
      [`{ t: "setPrompt" }`, "bad-message"],
      [`{ t: "setPrompt", prompt: { length: 1 } }`, "bad-message"],
      [`{ t: "setPrompt", prompt: "x".repeat(5000) }`, "too-large"],
      [`{ t: "setPrompt", prompt: Array(100000).fill({ kind: "text", text: "x" }) }`, "too-large"],
      [`{ t: "setPrompt", prompt: [{ kind: "html", html: "<img onerror=alert(1)>" }] }`, "bad-message"],
      [`{ t: "addEntity", image: "data:image/png;base64,AAAA", label: "x" }`, "bad-message"],
      [`{ t: "addEntity", image: new Blob([new Uint8Array(17 * 2 ** 20)]), label: "x" }`, "too-large"],
      [`{ t: "addEntity", image: new Blob(["<svg"]), label: "x".repeat(200) }`, "too-large"],
      [`{ t: "addEntity", image: new Blob(["no picture"]), label: "x" }`, "bad-image"],
      [`{ t: "generate", params: { steps: 1e9 } }`, "bad-message"],
      [`{ t: "generate", params: { seed: NaN } }`, "bad-message"],
      [`{ t: "generate", params: {} }`, "needs-model"],
      [`{ t: "configure", config: { theme: "<style>" } }`, "bad-message"],
    ];
    for (const [i, [message, code]] of refused.entries()) {
      expect((await ask(100 + i, message)).err?.code, message).toBe(code);
    }
    // Keys that would reach every object, if they were copied.
    const poisoned = `JSON.parse('{"t":"configure","config":{"__proto__":{"readonly":true,"polluted":1},"constructor":{"prototype":{"polluted":1}}},"__proto__":{"polluted":1}}')`;
    expect((await ask(200, poisoned)).ok).toBe(true);
    const frame = page.frames().find((one) => one.url().includes("embed.html"));
    expect(await frame?.evaluate("({}).polluted")).toBeUndefined();
    await expect(page.frameLocator("#f").getByRole("textbox", { name: "Sentence" })).toBeVisible();
    // A model at an address of its choice is not asked for.
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    expect((await ask(201, `{ t: "configure", config: { model: "${sites.b}models/other" } }`)).ok).toBe(true);
    const after = await ask(202, `{ t: "getState" }`);
    expect(after.value?.caption).toBe(before.value?.caption);
    expect(after.value?.entities).toEqual(before.value?.entities);
    expect(asked.filter((url) => url.startsWith(sites.b))).toEqual([]);
  });

  test("floods: is told, then cut off; the person in front goes on", async () => {
    await openLink();
    await page.evaluate(
      "for (let rid = 1000; rid < 3000; rid++) link.ask({ rid, t: 'setPrompt', prompt: String(rid) })",
    );
    await expect.poll(async () => (await heard()).some(({ t }) => t === "closed")).toBe(true);
    const all = await heard();
    expect(all.filter(({ ok }) => ok).length).toBeLessThan(200);
    expect(all.filter(({ err }) => err?.code === "too-many").length).toBeGreaterThanOrEqual(900);
    await page.evaluate("void link.ask({ rid: 5000, t: 'getState' })");
    const frame = page.frameLocator("#f");
    await frame.getByRole("textbox", { name: "Sentence" }).fill("a cat");
    await expect(frame.getByRole("textbox", { name: "Sentence" })).toHaveText("a cat");
    expect((await heard()).some(({ rid }) => rid === 5000)).toBe(false);
  });
});

test.describe("a hostile frame", () => {
  /** What a page in the widget's place may try, told by the fragment which widget it plays. */
  const EVIL = `<script>
    window.heard = [];
    const id = location.hash.replace("#frame=", "");
    addEventListener("message", ({ data, ports }) => {
      heard.push(data);
      const [port] = ports;
      if (!port) return;
      const tell = (t, detail) => port.postMessage({ v: 1, t, detail });
      tell("ready", null);
      tell("resize", { height: 1e9 });
      tell("resize", { height: "1px" });
      tell("result", { picture: "<img>" });
      tell("preview", { width: 2 ** 16, height: 2 ** 16, pixels: new ArrayBuffer(4) });
      tell("error", { code: {}, message: { toString: 1 } });
      tell("constructor", {});
      port.postMessage(null);
      port.postMessage({ rid: 1, ok: false, err: null });
    });
    parent.postMessage({ kosmosg: "hello", v: 1, id: id || "?" }, "*");
    parent.postMessage({ kosmosg: "hello", v: 1, id: "another" }, "*");
    parent.postMessage(null, "*");
  </script>`;

  test("in the widget's place, of another site: gets no port", async () => {
    sites.pages["/evil"] = hostPage(sites.widget, EVIL, "");
    sites.widgetPages["/embed.html"] = `<script>location.replace("${sites.b}evil" + location.hash)</script>`;
    sites.pages["/"] = hostPage(sites.widget, "<kosmos-g></kosmos-g>");
    await page.goto(sites.a);
    await noteEvents(page);
    await openPoster(page).click();
    const evil = () => page.frames().find((frame) => frame.url().startsWith(`${sites.b}evil`));
    await expect
      .poll(() =>
        evil()
          ?.evaluate("Array.isArray(window.heard)")
          .catch(() => false),
      )
      .toBe(true);
    // And one beside it that has the widget's own page to speak from, and its name, but is not the frame.
    sites.widgetPages["/forger"] = `<script>
      window.heard = [];
      addEventListener("message", ({ data }) => heard.push(data));
      parent.postMessage({ kosmosg: "hello", v: 1, id: location.hash.slice(1) }, "*");
      window.sent = true;
    </script>`;
    const id = new URL(evil()?.url() ?? "").hash.replace("#frame=", "");
    await page.evaluate((url) => {
      const beside = document.createElement("iframe");
      beside.src = url;
      document.body.append(beside);
    }, `${sites.widget}forger#${id}`);
    const forger = () => page.frames().find((frame) => frame.url().includes("/forger"));
    await expect
      .poll(() =>
        forger()
          ?.evaluate("window.sent")
          .catch(() => false),
      )
      .toBe(true);
    await page.waitForTimeout(500);
    expect(await evil()?.evaluate("heard")).toEqual([]);
    expect(await forger()?.evaluate("heard")).toEqual([]);
    expect(await eventsOf(page, "ready")).toEqual([]);
  });

  test("that was trusted and tells nonsense: the page keeps its shape and hears nothing of it", async () => {
    sites.pages["/evil"] = hostPage(sites.widget, EVIL, "");
    sites.pages["/trusting"] = hostPage(sites.widget, `<kosmos-g autosize src="${sites.b}evil"></kosmos-g>`);
    await page.goto(`${sites.a}trusting`);
    await noteEvents(page);
    await openPoster(page).click();
    await expect.poll(() => eventsOf(page, "error")).toEqual([{ code: "internal", message: "" }]);
    expect(await eventsOf(page, "resize")).toEqual([{ height: 4000 }]);
    expect([await eventsOf(page, "result"), await eventsOf(page, "preview")]).toEqual([[], []]);
    const state = await onElement(page, (element) =>
      Promise.race([element.getState(), new Promise((resolve) => setTimeout(resolve, 300, "waits"))]),
    );
    expect(state).toEqual({ value: "waits" });
    expect((await page.locator("kosmos-g").boundingBox())?.height).toBeLessThanOrEqual(4000);
  });

  test("led elsewhere while it fetches: the fetching ends, the host is told, and a new start works", async () => {
    sites.pages["/"] = hostPage(sites.widget, "<kosmos-g></kosmos-g>");
    sites.pages["/evil"] = hostPage(sites.widget, EVIL, "");
    await context.route(isWeightsUrl, () => {});
    await page.goto(sites.a);
    await noteEvents(page);
    await openPoster(page).click();
    await generateButton(inFrame(page)).click();
    const status = async () => (await onElement(page, (element) => element.getState())).value?.status;
    await expect.poll(status).toBe("drawing");
    await page.evaluate((url) => {
      document.querySelector("kosmos-g")?.shadowRoot?.querySelector("iframe")?.contentWindow?.location.replace(url);
    }, `${sites.b}evil`);
    await expect.poll(() => eventsOf(page, "error")).toMatchObject([{ code: "navigated" }]);
    expect(await onElement(page, (element) => element.getState())).toEqual({ code: "navigated" });
    await expect.poll(() => page.workers().length).toBe(0);
    await page.evaluate(() => document.querySelector("kosmos-g")?.open());
    expect((await onElement(page, (element) => element.getState())).value).toMatchObject({ status: "needs-model" });

    // Stopped by its host.
    await generateButton(inFrame(page)).click();
    await expect(inFrame(page).getByRole("button", { name: "Cancel" })).toBeVisible();
    expect(await onElement(page, (element) => element.cancel())).toEqual({ value: 1 });
    await expect.poll(status).toBe("needs-model");
    await context.unroute(isWeightsUrl);
  });
});

const isWeightsUrl = (url: URL) => isWeights(url.href);
