import type { Plugin } from "vite";
import { PAGE_POLICY } from "./content-security-policy.ts";

/** Writes the policy into every built page, before anything that it guards; in development scripts stand in the page itself. */
export function pagesWithPolicy(): Plugin {
  return {
    name: "pages-with-policy",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler: (html) => {
        const meta = `<meta http-equiv="Content-Security-Policy" content="${PAGE_POLICY}" />`;
        // Behind the charset, which has to stand in the first kilobyte.
        const after = /<meta charset="utf-8" ?\/?>/i;
        if (!after.test(html)) throw new Error("a page without <meta charset>: its policy has no place");
        return html.replace(after, (charset) => `${charset}\n    ${meta}`);
      },
    },
  };
}
