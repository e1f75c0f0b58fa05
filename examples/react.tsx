/** The element in React 19. Its script comes from the package; the frame from where the built app is served. */
import type { EmbedError, KosmosGElement, WidgetResult } from "kosmos-g-web/embed";
import { useEffect, useRef, useState } from "react";

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "kosmos-g": DetailedHTMLProps<HTMLAttributes<KosmosGElement>, KosmosGElement> & {
        src?: string;
        prompt?: string;
        seed?: number;
        theme?: "system" | "light" | "dark";
        readonly?: boolean;
        autosize?: boolean;
      };
    }
  }
}

export function FoxOfTheDay({ widget, photo }: { widget: string; photo?: File }) {
  const element = useRef<KosmosGElement>(null);
  const [result, setResult] = useState<WidgetResult>();
  const [trouble, setTrouble] = useState("");

  useEffect(() => {
    // In the browser alone: it defines the element.
    void import("kosmos-g-web/embed");
    const take = (event: CustomEvent<WidgetResult>) => setResult(event.detail);
    const current = element.current;
    current?.addEventListener("kosmosg-result", take);
    return () => current?.removeEventListener("kosmosg-result", take);
  }, []);

  const draw = async () => {
    try {
      if (photo) {
        const id = await element.current?.addEntity(photo, "my fox");
        if (id)
          await element.current?.setPrompt([
            { kind: "entity", id },
            { kind: "text", text: " on the beach" },
          ]);
      }
      await element.current?.generate({ steps: 20 });
    } catch (error) {
      setTrouble((error as EmbedError).message);
    }
  };

  return (
    <>
      <kosmos-g ref={element} src={widget} prompt="‹fox› on the beach" autosize />
      <button type="button" onClick={draw}>
        Draw
      </button>
      <p role="status">{trouble || result?.caption}</p>
    </>
  );
}
