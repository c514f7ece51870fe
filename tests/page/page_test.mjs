// The status page in a real browser: node page_test.mjs PAGE_SERVER CHROMIUM MODULES [SCREENSHOTS]
// MODULES is a folder with playwright-core and axe-core; with SCREENSHOTS pictures are kept there.
import assert from "node:assert/strict";
import {spawn} from "node:child_process";
import {createRequire} from "node:module";
import {mkdtempSync, readFileSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {createInterface} from "node:readline";

const [program, chromiumPath, modules, screenshots] = process.argv.slice(2);
const require = createRequire(join(modules, "node_modules", "x.js"));
const {chromium} = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const sizes = {phone: {width: 390, height: 844}, desk: {width: 1400, height: 900}};
const loadMs = 1000;      // of the largest page, on a machine at rest
const patience = 60000;   // of waiting; nothing is measured with it

// The server with its scenes

const server = spawn(program, [], {stdio: ["pipe", "pipe", "inherit"]});
const lines = createInterface({input: server.stdout})[Symbol.asyncIterator]();
const site = `http://127.0.0.1:${(await lines.next()).value}/`;

async function show(scene) {
  server.stdin.write(scene + "\n");
  assert.equal((await lines.next()).value, "shown " + scene);
}

// The browser

const profile = mkdtempSync(join(tmpdir(), "rollcall-page-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: chromiumPath, headless: true, viewport: null,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"],
});
const engine = browser.browser() ?? browser;

// A tab at `site`; what it writes to its console is in `complaints`.
async function visit(options = {}) {
  const page = await browser.newPage();
  const complaints = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) complaints.push(message.text()); });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.setDefaultTimeout(patience);
  await page.setViewportSize(options.size ?? sizes.desk);
  await page.emulateMedia({colorScheme: options.scheme ?? "light"});
  await page.goto(site, {waitUntil: "load"});
  return {page, complaints, async close() { await page.close(); assert.deepEqual(complaints, []); }};
}

const focused = (page) => page.evaluate(() => {
  const at = document.activeElement;
  return {tag: at.tagName, title: at.title, text: at.textContent, row: at.closest("tr")?.id ?? ""};
});

const tests = {};

for (const scene of ["pass", "fail", "states", "many"]) {
  for (const [name, size] of Object.entries(sizes)) {
    for (const scheme of ["light", "dark"]) {
      tests[`${scene} at ${size.width} px, ${scheme}: nothing in the console, nothing for axe, no sideways scrolling`] = async () => {
        await show(scene);
        const tab = await visit({size, scheme});
        // An evaluate() is not bound by the page's policy as a script of the page is.
        await tab.page.evaluate(axe);
        const found = await tab.page.evaluate(() => window.axe.run(document, {resultTypes: ["violations"]}));
        const wide = await tab.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (screenshots) await tab.page.screenshot({path: join(screenshots, `${scene}-${name}-${scheme}.png`), fullPage: scene !== "many"});
        assert.deepEqual(found.violations.map((one) => `${one.id}: ${one.nodes.length}x ${one.nodes[0].html.slice(0, 200)}`), []);
        assert.ok(wide <= 0, `${wide} px too wide`);
        await tab.close();
      };
    }
  }
}

tests["the keyboard reaches the matrix, moves in it, and reaches the copy buttons"] = async () => {
  await show("fail");
  const tab = await visit();
  const stops = [];
  for (let i = 0; i < 60; ++i) {
    await tab.page.keyboard.press("Tab");
    const at = await focused(tab.page);
    stops.push(at.tag);
    if (at.tag === "TD") break;
  }
  assert.ok(stops.includes("BUTTON"), stops.join());
  assert.equal(stops.at(-1), "TD", "one stop in the matrix: " + stops.join());
  const first = await focused(tab.page);
  await tab.page.keyboard.press("ArrowDown");
  await tab.page.keyboard.press("ArrowRight");
  const second = await focused(tab.page);
  assert.notEqual(second.row, first.row);
  assert.match(second.title, /on pod-2/);
  assert.equal(await tab.page.textContent("#cell"), second.title);
  await tab.page.keyboard.press("Tab");
  assert.notEqual((await focused(tab.page)).tag, "TD");
  await tab.close();
};

tests["a copy button copies the command"] = async () => {
  await show("fail");
  const tab = await visit();
  await browser.grantPermissions(["clipboard-read", "clipboard-write"], {origin: site.slice(0, -1)});
  const box = tab.page.locator(".command").first();
  await box.getByRole("button").click();
  await tab.page.waitForFunction(() => document.querySelector(".command button").textContent === "Copied");
  assert.equal(await tab.page.evaluate(() => navigator.clipboard.readText()), await box.locator("pre").textContent());
  await tab.close();
};

tests["renewing keeps scrolling, focus and what is unfolded"] = async () => {
  await show("many");
  const tab = await visit();
  const {page} = tab;
  const before = await page.textContent("h1");
  await page.evaluate(() => {
    document.querySelector("#legend").open = true;
    document.querySelector("#findings details").open = false;
    document.querySelector("#matrix").scrollTo(300, 200);
    document.querySelectorAll("#matrix tbody tr")[14].cells[12].focus();
    window.scrollTo(0, document.querySelector("#matrix").offsetTop);
  });
  const look = () => page.evaluate(() => ({
    y: window.scrollY, x: document.querySelector("#matrix").scrollLeft, inner: document.querySelector("#matrix").scrollTop,
    legend: document.querySelector("#legend").open, folded: document.querySelector("#findings details").open,
    title: document.activeElement.title.split(":")[0], buttons: document.querySelectorAll(".command button").length > 0,
  }));
  const then = await look();
  assert.ok(then.y > 0 && then.inner > 0 && then.title, JSON.stringify(then));
  await show("fewer");
  await page.waitForFunction((old) => document.querySelector("time").dateTime !== old,
                             await page.evaluate(() => document.querySelector("time").dateTime));
  assert.notEqual(await page.textContent("#timeline"), before);
  assert.deepEqual(await look(), then);
  await tab.close();
};

tests["while text is selected title and icon tell the state, and the notice that there is a newer one"] = async () => {
  await show("pass");
  const tab = await visit();
  const {page} = tab;
  const state = () => page.evaluate(() => ({
    title: document.title, icon: document.getElementById("icon").href, verdict: document.querySelector("h1").className,
    selected: document.getSelection().toString(),
  }));
  await page.evaluate(() => document.getSelection().selectAllChildren(document.querySelector("h1")));
  const before = await state();
  await show("fail");
  await page.waitForFunction(() => document.getElementById("notice").textContent
    === "A newer state is there: clear the selection to see it");
  const during = await state();
  assert.equal(during.title, "FAIL - Rollcall");
  assert.notEqual(during.icon, before.icon);
  assert.equal(during.verdict, "pass");
  assert.equal(during.selected, before.selected);
  await page.evaluate(() => document.getSelection().removeAllRanges());
  await page.waitForFunction(() => document.querySelector("h1").className === "fail");
  assert.equal(await page.textContent("#notice"), "");
  await tab.close();
};

tests["a daemon that is gone is told, and one that is back too"] = async () => {
  await show("pass");
  const tab = await visit();
  await tab.page.route(site, (route) => route.abort());
  await tab.page.waitForFunction(() => document.getElementById("notice").textContent.includes("does not answer"));
  await tab.page.unroute(site);
  await tab.page.waitForFunction(() => document.getElementById("notice").textContent === "");
  // What the browser itself says of the request that was cut.
  assert.ok(tab.complaints.every((one) => one.includes("net::ERR_FAILED")), tab.complaints.join());
  await tab.page.close();
};

tests["everything is there without script"] = async () => {
  await show("fail");
  const page = await browser.newPage();
  const cdp = await browser.newCDPSession(page);
  await cdp.send("Emulation.setScriptExecutionDisabled", {value: true});
  await page.goto(site);
  const text = await page.locator("main").innerText();
  for (const part of ["FAIL: 5 posts", "kubectl delete pod pod-2", "story-7", "missing", "What happened"])
    assert.ok(text.includes(part), part);
  assert.equal(await page.locator("button").count(), 0);
  await page.close();
};

tests[`50 pods, 50 posts and 500 findings are shown within ${loadMs} ms`] = async () => {
  await show("many");
  const times = [];
  for (let i = 0; i < 5; ++i) {
    const tab = await visit();
    times.push(await tab.page.evaluate(() => performance.getEntriesByType("navigation")[0].loadEventEnd));
    await tab.close();
  }
  times.sort((a, b) => a - b);
  console.log(`     load event after ${times.map((one) => Math.round(one)).join(", ")} ms`);
  assert.ok(times[2] < loadMs, times.join());
};

let failed = 0;
try {
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test();
      console.log("ok   " + name);
    } catch (error) {
      ++failed;
      console.log(`FAIL ${name}\n     ${String(error.message ?? error).split("\n").slice(0, 12).join("\n     ")}`);
    }
  }
} finally {
  await engine.close();
  server.stdin.end();
  rmSync(profile, {recursive: true, force: true});
}
console.log(`${Object.keys(tests).length - failed} of ${Object.keys(tests).length} passed`);
process.exitCode = failed === 0 ? 0 : 1;
