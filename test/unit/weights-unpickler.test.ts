import { describe, expect, it } from "vitest";
import { EngineFault } from "../../workers/faults.ts";
import {
  PersistentId,
  PickleGlobal,
  PickleRecord,
  PickleTuple,
  type PickleValue,
} from "../../workers/weights/pickle-values.ts";
import { PickleCutOff, unpickle } from "../../workers/weights/unpickler.ts";
import { joined, latin1, numbers, seeded } from "./weights-sparse-file.ts";

const load = (pickle: string | Uint8Array<ArrayBuffer>) =>
  unpickle("m.pt", typeof pickle === "string" ? latin1(pickle) : pickle).value;
const tuple = (...items: PickleValue[]) => new PickleTuple(items);

function record(className: string, args: PickleValue[], more: Partial<PickleRecord> = {}): PickleRecord {
  return Object.assign(
    new PickleRecord(className, args),
    { state: undefined, entries: undefined, elements: undefined },
    more,
  );
}

describe("unpickle", () => {
  // As CPython 3.11 writes them.
  it.each<[string, string, PickleValue]>([
    ["None, protocol 0", "N.", null],
    ["bools, protocol 0", "(I01\nI00\nl.", [true, false]],
    ["bools", "\x80\x02\x88\x89\x86.", tuple(true, false)],
    [
      "ints, protocol 0",
      "(I-5\nL123L\nL123456789012345678901234567890L\nl.",
      [-5, 123, 123456789012345678901234567890n],
    ],
    ["ints of one, two and four bytes", "\x80\x02K\xffM\xff\xffJ\xff\xff\xff\xff\x87.", tuple(255, 65535, -1)],
    [
      "long ints",
      "\x80\x02\x8a\x00\x8a\x01\xff\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01\x87.",
      tuple(0, -1, 2n ** 64n),
    ],
    ["an int with a long length", "\x80\x02\x8b\x02\x00\x00\x00\x00\x80.", -32768],
    ["a float, protocol 0", "F1.5\n.", 1.5],
    ["a float without end", "F-inf\n.", Number.NEGATIVE_INFINITY],
    ["a float", "\x80\x02G?\xf8\x00\x00\x00\x00\x00\x00.", 1.5],
    ["a text, protocol 0", "V\\u00e4\\u000a\xc3\xb6\np0\n.", "ä\nö"],
    ["a text of Python 2, protocol 0", "S'a\\'b\\x41\\n'\np0\n.", "a'bA\n"],
    ["a text of Python 2", "\x80\x02U\x03abcq\x00.", "abc"],
    ["bytes of Python 2", "\x80\x02T\x02\x00\x00\x00\xff\x00.", "\xff\x00"],
    ["a text", "\x80\x02X\x02\x00\x00\x00\xc3\xa4.", "ä"],
    ["a text with a byte order mark", "\x80\x02X\x03\x00\x00\x00\xef\xbb\xbf.", "\ufeff"],
    [
      "texts of protocol 4",
      "\x80\x04\x95\x0f\x00\x00\x00\x00\x00\x00\x00\x8c\x01a\x94\x8d\x01\x00\x00\x00\x00\x00\x00\x00b\x86.",
      tuple("a", "b"),
    ],
    ["bytes", "\x80\x03C\x02\x00\xff.", new Uint8Array([0, 255])],
    [
      "bytes, protocol 2",
      "\x80\x02c_codecs\nencode\nX\x03\x00\x00\x00\x00\xc3\xbfX\x06\x00\x00\x00latin1\x86R.",
      new Uint8Array([0, 255]),
    ],
    ["no bytes, protocol 2", "\x80\x02c__builtin__\nbytes\n)R.", new Uint8Array()],
    ["a bytearray", "\x80\x05\x96\x02\x00\x00\x00\x00\x00\x00\x00ab.", latin1("ab")],
    ["lists", "\x80\x02](K\x01K\x02e.", [1, 2]],
    ["a dict, protocol 0", "(dVa\nI1\ns.", new Map([["a", 1]])],
    ["a dict from the stack", "(Va\nI1\nd.", new Map([["a", 1]])],
    [
      "dicts",
      "\x80\x02}(K\x01K\x02X\x01\x00\x00\x00aNu.",
      new Map<PickleValue, PickleValue>([
        [1, 2],
        ["a", null],
      ]),
    ],
    ["a set", "\x80\x04\x8f(K\x01K\x02\x90.", new Set([1, 2])],
    ["a set, protocol 2", "\x80\x02c__builtin__\nset\n](K\x01K\x02e\x85R.", new Set([1, 2])],
    ["a frozenset", "\x80\x04(K\x01\x91.", new Set([1])],
    ["one object twice", "\x80\x02]q\x00h\x00\x86.", tuple([], [])],
    ["values that are taken back", "\x80\x02K\x01K\x020(K\x03K\x041(0.", 1],
    [
      "an OrderedDict with attributes",
      "\x80\x02ccollections\nOrderedDict\n)RX\x01\x00\x00\x00aK\x01s}X\x01\x00\x00\x00bK\x02sb.",
      new Map([["a", 1]]),
    ],
    [
      "an OrderedDict of pairs",
      "\x80\x02ccollections\nOrderedDict\n]]X\x01\x00\x00\x00aaK\x01aa\x85R.",
      new Map([["a", 1]]),
    ],
    ["a defaultdict", "\x80\x02ccollections\ndefaultdict\nc__builtin__\nlist\n\x85RK\x01K\x02s.", new Map([[1, 2]])],
    ["torch.Size", "\x80\x02ctorch\nSize\nK\x02K\x03\x86\x85R.", tuple(2, 3)],
    ["a dtype", "\x80\x02ctorch\nfloat16\n.", new PickleGlobal("torch.float16", false)],
    ["a storage", "\x80\x02X\x01\x00\x00\x00kQ.", new PersistentId("k")],
    ["a storage, protocol 0", "Pk\n.", new PersistentId("k")],
    [
      "an object, protocol 2",
      "\x80\x02cargparse\nNamespace\n)\x81}X\x01\x00\x00\x00aK\x01sb.",
      record("argparse.Namespace", [], { state: new Map([["a", 1]]) }),
    ],
    [
      "an object, protocol 0",
      "ccopy_reg\n_reconstructor\n(cm\nThing\nc__builtin__\nobject\nNtR.",
      record("m.Thing", [new PickleGlobal("builtins.object", true), null]),
    ],
    ["an object by protocol 0's INST", "(I1\nim\nThing\n.", record("m.Thing", [1])],
    ["an object by protocol 1's OBJ", "(cm\nThing\nI1\no.", record("m.Thing", [1])],
    [
      "an object with named arguments",
      "\x80\x04\x8c\x01m\x8c\x05Thing\x93)}\x8c\x01aK\x01s\x92.",
      record("m.Thing", [new Map([["a", 1]])]),
    ],
    [
      "a dict by inheritance",
      "\x80\x02cm\nConfig\n)\x81K\x01K\x02s.",
      record("m.Config", [], { entries: new Map([[1, 2]]) }),
    ],
    ["a list by inheritance", "\x80\x02cm\nItems\n)\x81(K\x01K\x02e.", record("m.Items", [], { elements: [1, 2] })],
    ["an enum's member", "\x80\x02cm\nKind\nX\x01\x00\x00\x00a\x85R.", record("m.Kind", ["a"])],
    ["torch.device", "\x80\x02ctorch\ndevice\nX\x03\x00\x00\x00cpu\x85R.", record("torch.device", ["cpu"])],
    [
      "a NumPy number",
      "\x80\x02cnumpy.core.multiarray\nscalar\nN\x85R.",
      record("numpy.core.multiarray.scalar", [null]),
    ],
  ])("reads %s", (_, pickle, value) => {
    expect(load(pickle)).toEqual(value);
  });

  it("keeps an object that holds itself", () => {
    const list = load("\x80\x02]q\x00h\x00a.") as PickleValue[];
    expect(list[0]).toBe(list);
  });

  it("says where the pickle ends and what lies outside of it", () => {
    const { length, persistent } = unpickle("m.pt", latin1("\x80\x02X\x01\x00\x00\x00kQ.more"));
    expect(length).toBe(10);
    expect(persistent).toEqual([new PersistentId("k")]);
  });

  it("says how many bytes it needs when there are too few", () => {
    const cut = (pickle: string) => {
      try {
        load(pickle);
      } catch (error) {
        return error instanceof PickleCutOff ? error.needed : error;
      }
    };
    expect(cut("")).toBe(1);
    expect(cut("\x80\x02X\xe8\x03\x00\x00abc")).toBe(1007);
    expect(cut("\x80\x04\x95\xe8\x03\x00\x00\x00\x00\x00\x00]")).toBe(1011);
    expect(cut("cos")).toBe(4);
  });

  const arg = "X\x01\x00\x00\x00x\x85R.";
  it.each([
    "os.system",
    "posix.system",
    "nt.system",
    "subprocess.Popen",
    "sys.exit",
    "shutil.rmtree",
    "socket.socket",
    "importlib.import_module",
    "runpy.run_path",
    "pickle.loads",
    "_pickle.loads",
    "marshal.loads",
    "ctypes.CDLL",
    "webbrowser.open",
    "pty.spawn",
    "code.interact",
    "operator.attrgetter",
    "builtins.eval",
    "builtins.exec",
    "builtins.compile",
    "builtins.open",
    "builtins.__import__",
    "builtins.getattr",
    "torch.load",
    "torch.hub.load",
    "torch.storage._load_from_bytes",
    "functools.reduce",
    "types.FunctionType",
    "pip.main",
    "timeit.timeit",
    "helpers.any_function",
    "torch.nn.init.normal_",
    "builtins.print",
  ])("refuses %s by its name", (name) => {
    const at = name.lastIndexOf(".");
    const [module, inside] = [name.slice(0, at), name.slice(at + 1)];
    for (const pickle of [
      `\x80\x02c${module}\n${inside}\n${arg}`,
      `c${module.replace("builtins", "__builtin__")}\n${inside}\n${arg}`,
      `(Vx\ni${module}\n${inside}\n.`,
      `(c${module}\n${inside}\nVx\no.`,
      `V${module}\nV${inside}\n\x93${arg}`,
    ]) {
      expect(() => load(pickle)).toThrow(`m.pt: opening it in Python would run ${name}. Nothing was run`);
    }
  });

  it.each([
    "fairseq.utils:os.system",
    "m:Thing.__init__.__globals__",
    "torch:hub.load",
    "collections:abc.sys.modules",
    "builtins:eval.__call__",
  ])("refuses %s, which dots lead to", (path) => {
    const [module, inside] = path.split(":");
    expect(() => load(`V${module}\nV${inside}\n\x93${arg}`)).toThrow(`would run ${module}.${inside}`);
  });

  it("refuses code that is only named", () => {
    expect(() => load("\x80\x02cm\nThing\n)\x81}X\x0c\x00\x00\x00__setstate__cos\nsystem\nsb.")).toThrow(
      "run os.system",
    );
  });

  it.each<[string, string | Uint8Array<ArrayBuffer>, RegExp]>([
    ["no pickle", "hello", /unknown instruction|broken/],
    ["protocol 6", "\x80\x06N.", /protocol newer than 5/],
    ["a class by number", "\x80\x02\x82\x01.", /EXT/],
    ["buffers outside", "\x80\x05\x97.", /buffers outside/],
    ["an end without value", "\x80\x02.", /without its objects/],
    ["an end in the middle", "\x80\x02NN.", /middle of an object/],
    ["an end with an open mark", "\x80\x02N(.", /without its objects|middle/],
    ["a pop too many", "0.", /without/],
    ["a mark too few", "e.", /mark/],
    ["arguments that are no tuple", "\x80\x02cm\nThing\nNR.", /no tuple/],
    ["a call of a number", "\x80\x02K\x01)R.", /no class/],
    ["a call of a call's result", "\x80\x02cfunctools\npartial\ncm\nf\n\x85R)R.", /the result of functools.partial/],
    ["an object of a text's class", "\x80\x02X\x01\x00\x00\x00a)\x81.", /no class/],
    ["attributes of a number", "\x80\x02K\x01}b.", /attributes/],
    ["items of a number", "\x80\x02K\x01K\x02a.", /holds none/],
    ["an odd number of items", "\x80\x02}(K\x01u.", /no dict/],
    ["pairs of three", "\x80\x02ccollections\nOrderedDict\n]K\x01K\x02K\x03\x87a\x85R.", /pairs/],
    ["a pair that is a number", "\x80\x02ccollections\nOrderedDict\n]K\x01a\x85R.", /no items/],
    ["an object that is not there yet", "\x80\x02h\x05.", /before it is there/],
    ["a memo below zero", "Np-1\n.", /impossible number/],
    ["a text that is not UTF-8", "\x80\x02X\x01\x00\x00\x00\xff.", /not UTF-8/],
    ["a number that is none", "I1e5\n.", /a number that is none: 1e5/],
    ["a float that is none", "Fconstructor\n.", /a number that is none: constructor/],
    ["a number of a megabyte", joined("L", "9".repeat(1e6), "\n."), /digits/],
    ["a long of 2 GiB", "\x80\x02\x8b\xff\xff\xff\x7f", /a number of 2147483647 bytes/],
    ["a text of an exabyte", joined("\x80\x04\x8d", numbers([2 ** 60, 8]), "a"), /an object of \d+ bytes/],
    ["a class with an endless name", joined("V", "m".repeat(5000), "\nVThing\n\x93."), /endless name/],
    ["marks without end", "(".repeat(1e6), /too deeply/],
    ["millions of objects", joined("]", "}".repeat(2e6)), /more objects/],
    [
      "a long tuple copied again and again",
      joined("(", "N".repeat(1e5), "tp0\n0]", "c__builtin__\nlist\ng0\n\x85Ra".repeat(500), "."),
      /more objects/,
    ],
    [
      "a long text encoded again and again",
      joined("V", "a".repeat(1e6), "\np0\n0]", "c_codecs\nencode\n(g0\nVlatin1\ntRa".repeat(500), "."),
      /more objects/,
    ],
  ])("refuses %s", { timeout: 60_000 }, (_, pickle, message) => {
    expect(() => load(pickle)).toThrow(message);
    expect(() => load(pickle)).toThrow(EngineFault);
  });

  it("reads lists within lists without end", () => {
    let value = load(joined("]".repeat(1e5), "a".repeat(1e5 - 1), "."));
    let depth = 0;
    for (; Array.isArray(value); value = value[0] as PickleValue) depth++;
    expect(depth).toBe(1e5);
  });

  it("meets bytes by chance with its own error or a value", { timeout: 60_000 }, () => {
    const random = seeded(2);
    const instructions =
      "\x80\x02(.0123FIJKLMNQRSTUVX]acdeghijloprstuqb}\x81\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\n";
    for (let i = 0; i < 20_000; i++) {
      const bytes = Uint8Array.from({ length: 40 }, () =>
        random() < 0.7
          ? instructions.charCodeAt(Math.floor(random() * instructions.length))
          : Math.floor(random() * 256),
      );
      try {
        unpickle("m.pt", bytes);
      } catch (error) {
        if (!(error instanceof EngineFault)) throw error;
      }
    }
  });
});
