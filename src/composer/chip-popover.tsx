import { ArrowLeft, ArrowRight, Trash2 } from "lucide-react";
import { useEffect, useEffectEvent, useId, useLayoutEffect, useRef } from "react";
import { useEntities } from "../app-context.ts";
import { MAX_STRENGTH } from "../engine/index.ts";
import { EntityFields } from "../entities/entity-fields.tsx";
import { useTexts } from "../ui/texts.ts";
import type { Editor, SelectedChip } from "./editor.ts";
import { composerTexts } from "./texts.ts";
import "./chip-popover.css";

interface Props {
  chip: SelectedChip;
  editor: Editor;
  /** `refocus`: the sentence takes the keyboard again. */
  onClose: (refocus: boolean) => void;
}

const MARGIN = 8;

/** The menu of one chip: its picture's name, how strongly it speaks, where it stands, what stands in its place. */
export function ChipPopover({ chip, editor, onClose }: Props) {
  const t = useTexts(composerTexts);
  const entities = useEntities((state) => state.entities);
  const urls = useEntities((state) => state.urls);
  const shelf = useEntities((state) => state.shelf);
  const box = useRef<HTMLDivElement>(null);
  const [strengthId, helpId] = [useId(), useId()];
  const entity = entities.get(chip.id);
  const others = shelf.filter((id) => id !== chip.id);

  const place = useEffectEvent(() => {
    const at = editor.chipBox();
    const own = box.current;
    if (!at || !own) return;
    const { width, height } = own.getBoundingClientRect();
    const below = at.bottom + MARGIN + height <= innerHeight;
    const above = at.top - MARGIN - height;
    const top = below || above < MARGIN ? Math.min(at.bottom + MARGIN, innerHeight - height - MARGIN) : above;
    own.style.insetInlineStart = `${Math.max(MARGIN, Math.min(at.left, innerWidth - width - MARGIN))}px`;
    own.style.insetBlockStart = `${Math.max(MARGIN, top)}px`;
  });
  // After every change: the chip may stand elsewhere.
  useLayoutEffect(() => place());
  useEffect(() => {
    const follow = () => place();
    window.addEventListener("scroll", follow, { capture: true, passive: true });
    window.addEventListener("resize", follow);
    return () => {
      window.removeEventListener("scroll", follow, { capture: true });
      window.removeEventListener("resize", follow);
    };
  }, []);

  useEffect(() => {
    // Where fingers are, a focused text would bring up the keyboard over the menu.
    const fingers = matchMedia("(pointer: coarse)").matches;
    const first = fingers ? box.current : box.current?.querySelector<HTMLElement>("input, button");
    first?.focus({ preventScroll: true });
    const onPointerDown = (event: PointerEvent) => {
      const target = event.target as Element | null;
      // A press on a chip selects that one and moves the menu to it.
      if (!box.current?.contains(target) && !target?.closest(".chip")) onClose(false);
    };
    document.addEventListener("pointerdown", onPointerDown);
    return () => document.removeEventListener("pointerdown", onPointerDown);
  }, [onClose]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    const key = event.key.toLowerCase();
    if (event.key === "Escape") onClose(true);
    // The strength is the sentence's: its history takes it back, not the page's.
    else if ((event.ctrlKey || event.metaKey) && key === "z" && (event.target as HTMLElement).id === strengthId) {
      if (event.shiftKey) editor.redo();
      else editor.undo();
      event.preventDefault();
    } else return;
    event.stopPropagation();
  };

  return (
    <div
      ref={box}
      className="popover chip-popover"
      role="dialog"
      aria-label={t.chipMenu(entity?.label ?? t.missing)}
      tabIndex={-1}
      onKeyDown={onKeyDown}
    >
      {entity && (
        <>
          <EntityFields key={chip.id} id={chip.id} onDone={() => onClose(true)} onLeave={() => onClose(true)} />
          <div className="chip-strength">
            <label htmlFor={strengthId}>{t.strength}</label>
            <output className="tabular">{chip.strength.toLocaleString(t.locale)}</output>
          </div>
          <input
            id={strengthId}
            type="range"
            min={0}
            max={MAX_STRENGTH}
            step={0.1}
            aria-describedby={helpId}
            value={chip.strength}
            onChange={(event) => editor.changeChip({ strength: event.target.valueAsNumber })}
            onDoubleClick={() => editor.changeChip({ strength: 1 })}
          />
          <p id={helpId} className="hint">
            {t.strengthHelp}
          </p>
        </>
      )}
      {others.length > 0 && (
        <fieldset>
          <legend className="hint">{t.replaceBy}</legend>
          <div className="chip-others">
            {others.map((id) => (
              <button
                key={id}
                type="button"
                aria-label={`${t.replaceBy} ${entities.get(id)?.label ?? ""}`}
                title={entities.get(id)?.label}
                onClick={() => editor.changeChip({ id })}
              >
                <img src={urls.get(id)} alt="" />
              </button>
            ))}
          </div>
        </fieldset>
      )}
      <div className="chip-actions">
        <IconButton label={t.moveLeft} onPress={() => editor.moveSelectedChip("left")}>
          <ArrowLeft size={16} aria-hidden />
        </IconButton>
        <IconButton label={t.moveRight} onPress={() => editor.moveSelectedChip("right")}>
          <ArrowRight size={16} aria-hidden />
        </IconButton>
        <IconButton
          label={t.remove}
          onPress={() => {
            editor.removeSelectedChip();
            onClose(true);
          }}
        >
          <Trash2 size={16} aria-hidden />
        </IconButton>
      </div>
    </div>
  );
}

function IconButton({ label, onPress, children }: { label: string; onPress: () => void; children: React.ReactNode }) {
  return (
    <button type="button" className="button quiet icon" aria-label={label} title={label} onClick={onPress}>
      {children}
    </button>
  );
}
