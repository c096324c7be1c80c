// Main journeys of the page in Firefox, controlled by WebDriver BiDi.
//
// `node firefox_journeys.js PROGRAM JOURNEY ADDRESS`: the program is Firefox; exits with 1 and says why if the
// journey fails, if it takes too long, or if a script of the page fails.

import assert from "node:assert/strict";
import puppeteer from "puppeteer-core";

const MAX_SECONDS = 280;
const WAIT_MS = 60_000; // other processes may use all cores
const TITLES = "#for-you track-row:not(.is-leaving) .row-title";
const QUEUED = "#panel .queue-list .names span:first-child";
const PLAYED = "document.querySelector('now-playing .seek input').value > 0";

/** Selector of an element by its role and accessible name. */
const role = (kind, name) => `::-p-aria([name="${name}"][role="${kind}"])`;

/** What a journey does on a page. */
class Visitor {
  constructor(page, address) {
    Object.assign(this, { page, address });
    page.setDefaultTimeout(WAIT_MS);
  }

  async logIn(name) {
    await this.page.goto(this.address);
    await this.page.locator(role("textbox", "Name")).fill(name);
    await this.click(role("button", "Continue"));
  }

  async click(selector) {
    try {
      await this.page.locator(selector).click();
    } catch (error) {
      throw new Error(`cannot click ${selector}`, { cause: error });
    }
  }

  see(selector) {
    return this.page.waitForSelector(selector, { visible: true });
  }

  texts(selector) {
    return this.page.$$eval(selector, (all) => all.map((one) => one.textContent));
  }

  /** Wait until an expression is true in the page. */
  async until(expression) {
    const end = Date.now() + WAIT_MS;
    while (!(await this.page.evaluate(expression))) {
      assert.ok(Date.now() < end, `${expression} did not come true`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  /** Wait until a message that contains a text is shown. */
  told(text) {
    return this.see(`.notification ::-p-text(${text})`);
  }

  async play() {
    await this.click("track-row .cover");
    await this.see("track-row.is-playing");
    await this.until(PLAYED);
  }
}

const JOURNEYS = {
  async "first run"(visitor) {
    await visitor.logIn("anna");
    await visitor.click(role("button", "Choose a music folder"));
    await visitor.click("dialog .folder");
    await visitor.click("dialog ::-p-text(My Music)"); // its name also has the number of files
    await visitor.click(role("button", "Scan this folder (24 audio files)"));
    await visitor.see(role("heading", "For you"));
    await visitor.see("track-row");
    await visitor.click("first-picks ::-p-text(Band 0)");
    await visitor.click("first-picks ::-p-text(Show my list)");
    await visitor.see("#for-you why-bar");
    await visitor.play();
  },

  async search(visitor) {
    await visitor.logIn("anna");
    await visitor.see("track-row");
    await visitor.page.keyboard.press("/");
    await visitor.page.keyboard.type("piece 07");
    await visitor.until("document.querySelector('#found .row-title')?.textContent === 'Piece 07'");
    await visitor.click("#found track-row .cover");
    await visitor.until(
      "document.querySelector('now-playing .names span').textContent === 'Piece 07'",
    );
    await visitor.until(PLAYED);
    await visitor.click(role("button", "Clear the search"));
    await visitor.see("#for-you");
  },

  async like(visitor) {
    await visitor.logIn("anna");
    await visitor.see("track-row");
    const before = await visitor.texts(TITLES);
    await visitor.click("track-row .act-like");
    await visitor.told(`Liked ${before[0]}.`);
    assert.deepEqual(await visitor.texts(TITLES), before);
    await visitor.click("::-p-text(Update list)");
    await visitor.see("track-row.is-new");
    const after = await visitor.texts(TITLES);
    assert.equal(after[0], before[0]);
    assert.notDeepEqual(after, before);
  },

  async queue(visitor) {
    const { page } = visitor;
    await visitor.logIn("anna");
    await visitor.play();
    await page.keyboard.press(" "); // a track of a few seconds would end
    await visitor.click(role("button", "Up next"));
    await visitor.see("#panel .queue-list li");
    const before = await visitor.texts(QUEUED);
    await page.focus("#panel .queue-grip");
    await page.keyboard.press("ArrowDown");
    assert.deepEqual((await visitor.texts(QUEUED)).slice(0, 2), [before[1], before[0]]);
    const grips = await page.$$("#panel .queue-grip");
    const [end, start] = [await grips[1].boundingBox(), await grips[3].boundingBox()];
    await page.mouse.move(start.x + 5, start.y + 15);
    await page.mouse.down();
    await page.mouse.move(start.x + 5, start.y - 10);
    await page.mouse.move(end.x + 5, end.y + 12);
    await page.mouse.up();
    const moved = [before[1], before[3], before[0], before[2]];
    assert.deepEqual((await visitor.texts(QUEUED)).slice(0, 4), moved);
  },

  async playlist(visitor) {
    const { page } = visitor;
    await visitor.logIn("anna");
    await visitor.see("track-row");
    await page.goto(`${visitor.address}#/playlists`);
    await page.locator(role("combobox", "Similar to")).fill("Piece 03");
    await visitor.see(".picker-list li[id]");
    await page.keyboard.press("Enter");
    await visitor.click(role("button", "Create"));
    await visitor.see(".playlist-view track-row");
    const titles = await visitor.texts(".playlist-view .row-title");
    await page.locator(role("textbox", "Playlist name")).fill("Evening");
    await visitor.click(role("button", "Save"));
    await visitor.see(role("button", "More for Evening"));
    await page.reload();
    await visitor.see("track-list track-row");
    assert.deepEqual(await visitor.texts(".is-page > track-list .row-title"), titles);
  },

  async map(visitor) {
    const { page } = visitor;
    await visitor.logIn("anna");
    await visitor.see("track-row");
    await page.goto(`${visitor.address}#/map`);
    await visitor.see(".map-legend button");
    await page.focus(".map-above");
    await page.keyboard.press("+");
    await visitor.until("document.querySelector('#announcements').textContent.includes(' by ')");
    await page.keyboard.press("Enter");
    await visitor.until(PLAYED);
    const drawn = `[...document.querySelectorAll('main canvas')].some((canvas) => {
      const copy = document.createElement("canvas");
      Object.assign(copy, { width: canvas.width, height: canvas.height });
      const pen = copy.getContext("2d");
      pen.drawImage(canvas, 0, 0);
      return pen.getImageData(0, 0, copy.width, copy.height).data.some(Boolean);
    })`;
    await visitor.until(drawn);
  },
};

async function run(program, journey, address) {
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: program,
    timeout: 1000 * MAX_SECONDS,
    protocolTimeout: 1000 * MAX_SECONDS,
    extraPrefsFirefox: { "media.autoplay.default": 0, "intl.accept_languages": "en" },
  });
  const faults = [];
  let page;
  try {
    page = await browser.newPage();
    await page.setViewport({ width: 1280, height: 800 });
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (told) => told.type() === "error" && faults.push(told.text()));
    const late = new Promise((_, fail) => {
      setTimeout(() => fail(new Error(`longer than ${MAX_SECONDS} s`)), 1000 * MAX_SECONDS).unref();
    });
    await Promise.race([JOURNEYS[journey](new Visitor(page, address)), late]);
    assert.deepEqual(faults, []);
  } catch (error) {
    console.error(`${error.stack}\n${error.cause?.stack ?? ""}\n${faults.join("\n")}`);
    const text = await page?.evaluate(() => document.body.textContent).catch(() => "");
    console.error(`The page: ${text}`);
    process.exitCode = 1;
  } finally {
    await browser.close();
  }
}

await run(...process.argv.slice(2));
