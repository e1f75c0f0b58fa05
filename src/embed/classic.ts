/** embed.classic.js: the same for `<script src>` without a type, as some site builders allow no other. */
import { register } from "./register.ts";

register((document.currentScript as HTMLScriptElement | null)?.src ?? "");
