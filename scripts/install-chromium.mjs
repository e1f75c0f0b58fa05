/** Gets the browsers of chromium.mjs onto a machine that lacks them. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findChromium, findF16Chromium } from "./chromium.mjs";

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {boolean} whether it ended well
 */
function run(command, args) {
  console.log(`$ ${command} ${args.join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // A package manager's chatter is dropped; what goes wrong it says on stderr.
  return spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"], env }).status === 0;
}

const isRoot = process.getuid?.() === 0;
const osRelease = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
// Ubuntu's package is a snap, which a container cannot install.
const isDebian = /^ID=debian$/m.test(osRelease);

/** @param {string[]} args */
function apt(args) {
  return isRoot ? run("apt-get", args) : run("sudo", ["-n", "apt-get", ...args]);
}

/**
 * The stock Chromium, installed if need be: Debian's package, or else Playwright's download.
 * @returns {string}
 * @throws Error when neither could be had
 */
export function ensureChromium() {
  const found = findChromium();
  if (found) return found;
  if (process.env.CHROMIUM) throw new Error(`CHROMIUM=${process.env.CHROMIUM} is no executable file`);
  console.log("No Chromium here: installing one.");
  if (isDebian) {
    apt(["update", "-qq"]);
    apt(["install", "-y", "-qq", "--no-install-recommends", "chromium"]);
  }
  if (!findChromium()) run("npx", ["playwright", "install", ...(isRoot ? ["--with-deps"] : []), "chromium"]);
  const installed = findChromium();
  if (!installed) throw new Error("No Chromium could be installed. Install one, or name it in CHROMIUM.");
  return installed;
}

/**
 * The Chromium with shader-f16, set up if need be and where that can be done.
 * @returns {string | undefined} undefined: this machine cannot have it
 */
export function ensureF16Chromium() {
  const found = findF16Chromium();
  // One that an earlier version set up lacks its fp32 half.
  if ((found && existsSync(`${found}-fp32`)) || process.env.F16_CHROMIUM || !isRoot || !isDebian) return found;
  console.log("Setting up a Chromium with shader-f16 (once).");
  run("bash", [fileURLToPath(new URL("f16-chromium/setup.sh", import.meta.url))]);
  return findF16Chromium();
}
