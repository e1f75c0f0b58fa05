/**
 * What a name in a pickle stands for. Nothing here is ever imported or called; but a file that would run code in Python is refused
 * with the code's name rather than read around it, since nothing else in it can be trusted either.
 */

/** `code`: runs code or opens the system; `class`: makes an object; `function`: anything else. */
export type GlobalKind = "code" | "class" | "function";

/** Modules (and all below them) whose every name runs code, loads it, or reaches the system. Python 2's names too. */
const CODE_MODULES: ReadonlySet<string> = new Set(
  `_aix_support _ctypes _operator _osx_support _pickle _posixsubprocess _socket _thread _winapi aiohttp asyncio bdb
  cPickle cProfile code codeop commands concurrent ctypes dill doctest ensurepip fileinput ftplib http
  httplib httpx idlelib imp importlib joblib lib2to3 linecache marshal mmap msvcrt multiprocessing nt ntpath
  operator os pdb pickle pip pipes pkg_resources pkgutil popen2 posix posixpath profile pty py_compile pydoc
  requests rlcompleter runpy setuptools shelve shutil signal smtplib socket socketserver SocketServer ssl
  subprocess sys sysconfig telnetlib tempfile threading timeit trace urllib urllib2 urllib3 webbrowser winreg
  xmlrpc zipimport`.split(/\s+/),
);

/** Single names, and what lies below them. */
const CODE_NAMES: ReadonlySet<string> = new Set(
  `_io.FileIO _io.open _io.open_code builtins.__build_class__ builtins.__import__ builtins.apply
  builtins.breakpoint builtins.compile builtins.delattr builtins.dir builtins.eval builtins.exec builtins.execfile
  builtins.exit builtins.file builtins.filter builtins.getattr builtins.globals builtins.help builtins.input
  builtins.locals builtins.map builtins.open builtins.quit builtins.raw_input builtins.reduce builtins.reload
  builtins.setattr builtins.vars cloudpickle.cloudpickle cloudpickle.load cloudpickle.loads codecs.open
  functools.reduce io.FileIO io.open io.open_code logging.config numpy.distutils numpy.f2py numpy.load
  numpy.testing pandas.eval pandas.read_pickle torch._dynamo torch._inductor torch.compile torch.hub torch.jit
  torch.load torch.ops torch.package torch.save torch.serialization.load torch.serialization.save
  torch.storage._load_from_bytes torch.utils.cpp_extension torch.utils.model_zoo types.CodeType types.FunctionType
  types.LambdaType types.MethodType types.ModuleType yaml.load yaml.unsafe_load`.split(/\s+/),
);

/** Functions and lower-case classes that pickles of plain data call; here they make a record, or what the unpickler knows. */
const DATA_CALLS: ReadonlySet<string> = new Set(
  `_codecs.encode array._array_reconstructor builtins.bool builtins.bytearray builtins.bytes builtins.complex
  builtins.dict builtins.float builtins.frozenset builtins.int builtins.list builtins.object builtins.range
  builtins.set builtins.slice builtins.str builtins.tuple collections.defaultdict collections.deque
  copyreg.__newobj__ copyreg._reconstructor datetime.date datetime.datetime datetime.time datetime.timedelta
  datetime.timezone functools.partial numpy.dtype numpy.ndarray numpy.core.multiarray._reconstruct
  numpy.core.multiarray.scalar numpy._core.multiarray._reconstruct numpy._core.multiarray.scalar
  numpy._core.numeric._frombuffer numpy.core.numeric._frombuffer numpy.random._pickle.__bit_generator_ctor
  numpy.random._pickle.__generator_ctor numpy.random._pickle.__randomstate_ctor re._compile torch.device
  torch.serialization._get_layout`.split(/\s+/),
);

/** torch's own makers of tensors; those that torch-checkpoint.ts does not know stay records. */
const TENSOR_CALLS = /^torch\.(_utils|_tensor)\._rebuild_\w+$/;

/** Protocols below 3 write Python 2's module names. */
const PYTHON2_MODULES: ReadonlyMap<string, string> = new Map([
  ["__builtin__", "builtins"],
  ["copy_reg", "copyreg"],
]);
const PYTHON2_BUILTINS: ReadonlyMap<string, string> = new Map([
  ["xrange", "range"],
  ["long", "int"],
  ["unicode", "str"],
  ["unichr", "chr"],
]);

/**
 * The full name of a global by Python 3's names, and its kind.
 * @param module as the pickle has it
 * @param qualified the name in the module; dots lead into it
 */
export function describeGlobal(module: string, qualified: string): { name: string; kind: GlobalKind } {
  const python3 = PYTHON2_MODULES.get(module) ?? module;
  const inside = python3 === "builtins" ? (PYTHON2_BUILTINS.get(qualified) ?? qualified) : qualified;
  const name = `${python3}.${inside}`;
  return { name, kind: kindOf(name, inside.split(".")) };
}

function kindOf(name: string, inside: readonly string[]): GlobalKind {
  if (DATA_CALLS.has(name) || TENSOR_CALLS.test(name)) return "class";
  const parts = name.split(".");
  if (CODE_MODULES.has(parts[0] ?? "")) return "code";
  for (let i = 2; i <= parts.length; i++) if (CODE_NAMES.has(parts.slice(0, i).join("."))) return "code";
  // Dots lead to whatever the module imported (`os`), or into an object (`__globals__`).
  if (inside.length > 1 && inside.some((part) => CODE_MODULES.has(part) || part.startsWith("__"))) return "code";
  return /^_*[A-Z]/.test(parts.at(-1) ?? "") ? "class" : "function";
}
