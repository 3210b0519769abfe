//! The numbers of MPI's constants, handles and error classes: those of the standard ABI, which other ABIs translate to
//! (docs/decisions/c-door.md). `mpi-abi` asserts that each is what its table says.
#![allow(missing_docs, reason = "they are the standard's, which explains them")]

// version
pub const VERSION: i32 = 5;
pub const SUBVERSION: i32 = 0;
pub const ABI_VERSION: i32 = 1;
pub const ABI_SUBVERSION: i32 = 0;

// op
pub const OP_NULL: usize = 32;
pub const SUM: usize = 33;
pub const MIN: usize = 34;
pub const MAX: usize = 35;
pub const PROD: usize = 36;
pub const BAND: usize = 40;
pub const BOR: usize = 41;
pub const BXOR: usize = 42;
pub const LAND: usize = 48;
pub const LOR: usize = 49;
pub const LXOR: usize = 50;
pub const MINLOC: usize = 56;
pub const MAXLOC: usize = 57;
pub const REPLACE: usize = 60;
pub const NO_OP: usize = 61;

// comm
pub const COMM_NULL: usize = 256;
pub const COMM_WORLD: usize = 257;
pub const COMM_SELF: usize = 258;

// group
pub const GROUP_NULL: usize = 264;
pub const GROUP_EMPTY: usize = 265;

// win
pub const WIN_NULL: usize = 272;

// file
pub const FILE_NULL: usize = 280;

// session
pub const SESSION_NULL: usize = 288;

// message
pub const MESSAGE_NULL: usize = 296;
pub const MESSAGE_NO_PROC: usize = 297;

// info
pub const INFO_NULL: usize = 304;
pub const INFO_ENV: usize = 305;

// errhandler
pub const ERRHANDLER_NULL: usize = 320;
pub const ERRORS_ARE_FATAL: usize = 321;
pub const ERRORS_ABORT: usize = 322;
pub const ERRORS_RETURN: usize = 323;

// request
pub const REQUEST_NULL: usize = 384;

// datatype
pub const DATATYPE_NULL: usize = 512;
pub const AINT: usize = 513;
pub const COUNT: usize = 514;
pub const OFFSET: usize = 515;
pub const PACKED: usize = 519;
pub const SHORT: usize = 520;
pub const INT: usize = 521;
pub const LONG: usize = 522;
pub const LONG_LONG: usize = 523;
pub const LONG_LONG_INT: usize = 523;
pub const UNSIGNED_SHORT: usize = 524;
pub const UNSIGNED: usize = 525;
pub const UNSIGNED_LONG: usize = 526;
pub const UNSIGNED_LONG_LONG: usize = 527;
pub const FLOAT: usize = 528;
pub const C_FLOAT_COMPLEX: usize = 530;
pub const C_COMPLEX: usize = 530;
pub const CXX_FLOAT_COMPLEX: usize = 531;
pub const DOUBLE: usize = 532;
pub const C_DOUBLE_COMPLEX: usize = 534;
pub const CXX_DOUBLE_COMPLEX: usize = 535;
pub const LOGICAL: usize = 536;
pub const INTEGER: usize = 537;
pub const REAL: usize = 538;
pub const COMPLEX: usize = 539;
pub const DOUBLE_PRECISION: usize = 540;
pub const DOUBLE_COMPLEX: usize = 541;
pub const CHARACTER: usize = 542;
pub const LONG_DOUBLE: usize = 544;
pub const C_LONG_DOUBLE_COMPLEX: usize = 548;
pub const CXX_LONG_DOUBLE_COMPLEX: usize = 549;
pub const FLOAT_INT: usize = 552;
pub const DOUBLE_INT: usize = 553;
pub const LONG_INT: usize = 554;
pub const N2INT: usize = 555;
pub const SHORT_INT: usize = 556;
pub const LONG_DOUBLE_INT: usize = 557;
pub const N2REAL: usize = 560;
pub const N2DOUBLE_PRECISION: usize = 561;
pub const N2INTEGER: usize = 562;
pub const C_BOOL: usize = 568;
pub const CXX_BOOL: usize = 569;
pub const WCHAR: usize = 572;
pub const INT8_T: usize = 576;
pub const UINT8_T: usize = 577;
pub const CHAR: usize = 579;
pub const SIGNED_CHAR: usize = 580;
pub const UNSIGNED_CHAR: usize = 581;
pub const BYTE: usize = 583;
pub const INT16_T: usize = 584;
pub const UINT16_T: usize = 585;
pub const INT32_T: usize = 592;
pub const UINT32_T: usize = 593;
pub const INT64_T: usize = 600;
pub const UINT64_T: usize = 601;
pub const LOGICAL1: usize = 704;
pub const INTEGER1: usize = 705;
pub const LOGICAL2: usize = 712;
pub const INTEGER2: usize = 713;
pub const REAL2: usize = 714;
pub const LOGICAL4: usize = 720;
pub const INTEGER4: usize = 721;
pub const REAL4: usize = 722;
pub const COMPLEX4: usize = 723;
pub const LOGICAL8: usize = 728;
pub const INTEGER8: usize = 729;
pub const REAL8: usize = 730;
pub const COMPLEX8: usize = 731;
pub const LOGICAL16: usize = 736;
pub const INTEGER16: usize = 737;
pub const REAL16: usize = 738;
pub const COMPLEX16: usize = 739;
pub const COMPLEX32: usize = 747;

// fortran-status
pub const F_STATUS_SIZE: i32 = 8;
pub const F_SOURCE: i32 = 0;
pub const F_TAG: i32 = 1;
pub const F_ERROR: i32 = 2;

// error-class
pub const SUCCESS: i32 = 0;
pub const ERR_BUFFER: i32 = 1;
pub const ERR_COUNT: i32 = 2;
pub const ERR_TYPE: i32 = 3;
pub const ERR_TAG: i32 = 4;
pub const ERR_COMM: i32 = 5;
pub const ERR_RANK: i32 = 6;
pub const ERR_REQUEST: i32 = 7;
pub const ERR_ROOT: i32 = 8;
pub const ERR_GROUP: i32 = 9;
pub const ERR_OP: i32 = 10;
pub const ERR_TOPOLOGY: i32 = 11;
pub const ERR_DIMS: i32 = 12;
pub const ERR_ARG: i32 = 13;
pub const ERR_UNKNOWN: i32 = 14;
pub const ERR_TRUNCATE: i32 = 15;
pub const ERR_OTHER: i32 = 16;
pub const ERR_INTERN: i32 = 17;
pub const ERR_PENDING: i32 = 18;
pub const ERR_IN_STATUS: i32 = 19;
pub const ERR_ACCESS: i32 = 20;
pub const ERR_AMODE: i32 = 21;
pub const ERR_ASSERT: i32 = 22;
pub const ERR_BAD_FILE: i32 = 23;
pub const ERR_BASE: i32 = 24;
pub const ERR_CONVERSION: i32 = 25;
pub const ERR_DISP: i32 = 26;
pub const ERR_DUP_DATAREP: i32 = 27;
pub const ERR_FILE_EXISTS: i32 = 28;
pub const ERR_FILE_IN_USE: i32 = 29;
pub const ERR_FILE: i32 = 30;
pub const ERR_INFO_KEY: i32 = 31;
pub const ERR_INFO_NOKEY: i32 = 32;
pub const ERR_INFO_VALUE: i32 = 33;
pub const ERR_INFO: i32 = 34;
pub const ERR_IO: i32 = 35;
pub const ERR_KEYVAL: i32 = 36;
pub const ERR_LOCKTYPE: i32 = 37;
pub const ERR_NAME: i32 = 38;
pub const ERR_NO_MEM: i32 = 39;
pub const ERR_NOT_SAME: i32 = 40;
pub const ERR_NO_SPACE: i32 = 41;
pub const ERR_NO_SUCH_FILE: i32 = 42;
pub const ERR_PORT: i32 = 43;
pub const ERR_QUOTA: i32 = 44;
pub const ERR_READ_ONLY: i32 = 45;
pub const ERR_RMA_ATTACH: i32 = 46;
pub const ERR_RMA_CONFLICT: i32 = 47;
pub const ERR_RMA_RANGE: i32 = 48;
pub const ERR_RMA_SHARED: i32 = 49;
pub const ERR_RMA_SYNC: i32 = 50;
pub const ERR_SERVICE: i32 = 51;
pub const ERR_SIZE: i32 = 52;
pub const ERR_SPAWN: i32 = 53;
pub const ERR_UNSUPPORTED_DATAREP: i32 = 54;
pub const ERR_UNSUPPORTED_OPERATION: i32 = 55;
pub const ERR_WIN: i32 = 56;
pub const ERR_RMA_FLAVOR: i32 = 57;
pub const ERR_PROC_ABORTED: i32 = 58;
pub const ERR_VALUE_TOO_LARGE: i32 = 59;
pub const ERR_SESSION: i32 = 60;
pub const ERR_ERRHANDLER: i32 = 61;
pub const ERR_ABI: i32 = 62;
pub const ERR_LASTCODE: i32 = 16383;

// buffer-address
pub const BOTTOM: usize = 0;
pub const IN_PLACE: usize = 1;
pub const BUFFER_AUTOMATIC: usize = 2;

// ignore-sentinel
pub const ARGV_NULL: usize = 0;
pub const ARGVS_NULL: usize = 0;
pub const ERRCODES_IGNORE: usize = 0;
pub const STATUS_IGNORE: usize = 0;
pub const STATUSES_IGNORE: usize = 0;

// weights
pub const UNWEIGHTED: usize = 10;
pub const WEIGHTS_EMPTY: usize = 11;

// string-length
pub const MAX_DATAREP_STRING: i32 = 128;
pub const MAX_ERROR_STRING: i32 = 512;
pub const MAX_INFO_KEY: i32 = 256;
pub const MAX_INFO_VAL: i32 = 1024;
pub const MAX_LIBRARY_VERSION_STRING: i32 = 8192;
pub const MAX_OBJECT_NAME: i32 = 128;
pub const MAX_PORT_NAME: i32 = 1024;
pub const MAX_PROCESSOR_NAME: i32 = 256;
pub const MAX_STRINGTAG_LEN: i32 = 1024;
pub const MAX_PSET_NAME_LEN: i32 = 1024;

// buffer-overhead
pub const BSEND_OVERHEAD: i32 = 512;

// file-amode
pub const MODE_APPEND: i32 = 1;
pub const MODE_CREATE: i32 = 2;
pub const MODE_DELETE_ON_CLOSE: i32 = 4;
pub const MODE_EXCL: i32 = 8;
pub const MODE_RDONLY: i32 = 16;
pub const MODE_RDWR: i32 = 32;
pub const MODE_SEQUENTIAL: i32 = 64;
pub const MODE_UNIQUE_OPEN: i32 = 128;
pub const MODE_WRONLY: i32 = 256;

// win-assert
pub const MODE_NOCHECK: i32 = 1024;
pub const MODE_NOPRECEDE: i32 = 2048;
pub const MODE_NOPUT: i32 = 4096;
pub const MODE_NOSTORE: i32 = 8192;
pub const MODE_NOSUCCEED: i32 = 16384;

// wildcard
pub const ANY_SOURCE: i32 = -1;
pub const ANY_TAG: i32 = -2;

// rank-sentinel
pub const PROC_NULL: i32 = -3;
pub const ROOT: i32 = -4;

// undefined
pub const UNDEFINED: i32 = -32766;

// thread-level
pub const THREAD_SINGLE: i32 = 0;
pub const THREAD_FUNNELED: i32 = 1024;
pub const THREAD_SERIALIZED: i32 = 2048;
pub const THREAD_MULTIPLE: i32 = 4096;

// array-order
pub const ORDER_C: i32 = 12;
pub const ORDER_FORTRAN: i32 = 15;

// array-distribution
pub const DISTRIBUTE_NONE: i32 = 16;
pub const DISTRIBUTE_BLOCK: i32 = 17;
pub const DISTRIBUTE_CYCLIC: i32 = 18;
pub const DISTRIBUTE_DFLT_DARG: i32 = 19;

// combiner
pub const COMBINER_NAMED: i32 = 101;
pub const COMBINER_DUP: i32 = 102;
pub const COMBINER_CONTIGUOUS: i32 = 103;
pub const COMBINER_VECTOR: i32 = 104;
pub const COMBINER_HVECTOR: i32 = 105;
pub const COMBINER_INDEXED: i32 = 106;
pub const COMBINER_HINDEXED: i32 = 107;
pub const COMBINER_INDEXED_BLOCK: i32 = 108;
pub const COMBINER_HINDEXED_BLOCK: i32 = 109;
pub const COMBINER_STRUCT: i32 = 110;
pub const COMBINER_SUBARRAY: i32 = 111;
pub const COMBINER_DARRAY: i32 = 112;
pub const COMBINER_F90_REAL: i32 = 113;
pub const COMBINER_F90_COMPLEX: i32 = 114;
pub const COMBINER_F90_INTEGER: i32 = 115;
pub const COMBINER_RESIZED: i32 = 116;
pub const COMBINER_VALUE_INDEX: i32 = 117;

// typeclass
pub const MPIX_TYPECLASS_LOGICAL: i32 = 191;
pub const TYPECLASS_INTEGER: i32 = 192;
pub const TYPECLASS_REAL: i32 = 193;
pub const TYPECLASS_COMPLEX: i32 = 194;

// compare
pub const IDENT: i32 = 201;
pub const CONGRUENT: i32 = 202;
pub const SIMILAR: i32 = 203;
pub const UNEQUAL: i32 = 204;

// topology
pub const CART: i32 = 211;
pub const GRAPH: i32 = 212;
pub const DIST_GRAPH: i32 = 213;

// split-type
pub const COMM_TYPE_SHARED: i32 = 221;
pub const COMM_TYPE_HW_UNGUIDED: i32 = 222;
pub const COMM_TYPE_HW_GUIDED: i32 = 223;
pub const COMM_TYPE_RESOURCE_GUIDED: i32 = 224;

// lock-type
pub const LOCK_EXCLUSIVE: i32 = 301;
pub const LOCK_SHARED: i32 = 302;

// win-flavor
pub const WIN_FLAVOR_CREATE: i32 = 311;
pub const WIN_FLAVOR_ALLOCATE: i32 = 312;
pub const WIN_FLAVOR_DYNAMIC: i32 = 313;
pub const WIN_FLAVOR_SHARED: i32 = 314;

// win-model
pub const WIN_UNIFIED: i32 = 321;
pub const WIN_SEPARATE: i32 = 322;

// file-seek
pub const SEEK_CUR: i32 = 401;
pub const SEEK_END: i32 = 402;
pub const SEEK_SET: i32 = 403;

// file-displacement
pub const DISPLACEMENT_CURRENT: i64 = -1;

// attr-key-invalid
pub const KEYVAL_INVALID: i32 = 0;

// comm-attr-key
pub const TAG_UB: i32 = 501;
pub const IO: i32 = 502;
pub const HOST: i32 = 503;
pub const WTIME_IS_GLOBAL: i32 = 504;
pub const APPNUM: i32 = 505;
pub const LASTUSEDCODE: i32 = 506;
pub const UNIVERSE_SIZE: i32 = 507;

// win-attr-key
pub const WIN_BASE: i32 = 601;
pub const WIN_DISP_UNIT: i32 = 602;
pub const WIN_SIZE: i32 = 603;
pub const WIN_CREATE_FLAVOR: i32 = 604;
pub const WIN_MODEL: i32 = 605;

// predefined-callback
pub const NULL_COPY_FN: usize = 0;
pub const DUP_FN: usize = 1;
pub const NULL_DELETE_FN: usize = 0;
pub const COMM_NULL_COPY_FN: usize = 0;
pub const COMM_DUP_FN: usize = 1;
pub const COMM_NULL_DELETE_FN: usize = 0;
pub const TYPE_NULL_COPY_FN: usize = 0;
pub const TYPE_DUP_FN: usize = 1;
pub const TYPE_NULL_DELETE_FN: usize = 0;
pub const WIN_NULL_COPY_FN: usize = 0;
pub const WIN_DUP_FN: usize = 1;
pub const WIN_NULL_DELETE_FN: usize = 0;
pub const CONVERSION_FN_NULL: usize = 0;
pub const CONVERSION_FN_NULL_C: usize = 0;
