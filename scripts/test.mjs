/**
 * Everything that can go wrong here, in one command: `npm test`, or a part of it: `npm test -- unit fp32`.
 * Runs every suite even after a failure, then prints what each one counted. Only the fp16 suites may be skipped, where no browser
 * with shader-f16 can be set up.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { ensureChromium, ensureF16Chromium } from "./install-chromium.mjs";

const RESULTS = "test-results";
/** A browser that hangs must not hang the run. */
const SUITE_TIMEOUT = 35 * 60_000;

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
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
      const skipped = report.numPendingTests + report.numTodoTests;
      // A file that does not even load has no tests to fail.
      const broken = report.testResults.filter(
        (/** @type {{ status: string, assertionResults: unknown[] }} */ f) =>
          f.status === "failed" && f.assertionResults.length === 0,
      );
      return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length, skipped };
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
      const { expected, unexpected, flaky, skipped } = readJson(file).stats;
      return { passed: expected + flaky, failed: unexpected, skipped };
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
  if (!suite.count) return { passed: 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  /** @type {Counts} */
  let counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    counts = suite.count();
  } catch {
    console.log(`${suite.name}: wrote no report`);
  }
  if (counts.failed === 0 && (code !== 0 || counts.passed === 0)) counts.failed = 1;
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

const total = { passed: 0, failed: 0 };
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
  const { passed, failed, skipped } = countsOf(suite, code);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  const result = suite.count
    ? `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`
    : failed
      ? "FAILED"
      : "ok";
  lines.push(`${name} ${result} (${seconds} s)`);
  total.passed += passed;
  total.failed += failed;
}
writeFileSync(`${RESULTS}/total.json`, JSON.stringify(total));
console.log(`\n${lines.join("\n")}\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;
