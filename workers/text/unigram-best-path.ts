/** SentencePiece's choice among the segmentations in transformers.js's Unigram lattice. */
import type { Unigram } from "@huggingface/tokenizers";

type Lattice = Parameters<Unigram["populate_nodes"]>[0];
type Node = ReturnType<Lattice["viterbi"]>[number];

/**
 * Makes `unigram` choose paths as SentencePiece does (src/unigram_model.cc, EncodeOptimized, 0.1.97 to 0.2.1). It keeps the sum
 * of each best path in float32 and compares the next one to it in double, which decides between segmentations of equal score
 * ("‴" as ′ + ′′ or ′′ + ′); transformers.js sums in double throughout.
 */
export function chooseAsSentencePiece(unigram: Unigram, unknownId: number): void {
  const populate = unigram.populate_nodes.bind(unigram);
  unigram.populate_nodes = (lattice) => {
    populate(lattice);
    lattice.viterbi = () => bestPath(lattice, unknownId);
  };
}

function bestPath(lattice: Lattice, unknownId: number): Node[] {
  const scores = new Float32Array(lattice.len + 1);
  const last = new Array<Node | undefined>(lattice.len + 1);
  for (let start = 0; start < lattice.len; start++) {
    const before = scores[start] as number;
    for (const node of lattice.begin_nodes[start] ?? []) {
      const end = start + node.length;
      // The score of an unknown character is a float32 sum there, that of a piece a double.
      const score = node.token_id === unknownId ? Math.fround(Math.fround(node.score) + before) : node.score + before;
      if (last[end] && score <= (scores[end] as number)) continue;
      scores[end] = score;
      last[end] = node;
    }
  }
  const path: Node[] = [];
  for (let node = last[lattice.len]; node; node = last[node.pos]) path.push(node);
  return path.reverse();
}
