import { CircleQuestionMark } from "lucide-react";
import { useTexts } from "../ui/texts.ts";
import { openView } from "../ui/view.ts";
import { welcomeTexts } from "./texts.ts";
import { welcome } from "./welcome-store.ts";

/** In the masthead: brings the explanation back. */
export function WelcomeLink() {
  const t = useTexts(welcomeTexts);
  return (
    <button
      type="button"
      className="button quiet icon"
      aria-label={t.title}
      title={t.title}
      onClick={() => {
        openView("studio");
        welcome.getState().ask();
      }}
    >
      <CircleQuestionMark size={18} aria-hidden />
    </button>
  );
}
