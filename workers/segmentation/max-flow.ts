/**
 * Minimum cut of a grid graph by Boykov and Kolmogorov's augmenting paths (PAMI 2004, "An Experimental Comparison of
 * Min-Cut/Max-Flow Algorithms for Energy Minimization in Vision"): two search trees that are kept from one path to the next.
 */

/** The eight neighbours; the reverse of direction d is 7 - d. */
export const NEIGHBOURS = [
  [-1, -1],
  [0, -1],
  [1, -1],
  [-1, 0],
  [1, 0],
  [-1, 1],
  [0, 1],
  [1, 1],
] as const;

const FREE = 0;
const SOURCE = 1;
const SINK = 2;

/** Values of `parent` that are no direction. */
const TERMINAL = 8;
const ORPHAN = 9;
const NONE = 10;

/**
 * Splits a grid into the part of the source and that of the sink at the least cost.
 * @param capacity [height, width, 8] in the order of NEIGHBOURS, symmetric; 0 across the border. Used up.
 * @param terminal [height, width]: capacity from the source where positive, to the sink where negative. Used up.
 * @returns [height, width], 1 on the source's side
 */
export function minCut(width: number, height: number, capacity: Float32Array, terminal: Float32Array): Uint8Array {
  const count = width * height;
  const tree = new Uint8Array(count);
  const parent = new Uint8Array(count).fill(NONE);
  /** When, and how far from its terminal, a node was last known to hang on one. */
  const stamp = new Int32Array(count);
  const distance = new Int32Array(count);
  const step = Int32Array.from(NEIGHBOURS, ([x, y]) => y * width + x);
  const offset = (d: number) => step[d] as number;
  const active = new NodeQueue(count);
  const orphans: number[] = [];
  let clock = 0;

  for (let node = 0; node < count; node++) {
    const t = terminal[node] as number;
    if (t === 0) continue;
    tree[node] = t > 0 ? SOURCE : SINK;
    parent[node] = TERMINAL;
    distance[node] = 1;
    active.push(node);
  }

  /** Whether the tree of `from` can grow over its arc d. */
  const residual = (from: number, d: number, kind: number): number =>
    (kind === SOURCE ? capacity[8 * from + d] : capacity[8 * (from + offset(d)) + 7 - d]) as number;
  // Arcs across the border need no check of their own: they and those of the pixel that they wrap around to hold 0 (or lie outside of
  // the array: undefined), and nothing greater than 0 is asked for.

  const makeOrphan = (node: number) => {
    parent[node] = ORPHAN;
    orphans.push(node);
  };

  /** Pushes flow along the path source .. from -> (d) -> to .. sink. */
  const augment = (from: number, d: number) => {
    const to = from + offset(d);
    let flow = capacity[8 * from + d] as number;
    let node = from;
    for (; parent[node] !== TERMINAL; node += offset(parent[node] as number)) {
      const up = parent[node] as number;
      flow = Math.min(flow, capacity[8 * (node + offset(up)) + 7 - up] as number);
    }
    flow = Math.min(flow, terminal[node] as number);
    for (node = to; parent[node] !== TERMINAL; node += offset(parent[node] as number)) {
      flow = Math.min(flow, capacity[8 * node + (parent[node] as number)] as number);
    }
    flow = Math.min(flow, -(terminal[node] as number));

    const move = (a: number, dir: number): boolean => {
      const forth = 8 * a + dir;
      const back = 8 * (a + offset(dir)) + 7 - dir;
      capacity[forth] = (capacity[forth] as number) - flow;
      capacity[back] = (capacity[back] as number) + flow;
      return (capacity[forth] as number) <= 0;
    };
    move(from, d);
    for (node = from; parent[node] !== TERMINAL; ) {
      const up = parent[node] as number;
      const next = node + offset(up);
      if (move(next, 7 - up)) makeOrphan(node);
      node = next;
    }
    terminal[node] = (terminal[node] as number) - flow;
    if ((terminal[node] as number) <= 0) makeOrphan(node);
    for (node = to; parent[node] !== TERMINAL; ) {
      const up = parent[node] as number;
      const next = node + offset(up);
      if (move(node, up)) makeOrphan(node);
      node = next;
    }
    terminal[node] = (terminal[node] as number) + flow;
    if ((terminal[node] as number) >= 0) makeOrphan(node);
  };

  /** Steps from a node to its terminal, or Infinity where its branch was cut off. */
  const depth = (start: number): number => {
    let length = 0;
    let node = start;
    for (;;) {
      if (stamp[node] === clock) {
        length += distance[node] as number;
        break;
      }
      const up = parent[node] as number;
      length++;
      if (up === TERMINAL) {
        stamp[node] = clock;
        distance[node] = 1;
        break;
      }
      if (up >= ORPHAN) return Number.POSITIVE_INFINITY;
      node += offset(up);
    }
    // The whole way is known now.
    let left = length;
    for (node = start; stamp[node] !== clock; node += offset(parent[node] as number)) {
      stamp[node] = clock;
      distance[node] = left--;
    }
    return length;
  };

  /** Finds a new parent in its own tree, or sets it free. */
  const adopt = (node: number) => {
    const kind = tree[node] as number;
    let best = NONE;
    let shortest = Number.POSITIVE_INFINITY;
    for (let d = 0; d < 8; d++) {
      const other = node + offset(d);
      if (tree[other] !== kind || (parent[other] as number) >= ORPHAN) continue;
      if (!(residual(other, 7 - d, kind) > 0)) continue;
      const length = depth(other);
      if (length < shortest) {
        shortest = length;
        best = d;
      }
    }
    parent[node] = best;
    if (best !== NONE) {
      stamp[node] = clock;
      distance[node] = shortest + 1;
      return;
    }
    for (let d = 0; d < 8; d++) {
      const other = node + offset(d);
      if (tree[other] !== kind) continue;
      if (residual(other, 7 - d, kind) > 0) active.push(other);
      const up = parent[other] as number;
      if (up < TERMINAL && other + offset(up) === node) makeOrphan(other);
    }
    tree[node] = FREE;
  };

  for (;;) {
    const node = active.peek();
    if (node < 0) break;
    const kind = tree[node] as number;
    let met = -1;
    if (kind !== FREE && parent[node] !== NONE) {
      for (let d = 0; d < 8; d++) {
        if (!(residual(node, d, kind) > 0)) continue;
        const other = node + offset(d);
        if (tree[other] === FREE) {
          tree[other] = kind;
          parent[other] = 7 - d;
          stamp[other] = stamp[node] as number;
          distance[other] = (distance[node] as number) + 1;
          active.push(other);
        } else if (tree[other] !== kind) {
          met = d;
          break;
        } else if (
          (stamp[other] as number) <= (stamp[node] as number) &&
          (distance[other] as number) > (distance[node] as number)
        ) {
          // A shorter way to the terminal.
          parent[other] = 7 - d;
          stamp[other] = stamp[node] as number;
          distance[other] = (distance[node] as number) + 1;
        }
      }
    }
    if (met < 0) {
      active.shift();
      continue;
    }
    clock++;
    if (kind === SOURCE) augment(node, met);
    else augment(node + offset(met), 7 - met);
    // The node stays at the head of the queue: its other arcs are looked at next.
    for (let orphan = orphans.pop(); orphan !== undefined; orphan = orphans.pop()) adopt(orphan);
  }

  const side = new Uint8Array(count);
  for (let node = 0; node < count; node++) side[node] = tree[node] === SOURCE ? 1 : 0;
  return side;
}

/** First in, first out; each node at most once. */
class NodeQueue {
  private readonly next: Int32Array;
  private head = -1;
  private tail = -1;

  constructor(count: number) {
    // -1: not queued; a node that points to itself is the last.
    this.next = new Int32Array(count).fill(-1);
  }

  push(node: number): void {
    if (this.next[node] !== -1) return;
    this.next[node] = node;
    if (this.head < 0) this.head = node;
    else this.next[this.tail] = node;
    this.tail = node;
  }

  peek(): number {
    return this.head;
  }

  shift(): void {
    const node = this.head;
    const following = this.next[node] as number;
    this.next[node] = -1;
    if (following === node) this.head = this.tail = -1;
    else this.head = following;
  }
}
