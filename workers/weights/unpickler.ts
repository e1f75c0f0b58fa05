/**
 * A reader of Python pickles, protocols 0 to 5 (the machine: CPython's Lib/pickletools.py), that makes data only: plain containers, and
 * inert records where Python would call something. Nothing is called, imported or looked up; names of code are refused.
 */

import { EngineFault } from "../faults.ts";
import { type Said, say } from "../messages.ts";
import { describeGlobal } from "./pickle-globals.ts";
import { PersistentId, PickleGlobal, PickleRecord, PickleTuple, type PickleValue } from "./pickle-values.ts";
import { printable } from "./printable.ts";

/** The bytes end before the pickle does. */
export class PickleCutOff extends EngineFault {
  constructor(
    file: string,
    /** At least so many bytes are needed, counted from the start of the pickle. */
    readonly needed: number,
  ) {
    super("bad-bundle", say("{file}: its pickle is cut off; fetch the file again", { file }));
  }
}

export interface Unpickled {
  value: PickleValue;
  /** Bytes that the pickle took: another one may follow. */
  length: number;
  /** Everything that it says to lie outside, in the order of the pickle. */
  persistent: PersistentId[];
}

/** A checkpoint of 10,000 tensors takes about 2 MB. */
export const MAX_PICKLE_BYTES = 256 * 2 ** 20;

/** Bounds memory and time: a pickle of one-byte instructions makes objects far larger than itself. */
const MAX_WORK = 8_000_000;
/** What an object with a hash table or with fields costs of that. */
const OBJECT_WORK = 8;
/** CPython's own limit of recursion stops its pickler before. */
const MAX_MARKS = 2000;
/** Letters in the full name of a class. */
const MAX_NAME = 1000;
/** No int in a checkpoint is longer; torch's magic number has 10 bytes. */
const MAX_INT_BYTES = 256;

/**
 * Reads one pickle.
 * @param file name that errors carry
 * @param bytes begin with the pickle; may be more, or less if the rest is not read yet
 * @throws PickleCutOff when the bytes end before
 * @throws EngineFault `bad-bundle`: no pickle, too large, or it would run code in Python; the message names that
 */
export function unpickle(file: string, bytes: Uint8Array<ArrayBuffer>): Unpickled {
  return new Unpickler(file, bytes).run();
}

class Unpickler {
  private at = 0;
  private work = 0;
  private readonly view: DataView;
  private readonly stack: PickleValue[] = [];
  /** Heights of the stack at the open marks. */
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, PickleValue>();
  private readonly persistent: PersistentId[] = [];

  constructor(
    private readonly file: string,
    private readonly bytes: Uint8Array<ArrayBuffer>,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): Unpickled {
    for (;;) {
      const op = this.u8();
      if (op === STOP) break;
      this.spend(1);
      const value = this.step(op);
      if (value !== undefined) this.stack.push(value);
    }
    const value = this.pop();
    if (this.stack.length > 0 || this.marks.length > 0) this.fail(say("it ends in the middle of an object"));
    return { value, length: this.at, persistent: this.persistent };
  }

  /** One instruction; a value is for the stack. */
  private step(op: number): PickleValue | undefined {
    switch (op) {
      case 0x80: // PROTO
        if (this.u8() > 5) this.fail(say("a protocol newer than 5"));
        return;
      case 0x95: // FRAME
        this.need(this.size8());
        return;

      case 0x4e: // NONE
        return null;
      case 0x88: // NEWTRUE
        return true;
      case 0x89: // NEWFALSE
        return false;

      case 0x4a: // BININT
        return this.view.getInt32(this.take(4), true);
      case 0x4b: // BININT1
        return this.u8();
      case 0x4d: // BININT2
        return this.u16();
      case 0x8a: // LONG1
        return this.int(this.u8());
      case 0x8b: // LONG4
        return this.int(this.u32());
      case 0x49: {
        // INT: also protocol 0's and 1's bools
        const text = this.line();
        return text === "00" ? false : text === "01" ? true : this.decimal(text);
      }
      case 0x4c: // LONG
        return this.decimal(this.line().replace(/L$/, ""));
      case 0x47: // BINFLOAT
        return this.view.getFloat64(this.take(8), false);
      case 0x46: // FLOAT
        return this.float(this.line());

      case 0x58: // BINUNICODE
        return this.utf8(this.u32());
      case 0x8c: // SHORT_BINUNICODE
        return this.utf8(this.u8());
      case 0x8d: // BINUNICODE8
        return this.utf8(this.size8());
      case 0x56: // UNICODE
        return decodeEscapes(this.line(), /\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g);
      case 0x55: // SHORT_BINSTRING
        return this.python2String(this.u8());
      case 0x54: // BINSTRING
        return this.python2String(this.u32());
      case 0x53: // STRING
        return this.quoted(this.line());
      case 0x43: // SHORT_BINBYTES
        return this.copy(this.u8());
      case 0x42: // BINBYTES
        return this.copy(this.u32());
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return this.copy(this.size8());

      case 0x5d: // EMPTY_LIST
        return [];
      case 0x29: // EMPTY_TUPLE
        return EMPTY;
      case 0x7d: // EMPTY_DICT
        return this.object(new Map());
      case 0x8f: // EMPTY_SET
        return this.object(new Set());
      case 0x28: // MARK
        if (this.marks.push(this.stack.length) > MAX_MARKS) this.fail(say("objects are nested too deeply"));
        return;
      case 0x6c: // LIST
        return this.popMark();
      case 0x74: // TUPLE
        return new PickleTuple(this.popMark());
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return new PickleTuple(this.popMany(op - 0x84));
      case 0x64: // DICT
        return this.fill(this.object(new Map()), this.popMark());
      case 0x91: // FROZENSET
        return this.object(new Set(this.popMark()));
      case 0x61: // APPEND
        return this.extend(this.popMany(1));
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        return this.extend(this.popMark());
      case 0x73: {
        // SETITEM
        const items = this.popMany(2);
        this.fill(this.top(), items);
        return;
      }
      case 0x75: {
        // SETITEMS
        const items = this.popMark();
        this.fill(this.top(), items);
        return;
      }

      case 0x30: // POP
        // As CPython: with nothing above the last mark it takes the mark.
        if (this.marks.at(-1) === this.stack.length) this.marks.pop();
        else this.pop();
        return;
      case 0x31: // POP_MARK
        this.popMark();
        return;
      case 0x32: // DUP
        return this.top();

      case 0x71: // BINPUT
        return this.remember(this.u8());
      case 0x72: // LONG_BINPUT
        return this.remember(this.u32());
      case 0x70: // PUT
        return this.remember(this.decimal(this.line()));
      case 0x94: // MEMOIZE
        return this.remember(this.memo.size);
      case 0x68: // BINGET
        return this.recall(this.u8());
      case 0x6a: // LONG_BINGET
        return this.recall(this.u32());
      case 0x67: // GET
        return this.recall(this.decimal(this.line()));

      case 0x63: // GLOBAL
        return this.global(this.line(), this.line());
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.popMany(2);
        if (typeof module !== "string" || typeof name !== "string")
          return this.fail(say("a class whose name is no text"));
        return this.global(module, name);
      }
      case 0x52: {
        // REDUCE
        const [callee, args] = this.popMany(2) as [PickleValue, PickleValue];
        return this.call(callee, this.tuple(args));
      }
      case 0x69: {
        // INST
        const [module, name] = [this.line(), this.line()];
        const args = this.popMark();
        return this.call(this.global(module, name), args);
      }
      case 0x6f: {
        // OBJ
        const [callee = null, ...args] = this.popMark();
        return this.call(callee, args);
      }
      case 0x81: {
        // NEWOBJ
        const [type, args] = this.popMany(2) as [PickleValue, PickleValue];
        return this.instance(type, this.tuple(args));
      }
      case 0x92: {
        // NEWOBJ_EX: the named arguments come last, as one dict
        const [type, args, named] = this.popMany(3) as [PickleValue, PickleValue, PickleValue];
        if (!(named instanceof Map)) return this.fail(say("arguments that are no dict"));
        return this.instance(type, named.size > 0 ? [...this.tuple(args), named] : this.tuple(args));
      }
      case 0x62: {
        // BUILD
        const [state] = this.popMany(1) as [PickleValue];
        const target = this.top();
        if (target instanceof PickleRecord) target.state = state;
        // An OrderedDict may have attributes; a state dict's `_metadata` is one. They say nothing about its items.
        else if (!(target instanceof Map)) this.fail(say("attributes for something that has none"));
        return;
      }

      case 0x50: // PERSID
        return this.outside(this.line());
      case 0x51: // BINPERSID
        return this.outside(this.pop());

      case 0x82: // EXT1
      case 0x83: // EXT2
      case 0x84: // EXT4
        return this.fail(say("classes by number (EXT), which only the program that wrote it can name"));
      case 0x97: // NEXT_BUFFER
      case 0x98: // READONLY_BUFFER
        return this.fail(say("buffers outside the pickle"));
      default:
        return this.fail(say("unknown instruction 0x{code}", { code: op.toString(16).padStart(2, "0") }));
    }
  }

  /** What a call would have made, without calling. */
  private call(callee: PickleValue, args: readonly PickleValue[]): PickleValue {
    if (callee instanceof PickleRecord) return this.refuse(`the result of ${callee.className}`);
    if (!(callee instanceof PickleGlobal)) return this.fail(say("a call of something that is no class"));
    if (!callee.callable) return this.refuse(callee.name);
    const [first] = args;
    const few = args.length < 2;
    switch (callee.name) {
      case "collections.OrderedDict":
      case "builtins.dict":
        if (few) return this.dict(first);
        break;
      case "collections.defaultdict":
        // The first is what makes missing items.
        if (args.length < 3) return this.dict(args[1]);
        break;
      case "builtins.list":
        if (few) return [...this.items(first)];
        break;
      case "builtins.tuple":
      case "torch.Size":
        if (few) return new PickleTuple([...this.items(first)]);
        break;
      case "builtins.set":
      case "builtins.frozenset":
        if (few) return this.object(new Set(this.items(first)));
        break;
      case "_codecs.encode":
        // How protocol 2 writes bytes.
        if (typeof first === "string" && args[1] === "latin1") return this.latin1(first);
        break;
      case "builtins.bytes":
      case "builtins.bytearray":
        if (args.length === 0) return new Uint8Array();
        if (few && first instanceof Uint8Array) return first;
        if (typeof first === "string" && args[1] === "latin-1") return this.latin1(first);
        break;
      case "copyreg._reconstructor":
      case "copyreg.__newobj__":
        return this.instance(first ?? null, args.slice(1));
    }
    return this.object(new PickleRecord(callee.name, args));
  }

  private instance(type: PickleValue, args: readonly PickleValue[]): PickleRecord {
    if (!(type instanceof PickleGlobal)) return this.fail(say("an object of something that is no class"));
    this.spend(args.length);
    return this.object(new PickleRecord(type.name, args));
  }

  private global(module: string, qualified: string): PickleGlobal {
    if (module.length + qualified.length > MAX_NAME) this.fail(say("a class with an endless name"));
    const { name, kind } = describeGlobal(module, qualified);
    if (kind === "code") this.refuse(name);
    return this.object(new PickleGlobal(name, kind === "class"));
  }

  private dict(pairs: PickleValue | undefined): Map<PickleValue, PickleValue> {
    const map = this.object(new Map<PickleValue, PickleValue>());
    if (pairs instanceof Map) {
      this.spend(pairs.size);
      for (const [key, value] of pairs) map.set(key, value);
      return map;
    }
    for (const pair of this.items(pairs)) {
      const [key, value, ...more] = pair === null ? [] : this.items(pair);
      if (key === undefined || value === undefined || more.length > 0)
        this.fail(say("a dict of something else than pairs"));
      else map.set(key, value);
    }
    return map;
  }

  /** What a list, tuple or set holds; nothing: an empty one. */
  private items(value: PickleValue | undefined): readonly PickleValue[] {
    if (value === undefined) return [];
    const items =
      value instanceof PickleTuple
        ? value.items
        : Array.isArray(value)
          ? value
          : value instanceof Set
            ? [...value]
            : this.fail(say("a list of something that has no items"));
    this.spend(items.length);
    return items;
  }

  private tuple(value: PickleValue): readonly PickleValue[] {
    return value instanceof PickleTuple ? value.items : this.fail(say("arguments that are no tuple"));
  }

  private extend(items: readonly PickleValue[]): undefined {
    const target = this.top();
    if (target instanceof Set) for (const item of items) target.add(item);
    else if (Array.isArray(target)) for (const item of items) target.push(item);
    else if (target instanceof PickleRecord) {
      target.elements ??= [];
      for (const item of items) target.elements.push(item);
    } else this.fail(say("items for something that holds none"));
  }

  private fill(target: PickleValue, items: readonly PickleValue[]): PickleValue {
    if (target instanceof PickleRecord) target.entries ??= this.object(new Map());
    const map = target instanceof PickleRecord ? target.entries : target;
    if (!(map instanceof Map) || items.length % 2 !== 0) return this.fail(say("items for something that is no dict"));
    for (let i = 0; i < items.length; i += 2) map.set(items[i] as PickleValue, items[i + 1] as PickleValue);
    return target;
  }

  private outside(id: PickleValue): PersistentId {
    const persistent = this.object(new PersistentId(id));
    this.persistent.push(persistent);
    return persistent;
  }

  private pop(): PickleValue {
    return this.popMany(1)[0] as PickleValue;
  }

  /** The topmost values, the deepest first; never below the last mark. */
  private popMany(count: number): PickleValue[] {
    if (this.stack.length - count < (this.marks.at(-1) ?? 0)) this.fail(say("an instruction without its objects"));
    return this.stack.splice(this.stack.length - count);
  }

  private popMark(): PickleValue[] {
    return this.stack.splice(this.marks.pop() ?? this.fail(say("an instruction without its mark")));
  }

  private top(): PickleValue {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) this.fail(say("an instruction without its object"));
    return this.stack.at(-1) as PickleValue;
  }

  private remember(key: number | bigint): undefined {
    if (typeof key !== "number" || key < 0) return this.fail(say("a memo by an impossible number"));
    this.memo.set(key, this.top());
  }

  private recall(key: number | bigint): PickleValue {
    const value = typeof key === "number" ? this.memo.get(key) : undefined;
    return value === undefined ? this.fail(say("it uses an object before it is there")) : value;
  }

  /** Moves on by so many bytes. */
  private take(count: number): number {
    this.need(count);
    const begin = this.at;
    this.at += count;
    return begin;
  }

  private need(count: number): void {
    if (this.at + count > MAX_PICKLE_BYTES) this.fail(say("an object of {count} bytes", { count }));
    if (this.at + count > this.bytes.length) throw new PickleCutOff(this.file, this.at + count);
  }

  private u8(): number {
    return this.view.getUint8(this.take(1));
  }

  private u16(): number {
    return this.view.getUint16(this.take(2), true);
  }

  private u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  private size8(): number {
    return Number(this.view.getBigUint64(this.take(8), true));
  }

  /** A text up to the end of the line. */
  private line(): string {
    const end = this.bytes.indexOf(10, this.at);
    if (end < 0) this.need(this.bytes.length - this.at + 1);
    const text = this.utf8(end - this.at);
    this.at++;
    return text;
  }

  private utf8(length: number): string {
    const begin = this.take(length);
    try {
      return UTF8.decode(this.bytes.subarray(begin, begin + length));
    } catch {
      return this.fail(say("a text that is not UTF-8"));
    }
  }

  /** Python 2 did not tell text from bytes: text if it can be. */
  private python2String(length: number): string {
    const begin = this.take(length);
    const bytes = this.bytes.subarray(begin, begin + length);
    try {
      return UTF8.decode(bytes);
    } catch {
      let text = "";
      for (let i = 0; i < length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
      return text;
    }
  }

  private quoted(text: string): string {
    const inside = /^(["'])(.*)\1$/.exec(text)?.[2] ?? this.fail(say("a text without its quotes"));
    return decodeEscapes(inside, /\\x([0-9a-fA-F]{2})|\\([\\'"ntr])/g);
  }

  private copy(length: number): Uint8Array<ArrayBuffer> {
    const begin = this.take(length);
    return this.bytes.slice(begin, begin + length);
  }

  private latin1(text: string): Uint8Array<ArrayBuffer> {
    // A long text is easily named many times.
    this.spend(text.length >> 3);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 255) this.fail(say("bytes that are none"));
      bytes[i] = code;
    }
    return bytes;
  }

  /** Little-endian two's complement. */
  private int(length: number): number | bigint {
    if (length > MAX_INT_BYTES) this.fail(say("a number of {length} bytes", { length }));
    const begin = this.take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[begin + i] as number);
    return asNumber(BigInt.asIntN(8 * length, value));
  }

  private decimal(text: string): number | bigint {
    if (!/^[+-]?\d+$/.test(text)) this.fail(say("a number that is none: {text}", { text: printable(text) }));
    if (text.length > 2 * MAX_INT_BYTES) this.fail(say("a number of {length} digits", { length: text.length }));
    return asNumber(BigInt(text.replace("+", "")));
  }

  private float(text: string): number {
    if (text === "nan") return Number.NaN;
    if (text === "inf" || text === "-inf") return Number(text.replace("inf", "Infinity"));
    if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text))
      this.fail(say("a number that is none: {text}", { text: printable(text) }));
    return Number(text);
  }

  private object<T extends object>(value: T): T {
    this.spend(OBJECT_WORK);
    return value;
  }

  private spend(work: number): void {
    this.work += work;
    if (this.work > MAX_WORK) this.fail(say("it holds more objects than any checkpoint"));
  }

  private refuse(name: string): never {
    throw new EngineFault(
      "bad-bundle",
      say(
        "{file}: opening it in Python would run {name}. Nothing was run, and nothing of it was read: get the weights from someone you trust, as safetensors if there is one.",
        { file: this.file, name: printable(name) },
      ),
    );
  }

  private fail(problem: Said): never {
    throw new EngineFault(
      "bad-bundle",
      say("{file}: its pickle is broken at byte {at}: {problem}", { file: this.file, at: this.at, problem }),
    );
  }
}

const STOP = 0x2e;
const EMPTY = new PickleTuple([]);
// No byte order mark is skipped: it is part of the text.
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const asNumber = (value: bigint): number | bigint =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;

/** Python's escapes: the first two groups are a character's number in hex, the last is the letter of a short one. */
function decodeEscapes(text: string, escapes: RegExp): string {
  return text.replace(escapes, (_, hex: string | undefined, other: string) => {
    const code = hex ?? (other.length === 8 ? other : undefined);
    if (code === undefined) return { n: "\n", t: "\t", r: "\r" }[other] ?? other;
    const point = Number.parseInt(code, 16);
    return point > 0x10ffff ? "\ufffd" : String.fromCodePoint(point);
  });
}
