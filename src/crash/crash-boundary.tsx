import { Component } from "react";
import { CrashPage } from "./crash-page.tsx";

interface Props {
  /** "page": all of it; "part": a view, around which the rest goes on. */
  of: "page" | "part";
  children: React.ReactNode;
}

/** Where the page's own code fails, or a part of it does not come: says so, instead of an empty page. */
export class CrashBoundary extends Component<Props, { error: unknown }> {
  override state = { error: undefined };

  static getDerivedStateFromError(error: unknown) {
    return { error: error ?? new Error("unknown") };
  }

  override render() {
    const { error } = this.state;
    return error === undefined ? this.props.children : <CrashPage of={this.props.of} error={error} />;
  }
}
