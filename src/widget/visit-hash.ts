/** The fragment by which the app knows that a widget has opened it. */
export const VISIT_HASH = "#widget";
