/**
 * Everything that can go wrong here, in one command: `npm test`, or a part of it: `npm test -- unit fp32`.
 * Runs every suite even after a failure, then prints what each one counted. Only the fp16 suites may be skipped, where no browser
 * with shader-f16 can be set up.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { ensureChromium, ensureF16Chromium } from "./install-chromium.mjs";

const RESULTS = "test-results";
/** A browser that hangs must not hang the run. */
const SUITE_TIMEOUT = 35 * 60_000;

/**
 * @typedef {{ passed: number, failures: string[], skipped: number }} Counts `failures`: what failed, by file and name
 * @typedef {{ name: string, status: string, assertionResults: { fullName: string, status: string }[] }} VitestFile
 * @typedef {{ title: string, file: string, specs?: { title: string, ok: boolean }[], suites?: PlaywrightSuite[] }} PlaywrightSuite
 * @typedef {{ name: string, command: string[], env?: Record<string, string>, count?: () => Counts, browser?: "fp32" | "fp16" }} Suite
 */

/** @param {string} file */
const readJson = (file) => JSON.parse(readFileSync(file, "utf8"));

/**
 * @param {string} name
 * @returns {Suite}
 */
function vitest(name) {
  const file = `${RESULTS}/${name}.json`;
  return {
    name,
    command: [
      "npx",
      "vitest",
      "run",
      "--project",
      name,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${file}`,
    ],
    count() {
      const report = readJson(file);
      const failures = report.testResults.flatMap((/** @type {VitestFile} */ tested) => {
        const path = relative(process.cwd(), tested.name);
        // A file that does not even load has no tests to fail.
        if (tested.status === "failed" && tested.assertionResults.length === 0) return [path];
        return tested.assertionResults
          .filter(({ status }) => status === "failed")
          .map(({ fullName }) => `${path}: ${fullName}`);
      });
      return { passed: report.numPassedTests, failures, skipped: report.numPendingTests + report.numTodoTests };
    },
  };
}

/**
 * @param {"fp32" | "stock" | "fp16"} project of playwright.config.ts
 * @returns {Suite}
 */
function journeys(project) {
  const file = `${RESULTS}/journeys-${project}.json`;
  return {
    name: `journeys-${project}`,
    command: ["npx", "playwright", "test", "--project", project, "--reporter=list,json"],
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: file },
    browser: project === "fp16" ? "fp16" : "fp32",
    count() {
      const { stats, suites } = readJson(file);
      /** @type {(suite: PlaywrightSuite) => string[]} */
      const failedIn = (suite) => [
        ...(suite.specs ?? []).filter(({ ok }) => !ok).map(({ title }) => `${suite.file}: ${title}`),
        ...(suite.suites ?? []).flatMap(failedIn),
      ];
      return { passed: stats.expected + stats.flaky, failures: suites.flatMap(failedIn), skipped: stats.skipped };
    },
  };
}

/** @type {Suite[]} */
const SUITES = [
  { name: "lint", command: ["npx", "biome", "check", "."] },
  { name: "typecheck", command: ["npx", "tsc", "--noEmit"] },
  vitest("unit"),
  { name: "build", command: ["npm", "run", "build"] },
  { ...vitest("fp32"), browser: "fp32" },
  { ...vitest("stock"), browser: "fp32" },
  { ...vitest("fp16"), browser: "fp16" },
  journeys("fp32"),
  journeys("stock"),
  journeys("fp16"),
];

/**
 * @param {Suite} suite
 * @returns {Promise<number>} the exit code; 1 when it ran out of time
 */
function run(suite) {
  const [command = "", ...args] = suite.command;
  return new Promise((resolve) => {
    // A process group of its own, so that its browsers end with it.
    const child = spawn(command, args, {
      stdio: ["ignore", "inherit", "inherit"],
      detached: true,
      env: { ...process.env, ...suite.env },
    });
    const kill = () => child.pid && process.kill(-child.pid, "SIGKILL");
    const interrupted = () => {
      kill();
      process.exit(130);
    };
    const timer = setTimeout(() => {
      console.log(`${suite.name}: no end after ${SUITE_TIMEOUT / 60_000} minutes, stopped`);
      kill();
    }, SUITE_TIMEOUT);
    process.once("SIGINT", interrupted);
    process.once("SIGTERM", interrupted);
    const done = (/** @type {number} */ code) => {
      clearTimeout(timer);
      process.off("SIGINT", interrupted);
      process.off("SIGTERM", interrupted);
      resolve(code);
    };
    child.on("error", (error) => {
      console.log(`${suite.name}: ${error.message}`);
      done(1);
    });
    child.on("close", (code) => done(code ?? 1));
  });
}

/**
 * What a suite that ended with this exit code counted. A suite of tests that counted none has failed.
 * @param {Suite} suite
 * @param {number} code
 * @returns {Counts}
 */
function countsOf(suite, code) {
  if (!suite.count) return { passed: 0, failures: code === 0 ? [] : [suite.name], skipped: 0 };
  /** @type {Counts} */
  let counts = { passed: 0, failures: [], skipped: 0 };
  try {
    counts = suite.count();
  } catch {
    console.log(`${suite.name}: wrote no report`);
  }
  if (counts.failures.length === 0 && (code !== 0 || counts.passed === 0)) counts.failures.push(suite.name);
  return counts;
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !SUITES.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(`No such suite: ${unknown.join(", ")}. There are: ${SUITES.map((suite) => suite.name).join(", ")}.`);
  process.exit(2);
}
const suites = SUITES.filter((suite) => asked.length === 0 || asked.includes(suite.name));
const needs = (/** @type {string} */ browser) => suites.some((suite) => suite.browser === browser);

rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS);
if (needs("fp32") || needs("fp16")) console.log(`Chromium: ${ensureChromium()}`);
const f16Chromium = needs("fp16") ? ensureF16Chromium() : undefined;
if (needs("fp16")) console.log(`Chromium with shader-f16: ${f16Chromium ?? "none"}`);

/** @type {{ passed: number, failures: string[] }} */
const total = { passed: 0, failures: [] };
/** @type {string[]} */
const lines = [];
for (const suite of suites) {
  const name = suite.name.padEnd(14);
  if (suite.browser === "fp16" && !f16Chromium) {
    lines.push(
      `${name} SKIPPED: no browser with shader-f16; scripts/f16-chromium/setup.sh makes one on Debian as root`,
    );
    continue;
  }
  console.log(`\n--- ${suite.name}: ${suite.command.join(" ")}`);
  const start = performance.now();
  const code = await run(suite);
  const { passed, failures, skipped } = countsOf(suite, code);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  const result = suite.count
    ? `${passed} passed, ${failures.length} failed${skipped ? `, ${skipped} skipped` : ""}`
    : failures.length > 0
      ? "FAILED"
      : "ok";
  lines.push(`${name} ${result} (${seconds} s)`);
  total.passed += passed;
  total.failures.push(...failures.map((failure) => (suite.count ? `${suite.name}: ${failure}` : failure)));
}
writeFileSync(`${RESULTS}/total.json`, JSON.stringify(total));
console.log(`\n${lines.join("\n")}`);
for (const failure of total.failures) console.log(`FAILED ${failure}`);
console.log(`${total.passed} passed, ${total.failures.length} failed`);
process.exitCode = total.failures.length > 0 ? 1 : 0;
