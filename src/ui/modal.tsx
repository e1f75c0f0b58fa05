import { useEffectEvent, useLayoutEffect, useRef } from "react";
import { Notices } from "./notices.tsx";
import "./modal.css";

interface Props {
  label: string;
  className: string;
  onClose: () => void;
  /** A press beside it closes it. */
  light?: boolean;
  onKeyDown?: (event: React.KeyboardEvent) => void;
  children: React.ReactNode;
}

/** A native dialog over the page; Escape and its own button close it, the focus goes back to where it was. */
export function Modal({ label, className, onClose, light = false, onKeyDown, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const closed = useEffectEvent(onClose);
  // Before the dialog leaves the document: only an open dialog that is closed gives the focus back.
  useLayoutEffect(() => {
    const element = dialog.current;
    if (!element) return;
    element.showModal();
    const onCloseEvent = () => closed();
    element.addEventListener("close", onCloseEvent);
    return () => {
      element.removeEventListener("close", onCloseEvent);
      element.close();
    };
  }, []);
  // A dialog without padding is the target only on its backdrop. The press must begin there, too: a slider may be dragged out of the dialog.
  const beganBeside = useRef(false);
  const onPointerDown = (event: React.PointerEvent) => {
    beganBeside.current = event.target === dialog.current;
  };
  const onClick = (event: React.MouseEvent) => {
    if (light && beganBeside.current && event.target === dialog.current) dialog.current?.close();
  };
  return (
    <dialog
      ref={dialog}
      className={className}
      aria-label={label}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      onClick={onClick}
    >
      {children}
      {/* Those of the page lie behind the dialog and cannot be reached. */}
      <Notices />
    </dialog>
  );
}
