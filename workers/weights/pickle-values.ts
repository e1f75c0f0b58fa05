/** What an unpickler makes: plain containers, and inert records for all that Python would have made by calling something. */

export type PickleValue =
  | null
  | boolean
  /** int or float: Python's two kinds are one here, as far as a double holds the int. */
  | number
  /** An int beyond the safe integers. */
  | bigint
  | string
  | Uint8Array<ArrayBuffer>
  | PickleValue[]
  | PickleTuple
  | Map<PickleValue, PickleValue>
  | Set<PickleValue>
  | PickleGlobal
  | PickleRecord
  | PersistentId;

export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** A class or function by its full name (`torch.FloatStorage`); never looked up. */
export class PickleGlobal {
  constructor(
    readonly name: string,
    readonly callable: boolean,
  ) {}
}

/** An object of a class that is not known here, or the call of a maker such as `torch._utils._rebuild_tensor_v2`. */
export class PickleRecord {
  /** What the pickle would have set as the object's state (mostly its attributes); undefined: nothing. */
  state: PickleValue | undefined;
  /** Items of an object that is a dict by inheritance. */
  entries: Map<PickleValue, PickleValue> | undefined;
  /** Items of an object that is a list or set by inheritance. */
  elements: PickleValue[] | undefined;

  constructor(
    readonly className: string,
    readonly args: readonly PickleValue[],
  ) {}
}

/** Something that lies outside the pickle; torch names its storages so. */
export class PersistentId {
  constructor(readonly id: PickleValue) {}
}
