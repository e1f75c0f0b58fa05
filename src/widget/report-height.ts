/** Less is a rounding of the browser's, and would go back and forth. CSS pixels. */
const NOTICEABLE = 1;

/** Tells the height of an element whenever it has changed, once a frame at most. @returns stops it */
export function reportHeight(element: Element, tell: (height: number) => void): () => void {
  let told = 0;
  let frame = 0;
  const observer = new ResizeObserver(() => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => {
      const height = Math.ceil(element.getBoundingClientRect().height);
      if (Math.abs(height - told) <= NOTICEABLE) return;
      told = height;
      tell(height);
    });
  });
  observer.observe(element);
  return () => {
    cancelAnimationFrame(frame);
    observer.disconnect();
  };
}
