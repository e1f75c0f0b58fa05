import { useEffect, useState } from "react";
import { webgpuTrouble } from "../engine/index.ts";

/** Says at once, and why, when this browser cannot draw. */
export function DeviceNotice() {
  const [trouble, setTrouble] = useState<string | null>(null);
  useEffect(() => {
    void webgpuTrouble().then(setTrouble);
  }, []);
  return trouble ? (
    <p className="device-notice" role="alert">
      {trouble}
    </p>
  ) : null;
}
