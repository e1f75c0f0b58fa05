import { useTexts } from "../ui/texts.ts";
import { openView, useView, type View } from "../ui/view.ts";
import { PreferencesMenu } from "./preferences-menu.tsx";
import { mastheadTexts } from "./texts.ts";
import "./masthead.css";

/** Name, views and preferences. `children`: views of other rooms; `help`: what stands beside the preferences. */
export function Masthead({ children, help }: { children?: React.ReactNode; help?: React.ReactNode }) {
  const t = useTexts(mastheadTexts);
  return (
    <header className="masthead">
      <h1>Kosmos-G</h1>
      <p>{t.tagline}</p>
      <nav aria-label={t.views}>
        <ViewLink view="studio">{t.studio}</ViewLink>
        {children}
        <ViewLink view="models">{t.models}</ViewLink>
        <ViewLink view="device">{t.device}</ViewLink>
      </nav>
      <div className="masthead-tools">
        {help}
        <PreferencesMenu />
      </div>
    </header>
  );
}

/** A link to a view of this page; marks the one that is open. */
export function ViewLink({ view, children }: { view: View; children: React.ReactNode }) {
  const open = useView();
  return (
    <a
      className="view-link"
      href={view === "studio" ? "./" : `#${view}`}
      aria-current={open === view ? "page" : undefined}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        openView(view);
      }}
    >
      {children}
    </a>
  );
}
